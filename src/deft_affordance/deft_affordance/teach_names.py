"""Teach a prior what things are called: `ros2 run deft_affordance teach_names --prior P --data DATA --out P2`.

Fits the read-out of `deft_affordance.naming` to the pictures of a data set, with the prior's own visual encoder, and to
the sentences that the data set's instructions are drawn from. `train` does the same at its end.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from deft_affordance.checkpoint import SHIPPED, Prior, add_naming, load_prior
from deft_affordance.data.instructions import said_of
from deft_affordance.data.objects import KINDS
from deft_affordance.data.shards import Samples, read_samples
from deft_affordance.naming import Naming, fit_naming
from deft_core.errors import DeftError
from deft_vision.errors import VisionError

_BATCH = 64


def embed_crops(prior: Prior, crops: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Embeddings (n, d) of crops (n, S, S, 3) by a prior's visual encoder."""
    parts = np.array_split(crops, max(1, len(crops) // _BATCH))
    with torch.inference_mode():
        return np.concatenate(
            [prior.model.embed(torch.from_numpy(p.transpose(0, 3, 1, 2).copy())).numpy() for p in parts]
        )


def naming_of(prior: Prior, samples: Samples) -> Naming:
    """Fit a read-out to samples."""
    there = sorted({str(kind) for kind in samples["kind"]})
    if len(there) < 2:
        raise DeftError(f"the data shows one kind of thing only ({there[0]}): nothing to tell apart")
    sentences = {
        # Of things in other people's videos, what was said there.
        kind: said_of(kind, KINDS[kind].verbs)
        if kind in KINDS
        else sorted(set(samples["text"][samples["kind"] == kind]))
        for kind in there
    }
    return fit_naming(embed_crops(prior, samples["crop"]), [str(kind) for kind in samples["kind"]], sentences)


def main(argv: Sequence[str] | None = None) -> None:
    """Fit, say how well things held out are told apart, and write the checkpoint."""
    parser = argparse.ArgumentParser(prog="teach_names", description="Teach a prior what things are called.")
    parser.add_argument("--prior", type=Path, default=SHIPPED, help="checkpoint (default: the one that ships)")
    parser.add_argument("--data", type=Path, required=True, help="folder made by `generate`")
    parser.add_argument("--out", type=Path, required=True, help="checkpoint to write (.safetensors)")
    args = parser.parse_args(argv)
    try:
        prior = load_prior(args.prior)
        samples, _ = read_samples(args.data, prior.config.model.image_size)
        train, held_out = samples.split(prior.config.train.held_out)
        naming = naming_of(prior, train)
        looks = naming.looks(embed_crops(prior, held_out["crop"])).argmax(axis=1)
        right = np.array(naming.kinds)[looks] == held_out["kind"]
        add_naming(args.prior, naming_of(prior, samples), args.out)
    except (DeftError, VisionError, OSError) as error:
        sys.exit(f"teach_names: {error}")
    objects = len(np.unique(held_out["object"]))
    print(f"{args.out}: of {len(right)} pictures of {objects} things held out, {right.mean():.3f} named rightly")
    for kind in naming.kinds:
        mine = held_out["kind"] == kind
        if mine.any():
            print(f"  {kind:15} {right[mine].mean():.2f} of {mine.sum()}")


if __name__ == "__main__":
    main()
