"""Where HOI4D's files lie: a tree a download, as they come, or all in one, as the data set's instructions draw it."""

from __future__ import annotations

from pathlib import Path

SEQUENCE = "ZY*/H*/C*/N*/S*/s*/T*"
# The archive of hand poses has had both names.
HAND_TREES = ("handpose/refinehandpose_right", "Hand_pose/handpose_right_hand", "handpose/handpose_right_hand")


def annotation_homes(root: Path, sequence: str) -> list[Path]:
    """Folders that may hold a sequence's `action` and `2Dseg`, the likeliest first."""
    return [root / "HOI4D_annotations" / sequence, root / sequence, root / "HOI4D_release" / sequence]


def mask_folder(root: Path, sequence: str) -> Path | None:
    """A sequence's label images. Where there are both, `mask` fits the raw camera and `shift_mask` the video."""
    for home in annotation_homes(root, sequence):
        for name in ("shift_mask", "mask"):
            if (home / "2Dseg" / name).is_dir():
                return home / "2Dseg" / name
    return None


def right_hand_folder(root: Path, sequence: str) -> Path | None:
    """A sequence's right-hand poses, there or not; None where no tree of hand poses is there at all."""
    tree = next((root / name for name in HAND_TREES if (root / name).is_dir()), None)
    return None if tree is None else tree / sequence


def depth_image(root: Path, sequence: str, frame: int) -> Path | None:
    """A frame's decoded depth; the data set's decoder leaves it beside the depth video, wherever that is."""
    for home in (root / "HOI4D_depth_video", root / "HOI4D_release", root):
        path = home / sequence / "align_depth" / f"{frame:05d}.png"
        if path.is_file():
            return path
    return None
