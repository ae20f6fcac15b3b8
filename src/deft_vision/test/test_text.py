import torch

from deft_vision.text import PAD, SmallTextEncoder, WordTokenizer, build_vocabulary


def test_only_words_of_the_vocabulary_count_however_long_the_sentence():
    tokenizer = WordTokenizer(build_vocabulary(["pour the cup"]))
    short = tokenizer(["pour the cup"])
    assert (short[0, :3] != PAD).all() and (short[0, 3:] == PAD).all()
    assert torch.equal(tokenizer(["Would you pour the purple cup, please?"]), short)
    assert torch.equal(tokenizer(["well " * 99 + "pour the cup"]), short)
    long = tokenizer(["pour " * 30 + "the cup", "cup"])
    assert (long[0] != PAD).sum() == 32 and (long[1, 1:] == PAD).all()


def test_a_word_that_says_nothing_is_not_known():
    tokenizer = WordTokenizer(build_vocabulary(["pour the cup"]))
    assert tokenizer.known("pour the teapot") == ["pour"]
    assert tokenizer.known("the") == tokenizer.known("over the moon") == []


def test_padding_does_not_change_the_text_features():
    torch.manual_seed(0)
    encoder = SmallTextEncoder(10, 8)
    short, long = torch.tensor([[2, 3]]), torch.tensor([[2, 3, PAD, PAD]])
    assert torch.allclose(encoder(short), encoder(long))
