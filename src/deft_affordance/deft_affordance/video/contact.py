"""When the right hand first touches an object, and where hand and object meet in that frame."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from deft_affordance.video.detectors.protocols import Box, Hand, HandObjectDetector, Mask, Seen
from deft_affordance.video.errors import ClipRejected, Reason
from deft_affordance.video.frames import Video
from deft_affordance.video.record import Clip
from deft_core.geometry import Array

# Touch must last: within this long, this share of the frames that show the hand.
LASTING_S, LASTING_SHARE = 0.34, 0.7
# Hand and object meet within this share of the object's size.
REACH = 0.06
NEAREST_SHARE = 0.25
MIN_PIXELS = 12
SAMPLES = 200


@dataclass(frozen=True)
class FirstContact:
    """The first lasting touch.

    Attributes:
        frame: of the video, from 0.
        label_frame: where hand and object are read off: the same, or a little later.
        hand: the right hand there (in `label_frame`).
        box: the object that it touches.
        boxes: everything that moves by itself there: hands and object.
    """

    frame: int
    label_frame: int
    hand: Hand
    box: Box
    boxes: tuple[Box, ...]


def first_contact(clip: Clip, detector: HandObjectDetector, video: Video, settle_s: float = 0.0) -> FirstContact:
    """Find the first frame where the right hand touches an object for good.

    Args:
        clip: where to look.
        detector: what sees.
        video: of the clip.
        settle_s: read hand and object off this much later: the hand has then closed (0 is the paper's way).

    Raises:
        ClipRejected: no hand, the left hand only, no lasting touch, touch from the start on, or no object found.
    """
    frames = range(clip.start, min(clip.stop, video.frames))
    seen = {f: found for f in frames if (found := detector.detect(clip, f, video)) is not None}
    where = f"{clip.source} clip {clip.clip_id}"
    if not seen:
        raise ClipRejected(Reason.NO_DETECTIONS, f"{where}: no detections for frames {clip.start} to {clip.stop - 1}")
    hands = {f: _best(found, "right") for f, found in seen.items()}
    shown = [f for f in frames if hands.get(f) is not None]
    if not shown:
        left = any(_best(found, "left") for found in seen.values())
        raise ClipRejected(
            Reason.LEFT_HAND_ONLY if left else Reason.NO_HAND,
            f"{where}: {'only the left hand is' if left else 'no hand is'} seen",
        )
    touching = {f: bool(hand.touches) for f in shown if (hand := hands[f]) is not None and hand.touches is not None}
    if touching:
        frame = _lasting(touching, clip)
        if frame is None:
            left = any(hand.touches for found in seen.values() if (hand := _best(found, "left")) is not None)
            raise ClipRejected(
                Reason.LEFT_HAND_ONLY if left else Reason.NO_CONTACT,
                f"{where}: the right hand is seen in {len(shown)} frames and touches nothing for good"
                + ("; the left hand does" if left else ""),
            )
    else:
        frame = _annotated(clip, shown, seen, where)
    before = [f for f in touching if f < frame and not touching[f]]
    unseen = [f for f in seen if f < frame and hands.get(f) is None]
    if touching and not before and not unseen:
        raise ClipRejected(Reason.CONTACT_FROM_START, f"{where}: the hand holds something from the first frame on")
    return _with_object(clip, seen, hands, frame, round(settle_s * clip.fps), where)


def _best(seen: Seen, side: str) -> Hand | None:
    return max((hand for hand in seen.hands if hand.side == side), key=lambda hand: hand.score, default=None)


def _lasting(touching: dict[int, bool], clip: Clip) -> int | None:
    ahead = max(2, round(LASTING_S * clip.fps))
    for frame in sorted(touching):
        window = [touching[f] for f in range(frame, frame + ahead) if f in touching]
        if touching[frame] and len(window) >= 2 and np.mean(window) >= LASTING_SHARE:
            return frame
    return None


def _annotated(clip: Clip, shown: list[int], seen: dict[int, Seen], where: str) -> int:
    """The annotators' contact frame (Ego4D), for detectors that see hands but not touch.

    The right hand is in view about then, in no fewer frames than the left hand alone: a landmarker names the wrong side
    now and then, mostly of a hand that just comes into view.
    """
    critical = clip.annotations.get("critical_frames", {})
    wanted = next((critical[name] for name in ("contact_frame", "pnr_frame") if name in critical), None)
    if wanted is None:
        raise ClipRejected(
            Reason.NO_CONTACT,
            f"{where}: the detector sees hands but not what they touch, and nobody annotated the contact frame; use "
            "100DOH's output files",
        )
    reach = max(2, round(LASTING_S * clip.fps))
    near = [f for f in shown if abs(f - wanted) <= reach]
    left = [f for f in seen if abs(f - wanted) <= reach and f not in shown and _best(seen[f], "left") is not None]
    if not near or len(left) > len(near):
        raise ClipRejected(
            Reason.LEFT_HAND_ONLY if left else Reason.NO_HAND,
            f"{where}: within {reach} frames of frame {wanted}, where the annotators saw the contact, the right hand "
            f"is seen in {len(near)} frames, the left hand alone in {len(left)}",
        )
    return min(near, key=lambda f: abs(f - wanted))


def _with_object(
    clip: Clip, seen: dict[int, Seen], hands: dict[int, Hand | None], frame: int, settle: int, where: str
) -> FirstContact:
    """The object box that the hand's offset points at, in the contact frame or shortly after."""
    for f in range(frame + settle, frame + settle + max(2, round(LASTING_S * clip.fps))):
        hand = hands.get(f)
        if f not in seen or hand is None or hand.touches is False:
            continue
        box = _touched(seen[f], hand) or _boxed(clip, f)
        if box is not None:
            moving = tuple(h.box for h in seen[f].hands)
            return FirstContact(frame, f, hand, box, (*moving, box))
    raise ClipRejected(Reason.NO_OBJECT, f"{where}: no object is detected where the hand touches, frame {frame}")


def _touched(seen: Seen, hand: Hand) -> Box | None:
    if not seen.things:
        return None
    at = hand.object_at or ((hand.box[0] + hand.box[2]) / 2, (hand.box[1] + hand.box[3]) / 2)

    def far(box: Box) -> float:
        return float(np.hypot((box[0] + box[2]) / 2 - at[0], (box[1] + box[3]) / 2 - at[1]))

    return min((thing.box for thing in seen.things), key=far)


def _boxed(clip: Clip, frame: int) -> Box | None:
    """Ego4D's own box of the object of change, where one was drawn within half a second."""
    boxes = [b for b in clip.annotations.get("boxes", ()) if b["type"] == "object_of_change"]
    near = [b for b in boxes if abs(b["frame"] - frame) <= 0.5 * clip.fps]
    if not near:
        return None
    box = min(near, key=lambda b: abs(b["frame"] - frame))["box"]
    x, y = float(box["x"]), float(box["y"])
    return x, y, x + float(box["width"]), y + float(box["height"])


def meeting_pixels(hand: Mask, silhouette: Mask, thing: Mask, depth_m: Array | None, where: str) -> Array:
    """Pixels (n, 2) where hand and object meet.

    Of the hand's pixels in front of the object, the quarter nearest to the object's middle (the recipe of VRB, Bahl et
    al., CVPR 2023: of 20 skin samples in the overlap of hand and object the 5 nearest); where no part of the hand is in
    front of the object, the hand's pixels within a short reach of it.

    Args:
        hand: (H, W) mask in the contact frame.
        silhouette: (H, W) the object's whole mask of the initial frame, brought to the contact frame.
        thing: (H, W) what is seen of the object in the contact frame.
        depth_m: (H, W) depth there, or None. Where a hand passes in front of the object without touching it, the two
            differ in depth; such pixels go.
        where: the clip, for messages.

    Raises:
        ClipRejected: a mask is empty, they do not meet, or depth shows nothing there.
    """
    for mask, name in ((hand, "hand"), (silhouette, "object"), (thing, "object")):
        if not mask.any():
            raise ClipRejected(Reason.EMPTY_MASK, f"{where}: the {name}'s mask is empty in the contact frame")
    rows, columns = np.nonzero(silhouette)
    size = max(np.ptp(rows), np.ptp(columns)) + 1
    radius = max(2, round(REACH * size))
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1,) * 2)
    meets = hand & silhouette
    if meets.sum() < MIN_PIXELS:
        meets = hand & (cv2.dilate(silhouette.astype(np.uint8), disc) > 0)
    if not meets.any():
        raise ClipRejected(Reason.NO_CONTACT, f"{where}: hand and object do not meet in the contact frame")
    if depth_m is not None:
        meets = _near_in_depth(meets, thing, depth_m, disc, where)
    v, u = np.nonzero(meets)
    pixels = np.column_stack([u, v]).astype(float)
    away = np.linalg.norm(pixels - [columns.mean(), rows.mean()], axis=1)
    pixels = pixels[away <= np.quantile(away, NEAREST_SHARE)]
    return pixels[:: max(1, len(pixels) // SAMPLES)]


# A finger's thickness, and what depth cameras err.
DEPTH_REACH_M = 0.035


def _near_in_depth(meets: Mask, thing: Mask, depth_m: Array, disc: np.ndarray, where: str) -> Mask:
    good = np.isfinite(depth_m) & (depth_m > 0)
    if not (good & meets).any() or not (good & thing).any():
        raise ClipRejected(
            Reason.NO_DEPTH, f"{where}: depth is NaN or zero wherever hand and object meet; leave depth out or mend it"
        )
    # Of each pixel, the object's depths from the nearest to the farthest seen about it.
    about = np.ones((2 * disc.shape[0] + 1,) * 2, np.uint8)
    near = cv2.erode(np.where(good & thing, depth_m, 1e3).astype(np.float32), about)
    far = cv2.dilate(np.where(good & thing, depth_m, -1e3).astype(np.float32), about)
    close = meets & good & (depth_m > near - DEPTH_REACH_M) & (depth_m < far + DEPTH_REACH_M)
    if not close.any():
        raise ClipRejected(Reason.NO_CONTACT, f"{where}: hand and object meet in the image only, not in depth")
    return close
