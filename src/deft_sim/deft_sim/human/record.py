"""Record a human demonstration: `ros2 run deft_sim record_demo pour_cup --clip clip.npz --poses poses.npz`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

from deft_core.clip import HandTrack, RGBDClip
from deft_core.errors import DeftError
from deft_core.workcell import load_workcell
from deft_sim.camera.pinhole import D435_COLOR
from deft_sim.camera.renderer import SceneRenderer
from deft_sim.human.demonstrate import DEMONSTRATIONS, PROPS
from deft_sim.human.scene import HumanStage
from deft_sim.human.tracker import VideoNoise, observe

FPS = 15.0
# Depth noise of the D435 at 0.7 m: under 2 % of range by its data sheet; 2 mm RMS is typical (see the twin's sensor).
DEPTH_NOISE_M = 0.002


def record(task: str, seed: int) -> tuple[RGBDClip, HandTrack]:
    """Let the hand do a task before the workcell's camera; return the clip and what a tracker says of it."""
    rng = np.random.default_rng(seed)
    camera = load_workcell("twin").camera.T_base_camera
    colors: list[np.ndarray] = []
    depths: list[np.ndarray] = []
    manos: list[np.ndarray] = []
    keypoints: list[np.ndarray] = []
    noise = VideoNoise(rng)
    clock = {"steps": 0}

    def on_step() -> None:
        every = round(1.0 / FPS / stage.model.opt.timestep)
        clock["steps"] += 1
        if clock["steps"] % every:
            return
        shot = renderer.shoot(stage.data, camera, D435_COLOR, color=True, depth=True)
        assert shot.color is not None and shot.depth_m is not None
        depth = np.where(np.isfinite(shot.depth_m), shot.depth_m, 0.0)
        depth = depth + np.where(depth > 0, DEPTH_NOISE_M * rng.normal(size=depth.shape), 0.0)
        colors.append(shot.color)
        depths.append(np.clip(np.rint(depth * 1000), 0, 65535).astype(np.uint16))
        mano, points = observe(hand.wrist_pose(), hand.mano_pose(), camera, D435_COLOR.K, noise.next())
        manos.append(mano)
        keypoints.append(points)

    props = PROPS[task]
    stage = HumanStage(props.target, table_looks=1, on_step=on_step, others=props.others)
    with SceneRenderer(stage.model) as renderer:
        hand = stage.place(*props.place)
        DEMONSTRATIONS[task](stage, hand, rng)
    stamps = np.arange(1, len(colors) + 1) / FPS
    clip = RGBDClip(np.array(colors), np.array(depths), stamps, D435_COLOR.K, camera)
    return clip, HandTrack(np.array(manos), np.array(keypoints), "right")


def main(argv: list[str] | None = None) -> None:
    """Record one demonstration to two files."""
    parser = argparse.ArgumentParser(prog="record_demo", description="Record a human demonstration in the twin.")
    parser.add_argument("task", choices=sorted(DEMONSTRATIONS))
    parser.add_argument("--clip", type=Path, required=True, help="where the RGB-D clip goes (.npz)")
    parser.add_argument("--poses", type=Path, required=True, help="where the tracked hand poses go (.npz)")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args(argv)
    try:
        clip, track = record(args.task, args.seed)
        clip.save(args.clip)
        track.save(args.poses)
    except (DeftError, OSError) as error:
        sys.exit(f"record_demo: {error}")
    print(f"{args.task}: {len(clip.color)} frames at {FPS:g} Hz -> {args.clip}, {args.poses}")


if __name__ == "__main__":
    main()
