"""What else stands on the table: things that the task is not about, some of them in each scene.

A person asked for the spoon finds the spoon; so must the prior, and the hand must not mind what lies beside it. Which
of a workcell's distractors stand there, and where, is drawn from the scene's seed: any number of them, anywhere that
the camera sees, a hand's width (Garrett, "Anthropometry of the hand of Air Force personnel", 1970: 89 mm at the
knuckles) from the task's own things and a finger's from each other.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from deft_core.geometry import Array, rot_z, transform
from deft_core.task import ObjectSpec, Task
from deft_sim.things.registry import make_thing
from deft_sim.things.thing import Thing

NAME = "distractor"
HAND_M, FINGER_M = 0.09, 0.02
# Where the twin's camera sees the table and the arm does not stand on it.
X_M, Y_M = (0.36, 0.80), (-0.32, 0.32)
_DRAWS = 60
# Things that a scene does without stand behind the robot, on the floor.
_AWAY_X_M, _AWAY_APART_M, _FLOOR_Z_M = -1.2, 0.4, -0.7495


@dataclass(frozen=True, eq=False)
class Spot:
    """A place on the table that is taken: middle (2,) and radius, metres."""

    middle: Array
    radius_m: float


def make_distractors(task: Task, specs: Sequence[ObjectSpec]) -> dict[str, Thing]:
    """The things, by name, that a task's scenes may hold: those of kinds that the task itself has not.

    Raises:
        ConfigError: an unknown kind or a wrong parameter.
    """
    own = {spec.kind for which in (task.train, task.test) for spec in (which.target, *which.others)}
    return {
        f"{NAME}{k}": make_thing(spec, f"workcell: distractors.{k}")
        for k, spec in enumerate(specs)
        if spec.kind not in own
    }


def scatter(things: Mapping[str, Thing], taken: Sequence[Spot], rng: np.random.Generator) -> dict[str, Array]:
    """T_base_thing (4, 4) of every distractor in one scene; those that are not drawn, or find no room, are away."""
    spots, poses = list(taken), {}
    here = rng.random(len(things)) < 0.5
    for k, (name, thing) in enumerate(things.items()):
        place = _free_place(thing, spots, len(taken), rng) if here[k] else None
        if place is None:
            poses[name] = transform(None, [_AWAY_X_M, _AWAY_APART_M * (k - len(things) / 2), _FLOOR_Z_M])
            continue
        spots.append(Spot(place, thing.footprint_m))
        poses[name] = transform(rot_z(rng.uniform(-np.pi, np.pi)), [*place, 0.0]) @ thing.rest_pose
    return poses


def _free_place(thing: Thing, spots: Sequence[Spot], tasks_own: int, rng: np.random.Generator) -> Array | None:
    """A place (2,) away from the spots, of which the first are the task's own; None if none was found."""
    radius = thing.footprint_m
    for _ in range(_DRAWS):
        place = np.array([rng.uniform(X_M[0] + radius, X_M[1] - radius), rng.uniform(Y_M[0] + radius, Y_M[1] - radius)])
        apart = [HAND_M] * tasks_own + [FINGER_M] * (len(spots) - tasks_own)
        if all(
            np.linalg.norm(place - spot.middle) > radius + spot.radius_m + gap
            for spot, gap in zip(spots, apart, strict=True)
        ):
            return place
    return None
