"""f(crop, text): where a hand touches, how the wrist is turned, how the fingers stand (paper, 3.1, appendix D).

crop ─ ResNet-18 ─ spatial features ─┬─ 3 deconvolutions ─ spatial softmax ─ k contact points
                                     └─ tokens ─┐
text ─ text encoder ─────────────────── token ──┴─ transformer (6 layers, 8 heads) ─ MLP ─ 3 + 45
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from deft_affordance.config import ModelConfig
from deft_vision.images import normalise
from deft_vision.resnet import ResNet18
from deft_vision.text import SmallTextEncoder

OUTPUTS = 48
HEATMAP_SIGMA = 0.05


@dataclass
class Prediction:
    """A batch of predictions.

    Attributes:
        contacts: (B, k, 2) contact points in the crop's [0, 1] square.
        heatmaps: (B, k, h, w) their probabilities, each sums to 1.
        wrist: (B, 3) wrist rotation in the camera's optical frame, axis-angle.
        mano: (B, 45) hand pose.
        embedding: (B, d) pooled visual features.
    """

    contacts: Tensor
    heatmaps: Tensor
    wrist: Tensor
    mano: Tensor
    embedding: Tensor

    def as_float(self) -> Prediction:
        """The same in float32, whatever precision the network ran in."""
        parts = (self.contacts, self.heatmaps, self.wrist, self.mano, self.embedding)
        return Prediction(*(part.float() for part in parts))


def spatial_softmax(logits: Tensor) -> tuple[Tensor, Tensor]:
    """Expected places (B, k, 2) in [0, 1] and probabilities (B, k, h, w) of logits (B, k, h, w)."""
    b, k, h, w = logits.shape
    heat = torch.softmax(logits.reshape(b, k, h * w), dim=-1).reshape(b, k, h, w)
    x = (torch.arange(w, device=logits.device, dtype=heat.dtype) + 0.5) / w
    y = (torch.arange(h, device=logits.device, dtype=heat.dtype) + 0.5) / h
    return torch.stack([(heat.sum(2) * x).sum(-1), (heat.sum(3) * y).sum(-1)], dim=-1), heat


class AffordanceModel(nn.Module):
    """The paper's affordance model.

    Args:
        config: its shape.
        tokens: size of the vocabulary where the text encoder is the model's own ("words"); unused for "clip".
    """

    def __init__(self, config: ModelConfig, tokens: int = 0) -> None:
        super().__init__()
        self.config = config
        self.visual = ResNet18(config.visual_width)
        text_dim = 512
        self.text: SmallTextEncoder | None = None
        if config.text == "words":
            self.text = SmallTextEncoder(tokens, config.token_dim)
            text_dim = config.token_dim
        channels = [self.visual.dim, *config.deconv_channels]
        blocks: list[nn.Module] = []
        for c_in, c_out in itertools.pairwise(channels):
            blocks += [nn.ConvTranspose2d(c_in, c_out, 4, 2, 1, bias=False), nn.BatchNorm2d(c_out), nn.ReLU()]
        self.deconv = nn.Sequential(*blocks, nn.Conv2d(channels[-1], config.k_contacts, 1))
        cells = (config.image_size // 32) ** 2
        self.visual_token = nn.Linear(self.visual.dim, config.token_dim)
        self.text_token = nn.Linear(text_dim, config.token_dim)
        # One learned place code a token: pooled image, its cells, the text.
        self.places = nn.Parameter(0.02 * torch.randn(1, cells + 2, config.token_dim))
        layer = nn.TransformerEncoderLayer(
            config.token_dim, config.heads, config.feedforward, config.dropout, batch_first=True, norm_first=True
        )
        self.transformer = nn.TransformerEncoder(layer, config.layers, enable_nested_tensor=False)
        self.head = nn.Sequential(
            nn.LayerNorm(2 * config.token_dim),
            nn.Linear(2 * config.token_dim, config.head_hidden),
            nn.ReLU(),
            nn.Linear(config.head_hidden, OUTPUTS),
        )
        # The mean of the training labels: the network learns what differs from it.
        self.register_buffer("mean_output", torch.zeros(OUTPUTS))
        self.mean_output: Tensor

    def embed(self, images: Tensor) -> Tensor:
        """Pooled visual features (B, d) of RGB values 0..255 (B, 3, S, S)."""
        return self.visual(normalise(images))

    def forward(self, images: Tensor, text: Tensor) -> Prediction:
        """Predict.

        Args:
            images: (B, 3, S, S) RGB values 0..255 of any dtype.
            text: word tokens (B, L) for "words", CLIP text features (B, 512) for "clip".
        """
        features = self.visual.spatial(normalise(images))
        contacts, heat = spatial_softmax(self.deconv(features))
        embedding = features.mean(dim=(2, 3))
        cells = features.flatten(2).transpose(1, 2)
        words = self.text(text) if self.text is not None else text
        tokens = torch.cat(
            [self.visual_token(torch.cat([embedding[:, None], cells], dim=1)), self.text_token(words)[:, None]], dim=1
        )
        mixed = self.transformer(tokens + self.places)
        out = self.head(torch.cat([mixed[:, 0], mixed[:, -1]], dim=1)) + self.mean_output
        return Prediction(contacts, heat, out[:, :3], out[:, 3:], embedding)


def heatmap_loss(heatmaps: Tensor, contacts: Tensor) -> Tensor:
    """Mean cross-entropy of heatmaps (B, k, h, w) to Gaussians about contacts (B, k, 2), less the least possible."""
    h, w = heatmaps.shape[2:]
    x = (torch.arange(w, device=heatmaps.device) + 0.5) / w
    y = (torch.arange(h, device=heatmaps.device) + 0.5) / h
    square = (x - contacts[..., 0, None]).square()[..., None, :] + (y - contacts[..., 1, None]).square()[..., :, None]
    wanted = torch.softmax((-square / (2 * HEATMAP_SIGMA**2)).flatten(2), dim=-1)
    seen = heatmaps.flatten(2).clamp(min=1e-12)
    return (wanted * (wanted.clamp(min=1e-12).log() - seen.log())).sum(-1).mean()


@dataclass
class Losses:
    """Terms of equation 1, batch means, before weighting; `total` is weighted."""

    total: Tensor
    contact: Tensor
    wrist: Tensor
    pose: Tensor


def loss(
    prediction: Prediction, contacts: Tensor, wrist: Tensor, mano: Tensor, weights: tuple[float, float, float]
) -> Losses:
    """Equation 1: weighted L2 norms of the errors of contacts, wrist rotation and hand pose.

    Args:
        prediction: of a batch.
        contacts: (B, k, 2).
        wrist: (B, 3).
        mano: (B, 45).
        weights: of the three terms.
    """
    terms = (
        (prediction.contacts - contacts).flatten(1).norm(dim=1).mean(),
        (prediction.wrist - wrist).norm(dim=1).mean(),
        (prediction.mano - mano).norm(dim=1).mean(),
    )
    return Losses(sum(w * t for w, t in zip(weights, terms, strict=True)), *terms)
