"""A prior so small that it trains in a moment, and what it is trained on."""

import numpy as np
import torch

from deft_affordance.batches import Batches
from deft_affordance.checkpoint import TextInput
from deft_affordance.config import load_config
from deft_affordance.data.shards import FIELDS, Samples
from deft_affordance.train import make_model
from deft_affordance.trainer import Trainer

WORDS = ["cup", "pick", "pour", "the", "up"]


def small_config():
    """The shipped prior's, as small as it trains."""
    twin = load_config("twin")
    # Not narrower: with four channels, on one thread of a CPU without AVX-512, what torch.compile (2.13) makes of the
    # backward pass writes beyond its memory.
    model = twin.model.model_copy(
        update={"image_size": 32, "visual_width": 16, "deconv_channels": (8, 8, 8), "token_dim": 16, "layers": 1,
                "feedforward": 16, "head_hidden": 16, "dropout": 0.0}
    )  # fmt: skip
    train = twin.train.model_copy(update={"epochs": 3, "batch": 8, "held_out": 0.25})
    return twin.model_copy(update={"model": model, "train": train})


def random_samples():
    """32 of 8 cups, of nothing in particular."""
    rng = np.random.default_rng(0)
    n = 32
    wrist, mano = rng.normal(size=(n, 3)) * 0.1 + [2, 1, -0.5], rng.normal(size=(n, 45)) * 0.1
    contacts = rng.random((n, 5, 2))
    columns = {
        "crop": rng.integers(0, 256, (n, 32, 32, 3)).astype(np.uint8),
        "text": np.array(["pick up the cup", "pour the cup"] * (n // 2)),
        "verb": np.array(["pick", "pour"] * (n // 2)),
        "kind": np.array(["cup"] * n),
        "contacts": contacts, "wrist": wrist, "mano": mano,
        "contacts_true": contacts, "wrist_true": wrist, "mano_true": mano,
        "contact_in_wrist": rng.normal(size=(n, 3)),
        "side_px": np.full(n, 100),
        "object": np.repeat(np.arange(8), 4),
    }  # fmt: skip
    assert set(columns) == set(FIELDS)
    return Samples(columns)


def trainer(config, samples, seed=0):
    torch.manual_seed(seed)
    model = make_model(config, WORDS, samples, None)
    return Trainer(model, Batches.of(samples, TextInput(config, WORDS), config.train), config, seed)
