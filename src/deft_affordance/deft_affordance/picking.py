"""Which of the things on the table is meant: by the instruction, or by a person who points at one.

An instruction is matched with what things look like: by CLIP where its weights are there, by the prior's own encoder
and what it learned that things are called else. A point says it without words, and goes before them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray

from deft_affordance.checkpoint import Prior
from deft_affordance.contacts import nearest_on_mask
from deft_affordance.crop import Crop, box_of
from deft_affordance.errors import NothingThere, TwoFit
from deft_core.geometry import Array, apply, inverse
from deft_core.observation import RGBDFrame
from deft_perception.deprojection import project
from deft_perception.segmentation import SegmentedObject
from deft_vision.clip_match import CLIP_SIZE, ClipMatcher
from deft_vision.images import to_batch
from deft_vision.sam import Sam

# Least overlap (intersection over union) of Segment Anything's outline with depth's for both to mean the same thing.
SAME_OBJECT = 0.3
# How far beside a thing, pixels, a person may point and still mean it.
REACH_PX = 25.0
# Two scores of which the less is short of the other by no more than this share of it say nothing of which is meant. In
# 283 scenes of several things, of all tasks (`benchmarks/naming.py`), the first is ahead by 2.4 % or more.
ALIKE = 0.01


@dataclass(frozen=True, eq=False)
class Picker:
    """Picks one of the segmented objects.

    Attributes:
        prior: whose encoder and naming tell, where CLIP does not.
        clip: tells which crop fits an instruction best.
        sam: outlines the object anew.
    """

    prior: Prior
    clip: ClipMatcher | None = None
    sam: Sam | None = None

    def pick(
        self, objects: list[SegmentedObject], frame: RGBDFrame, instruction: str, point: Array | None = None
    ) -> SegmentedObject:
        """The object that is meant.

        Args:
            objects: at least one, as segmented in the frame.
            frame: the capture.
            instruction: what to do with the object.
            point: (3,) in base_link, metres, where a person points; goes before the instruction.

        Raises:
            NothingThere: nothing is where the person points.
            TwoFit: nobody points, and two things fit the instruction alike.
        """
        if point is None:
            return self._outlined(self._named(objects, frame.color, instruction), frame.color)
        seen = apply(inverse(frame.T_base_camera), point)
        if not (np.isfinite(seen).all() and seen[2] > 0.0):
            raise NothingThere(f"you point at {np.round(point, 3).tolist()} m (base_link), which the camera cannot see")
        pixel = project(seen, frame.K, frame.distortion)[0]
        return self._outlined(_pointed_at(objects, pixel, point), frame.color, pixel)

    def _named(self, objects: list[SegmentedObject], image: NDArray[np.uint8], instruction: str) -> SegmentedObject:
        """The only object, or the one that looks most like what the instruction names.

        A prior that has not learned what things are called takes the one that fills most of the image.
        """
        if len(objects) == 1 or (self.clip is None and self.prior.naming is None):
            return objects[0]
        crops = [Crop.around(o.box) for o in objects]
        if self.clip is not None:
            scores = self.clip.match([crop.cut(image, CLIP_SIZE) for crop in crops], instruction)
        else:
            assert self.prior.naming is not None
            size = self.prior.config.model.image_size
            with torch.inference_mode():
                seen = self.prior.model.embed(to_batch([crop.cut(image, size) for crop in crops], size)).numpy()
            scores = self.prior.naming.agreement(seen, instruction)
        second, best = np.argsort(scores)[-2:]
        if not scores[best] - scores[second] > ALIKE * scores[best]:
            places = [f"({x + width // 2}, {y + height // 2})" for x, y, width, height in (o.box for o in objects)]
            raise TwoFit(
                f"two things fit {instruction!r} alike, at pixels {places[best]} and {places[second]}: "
                "point at the one that is meant, say more of it, or take one away"
            )
        return objects[int(best)]

    def _outlined(
        self, target: SegmentedObject, image: NDArray[np.uint8], pixel: Array | None = None
    ) -> SegmentedObject:
        """The object as Segment Anything outlines it, where that is loaded and means the same thing as depth does."""
        if self.sam is None:
            return target
        x, y, width, height = target.box
        mask = self.sam.mask(image, (x, y, x + width, y + height), point=None if pixel is None else tuple(pixel))
        if mask is None or (mask & target.mask).sum() < SAME_OBJECT * (mask | target.mask).sum():
            return target
        return replace(target, mask=mask, box=box_of(mask), beyond=0.0)  # outlined as a whole


def _pointed_at(objects: list[SegmentedObject], pixel: Array, point: Array) -> SegmentedObject:
    """The object at a pixel (2,), or nearest to it within reach."""
    nearest = [nearest_on_mask(pixel, o.mask) for o in objects]
    gaps = [np.inf if at is None else float(np.hypot(*(np.array(at) - pixel))) for at in nearest]
    best = int(np.argmin(gaps))
    if not gaps[best] <= REACH_PX:
        raise NothingThere(
            f"nothing stands within {REACH_PX:.0f} px of where you point, {np.round(point, 3).tolist()} m (base_link), "
            f"pixel ({pixel[0]:.0f}, {pixel[1]:.0f}); the nearest thing is {gaps[best]:.0f} px off: point at a thing"
        )
    return objects[best]
