"""Render a task's contact sheet: approach, grasp, middle and end of a success and of a failure, from two sides.

ros2 run deft_sim contact_sheet --task pour_cup --out pour_cup.png
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import mujoco
import numpy as np
from numpy.typing import NDArray

from deft_core.demonstration import load_demonstration
from deft_core.errors import DeftError
from deft_core.geometry import Array
from deft_core.motion import ArmMove, EpisodeMotion, HandShape
from deft_core.task import load_task
from deft_core.workcell import load_workcell, scene_seed
from deft_sim.camera.look import look_at
from deft_sim.camera.pinhole import Pinhole
from deft_sim.camera.renderer import SceneRenderer
from deft_sim.task_scene import OBJECT_SETS, TARGET
from deft_sim.trials import GRASPS, Setting, setting_for
from deft_sim.workcell import TwinWorkcell

MOMENTS = ("approach", "grasp", "middle", "end")
# Where the two views stand, relative to the target's place (metres): behind the robot's left, and at its right.
EYES = ((-0.22, 0.40, 0.28), (-0.10, -0.46, 0.20))
VIEW = Pinhole(320, 300, 300.0)
_STATE = mujoco.mjtState.mjSTATE_INTEGRATION


@dataclass(frozen=True, eq=False)
class Film:
    """One episode's states at `MOMENTS`, where the target stood, and how it ended."""

    states: list[Array]
    place: Array
    success: bool
    label: str


def film(setting: Setting, grasp: str, objects: str, seed: int) -> Film:
    """Run an episode and keep its states at the four moments."""
    twin = setting.twin
    twin.reset(objects, seed)
    place = twin.world.pose(TARGET)[:3, 3].copy()
    motion = GRASPS[grasp](setting, np.random.default_rng([seed, 1]))
    closing = next(k for k, step in enumerate(motion.steps) if isinstance(step, HandShape) and k)
    assert isinstance(motion.steps[closing - 1], ArmMove)
    states: list[Array] = []
    keep: list[Array] = []
    world = twin.world

    def state() -> Array:
        out = np.empty(mujoco.mj_stateSize(world.model, _STATE))
        mujoco.mj_getState(world.model, world.data, out, _STATE)
        return out

    def on_tick() -> None:
        keep.append(state())

    fault = twin.execute(EpisodeMotion(motion.grasp, motion.steps[:closing]), hold_s=0.0).fault
    states.append(state())
    if not fault:
        fault = twin.execute(EpisodeMotion(motion.grasp, motion.steps[closing:-1]), hold_s=0.0).fault
    states.append(state())
    twin.watch(on_tick)
    if not fault:
        fault = twin.execute(EpisodeMotion(motion.grasp, motion.steps[-1:])).fault
    twin.watch(None)
    states += [keep[len(keep) // 2], keep[-1]] if keep else [state(), state()]
    verdict = twin.verdict()
    word = "success" if verdict.success else "failure"
    reward = f"{grasp}, scene {seed}: {word}, reward {verdict.reward:.2f}"
    return Film(states, place, verdict.success, f"{reward} ({fault.split(':')[0]})" if fault else reward)


def strip(twin: TwinWorkcell, story: Film, renderer: SceneRenderer) -> NDArray[np.uint8]:
    """The four moments side by side from both views, under a caption: (H, W, 3) RGB."""
    model = twin.world.model
    data = mujoco.MjData(model)
    rows = []
    at = story.place * [1.0, 1.0, 0.0] + [-0.06, 0.0, 0.08]
    for eye in EYES:
        row = []
        for state in story.states:
            mujoco.mj_setState(model, data, state, _STATE)
            mujoco.mj_forward(model, data)
            color = renderer.shoot(data, look_at(at + eye, at), VIEW, color=True).color
            assert color is not None
            row.append(color)
        rows.append(np.hstack(row))
    caption = np.full((28, rows[0].shape[1], 3), 255, dtype=np.uint8)
    cv2.putText(caption, f"{story.label}   ({', '.join(MOMENTS)})", (8, 20), cv2.FONT_HERSHEY_SIMPLEX, 0.55, (0, 0, 0))
    return np.vstack([caption, *rows]).astype(np.uint8)


def find_films(setting: Setting, objects: str, seed: int, tries: int) -> list[Film]:
    """A success of the expert, and a failure: the expert's own, or an open hand's where it did not fail."""
    films: dict[bool, Film] = {}
    for index in range(tries):
        story = film(setting, "expert", objects, scene_seed(seed, "sheet", objects, index))
        films.setdefault(story.success, story)
        if len(films) == 2:
            break
    if False not in films:
        films[False] = film(setting, "open_hand", objects, scene_seed(seed, "sheet", objects, 0))
    return [films[kind] for kind in (True, False) if kind in films]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    parser = argparse.ArgumentParser(prog="contact_sheet", description=__doc__)
    parser.add_argument("--task", required=True)
    parser.add_argument("--objects", choices=OBJECT_SETS, default="train")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--tries", type=int, default=6, help="episodes to look for a success and a failure in")
    parser.add_argument("--out", type=Path, required=True, help="PNG to write")
    args = parser.parse_args(argv)
    try:
        task = load_task(args.task)
        twin = TwinWorkcell(task, load_workcell("twin"), args.seed)
        demonstration = load_demonstration(task.demonstration)
        setting = setting_for(twin, demonstration, args.objects)
        films = find_films(setting, args.objects, args.seed, args.tries)
        with SceneRenderer(twin.world.model) as renderer:
            sheet = np.vstack([strip(twin, story, renderer) for story in films])
    except DeftError as error:
        print(f"contact_sheet: {error}", file=sys.stderr)
        return 1
    if not cv2.imwrite(str(args.out), sheet[..., ::-1]):
        print(f"contact_sheet: could not write {args.out}", file=sys.stderr)
        return 1
    for story in films:
        print(story.label)
    return 0


if __name__ == "__main__":
    sys.exit(main())
