"""Why a clip gives no sample. The rest of the batch goes on, and the manifest counts it by reason."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from deft_core.errors import DeftError

# A message may repeat what a file holds; of a spoilt one that can be megabytes.
MOST_SAID = 500


class SourceUnusable(DeftError):
    """A whole data set cannot be read: an annotation file is missing, or of another version."""


class Reason(StrEnum):
    """What a clip was rejected for; the manifest's words."""

    # What the annotations say (appendix D).
    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    NO_LANGUAGE = "no_language"
    UNKNOWN_TEXT = "unknown_text"
    NO_GRASP = "no_grasp"
    NOT_THE_WEARER = "not_the_wearer"
    REFUSED_BY_ANNOTATORS = "refused_by_annotators"
    BAD_ANNOTATION = "bad_annotation"
    # What the video and the detectors show. (A clip whose film is not there yet keeps its place in its shard, so that
    # films that come later move no other clip.)
    NO_VIDEO = "no_video"
    CORRUPT_VIDEO = "corrupt_video"
    NO_DETECTIONS = "no_detections"
    BAD_DETECTIONS = "bad_detections"
    UNSAFE_PICKLE = "unsafe_pickle"
    NO_HAND = "no_hand"
    LEFT_HAND_ONLY = "left_hand_only"
    NO_CONTACT = "no_contact"
    CONTACT_FROM_START = "contact_from_start"
    NO_OBJECT = "no_object"
    EMPTY_MASK = "empty_mask"
    CAMERA_LOST = "camera_lost"
    CONTACT_OFF_OBJECT = "contact_off_object"
    NO_DEPTH = "no_depth"
    NO_HAND_POSE = "no_hand_pose"
    # A file is spoilt in a way that its reader does not know.
    UNREADABLE = "unreadable"


# What a file's state brings: fetched again, or made, the clip may give a sample.
OF_FILES = frozenset(
    {
        Reason.NO_VIDEO,
        Reason.CORRUPT_VIDEO,
        Reason.NO_DETECTIONS,
        Reason.BAD_DETECTIONS,
        Reason.UNSAFE_PICKLE,
        Reason.NO_HAND_POSE,
        Reason.NO_DEPTH,
        Reason.UNREADABLE,
    }
)


class ClipRejected(DeftError):
    """One clip gives no sample.

    Args:
        reason: what the manifest counts it under.
        message: file, field, and what to do where something can be done.
    """

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message if len(message) <= MOST_SAID else f"{message[: MOST_SAID - 4]} ...")
        self.reason = reason

    def __reduce__(self) -> tuple[type[ClipRejected], tuple[Reason, str]]:
        return ClipRejected, (self.reason, str(self))


@dataclass(frozen=True)
class Rejected:
    """A clip that a reader met and did not let through."""

    source: str
    clip_id: str
    reason: Reason
    message: str
