"""From one RGB-D clip and tracked hand poses to forty metric wrist displacements (paper, section 3.1).

`ros2 run deft_affordance extract_demo CLIP POSES --task pour_cup --out pour_cup.json`

CLIP is what `ros2 run deft_perception record_clip` films. POSES is an archive (`deft_core.clip`), or the folder that
FrankMocap's `demo_handmocap --save_pred_pkl` wrote for the clip's images.

Per frame the tracker gives the wrist's rotation and the hand's pose; where the wrist is follows from the pose's 21
points, which must project onto the tracked keypoints and lie a flesh radius behind the depth seen there. The track
is smoothed, the grasp is found (fingers closed, wrist at rest before it carries something away), and the changes of
wrist pose over forty equal steps from there to the clip's end are written in the gravity-aligned frame of
`deft_core.demonstration`.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import cv2
import numpy as np
from scipy.signal import savgol_filter
from scipy.spatial.transform import Rotation

from deft_affordance.video.detectors.frankmocap import ENDING, load_mean_pose, read_track
from deft_core.clip import HandTrack, RGBDClip, file_hash
from deft_core.config import validate
from deft_core.demonstration import STEPS, Demonstration, displacements
from deft_core.errors import DeftError
from deft_core.geometry import Array, interpolate, transform
from deft_core.mano import SEGMENT_RADIUS_M, angles_from_pose, hand_points


class DemonstrationUnusable(DeftError):
    """The clip does not show what a demonstration needs."""


# Flesh between the skin that depth sees and each of the 21 points, metres (wrist 20 mm, tips as their segment).
_SEGMENTS = np.array(list(SEGMENT_RADIUS_M.values()))
_FLESH_M = np.concatenate([[0.020], _SEGMENTS.ravel(), _SEGMENTS[:, 2]])
KEYPOINT_PX = 2.0
DEPTH_M = 0.006
MIN_POINTS = 6
SMOOTH_FRAMES = 9
MOVED_M = 0.010


def wrist_position(mano: Array, keypoints_px: Array, depth_mm: Array, K: Array) -> Array:
    """Wrist in the camera's optical frame (3,), metres; NaN where the frame shows too little.

    Every keypoint gives two linear equations in the wrist's place (its ray) and, where depth is seen near the expected
    place, a third. Robust weights (Huber) let points hidden behind the object go.
    """
    if not (np.isfinite(mano).all() and np.isfinite(keypoints_px).all()):
        return np.full(3, np.nan)
    X = hand_points(mano[3:]) @ Rotation.from_rotvec(mano[:3]).as_matrix().T
    rays = np.column_stack([(keypoints_px - K[:2, 2]) / K[[0, 1], [0, 1]], np.ones(len(X))])
    rows_of, values_of, widths = [], [], []
    for axis in (0, 1):  # (X + t)_axis = ray_axis (X + t)_z
        row = np.zeros((len(X), 3))
        row[:, axis], row[:, 2] = 1.0, -rays[:, axis]
        rows_of.append(row)
        values_of.append(rays[:, axis] * X[:, 2] - X[:, axis])
        widths.append(np.full(len(X), 0.7 * KEYPOINT_PX / K[0, 0]))
    A, b, sigma = np.concatenate(rows_of), np.concatenate(values_of), np.concatenate(widths)
    t = np.linalg.lstsq(A / sigma[:, None], b / sigma, rcond=None)[0]
    z = _depth_at(depth_mm, keypoints_px)
    for _ in range(8):
        behind = z + _FLESH_M - X[:, 2]  # t_z as each point's depth has it
        near = np.isfinite(behind) & (np.abs(behind - t[2]) < 0.04)
        if near.sum() < MIN_POINTS:
            return np.full(3, np.nan)
        rows = np.concatenate([A, np.tile([0.0, 0.0, 1.0], (int(near.sum()), 1))])
        values = np.concatenate([b, behind[near]])
        scale = np.concatenate([sigma, np.full(int(near.sum()), DEPTH_M)])
        error = np.abs(rows @ t - values) / scale
        weight = np.sqrt(1.5 / np.maximum(error, 1.5)) / scale
        t = np.linalg.lstsq(rows * weight[:, None], values * weight, rcond=None)[0]
    return t


def _depth_at(depth_mm: Array, pixels: Array) -> Array:
    """Median depth (n,) in 5x5 windows around pixels, metres; NaN where nothing was measured."""
    height, width = depth_mm.shape
    out = np.full(len(pixels), np.nan)
    for i, (u, v) in enumerate(np.rint(pixels).astype(int)):
        if 2 <= u < width - 2 and 2 <= v < height - 2:
            window = depth_mm[v - 2 : v + 3, u - 2 : u + 3]
            if (window > 0).any():
                out[i] = np.median(window[window > 0]) / 1000.0
    return out


def wrist_track(clip: RGBDClip, track: HandTrack, smooth: int = SMOOTH_FRAMES) -> Array:
    """Smoothed wrist poses (T, 4, 4) in base_link.

    Args:
        clip, track: what was recorded.
        smooth: frames that each is smoothed over, odd.

    Raises:
        DemonstrationUnusable: the two files do not belong together, a left hand, too few frames with a hand, or a
            window that cannot be.
    """
    if smooth < 3 or smooth % 2 == 0 or smooth > len(clip.color):
        raise DemonstrationUnusable(
            f"smoothing over {smooth} frames: the window is odd, 3 or more, and within the clip of {len(clip.color)}"
        )
    if track.side != "right":
        raise DemonstrationUnusable("the pose file tracks a left hand; the demonstration must be by the right hand")
    if len(track.mano) != len(clip.color):
        raise DemonstrationUnusable(f"the clip has {len(clip.color)} frames, the pose file {len(track.mano)}")
    frames = range(len(clip.color))
    positions = np.array(
        [wrist_position(track.mano[k], track.keypoints_px[k], clip.depth_mm[k], clip.K) for k in frames]
    )
    seen = np.isfinite(positions).all(axis=1)
    if seen.sum() < max(STEPS + 2, 0.5 * len(seen)):
        raise DemonstrationUnusable(f"the hand is seen well in only {int(seen.sum())} of {len(seen)} frames")
    rows = np.arange(len(seen))
    positions = np.column_stack([np.interp(rows, rows[seen], positions[seen, i]) for i in range(3)])
    rotations = Rotation.from_rotvec(np.where(seen[:, None], track.mano[:, :3], 0.0)).as_matrix()
    for k in np.flatnonzero(~seen):
        rotations[k] = rotations[rows[seen][np.abs(rows[seen] - k).argmin()]]
    positions = savgol_filter(positions, smooth, 2, axis=0)
    # Smooth rotations as matrices, then project back onto SO(3): no chart, no wrap-around.
    u, _, vt = np.linalg.svd(savgol_filter(rotations.reshape(-1, 9), smooth, 2, axis=0).reshape(-1, 3, 3))
    rotations = u @ vt
    poses = np.array([transform(R, t) for R, t in zip(rotations, positions, strict=True)])
    return clip.T_base_camera @ poses


def grasp_frame(T_base_wrist: Array, mano: Array) -> int:
    """The last frame before the hand, closed, carries the object away.

    Raises:
        DemonstrationUnusable: the fingers never close, or nothing moves afterwards.
    """
    rows, seen = np.arange(len(mano)), np.isfinite(mano).all(axis=1)
    bends = angles_from_pose(mano[seen, 3:])[:, :12, 2].mean(axis=1)
    bend = savgol_filter(np.interp(rows, rows[seen], bends), SMOOTH_FRAMES, 2)
    start, end = np.median(bend[:5]), np.median(bend[-10:])
    if end - start < 0.15:
        raise DemonstrationUnusable(f"the fingers close by only {end - start:.2f} rad; is there a grasp in the clip?")
    closed = int(np.flatnonzero(bend > start + 0.8 * (end - start))[0])
    position = T_base_wrist[:, :3, 3]
    away = np.linalg.norm(position - np.median(position[closed : closed + 5], axis=0), axis=1) > MOVED_M
    # Away for good, not for a frame of noise.
    gone = [k for k in range(closed, len(away) - 5) if away[k : k + 5].all()]
    if not gone:
        raise DemonstrationUnusable("the wrist does not move after the grasp")
    return gone[0] - 1


def extract(
    clip: RGBDClip,
    track: HandTrack,
    task: str,
    source: str,
    sha256: str,
    grasp: int | None = None,
    stride: int | None = None,
    smooth: int = SMOOTH_FRAMES,
) -> Demonstration:
    """Turn a clip and its track into a demonstration.

    Args:
        clip, track: what was recorded.
        task: name of the task it shows.
        source: where it came from, for the record.
        sha256: hash of clip and pose file.
        grasp: frame of the grasp; found where not given.
        stride: frames a step; by default forty equal steps, between frames where need be, span all that follows.
        smooth: frames that the wrist's track is smoothed over, odd.
    """
    poses = wrist_track(clip, track, smooth)
    if grasp is None:
        grasp = grasp_frame(poses, track.mano)
    last = max(grasp + STEPS, len(poses) - 1) if stride is None else grasp + stride * STEPS
    if (stride is not None and stride < 1) or grasp < 0 or last >= len(poses):
        raise DemonstrationUnusable(
            f"forty steps of {1 if stride is None else stride} frames after frame {grasp} do not fit in a clip of "
            f"{len(poses)} frames (0 to {len(poses) - 1})"
        )
    frames = np.linspace(grasp, last, STEPS + 1)
    before, after = np.floor(frames).astype(int), np.ceil(frames).astype(int)
    between = [interpolate(poses[a], poses[b], t - a) for a, b, t in zip(before, after, frames, strict=True)]
    translations, rotations = displacements(np.concatenate(between))
    content = {
        "task": task,
        "frame": "gravity_aligned_at_grasp",
        "dt_s": float(clip.stamps_s[last] - clip.stamps_s[grasp]) / STEPS,
        "grasp_rotvec": tuple(np.round(Rotation.from_matrix(poses[grasp][:3, :3]).as_rotvec(), 6)),
        "translations_m": [tuple(row) for row in np.round(translations, 6)],
        "rotations_rad": [tuple(row) for row in np.round(rotations, 6)],
        "source": f"{source}, frames {grasp} to {last} by {(last - grasp) / STEPS:g}, smoothed over {smooth}",
        "clip_sha256": sha256,
    }
    return validate(content, Demonstration, source)


def main(argv: list[str] | None = None) -> None:
    """Write the demonstration file, and beside it the clip's last image (the goal for image rewards)."""
    parser = argparse.ArgumentParser(prog="extract_demo", description=__doc__.splitlines()[0])
    parser.add_argument("clip", type=Path, help="RGB-D clip (.npz, see deft_core.clip)")
    parser.add_argument("poses", type=Path, help="tracked hand poses (.npz), or FrankMocap's folder of output files")
    parser.add_argument("--mano-mean", type=Path, help="MANO's mean hand (.npy), that FrankMocap's poses count from")
    parser.add_argument("--task", help="task it shows; by default the name of --out")
    parser.add_argument("--out", type=Path, required=True, help="demonstration file (.json)")
    parser.add_argument("--grasp-frame", type=int, help="frame of the grasp, where the automatic choice is wrong")
    parser.add_argument("--stride", type=int, help="frames a step (default: span the rest of the clip)")
    parser.add_argument(
        "--smooth",
        type=int,
        default=SMOOTH_FRAMES,
        help="frames that the wrist's track is smoothed over; more for a slow, straight motion (default: %(default)s)",
    )
    args = parser.parse_args(argv)
    try:
        clip = RGBDClip.load(args.clip)
        if args.poses.is_dir():
            track = read_track(args.poses, len(clip.color), load_mean_pose(args.mano_mean))
            files = sorted(args.poses.rglob(f"*{ENDING}"))
        else:
            track, files = HandTrack.load(args.poses), [args.poses]
        demonstration = extract(
            clip,
            track,
            args.task or args.out.stem,
            args.clip.name,
            file_hash(args.clip, *files),
            args.grasp_frame,
            args.stride,
            args.smooth,
        )
        args.out.write_text(demonstration.model_dump_json(indent=1) + "\n", encoding="utf-8")
        goal = cv2.resize(clip.color[-1][..., ::-1], (320, 240), interpolation=cv2.INTER_AREA)
        cv2.imwrite(str(args.out.with_suffix(".jpg")), goal, [cv2.IMWRITE_JPEG_QUALITY, 90])
    except (DeftError, OSError) as error:
        sys.exit(f"extract_demo: {error}")
    total = np.sum(demonstration.translations_m, axis=0)
    print(f"{args.out}: {demonstration.source}; dt {demonstration.dt_s:.3f} s, wrist moves {np.round(total, 3)} m")


if __name__ == "__main__":
    main()
