"""A task's scenes: which things stand where, and how the room looks, drawn from a seed."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from deft_core.errors import ConfigError
from deft_core.geometry import Array, rot_z, transform
from deft_core.hand import HandModel
from deft_core.task import ObjectSet, ObjectSpec, Placement, Task
from deft_core.workcell import ArmSettings
from deft_sim.distractors import Spot, make_distractors, scatter
from deft_sim.judge.registry import check_criterion
from deft_sim.model.scene import TABLE_CENTRE_M, TABLE_SIZE_M, SceneLook
from deft_sim.things.registry import make_thing
from deft_sim.things.thing import Thing
from deft_sim.world import World

TARGET = "target"
OBJECT_SETS = ("train", "test")


@dataclass(frozen=True, eq=False)
class Arrangement:
    """One scene drawn from a seed.

    Attributes:
        poses: T_base_thing (4, 4) by name.
        look: paint, light, exposure.
        sensor: generator of the camera's noise in this scene.
    """

    poses: dict[str, Array]
    look: SceneLook
    sensor: np.random.Generator


def make_things(objects: ObjectSet, where: str) -> dict[str, Thing]:
    """The things of an object set: `target`, then `other1`, `other2`, ...

    Raises:
        ConfigError: an unknown kind or a wrong parameter; names file and field.
    """
    things = {TARGET: make_thing(objects.target, f"{where}.target")}
    for k, spec in enumerate(objects.others, start=1):
        things[f"other{k}"] = make_thing(spec, f"{where}.others.{k - 1}")
    return things


class TaskScene:
    """Worlds of one task, one for each object set, built when first used.

    Args:
        task: the task; it is checked in full at once.
        hand: the robot's hand.
        distractors: what else may stand on the table (see `deft_sim.distractors`).
        arm: within whose workspace things are to be placed.

    Raises:
        ConfigError: anything in the task that the twin cannot build, place or judge.
    """

    def __init__(
        self, task: Task, hand: HandModel, distractors: Sequence[ObjectSpec] = (), arm: ArmSettings | None = None
    ) -> None:
        self.task, self._hand = task, hand
        self._things = {which: make_things(task.objects(which), f"task {task.name}: {which}") for which in OBJECT_SETS}
        self._distractors = make_distractors(task, distractors)
        for which, things in self._things.items():
            check_criterion(task.criterion, things, f"task {task.name}: criterion")
            _check_placement(task.placement, things[TARGET], f"task {task.name}: placement (for the {which} object)")
        if arm is not None:
            _check_reach(task.placement, arm, f"task {task.name}: placement")
        self._worlds: dict[str, World] = {}

    def world(self, which: str) -> World:
        """The world of an object set."""
        if which not in OBJECT_SETS:
            raise ConfigError(f"objects {which!r}: choose {' or '.join(OBJECT_SETS)}")
        if which not in self._worlds:
            self._worlds[which] = World(self._hand, self._things[which] | self._distractors)
        return self._worlds[which]

    def arrange(self, which: str, seed: int) -> Arrangement:
        """Draw a scene."""
        rng = np.random.default_rng(seed)
        place = self.task.placement
        x, y, yaw = (float(rng.uniform(*limits)) for limits in (place.x_m, place.y_m, place.yaw_rad))
        things = self._things[which]
        base = transform(rot_z(yaw), [x, y, 0.0])
        poses = {name: base @ thing.rest_pose for name, thing in things.items()}
        look, sensor = SceneLook.draw(rng), np.random.default_rng(rng.integers(2**63))
        # Drawn last: the same seed is the same scene, with or without distractors.
        taken = [Spot(T[:2, 3], things[name].footprint_m) for name, T in poses.items()]
        return Arrangement(poses | scatter(self._distractors, taken, rng), look, sensor)


def _check_placement(placement: Placement, target: Thing, where: str) -> None:
    margin = target.footprint_m
    for name, limits, centre, size in (
        ("x_m", placement.x_m, TABLE_CENTRE_M[0], TABLE_SIZE_M[0]),
        ("y_m", placement.y_m, TABLE_CENTRE_M[1], TABLE_SIZE_M[1]),
    ):
        low, high = centre - size / 2 + margin, centre + size / 2 - margin
        if limits[0] < low or limits[1] > high:
            raise ConfigError(f"{where}.{name}: {list(limits)} puts it off the table; allowed: {low:.3f} to {high:.3f}")
    nearest = float(np.hypot(*(np.clip(0.0, *limits) for limits in (placement.x_m, placement.y_m))))
    if nearest < 0.2 + margin:
        raise ConfigError(f"{where}: comes to {nearest:.2f} m of the robot's base; allowed: {0.2 + margin:.2f} or more")


def _check_reach(placement: Placement, arm: ArmSettings, where: str) -> None:
    for k, (name, limits) in enumerate((("x_m", placement.x_m), ("y_m", placement.y_m))):
        low, high = arm.workspace_lower_m[k], arm.workspace_upper_m[k]
        if limits[0] < low or limits[1] > high:
            raise ConfigError(
                f"{where}.{name}: {list(limits)} is outside the workcell's workspace (arm.workspace_lower_m, "
                f"arm.workspace_upper_m); allowed: {low:g} to {high:g}"
            )
