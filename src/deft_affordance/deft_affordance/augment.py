"""Vary training images as cameras and crops vary: a shifted and scaled window, other light. Contacts move along."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from deft_affordance.config import TrainConfig


def _shadow(b: int, size: int, share: float, rng: torch.Generator, device: torch.device) -> Tensor:
    """Factors (B, 1, S, S): in a share of images, one side of a random line, or a band of it, is darker."""
    axis = torch.linspace(-1.0, 1.0, size, device=device)
    angle = 2.0 * torch.pi * torch.rand(b, 1, 1, generator=rng).to(device)
    along = axis[None, None, :] * angle.cos() + axis[None, :, None] * angle.sin()
    start = 2.0 * torch.rand(b, 1, 1, generator=rng).to(device) - 1.0
    width = 0.2 + 2.0 * torch.rand(b, 1, 1, generator=rng).to(device)
    soft = 0.03
    inside = torch.sigmoid((along - start) / soft) * torch.sigmoid((start + width - along) / soft)
    dark = 0.5 * torch.rand(b, 1, 1, generator=rng) * (torch.rand(b, 1, 1, generator=rng) < share)
    return (1.0 - dark.to(device) * inside)[:, None]


def augment(images: Tensor, contacts: Tensor, config: TrainConfig, rng: torch.Generator) -> tuple[Tensor, Tensor]:
    """Augment a batch.

    Args:
        images: (B, 3, S, S) RGB 0..255, any dtype, on any device.
        contacts: (B, k, 2) in [0, 1], on the same.
        config: how much.
        rng: source of randomness, the CPU's: the same draws on every device.

    Returns:
        float images and contacts, shaped as given.
    """
    b = len(images)
    out = images.float()

    def uniform(*shape: int) -> Tensor:
        return (2.0 * torch.rand(*shape, generator=rng) - 1.0).to(out.device)

    if config.augment_shift or config.augment_scale:
        scale = 1.0 + config.augment_scale * uniform(b)
        shift = config.augment_shift * uniform(b, 2)
        # A window `scale` times as large whose centre is moved by `shift` of the side.
        theta = torch.zeros(b, 2, 3, device=out.device)
        theta[:, 0, 0] = theta[:, 1, 1] = scale
        theta[:, :, 2] = 2.0 * shift
        grid = functional.affine_grid(theta, list(out.shape), align_corners=False)
        out = functional.grid_sample(out, grid, padding_mode="border", align_corners=False)
        contacts = (contacts - 0.5 - shift[:, None]) / scale[:, None, None] + 0.5
    if config.augment_color:
        gain = 1.0 + config.augment_color * (uniform(b, 1, 1, 1) + 0.5 * uniform(b, 3, 1, 1))
        mean = out.mean(dim=(2, 3), keepdim=True)
        contrast = 1.0 + config.augment_color * uniform(b, 1, 1, 1)
        out = ((out - mean) * contrast + mean) * gain
    if config.augment_shadow:
        out = out * _shadow(b, out.shape[-1], config.augment_shadow, rng, out.device)
    return out.clamp(0.0, 255.0), contacts
