"""Visual encoders by name: `make_encoder("r3m", path).embed(image)`.

| name | weights | input | output |
|---|---|---|---|
| `r3m` | R3M ResNet-18, the paper's [69] | 224 px | 512 |
| `resnet18` | ImageNet, torchvision's file | 224 px | 512 |
| `small` | the shipped prior's own visual encoder | as trained | 8 x width |
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from deft_vision.checkpoints import (
    SOURCES,
    load_into,
    r3m_state,
    read_safetensors,
    require_file,
    strip_prefix,
    torchvision_state,
    weights_hash,
)
from deft_vision.errors import CheckpointLayoutError, UnknownEncoderError
from deft_vision.images import normalise, to_batch
from deft_vision.resnet import ResNet18

ENCODERS = ("r3m", "resnet18", "small")


class ImageEncoder:
    """A frozen visual encoder: RGB image in, vector out.

    Attributes:
        name: which encoder.
        dim: length of the embedding.
        hash: SHA-256 (hex) of its weights; embeddings of different hashes are not comparable.
    """

    def __init__(self, name: str, network: ResNet18, image_size: int) -> None:
        self.name = name
        self.network = network.eval().requires_grad_(False)
        self.image_size = image_size
        self.dim = network.dim
        self.hash = weights_hash(network.state_dict())

    def embed_many(self, images: list[NDArray[np.uint8]]) -> NDArray[np.float32]:
        """Embed RGB images (H, W, 3), values 0..255, as rows (B, dim)."""
        with torch.inference_mode():
            return self.network(normalise(to_batch(images, self.image_size))).numpy()

    def embed(self, image: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Embed one RGB image (H, W, 3), values 0..255, as a vector (dim,)."""
        return self.embed_many([image])[0]


def make_encoder(name: str, checkpoint: Path | str | None = None) -> ImageEncoder:
    """Make a visual encoder from its name and a local checkpoint.

    Raises:
        UnknownEncoderError: no such name.
        MissingCheckpointError: no file there; says where it comes from.
        CheckpointLayoutError: the file holds something else.
    """
    if name not in ENCODERS:
        # CLIP is among the published networks, but what is compared with embeddings here is none of its.
        hint = "; CLIP serves for text: give its weights as clip_checkpoint" if name == "clip" else ""
        raise UnknownEncoderError(f"no visual encoder '{name}'; there are {', '.join(ENCODERS)}{hint}")
    path = require_file(name, checkpoint)
    if name == "small":
        return small_encoder(path)
    network = ResNet18(64)
    load_into(network, r3m_state(path) if name == "r3m" else torchvision_state(path), f"{name} ({path})")
    return ImageEncoder(name, network, 224)


def small_encoder(path: Path | str) -> ImageEncoder:
    """Take the visual encoder out of a prior's checkpoint (tensors `visual.*`, metadata `config`)."""
    state, metadata = read_safetensors(path)
    visual = strip_prefix(state, "visual.")
    try:
        config = json.loads(metadata["config"])
        width, image_size = int(config["visual_width"]), int(config["image_size"])
    except (KeyError, TypeError, ValueError) as error:
        raise CheckpointLayoutError(f"{path}: metadata 'config' lacks {error}; expected {SOURCES['small']}") from error
    if not visual:
        raise CheckpointLayoutError(f"{path} has no tensors 'visual.*'; expected {SOURCES['small']}")
    network = ResNet18(width)
    load_into(network, {k: v.float() if v.is_floating_point() else v for k, v in visual.items()}, str(path))
    return ImageEncoder("small", network, image_size)
