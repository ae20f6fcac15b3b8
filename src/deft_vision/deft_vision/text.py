"""Text encoders: the small one over a list of words, and CLIP's through open_clip (an optional extra)."""

from __future__ import annotations

import json
import re
import warnings
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
# open_clip's description of a model, published beside its weights.
CLIP_CONFIG = "open_clip_config.json"
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

    OpenAI trained it with QuickGELU, LAION and others with GELU, and a file of weights does not tell which: the
    `open_clip_config.json` published beside it does. Without that it is taken for OpenAI's.

    Args:
        checkpoint: path of the weights; nothing is downloaded.

    Raises:
        MissingExtraError: open_clip is not installed.
        MissingCheckpointError: no file there.
        CheckpointLayoutError: the file is not ViT-B-32, or the one beside it does not say what it was trained with.
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
        quick = _quick_gelu(path.with_name(CLIP_CONFIG))
        try:
            # Whole, since a bare name might be one of those that open_clip fetches.
            name = "ViT-B-32" if quick is False else "ViT-B-32-quickgelu"
            model = open_clip.create_model(name, pretrained=str(path.resolve()))
        except Exception as error:  # as in `read_torch`: a dozen kinds mean the same to the reader
            raise CheckpointLayoutError(
                f"{path} does not hold ViT-B-32's weights ({first_sentence(error)}). They are {SOURCES['clip']}"
            ) from error
        if quick is None and not _halves(model):
            warnings.warn(
                f"{path} is taken for OpenAI's, trained with QuickGELU, though its weights are no half-precision "
                f"numbers as those are: if it is of another training, put that one's {CLIP_CONFIG} beside it",
                stacklevel=2,
            )
        self._tokenize: Any = open_clip.get_tokenizer("ViT-B-32")
        self.model = model.eval().requires_grad_(False)

    def tokenize(self, texts: Sequence[str]) -> Tensor:
        """Turn instructions into CLIP's tokens (B, 77)."""
        return self._tokenize(list(texts))

    def forward(self, ids: Tensor) -> Tensor:
        """Map CLIP tokens (B, 77) to text features (B, 512)."""
        with torch.no_grad():
            return self.model.encode_text(ids).float()


def _quick_gelu(path: Path) -> bool | None:
    """Whether open_clip's description of a model says QuickGELU; None where there is none. Not said, it is GELU."""
    try:
        return bool(json.loads(path.read_text(encoding="utf-8"))["model_cfg"].get("quick_gelu", False))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise CheckpointLayoutError(
            f"{path} does not describe a model as open_clip does, with model_cfg ({error!r}): fetch it again, from "
            "where the weights beside it are"
        ) from error


def _halves(model: nn.Module) -> bool:
    """Whether its linear layers' weights are numbers of half precision, as OpenAI's were published."""
    weights = [weight for name, weight in model.named_parameters() if name.endswith("mlp.c_fc.weight")]
    return all(torch.equal(weight.half().to(weight.dtype), weight) for weight in weights)
