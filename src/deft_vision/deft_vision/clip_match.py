"""How well pictures fit a sentence, by CLIP (Radford et al., 2021), from a local open_clip file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from deft_vision.images import to_batch
from deft_vision.text import ClipTextEncoder

CLIP_SIZE = 224
# OpenAI's channel statistics, as in open_clip's own preprocessing.
CLIP_MEAN = (0.48145466, 0.4578275, 0.40821073)
CLIP_STD = (0.26862954, 0.26130258, 0.27577711)


class ClipMatcher:
    """Both towers of CLIP ViT-B/32, frozen.

    Args:
        clip: path of the weights (nothing is downloaded), or what loaded them already.

    Raises:
        MissingExtraError, MissingCheckpointError, CheckpointLayoutError: as for `ClipTextEncoder`.
    """

    def __init__(self, clip: Path | str | ClipTextEncoder) -> None:
        self._clip = clip if isinstance(clip, ClipTextEncoder) else ClipTextEncoder(clip)

    def match(self, images: list[NDArray[np.uint8]], text: str) -> NDArray[np.float64]:
        """Probability (n,) that the text is about each of the RGB images (H, W, 3) and not about the others."""
        mean, std = (torch.tensor(v).view(1, 3, 1, 1) for v in (CLIP_MEAN, CLIP_STD))
        with torch.inference_mode():
            seen = self._clip.model.encode_image((to_batch(images, CLIP_SIZE).float() / 255.0 - mean) / std).float()
            said = self._clip(self._clip.tokenize([text]))
            cosine = torch.nn.functional.cosine_similarity(seen, said)
            return torch.softmax(self._clip.model.logit_scale.exp() * cosine, dim=0).double().numpy()
