"""Which of several things an instruction means: what each looks like, against what the words are said of.

The prior's visual encoder tells the kinds of things it was trained on apart; a linear read-out of its embedding says
how likely a crop shows each kind, and the words of an instruction how likely each kind is meant (naive Bayes over the
sentences that people say of it). The thing asked for is the one where the two agree best.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Annotated

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field, model_validator

from deft_core.config import Settings
from deft_vision.text import words_of

Array = NDArray[np.float64]
Row = list[float]
# Weight of the penalty on coefficients of standardised embeddings, against the mean loss of a sample.
_RIDGE = 3e-3
# Sentences added to a kind's count of each word: a word never said of a kind is unlikely, not impossible.
_SMOOTH = 0.5


class Naming(Settings):
    """A read-out of kinds from an embedding, and of kinds from words.

    Attributes:
        kinds: what there is to tell apart.
        weights: a row an entry of the embedding, a column a kind.
        bias: one a kind.
        words: log probability that a sentence said of each kind holds the word, by word.
    """

    kinds: Annotated[list[str], Field(min_length=2)]
    weights: list[Row]
    bias: Row
    words: dict[str, Row]

    @model_validator(mode="after")
    def _check(self) -> Naming:
        k = len(self.kinds)
        rows = {"weights": self.weights, "words": list(self.words.values()), "bias": [self.bias]}
        for name, table in rows.items():
            if any(len(row) != k or not all(map(math.isfinite, row)) for row in table):
                raise ValueError(f"{name}: each row must hold {k} finite numbers, one a kind")
        return self

    def looks(self, embeddings: NDArray[np.floating]) -> Array:
        """How likely things look like each kind: (n, k) of embeddings (n, d)."""
        return _softmax(np.asarray(embeddings, dtype=float) @ np.array(self.weights) + np.array(self.bias))

    def means(self, instruction: str) -> Array:
        """How likely an instruction means each kind: (k,); even where it says nothing known."""
        known = [self.words[word] for word in set(words_of(instruction)) if word in self.words]
        return _softmax(np.sum(known, axis=0) if known else np.zeros(len(self.kinds)))

    def agreement(self, embeddings: NDArray[np.floating], instruction: str) -> Array:
        """Probability (n,), for each of the things alone, that what it looks like is what the instruction means."""
        return self.looks(embeddings) @ self.means(instruction)


def fit_naming(
    embeddings: NDArray[np.floating], kinds: Sequence[str], sentences: Mapping[str, Sequence[str]]
) -> Naming:
    """Fit to embeddings (n, d) of things of known kinds, and to the sentences said of each kind."""
    names = sorted(sentences)
    mean, spread = embeddings.mean(axis=0), embeddings.std(axis=0) + 1e-6
    x = torch.from_numpy((embeddings - mean) / spread).double()
    y = torch.tensor([names.index(kind) for kind in kinds])
    balance = 1.0 / torch.bincount(y, minlength=len(names)).clamp(min=1).double()
    weights = torch.zeros(x.shape[1], len(names), dtype=torch.double, requires_grad=True)
    bias = torch.zeros(len(names), dtype=torch.double, requires_grad=True)
    search = torch.optim.LBFGS([weights, bias], max_iter=300, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        search.zero_grad()
        value = torch.nn.functional.cross_entropy(x @ weights + bias, y, weight=balance)
        value = value + _RIDGE * weights.square().sum()
        value.backward()
        return value

    search.step(loss)
    W = weights.detach().numpy() / spread[:, None]
    return Naming(
        kinds=names, weights=W.tolist(), bias=(bias.detach().numpy() - mean @ W).tolist(), words=_said_of(sentences)
    )


def _said_of(sentences: Mapping[str, Sequence[str]]) -> dict[str, Row]:
    """Log probabilities, a kind each in sorted order, that a sentence about it holds a word."""
    names = sorted(sentences)
    said = {name: [set(words_of(text)) for text in sentences[name]] for name in names}
    words = sorted(set().union(*(s for texts in said.values() for s in texts)))
    return {
        word: [
            math.log((sum(word in s for s in said[name]) + _SMOOTH) / (len(said[name]) + 2 * _SMOOTH)) for name in names
        ]
        for word in words
    }


def _softmax(x: Array) -> Array:
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return np.asarray(e / e.sum(axis=-1, keepdims=True))
