"""What detectors would say of a take: boxes and states as 100DOH's, with errors; masks as Detic's, ragged."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np

from deft_affordance.video.detectors.protocols import FROM_OPENPOSE, Box, Hand, Mask, Seen, Thing, mask_box
from deft_affordance.video.film.take import Take, knuckle_box
from deft_core.geometry import Array

# Assumed, as no error figures by frame are published: boxes err by 2 % of their size, 2 % of hands are missed, 3 % of
# states are wrong, and a hand within a few pixels of the object is as good as touching for a detector.
BOX_SIGMA = 0.02
MISSED, WRONG_STATE = 0.02, 0.03
NEAR_PX, NEAR_IS_TOUCH = 3, 0.3
VISIBLE = 20  # pixels of something that can be detected


def detections(take: Take, rng: np.random.Generator) -> list[Seen]:
    """Hands and objects of every frame."""
    return [_frame(take, k, rng) for k in range(len(take.color))]


def _frame(take: Take, k: int, rng: np.random.Generator) -> Seen:
    height, width = take.hand[k].shape
    hands: tuple[Hand, ...] = ()
    things: tuple[Thing, ...] = ()
    points = take.keypoints[k]
    inside = ((points >= 0) & (points < [width, height])).all(axis=1).mean()
    if take.thing[k].sum() >= VISIBLE:
        things = (Thing(_shaken(mask_box(take.thing[k]), rng, width, height), 0.9),)
    if inside > 0.5 and take.hand[k].sum() >= VISIBLE and rng.random() >= MISSED:
        kernel = np.ones((2 * NEAR_PX + 1,) * 2, np.uint8)
        near = bool(((cv2.dilate(take.hand[k].astype(np.uint8), kernel) > 0) & take.thing[k]).any())
        touches = bool(take.touching[k]) or (near and rng.random() < NEAR_IS_TOUCH)
        touches ^= rng.random() < WRONG_STATE
        box = things[0].box if things else (0.0, 0.0, 0.0, 0.0)
        centre = ((box[0] + box[2]) / 2, (box[1] + box[3]) / 2)
        hands = (
            Hand(_shaken(knuckle_box(points), rng, width, height), 0.95, "right", touches, centre if touches else None),
        )
    return Seen(hands, things)


def _shaken(box: Box, rng: np.random.Generator, width: int, height: int) -> Box:
    x0, y0, x1, y1 = np.array(box) + BOX_SIGMA * max(box[2] - box[0], box[3] - box[1]) * rng.normal(size=4)
    return (
        float(np.clip(x0, 0, width - 2)),
        float(np.clip(y0, 0, height - 2)),
        float(np.clip(max(x1, x0 + 1), 1, width)),
        float(np.clip(max(y1, y0 + 1), 1, height)),
    )


def ragged(mask: Mask, rng: np.random.Generator) -> Mask:
    """A segmenter's mask: the true one with its edge moved by up to a pixel or two, in stretches."""
    field = cv2.GaussianBlur(rng.normal(size=mask.shape).astype(np.float32), (0, 0), 4.0)
    field = np.asarray(field * (0.35 / max(float(field.std()), 1e-9)))
    soft = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), 1.2)
    return np.asarray(soft + np.where((soft > 0.05) & (soft < 0.95), field, 0.0) > 0.5)


def openpose(keypoints: Array) -> Array:
    """Our 21 points in OpenPose's order."""
    out = np.empty_like(keypoints)
    out[FROM_OPENPOSE] = keypoints
    return out


def mirrored(take: Take) -> Take:
    """The take seen in a mirror: a left hand's."""
    width = take.color.shape[2]
    keypoints = take.keypoints.copy()
    keypoints[..., 0] = width - 1 - keypoints[..., 0]
    return replace(
        take,
        color=take.color[:, :, ::-1],
        depth_m=take.depth_m[:, :, ::-1],
        hand=take.hand[:, :, ::-1],
        thing=take.thing[:, :, ::-1],
        keypoints=keypoints,
    )


def left(seen: list[Seen]) -> list[Seen]:
    """The same detections, of left hands."""
    return [Seen(tuple(Hand(h.box, h.score, "left", h.touches, h.object_at) for h in s.hands), s.things) for s in seen]
