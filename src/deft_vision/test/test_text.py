import torch

from deft_vision.text import PAD, UNKNOWN, SmallTextEncoder, WordTokenizer, build_vocabulary


def test_words_outside_the_vocabulary_share_one_token():
    tokenizer = WordTokenizer(build_vocabulary(["pour the cup"]), max_words=4)
    ids = tokenizer(["Pour the teapot!", "cup"])
    assert ids[0, 2] == UNKNOWN and ids[0, 3] == PAD and (ids[1, 1:] == PAD).all()


def test_a_word_that_says_nothing_is_not_known():
    tokenizer = WordTokenizer(build_vocabulary(["pour the cup"]))
    assert tokenizer.known("pour the teapot") == ["pour"]
    assert tokenizer.known("the") == tokenizer.known("over the moon") == []


def test_padding_does_not_change_the_text_features():
    torch.manual_seed(0)
    encoder = SmallTextEncoder(10, 8)
    short, long = torch.tensor([[2, 3]]), torch.tensor([[2, 3, PAD, PAD]])
    assert torch.allclose(encoder(short), encoder(long))
