"""How far two objects differ, and that none of a task file's enters the prior's training."""

from __future__ import annotations

from functools import cache

import numpy as np

from deft_core.errors import DeftError
from deft_core.task import available_tasks, load_task
from deft_sim.things.bagel import Bagel
from deft_sim.things.bunch import Bunch
from deft_sim.things.cup import Cup
from deft_sim.things.drawer import Drawer
from deft_sim.things.grape import Grape
from deft_sim.things.juicer import Juicer
from deft_sim.things.lemon import Lemon
from deft_sim.things.registry import make_thing
from deft_sim.things.spoon import Spoon
from deft_sim.things.thing import Thing

# Two objects count as different when some dimension differs by at least this share.
MIN_DIFFERENCE = 0.05

_LEVELS = np.linspace(0, 1, 11)
# The dimensions that say how big a thing is and what shape it has; its colours, weight and friction do not count.
_DIMENSIONS: dict[type[Thing], tuple[str, ...]] = {
    Bagel: ("ring_m", "thick_m"),
    Bunch: ("berry_radius_m", "spacing_m", "count"),
    Drawer: ("width_m", "depth_m", "height_m", "handle_height_m", "handle_reach_m", "handle_thick_m"),
    Grape: ("radius_m",),
    Juicer: ("radius_m", "rim_m", "reamer_m"),
    Lemon: ("radius_m", "height_m"),
    Spoon: ("handle_length_m", "handle_width_m", "handle_thick_m", "bowl_length_m", "bowl_width_m", "bowl_depth_m"),
}


class TaskObjectRefused(DeftError):
    """An object of the prior's training is (nearly) one of a task file."""


def _dimensions(thing: Thing) -> list[float]:
    if isinstance(thing, Cup):
        return [thing.height_m, *np.interp(_LEVELS, *np.array(thing.profile).T)]
    return [float(getattr(thing, name)) for name in _DIMENSIONS[type(thing)]]


def difference(a: Thing, b: Thing) -> float:
    """Largest relative difference of a dimension between two things; infinite between kinds.

    Of cups: the height, and the radius along the height.
    """
    if type(a) is not type(b):
        return np.inf
    return float(np.abs(np.array(_dimensions(a)) / np.array(_dimensions(b)) - 1.0).max())


@cache
def task_objects() -> tuple[Thing, ...]:
    """Every object in every task file: train and test, target and others."""
    things = []
    for name in available_tasks():
        task = load_task(name)
        for which in ("train", "test"):
            objects = task.objects(which)
            things += [make_thing(spec, f"tasks/{name}.yaml: {which}") for spec in (objects.target, *objects.others)]
    return tuple(things)


def refuse_task_object(thing: Thing) -> None:
    """Raise TaskObjectRefused if a thing is within MIN_DIFFERENCE of an object of a task file."""
    for other in task_objects():
        if (gap := difference(thing, other)) < MIN_DIFFERENCE:
            raise TaskObjectRefused(
                f"this {type(thing).__name__.lower()} differs from a task's by {gap:.3f} at most in any dimension (at "
                f"least {MIN_DIFFERENCE} is asked): the prior may not train on the tasks' own objects"
            )
