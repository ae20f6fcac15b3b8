"""Right hands from FrankMocap's output files (Rong et al., ICCVW 2021), as the paper used.

`demo_handmocap --save_pred_pkl` writes mocap/<image>_prediction_result.pkl: pred_output_list[person]["right_hand"] (an
empty dictionary where none was seen) with pred_hand_pose (1, 48), wrist rotation in the camera's axes (x right, y down,
z forward) and 15 joints in MANO's order, and pred_joints_img (21, 3) in OpenPose's order. Its hand model (smplx.create
without flat_hand_mean) counts poses from MANO's mean hand, so the mean must be given: it is under MANO's licence and
not ours to ship. The other demos (body, body and hands) write files of the same name and another content. Run on a
video rather than on images, it names its files after frames counted from 0.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from deft_affordance.video import safe_pickle
from deft_affordance.video.detectors.doh import numbered
from deft_affordance.video.detectors.protocols import FROM_OPENPOSE, HandPose
from deft_affordance.video.errors import ClipRejected, Reason, SourceUnusable
from deft_affordance.video.record import Clip
from deft_core.clip import HandTrack
from deft_core.geometry import Array

ENDING = "_prediction_result.pkl"


def load_mean_pose(path: Path | None) -> Array:
    """MANO's mean hand pose (45,), rad, from a .npy file.

    Raises:
        SourceUnusable: none given, or not one.
    """
    if path is None:
        raise SourceUnusable(
            "FrankMocap counts hand poses from MANO's mean hand: give it with --mano-mean hands_mean.npy "
            "(the entry hands_mean of your copy of MANO_RIGHT.pkl, 45 numbers; mano.is.tue.mpg.de)"
        )
    try:
        mean = np.asarray(np.load(path, allow_pickle=False), dtype=float).reshape(-1)
    except (OSError, ValueError, EOFError, MemoryError) as error:  # MemoryError: of what says to be huge
        raise SourceUnusable(f"{path}: no .npy file: {error}") from error
    if mean.shape != (45,) or not np.isfinite(mean).all():
        raise SourceUnusable(f"{path}: must be 45 finite numbers, is {mean.shape}")
    return mean


class FrankMocapFiles:
    """FrankMocap's poses by file: FOLDER/<video id>/[mocap/]<image>_prediction_result.pkl.

    Args:
        folder: holds one folder a video.
        mean_pose: (45,) MANO's mean hand, see `load_mean_pose`.
        first_image: number of the image of frame 0; where a video's folder has an image 0, it is that.
    """

    source = "FrankMocap, _prediction_result.pkl files"

    def __init__(self, folder: Path, mean_pose: Array, first_image: int = 1) -> None:
        self._folder, self._mean, self._first = folder, mean_pose, first_image

    def pose(self, clip: Clip, frame: int) -> HandPose | None:
        """The right hand's pose in a frame."""
        path = _by_frame(self._folder / clip.video_id, self._first).get(frame)
        return None if path is None else read_right_hand(path, self._mean)


def _by_frame(folder: Path, first_image: int) -> dict[int, Path]:
    """Output files by frame, of FrankMocap's output folder or the `mocap` in it."""
    files = numbered(folder / "mocap" if (folder / "mocap").is_dir() else folder, ENDING)
    first = 0 if 0 in files else first_image
    return {number - first: path for number, path in files.items()}


def read_right_hand(path: Path, mean_pose: Array) -> HandPose | None:
    """The right hand of one output file; None where it has none.

    Args:
        path: one `_prediction_result.pkl`.
        mean_pose: (45,) MANO's mean hand, see `load_mean_pose`.

    Raises:
        ClipRejected: not such a file.
    """
    content = safe_pickle.load(path)
    try:
        people = [person for person in content["pred_output_list"] if person]
        if not all("right_hand" in person or "left_hand" in person for person in people):
            raise ClipRejected(
                Reason.BAD_DETECTIONS,
                f"{path}: holds people without hands of their own (demo_type {content.get('demo_type')!r}: of "
                "demo_frankmocap or demo_bodymocap?); run demo_handmocap --save_pred_pkl",
            )
        hands = [person["right_hand"] for person in people if person.get("right_hand")]
        if not hands:
            return None
        pose = np.asarray(hands[0]["pred_hand_pose"], dtype=float).reshape(-1)
        points = hands[0].get("pred_joints_img")
        keypoints = None if points is None else np.asarray(points, dtype=float)[:, :2]
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise ClipRejected(Reason.BAD_DETECTIONS, f"{path}: {error!r}: no FrankMocap hand output") from None
    if pose.shape != (48,) or not np.isfinite(pose).all():
        raise ClipRejected(Reason.BAD_DETECTIONS, f"{path}: pred_hand_pose must be 48 finite numbers")
    if keypoints is not None:
        if keypoints.shape != (21, 2) or not np.isfinite(keypoints).all():
            raise ClipRejected(Reason.BAD_DETECTIONS, f"{path}: pred_joints_img must be (21, 2 or 3) finite")
        keypoints = keypoints[FROM_OPENPOSE]
    return HandPose(pose[:3], pose[3:] + mean_pose, keypoints)


def read_track(folder: Path, frames: int, mean_pose: Array) -> HandTrack:
    """The right hand through a clip, of the output files on its images 1 to `frames` (or from 0 where there is an
    image 0); NaN where there is none.

    Args:
        folder: FrankMocap's output folder, or the `mocap` in it.
        frames: of the clip.
        mean_pose: (45,) MANO's mean hand, see `load_mean_pose`.

    Raises:
        ClipRejected: a file is not one, or no frame has a right hand with its points.
    """
    files = _by_frame(folder, 1)
    mano, keypoints = np.full((frames, 48), np.nan), np.full((frames, 21, 2), np.nan)
    for frame in range(frames):
        hand = read_right_hand(files[frame], mean_pose) if frame in files else None
        if hand is not None and hand.keypoints is not None:
            mano[frame], keypoints[frame] = np.concatenate([hand.wrist, hand.mano]), hand.keypoints
    if np.isnan(mano).all():
        raise ClipRejected(
            Reason.BAD_DETECTIONS,
            f"{folder}: no *{ENDING} of its {frames} images has a right hand with pred_joints_img; run FrankMocap "
            "with --save_pred_pkl on the clip's images",
        )
    return HandTrack(mano, keypoints, "right")
