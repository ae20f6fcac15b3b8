"""From one clip to one training sample: initial crop, contact points in it, wrist and hand at contact, text."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

from deft_affordance.contacts import fit_contact_points
from deft_affordance.crop import Crop, box_of
from deft_affordance.video.align import background, changed, homography, move, move_box
from deft_affordance.video.contact import FirstContact, first_contact, meeting_pixels
from deft_affordance.video.detectors.protocols import (
    DepthReader,
    HandMasker,
    HandObjectDetector,
    HandPose,
    HandPoser,
    Mask,
    ObjectMasker,
)
from deft_affordance.video.errors import ClipRejected, Reason
from deft_affordance.video.frames import Video
from deft_affordance.video.record import Clip
from deft_core.geometry import Array
from deft_core.mano import hand_points

# A pose is missing in some frames; the nearest within this long serves.
POSE_WITHIN_S = 0.2
# Contacts further from the object than this share of the crop are of something else.
OFF_OBJECT = 0.15


@dataclass(frozen=True)
class Detectors:
    """Where each kind of label comes from."""

    hands: HandObjectDetector
    objects: ObjectMasker
    hand_pixels: HandMasker
    poses: HandPoser
    depth: DepthReader | None = None

    def sources(self) -> dict[str, str]:
        """Names of the sources, for the manifest."""
        out = {name: getattr(self, name).source for name in ("hands", "objects", "hand_pixels", "poses")}
        return out | ({"depth": self.depth.source} if self.depth else {})


@dataclass(frozen=True)
class Labelling:
    """How clips are labelled.

    Attributes:
        image_size: side of the crops, pixels.
        settle_s: how long after the first contact hand and object are read off; the paper reads them off at once.
    """

    image_size: int = 224
    settle_s: float = 0.0


@dataclass(frozen=True, eq=False)
class Label:
    """A labelled clip.

    Attributes:
        crop: (S, S, 3) the object in the initial frame; window: where it was cut.
        contacts: (k, 2) in the crop's [0, 1] square; contacts_px: the same in the initial frame.
        wrist: (3,), mano: (45,) as tracked at contact, camera frame.
        contact_in_wrist: (3,) where on the hand it touches, wrist frame, metres.
        contact: when and by whom.
        pose: the tracked hand.
    """

    crop: NDArray[np.uint8]
    window: Crop
    contacts: Array
    contacts_px: Array
    wrist: Array
    mano: Array
    contact_in_wrist: Array
    contact: FirstContact
    pose: HandPose


@dataclass
class Stopwatch:
    """Seconds of processor time by stage, all threads: what a core is kept busy with, whatever else runs."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Count what happens inside, whether it ends well or not."""
        start = time.process_time()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.process_time() - start


def label_clip(clip: Clip, detectors: Detectors, how: Labelling, watch: Stopwatch) -> Label:
    """Label one clip; raises ClipRejected."""
    where = f"{clip.source} clip {clip.clip_id}"
    with watch.stage("open"):
        if not clip.video.is_file():
            raise ClipRejected(Reason.NO_VIDEO, f"{where}: no file {clip.video}")
        video = Video(clip.video)
    with video:
        if clip.start >= video.frames:
            raise ClipRejected(
                Reason.CORRUPT_VIDEO, f"{clip.video}: has {video.frames} frames, the clip starts at {clip.start}"
            )
        with watch.stage("detections"):
            contact = first_contact(clip, detectors.hands, video, how.settle_s)
        with watch.stage("hand pose"):
            pose = _pose(clip, contact.label_frame, detectors.poses, where)
        with watch.stage("decode"):
            initial, touched = video.frame(clip.start), video.frame(contact.label_frame)
        with watch.stage("align"):
            H = _camera_motion(clip, detectors, video, contact, where)
        with watch.stage("masks"):
            there = detectors.objects.mask(clip, contact.label_frame, video, contact.box)
            here = detectors.objects.mask(clip, clip.start, video, move_box(H, contact.box))
            hand = detectors.hand_pixels.hand_mask(clip, contact.label_frame, video, contact.hand)
            if detectors.hand_pixels.by_color:  # a table may be of skin's colour; the hand is what came
                hand &= changed(initial, touched, H)
            depth = detectors.depth.depth(clip, contact.label_frame) if detectors.depth else None
            if depth is not None and depth.shape != video.size[::-1]:
                raise ClipRejected(
                    Reason.BAD_DETECTIONS,
                    f"{where}: depth of {depth.shape}, the video has {video.size[::-1]}; decode depth at that size",
                )
        if here is None:
            raise ClipRejected(Reason.NO_OBJECT, f"{where}: no mask of the touched object in frame {clip.start}")
        with watch.stage("contacts"):
            whole = cv2.warpPerspective(here.astype(np.uint8), np.linalg.inv(H), video.size) > 0
            pixels = meeting_pixels(hand, whole, whole if there is None else there, depth, where)
            window = Crop.around(box_of(here))
            placed = on_object(move(H, pixels), here, window, where)
            contacts_px = fit_contact_points(placed)
            in_wrist = place_on_hand(pixels, pose, where)
        with watch.stage("crop"):
            crop = window.cut(initial, how.image_size)
    return Label(
        crop,
        window,
        window.to_unit(contacts_px),
        contacts_px,
        pose.wrist,
        pose.mano,
        in_wrist,
        contact,
        pose,
    )


def _pose(clip: Clip, frame: int, poser: HandPoser, where: str) -> HandPose:
    reach = max(1, round(POSE_WITHIN_S * clip.fps))
    for away in range(reach + 1):
        for f in dict.fromkeys((frame + away, frame - away)):
            if clip.start <= f < clip.stop and (pose := poser.pose(clip, f)) is not None:
                return pose
    raise ClipRejected(Reason.NO_HAND_POSE, f"{where}: no pose of the right hand within {reach} frames of {frame}")


def _camera_motion(clip: Clip, detectors: Detectors, video: Video, contact: FirstContact, where: str) -> Array:
    """H (3, 3) from the contact frame's pixels to the initial frame's."""
    first = detectors.hands.detect(clip, clip.start, video)
    boxes = [] if first is None else [hand.box for hand in first.hands]
    shape = video.size[::-1]
    H = homography(
        video.frame(contact.label_frame),
        video.frame(clip.start),
        background(shape, list(contact.boxes)),
        background(shape, boxes),
    )
    if H is None:
        raise ClipRejected(
            Reason.CAMERA_LOST,
            f"{where}: frames {clip.start} and {contact.label_frame} do not match: the camera moved too far between",
        )
    return H


def on_object(pixels: Array, mask: Mask, window: Crop, where: str) -> Array:
    """Bring contact pixels (n, 2) in the initial frame onto the object's mask there.

    Raises:
        ClipRejected: they are of something else.
    """
    places = np.rint(pixels).astype(int)
    inside = (places >= 0).all(axis=1) & (places < mask.shape[::-1]).all(axis=1)
    # Nearest mask pixel of every pixel, by its label.
    distance, labels = cv2.distanceTransformWithLabels(
        (~mask).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    rows, columns = np.nonzero(mask)
    pixel_of = np.zeros((int(labels.max()) + 1, 2))
    pixel_of[labels[rows, columns]] = np.column_stack([columns, rows])
    v, u = places[inside, 1], places[inside, 0]
    near = distance[v, u] <= OFF_OBJECT * window.side
    if 2 * near.sum() < len(pixels):
        raise ClipRejected(
            Reason.CONTACT_OFF_OBJECT, f"{where}: most contact pixels lie off the object in the initial frame"
        )
    on = mask[v, u]
    return np.where(on[:, None], pixels[inside], pixel_of[labels[v, u]])[near]


def place_on_hand(pixels: Array, pose: HandPose, where: str) -> Array:
    """Where on the hand the contact is (3,), wrist frame, metres: the template's points, weighted by nearness.

    No depth is needed: contact pixels lie on the hand, whose 21 points are known in the image and in the wrist frame.
    """
    if pose.keypoints is None:
        raise ClipRejected(Reason.NO_HAND_POSE, f"{where}: the hand's pose file holds no joints in the image")
    square = ((pixels[:, None] - pose.keypoints[None]) ** 2).sum(axis=2)
    weights = 1.0 / (square + 1.0) ** 2
    weights /= weights.sum(axis=1, keepdims=True)
    return (weights @ hand_points(pose.mano)).mean(axis=0)
