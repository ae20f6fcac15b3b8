"""A hand's pixels by the colour of skin, inside its box: for detectors that give boxes alone."""

from __future__ import annotations

import cv2
import numpy as np

from deft_affordance.video.detectors.protocols import Hand, Mask
from deft_affordance.video.frames import Video
from deft_affordance.video.record import Clip

# Chai & Ngan, "Face segmentation using skin-color map in videophone applications", IEEE TCSVT 9(4), 1999: skin of all
# shades lies in this range of chroma.
CR, CB = (133, 173), (77, 127)


class SkinColor:
    """Skin inside the detected box (the recipe of VRB, Bahl et al., CVPR 2023)."""

    source = "skin colour (Chai & Ngan 1999)"
    by_color = True

    def hand_mask(self, clip: Clip, frame: int, video: Video, hand: Hand) -> Mask:
        """(H, W) mask."""
        image = video.frame(frame)
        out = np.zeros(image.shape[:2], dtype=bool)
        x0, y0, x1, y1 = (max(0, round(v)) for v in hand.box)
        window = image[y0:y1, x0:x1]
        if window.size == 0:
            return out
        _, cr, cb = np.moveaxis(cv2.cvtColor(np.ascontiguousarray(window), cv2.COLOR_RGB2YCrCb), 2, 0)
        skin = ((cr >= CR[0]) & (cr <= CR[1]) & (cb >= CB[0]) & (cb <= CB[1])).astype(np.uint8)
        out[y0:y1, x0:x1] = cv2.morphologyEx(skin, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8)) > 0
        return out
