"""What building a data set from human video costs: milliseconds of processor time a clip, by stage.

    ros2 run deft_affordance film_synthetic --root runs/film1280 --clips 8 --width 1280 --kinds cup
    python benchmarks/video_builder.py runs/film1280 [--repeat 3] [--json]

Labels every clip of a filmed data set again and again, as `build_dataset` does, writing shards to a folder of its own;
then times reading two frames, 1.5 s apart, at random places of a 40 s film in H.264 at 1920 x 1080, as the published
videos come, with key frames far apart and near. Last, what that makes of Ego4D.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
import time
from pathlib import Path

import cv2
import imageio_ffmpeg
import numpy as np

from deft_affordance.video.build import Source, plan, read_clips, run
from deft_affordance.video.choose import Choice
from deft_affordance.video.filters import Filters
from deft_affordance.video.frames import Video
from deft_affordance.video.label import Labelling

# The paper used this many clips of Ego4D (appendix D); Ego4D has this many hours of video.
PAPER_CLIPS, EGO4D_HOURS = 64_666, 3_670
CORES = 16


def stages(root: Path, repeat: int) -> tuple[dict[str, float], int]:
    """Milliseconds a clip by stage, and clips labelled."""
    cv2.setNumThreads(1)
    source = Source("synthetic", root)
    clips, _ = read_clips([source], Filters())
    seconds: dict[str, float] = {}
    done = 0
    for _ in range(repeat):
        with tempfile.TemporaryDirectory() as folder:
            for job in plan(clips, [source], Choice(), Labelling(224), Path(folder), {}):
                result = run(job)
                done += len(result.outcomes)
                for name, value in result.seconds.items():
                    seconds[name] = seconds.get(name, 0.0) + value
    return {name: 1000.0 * value / done for name, value in seconds.items()}, done


def h264(path: Path, frames: list[np.ndarray], key_every: int, seconds: float = 40.0, fps: int = 30) -> None:
    """Write frames over and over as H.264, 1920 x 1080."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-y", "-loglevel", "error", "-f", "rawvideo", "-pix_fmt", "rgb24",
               "-s", "1920x1080", "-r", str(fps), "-i", "-", "-c:v", "libx264", "-preset", "veryfast",
               "-threads", "1", "-g", str(key_every), "-pix_fmt", "yuv420p", str(path)]  # fmt: skip
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        for k in range(int(seconds * fps)):
            process.stdin.write(frames[k % len(frames)].tobytes())
        process.stdin.close()
    if process.returncode:
        raise SystemExit("video_builder: ffmpeg failed")


def seeks(root: Path, key_every: int, count: int = 12) -> float:
    """Milliseconds to open a video and read two frames 1.5 s apart, at a random place."""
    video = next(iter(sorted(root.glob("P*/videos/*.MP4"))))
    with Video(video) as source:
        frames = [cv2.resize(source.frame(k), (1920, 1080)) for k in range(min(30, source.frames))]
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "film.mp4"
        h264(path, frames, key_every)
        start = time.process_time()
        for _ in range(count):
            with Video(path) as film:
                first = int(rng.integers(0, film.frames - 50))
                film.frame(first)
                film.frame(first + 45)
        return 1000.0 * (time.process_time() - start) / count


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("root", type=Path, help="what film_synthetic filmed")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    cost, done = stages(args.root, args.repeat)
    decode = {key: seeks(args.root, key) for key in (30, 250)}
    rest = sum(value for name, value in cost.items() if name not in ("decode", "open"))
    per_clip = rest + decode[250]
    hours = {machines: PAPER_CLIPS * per_clip / 3.6e6 / (CORES * machines) for machines in (1, 4, 16)}
    dense = EGO4D_HOURS * 3600 / 4  # every four seconds a clip: far more than anybody annotated
    dense_hours = {machines: dense * per_clip / 3.6e6 / (CORES * machines) for machines in (1, 4, 16)}
    result = {"clips": done, "ms": cost, "decode_1080p_ms": decode, "ms_per_clip_1080p": per_clip,
              "paper_hours": hours, "dense_hours": dense_hours}  # fmt: skip
    if args.json:
        print(json.dumps(result, indent=1))
        return
    print(f"{done} clips\n| stage | ms a clip | clips/s and core |\n|---|---|---|")
    for name, value in sorted(cost.items(), key=lambda item: -item[1]):
        print(f"| {name} | {value:.1f} | {1000.0 / max(value, 1e-9):.0f} |")
    print(f"| all | {sum(cost.values()):.1f} | {1000.0 / sum(cost.values()):.1f} |")
    for key, value in decode.items():
        print(f"| open and decode, H.264 1080p, a key frame every {key} | {value:.0f} | {1000.0 / value:.1f} |")
    print(f"\nwith 1080p decoding {per_clip:.0f} ms a clip; {CORES} cores a machine:")
    print(f"| machines | {PAPER_CLIPS} clips | {EGO4D_HOURS} h of video, a clip every 4 s |\n|---|---|---|")
    for machines in hours:
        print(f"| {machines} | {hours[machines]:.2f} h | {dense_hours[machines]:.1f} h |")


if __name__ == "__main__":
    main()
