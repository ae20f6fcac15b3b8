"""Render the gallery of the tasks: approach, grasp and end of a success of each, in one picture.

ros2 run deft_sim gallery --out docs/gallery.jpg
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import cv2
import mujoco
import numpy as np
from numpy.typing import NDArray

from deft_core.demonstration import load_demonstration
from deft_core.errors import DeftError
from deft_core.task import PAPER_TASKS, load_task
from deft_core.workcell import load_workcell, scene_seed
from deft_sim.camera.look import look_at
from deft_sim.camera.pinhole import Pinhole
from deft_sim.camera.renderer import SceneRenderer
from deft_sim.contact_sheet import Film, film
from deft_sim.task_scene import OBJECT_SETS
from deft_sim.trials import setting_for
from deft_sim.workcell import TwinWorkcell

SHOWN = (0, 1, 3)  # of the four moments that `film` keeps
COLUMNS = 3
VIEW = Pinhole(208, 176, 168.0)
EYE = (-0.18, 0.36, 0.26)  # relative to the target's place, metres: behind the robot's left
_STATE = mujoco.mjtState.mjSTATE_INTEGRATION
_CAPTION, _GAP = 22, 8


def best_film(task_name: str, objects: str, seed: int, tries: int) -> tuple[TwinWorkcell, Film]:
    """The first success of a task's expert, or its last failure."""
    task = load_task(task_name)
    twin = TwinWorkcell(task, load_workcell("twin"), seed)
    setting = setting_for(twin, load_demonstration(task.demonstration), objects)
    for index in range(tries):
        story = film(setting, "expert", objects, scene_seed(seed, "gallery", objects, index))
        if story.success:
            break
    return twin, story


def cell(task_name: str, objects: str, seed: int, tries: int) -> NDArray[np.uint8]:
    """One task's moments side by side under its name: (H, W, 3) RGB."""
    twin, story = best_film(task_name, objects, seed, tries)
    model, data = twin.world.model, mujoco.MjData(twin.world.model)
    at = story.place * [1.0, 1.0, 0.0] + [-0.03, 0.0, 0.11]
    row = []
    with SceneRenderer(model) as renderer:
        for k in SHOWN:
            mujoco.mj_setState(model, data, story.states[k], _STATE)
            mujoco.mj_forward(model, data)
            color = renderer.shoot(data, look_at(at + EYE, at), VIEW, color=True).color
            assert color is not None
            row.append(color)
    pictures = np.hstack(row)
    caption = np.full((_CAPTION, pictures.shape[1], 3), 255, dtype=np.uint8)
    label = task_name if story.success else f"{task_name} (failed)"
    cv2.putText(caption, label, (4, 16), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (30, 30, 30), 1, cv2.LINE_AA)
    return np.vstack([caption, pictures]).astype(np.uint8)


def mosaic(cells: Sequence[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """Cells of one size in rows of three, on white."""
    framed = [np.pad(c, ((0, _GAP), (0, _GAP), (0, 0)), constant_values=255) for c in cells]
    blank = np.full_like(framed[0], 255)
    framed += [blank] * (-len(framed) % COLUMNS)
    rows = [np.hstack(framed[k : k + COLUMNS]) for k in range(0, len(framed), COLUMNS)]
    return np.vstack(rows)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    parser = argparse.ArgumentParser(prog="gallery", description="Render the gallery of the tasks.")
    parser.add_argument("--out", type=Path, required=True, help="JPEG or PNG to write")
    parser.add_argument("--tasks", default=",".join(PAPER_TASKS), help="names, separated by commas")
    parser.add_argument("--objects", choices=OBJECT_SETS, default="train")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--tries", type=int, default=8, help="episodes to look for a success in")
    args = parser.parse_args(argv)
    try:
        cells = [cell(name, args.objects, args.seed, args.tries) for name in args.tasks.split(",")]
    except DeftError as error:
        print(f"gallery: {error}", file=sys.stderr)
        return 1
    args.out.parent.mkdir(parents=True, exist_ok=True)
    if not cv2.imwrite(str(args.out), mosaic(cells)[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 88]):
        print(f"gallery: could not write {args.out}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
