"""From a camera's 8-bit image to an encoder's input."""

from __future__ import annotations

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

# ImageNet channel statistics, as in torchvision's and R3M's own preprocessing.
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


def resize(rgb: NDArray[np.uint8], size: int) -> NDArray[np.uint8]:
    """Scale an RGB image (H, W, 3) to (size, size, 3); shrinking averages, so that thin things survive."""
    if rgb.ndim != 3 or rgb.shape[2] != 3 or 0 in rgb.shape:
        raise ValueError(f"expected an RGB image (H, W, 3), got shape {rgb.shape}")
    shrinks = rgb.shape[0] > size or rgb.shape[1] > size
    out = cv2.resize(rgb, (size, size), interpolation=cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR)
    return out.astype(np.uint8, copy=False)


def normalise(images: Tensor) -> Tensor:
    """Turn RGB values 0..255 (B, 3, H, W) of any dtype into ImageNet-normalised float32."""
    mean = torch.tensor(IMAGENET_MEAN, device=images.device).view(1, 3, 1, 1)
    std = torch.tensor(IMAGENET_STD, device=images.device).view(1, 3, 1, 1)
    return (images.float() / 255.0 - mean) / std


def to_batch(images: list[NDArray[np.uint8]], size: int) -> Tensor:
    """Resize RGB images (H, W, 3) and stack them into a uint8 tensor (B, 3, size, size)."""
    stacked = np.stack([resize(image, size) for image in images])
    return torch.from_numpy(np.ascontiguousarray(stacked.transpose(0, 3, 1, 2)))
