"""Film a demonstration with the workcell's camera.

    ros2 run deft_perception record_clip --workcell mine.yaml --out mug

Writes mug.npz (`deft_core.clip`) and mug/00001.jpg, 00002.jpg, ... for a hand tracker. Whatever ends the filming,
Ctrl-C or a camera that fails, what was filmed until then is kept. The camera is opened here: no camera_node beside it.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from deft_core.clip import RGBDClip
from deft_core.errors import DeftError
from deft_core.workcell import load_workcell
from deft_perception.camera import open_camera
from deft_perception.capture import Camera, Capture

# More than this share of a pixel, at the corners, and images are straightened.
_STRAIGHT_PX = 0.5
MOST_S = 60.0


def film(camera: Camera, seconds: float) -> Iterator[Capture]:
    """Captures for so many seconds of the camera's clock; one that shows no later instant than the last is left out."""
    first = last = -np.inf
    while True:
        capture = camera.wait()
        if capture.stamp_s <= last:
            continue
        first = capture.stamp_s if first == -np.inf else first
        last = capture.stamp_s
        if last - first > seconds:
            return
        yield capture


def as_clip(captures: list[Capture], T_base_camera: NDArray[np.float64]) -> RGBDClip:
    """Captures of one camera as a clip, straightened where its lens bends.

    Raises:
        ValueError: No captures.
    """
    if not captures:
        raise ValueError("no captures")
    K, lens = captures[0].K, captures[0].distortion
    color, depth = [c.color for c in captures], [c.depth_mm for c in captures]
    height, width = depth[0].shape
    maps = cv2.initUndistortRectifyMap(K, lens, None, K, (width, height), cv2.CV_32FC1)
    still = np.stack(np.meshgrid(np.arange(width), np.arange(height)))
    if np.abs(np.stack(maps) - still).max() > _STRAIGHT_PX:
        color = [np.asarray(cv2.remap(image, *maps, cv2.INTER_LINEAR), np.uint8) for image in color]
        # Nearest: there is no depth between two things.
        depth = [np.asarray(cv2.remap(image, *maps, cv2.INTER_NEAREST), np.uint16) for image in depth]
    stamps = np.array([c.stamp_s for c in captures])
    return RGBDClip(np.stack(color), np.stack(depth), stamps, K, T_base_camera)


def write(clip: RGBDClip, out: Path) -> tuple[Path, Path]:
    """Write the clip to OUT.npz and its images into the folder OUT; returns both paths."""
    images, archive = out, out.with_name(out.name + ".npz")
    images.mkdir(parents=True)
    clip.save(archive)
    for number, image in enumerate(clip.color, start=1):
        cv2.imwrite(str(images / f"{number:05d}.jpg"), image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 95])
    return archive, images


def main(argv: list[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    parser = argparse.ArgumentParser(prog="record_clip", description="Film a demonstration with the workcell's camera.")
    parser.add_argument("--workcell", default="lab", help="name, or path of a workcell YAML")
    parser.add_argument("--out", type=Path, required=True, help="clip to write: OUT.npz, and its images in OUT/")
    parser.add_argument("--seconds", type=float, default=8.0, help="how long; Ctrl-C ends it earlier (default: 8)")
    parser.add_argument("--delay", type=float, default=3.0, help="seconds to get ready in (default: 3)")
    args = parser.parse_args(argv)
    out = args.out.expanduser().resolve()
    captures: list[Capture] = []
    why = ""
    try:
        if not 0.0 < args.seconds <= MOST_S or not 0.0 <= args.delay <= MOST_S:
            raise DeftError(f"--seconds is above 0, --delay from 0 on, neither above {MOST_S:g}: it is held in memory")
        if out.exists() or out.with_name(out.name + ".npz").exists():
            raise DeftError(f"{out} or {out.name}.npz is there already; choose another --out")
        settings = load_workcell(args.workcell).camera
        with open_camera(settings) as camera:
            for left in range(round(args.delay), 0, -1):
                print(f"{left} ...", flush=True)
                time.sleep(1.0)
            print(f"filming for {args.seconds:g} s: show it with your right hand, from before the grasp", flush=True)
            for capture in film(camera, args.seconds):
                captures.append(capture)  # one by one: what was filmed before an interrupt is kept
    except KeyboardInterrupt:
        why = "stopped"
    except Exception as error:  # a driver may raise anything, also when it is stopped; what was filmed is kept
        why = str(error) if isinstance(error, DeftError) else f"{type(error).__name__}: {error}"
        if not captures:
            print(f"record_clip: {why}", file=sys.stderr)
            return 1
    if not captures:
        print("record_clip: stopped before the first capture", file=sys.stderr)
        return 130
    clip = as_clip(captures, settings.T_base_camera)
    try:
        archive, images = write(clip, out)
    except OSError as error:
        print(f"record_clip: {out} cannot be written: {error}", file=sys.stderr)
        return 1
    seen = float((clip.depth_mm > 0).mean())
    span = clip.stamps_s[-1] - clip.stamps_s[0]
    print(
        f"{archive}: {len(captures)} frames in {span:.1f} s, depth in {seen:.0%} of pixels; "
        f"images for a hand tracker: {images}"
    )
    if why and why != "stopped":
        print(f"record_clip: ended early: {why}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
