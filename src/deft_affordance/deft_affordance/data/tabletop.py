"""A target and what stands with it on a table, let go and come to rest: what the camera will see before a grasp."""

from __future__ import annotations

import mujoco
import numpy as np

from deft_affordance.data.draws import Drawn
from deft_affordance.data.objects import KINDS, draw_object
from deft_core.geometry import Array, inverse, transform
from deft_sim.human.grasping import body_pose
from deft_sim.human.scene import OBJECT
from deft_sim.model.scene import new_scene
from deft_sim.model.stepper import Stepper
from deft_sim.things.grape import Grape
from deft_sim.things.thing import Thing

SETTLE_S = 0.5
_PLACE = transform(None, [0.55, 0.0, 0.0])


class Tabletop:
    """A scene without a hand.

    Attributes:
        drawn: what stands there.
        model, data: of the scene, table paints and lights included.
        poses: T_place_thing (4, 4) by name, at rest; the target is OBJECT.
    """

    def __init__(self, drawn: Drawn) -> None:
        self.drawn = drawn
        self._things = {OBJECT: drawn.target, **drawn.others}
        spec = new_scene()
        for name, thing in self._things.items():
            thing.add_to(spec, name)
        self.model = spec.compile()
        self.data = mujoco.MjData(self.model)
        self.poses = {name: thing.rest_pose for name, thing in self._things.items()}
        self._settle()

    def _settle(self) -> None:
        self.place(_PLACE)
        stepper = Stepper(self.model)
        for _ in range(round(SETTLE_S / self.model.opt.timestep)):
            stepper.step(self.data)
        for name in self._things:
            # What stands fast is put where it was; its moving part keeps its own place in it.
            if self.model.joint(name).type[0] == mujoco.mjtJoint.mjJNT_FREE:
                self.poses[name] = inverse(_PLACE) @ body_pose(self.data, self.model.body(name).id)

    def place(self, T_base_place: Array) -> None:
        """Put everything, as it came to rest, at a place (4, 4) in base_link."""
        mujoco.mj_resetData(self.model, self.data)
        for name, thing in self._things.items():
            thing.place(self.model, self.data, name, T_base_place @ self.poses[name])
        mujoco.mj_forward(self.model, self.data)


def draw_tabletop(kind: str, rng: np.random.Generator) -> Tabletop:
    """An object of a kind, with what stands beside it, at rest as it should."""
    while True:
        tabletop = Tabletop(draw_object(kind, rng))
        if KINDS[kind].stands(tabletop.drawn.target, tabletop.poses[OBJECT]):
            return tabletop


def in_the_way(drawn: Drawn) -> dict[str, Thing]:
    """What stands there that a hand may run into: loose grapes lie too low, and are many."""
    return {name: thing for name, thing in drawn.others.items() if not isinstance(thing, Grape)}
