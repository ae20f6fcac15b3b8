"""The model's and the training's settings, one YAML a size in `configs/`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from deft_core.config import Settings, find_setting, load_yaml

CONFIGS_DIR = Path(__file__).parent / "configs"
Count = Annotated[int, Field(gt=0)]
Weight = Annotated[float, Field(ge=0)]


class ModelConfig(Settings):
    """Shape of f(crop, text).

    Attributes:
        image_size: side of the crop the network sees, pixels; a multiple of 32.
        visual_width: channels of ResNet-18's first stage (64 is the published network).
        visual: where visual weights start: "scratch", or a published encoder by name (its checkpoint is given to
            `train`).
        text: "words" (trained with the model) or "clip" (frozen, by checkpoint).
        deconv_channels: channels of the three deconvolutions.
        k_contacts: contact points.
        token_dim, heads, layers, feedforward: the transformer encoder.
        head_hidden: hidden size of the MLP that gives the 48 numbers.
    """

    image_size: Annotated[int, Field(ge=32, multiple_of=32)]
    visual_width: Count
    visual: Literal["scratch", "r3m", "resnet18"] = "scratch"
    text: Literal["words", "clip"] = "words"
    deconv_channels: tuple[Count, Count, Count]
    k_contacts: Count = 5
    token_dim: Count
    heads: Count = 8
    layers: Count = 6
    feedforward: Count
    head_hidden: Count = 576
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.1

    @model_validator(mode="after")
    def _check(self) -> ModelConfig:
        if self.token_dim % self.heads:
            raise ValueError(f"token_dim {self.token_dim} is not a multiple of heads {self.heads}")
        if self.visual != "scratch" and self.visual_width != 64:
            raise ValueError(f"the published encoder {self.visual!r} has visual_width 64, not {self.visual_width}")
        return self


class TrainConfig(Settings):
    """How it is trained (paper, appendix D)."""

    epochs: Count = 70
    batch: Count = 224
    learning_rate: Annotated[float, Field(gt=0)] = 2e-4
    lambda_contact: Weight = 1.0
    lambda_wrist: Weight = 0.1
    lambda_pose: Weight = 0.1
    # Ours: cross-entropy of each contact's heatmap to a Gaussian (HEATMAP_SIGMA of the crop) about its label. The paper
    # trains the expected place alone, which leaves the heatmap's shape, and so the confidence, undetermined.
    lambda_heatmap: Weight = 0.0
    held_out: Annotated[float, Field(gt=0, lt=0.9)] = 0.1
    # Ours, beside the paper's recipe: shift and scale of the crop (share of its side), colour, and shadows
    # of things outside the crop, as a robot's arm throws them (share of images).
    augment_shift: Weight = 0.0
    augment_scale: Weight = 0.0
    augment_color: Weight = 0.0
    augment_shadow: Annotated[float, Field(ge=0, le=1)] = 0.0
    # Ours: how much kinds and verbs of few samples are drawn more often: 0 not at all, 1 until all are drawn alike.
    balance: Annotated[float, Field(ge=0, le=1)] = 0.0
    # Ours: decoupled weight decay (AdamW); at 0 it is the paper's Adam.
    weight_decay: Weight = 0.0
    # Ours: a wrist's label is that of its two axis-angle vectors which does not jump for palms that face down
    # (`rotations.py`), and the 48 outputs start from the labels' mean.
    continuous_wrist: bool = True
    centred_outputs: bool = True
    half_precision_file: bool = False


class PriorConfig(Settings):
    """One model with its training."""

    name: str
    model: ModelConfig
    train: TrainConfig


def load_config(name: str) -> PriorConfig:
    """Load a configuration by name (`twin`, `paper`) or by path; raises ConfigError."""
    return load_yaml(find_setting(name, CONFIGS_DIR, "prior configuration"), PriorConfig)
