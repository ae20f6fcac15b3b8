"""Text encoders: the small one over a list of words, and CLIP's through open_clip (an optional extra)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from deft_vision.checkpoints import SOURCES, first_sentence, require_file
from deft_vision.errors import CheckpointLayoutError, MissingExtraError

PAD = 0
_FIRST = 2  # token of the first word; 1 was once any unknown word, and checkpoints have a place for it
_LEAST = 16  # tokens a row: most sentences are shorter, so that batches are of one shape
_WORD = re.compile(r"[a-z]+")


def words_of(text: str) -> list[str]:
    """Split an instruction into lower-case words.

    >>> words_of("Pour the cup, slowly.")
    ['pour', 'the', 'cup', 'slowly']
    """
    return _WORD.findall(text.lower())


# Words that hold a sentence together and name neither a thing nor what to do with it.
FUNCTION_WORDS = frozenset(
    words_of("""
        a an the this that these those it its i you he she we they me him her us them my your his our their
        is are be and or but so as if not no what which who one some any all other others
        of to from for with without by at in into on onto off out up down over under around about
    """)
)


def build_vocabulary(texts: Iterable[str]) -> list[str]:
    """Collect the words of texts, sorted; the index of a word plus 2 is its token (0 pads)."""
    return sorted({word for text in texts for word in words_of(text)})


class WordTokenizer:
    """Turn instructions into token ids (B, L) over a fixed list of words.

    A word outside the list is left out: its token would be one that no training ever moved, and would turn the wrist at
    random. However long a sentence is, all of its words that are known count.
    """

    def __init__(self, vocabulary: Sequence[str]) -> None:
        self.vocabulary = list(vocabulary)
        self._token = {word: i + _FIRST for i, word in enumerate(self.vocabulary)}

    @property
    def size(self) -> int:
        """Number of tokens, with the two that stand for no word."""
        return len(self.vocabulary) + _FIRST

    def known(self, text: str) -> list[str]:
        """The words of a text that the vocabulary holds and that say something: function words do not."""
        return [word for word in words_of(text) if word in self._token and word not in FUNCTION_WORDS]

    def __call__(self, texts: Sequence[str]) -> Tensor:
        said = [[self._token[word] for word in words_of(text) if word in self._token] for text in texts]
        ids = torch.full((len(said), max([_LEAST, *map(len, said)])), PAD, dtype=torch.long)
        for row, tokens in zip(ids, said, strict=True):
            row[: len(tokens)] = torch.tensor(tokens, dtype=torch.long)
        return ids


class SmallTextEncoder(nn.Module):
    """Mean of word embeddings and a two-layer network: enough to tell verbs and objects of one-line instructions.

    Args:
        tokens: size of the vocabulary (`WordTokenizer.size`).
        dim: size of the output.
    """

    def __init__(self, tokens: int, dim: int) -> None:
        super().__init__()
        self.dim = dim
        self.embed = nn.Embedding(tokens, dim, padding_idx=PAD)
        self.net = nn.Sequential(nn.Linear(dim, dim), nn.ReLU(), nn.Linear(dim, dim))

    def forward(self, ids: Tensor) -> Tensor:
        """Map token ids (B, L) to (B, dim)."""
        mask = (ids != PAD).unsqueeze(-1).float()
        mean = (self.embed(ids) * mask).sum(1) / mask.sum(1).clamp(min=1.0)
        return self.net(mean)


class ClipTextEncoder(nn.Module):
    """CLIP ViT-B/32's text tower, frozen, 512-d (Radford et al., 2021), loaded from a local open_clip file.

    Args:
        checkpoint: path of the weights; nothing is downloaded.

    Raises:
        MissingExtraError: open_clip is not installed.
        MissingCheckpointError: no file there.
        CheckpointLayoutError: the file is not ViT-B-32.
    """

    dim = 512

    def __init__(self, checkpoint: Path | str | None) -> None:
        super().__init__()
        path = require_file("clip", checkpoint)
        try:
            import open_clip
        except (ImportError, RuntimeError) as error:  # torchvision of another build than torch's raises RuntimeError
            raise MissingExtraError(
                "the CLIP text encoder needs open_clip and torch's own torchvision: pip install -c "
                f"requirements/constraints.txt open-clip-torch torchvision ({error})"
            ) from error
        try:
            # Whole, since a bare name might be one of those that open_clip fetches.
            model = open_clip.create_model("ViT-B-32-quickgelu", pretrained=str(path.resolve()))
        except Exception as error:  # as in `read_torch`: a dozen kinds mean the same to the reader
            raise CheckpointLayoutError(
                f"{path} does not hold ViT-B-32's weights ({first_sentence(error)}). They are {SOURCES['clip']}"
            ) from error
        self._tokenize: Any = open_clip.get_tokenizer("ViT-B-32")
        self.model = model.eval().requires_grad_(False)

    def tokenize(self, texts: Sequence[str]) -> Tensor:
        """Turn instructions into CLIP's tokens (B, 77)."""
        return self._tokenize(list(texts))

    def forward(self, ids: Tensor) -> Tensor:
        """Map CLIP tokens (B, 77) to text features (B, 512)."""
        with torch.no_grad():
            return self.model.encode_text(ids).float()
