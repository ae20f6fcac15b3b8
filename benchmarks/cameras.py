"""How fast the twin's camera is: RGB, depth and geom ids at 640x480 with EGL, with OSMesa, and by casting rays.

    python benchmarks/cameras.py [--json]

Each way runs in a process of its own, since MuJoCo settles on one OpenGL for good. A time is the best of `--rounds`
shots, which a busy machine disturbs least. Then how far rays and rasteriser agree away from edges.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

WAYS = ("egl", "osmesa", "raycast")
WHAT = {
    "RGB": {"color": True},
    "depth": {"depth": True},
    "ids": {"ids": True},
    "RGB + depth + ids": {"color": True, "depth": True, "ids": True},
}


def best(action: Callable[[], object], rounds: int) -> float:
    """Seconds of the fastest of some rounds, after one that warms up."""
    action()
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return min(times)


def measure(way: str, task: str, rounds: int) -> dict[str, Any]:
    """One way's times, in this process; raises what OpenGL raises where it is not installed."""
    from deft_core.task import load_task
    from deft_core.workcell import load_workcell
    from deft_sim.camera.pinhole import D435_COLOR
    from deft_sim.camera.renderer import SceneRenderer
    from deft_sim.camera.sensor import RgbdSensor
    from deft_sim.workcell import TwinWorkcell

    backend = "raycast" if way == "raycast" else "gl"
    cell = load_workcell("twin")
    twin = TwinWorkcell(load_task(task), cell, 0)
    twin.reset("train", 1)
    model, data, T = twin.world.model, twin.world.data, cell.camera.T_base_camera
    out: dict[str, Any] = {}
    with SceneRenderer(model, backend) as renderer:
        for name, wanted in WHAT.items():
            out[name] = best(lambda wanted=wanted: renderer.shoot(data, T, D435_COLOR, **wanted), rounds)
        if backend == "gl":
            out["agreement"] = agreement(renderer.shoot(data, T, D435_COLOR, depth=True), model, data, T)
    sensor, rng = RgbdSensor(model, backend), np.random.default_rng(0)
    out["exposure"] = best(lambda: sensor.expose(data, T, rng), rounds)
    sensor.close()
    return out


def agreement(raster: Any, model: Any, data: Any, T: Any) -> dict[str, float]:
    """Depth of rays against the rasteriser's, where the depth is smooth, millimetres."""
    import cv2

    from deft_sim.camera.pinhole import D435_COLOR
    from deft_sim.camera.renderer import SceneRenderer

    with SceneRenderer(model, "raycast") as renderer:
        rays = renderer.shoot(data, T, D435_COLOR, depth=True)
    near = np.where(np.isfinite(raster.depth_m), raster.depth_m, 99.0)
    kernel = np.ones((5, 5), np.uint8)
    smooth = (cv2.dilate(near, kernel) - cv2.erode(near, kernel) < 0.03) & np.isfinite(rays.depth_m)
    error = 1000.0 * np.abs(rays.depth_m - raster.depth_m)[smooth]
    return {
        "pixels": float(smooth.mean()),
        "median": float(np.median(error)),
        "p99.9": float(np.quantile(error, 0.999)),
    }


def ask(way: str, args: argparse.Namespace) -> dict[str, Any] | str:
    """Measure in a fresh process; the last line of its complaint where it cannot."""
    env = os.environ | {"MUJOCO_GL": "disable" if way == "raycast" else way}
    env.pop("PYOPENGL_PLATFORM", None)
    command = [sys.executable, __file__, "--way", way, "--task", args.task, "--rounds", str(args.rounds)]
    run = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    for line in run.stdout.splitlines():
        if line.startswith("{"):
            found: dict[str, Any] = json.loads(line)
            return found
    return (run.stderr.strip().splitlines() or ["no reason given"])[-1][:80]


def main() -> int:
    """Run the command; returns the exit status."""
    parser = argparse.ArgumentParser(description="How fast the twin's camera is.")
    parser.add_argument("--task", default="pick_cup")
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--way", choices=WAYS, help="measure this one alone, here")
    args = parser.parse_args()
    if args.way:
        print(json.dumps(measure(args.way, args.task, args.rounds)), flush=True)
        return 0
    found = {way: ask(way, args) for way in WAYS}
    if args.json:
        print(json.dumps(found))
        return 0
    names = [*WHAT, "exposure"]
    print("| frames/s |", " | ".join(names), "|")
    print("|---|" + "---|" * len(names))
    for way, times in found.items():
        if isinstance(times, str):
            print(f"| {way} | not here: {times} |" + " |" * (len(names) - 1))
        else:
            print(f"| {way} |", " | ".join(f"{1 / times[name]:.0f}" for name in names), "|")
    for way, times in found.items():
        if not isinstance(times, str) and "agreement" in times:
            a = times["agreement"]
            print(
                f"rays against {way}: depth differs by {a['median']:.4f} mm (median), {a['p99.9']:.4f} mm (99.9 %) "
                f"in the {a['pixels']:.0%} of pixels away from edges"
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
