"""A table, a thing on it (and what else a task needs), and the human hand: the stage of labels and demonstrations."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import mujoco
import numpy as np

from deft_core.geometry import Array, rot_z, transform
from deft_sim.human.grasping import body_pose
from deft_sim.human.hand_driver import HumanHand
from deft_sim.human.hand_model import add_hand
from deft_sim.model.scene import new_scene
from deft_sim.things.thing import Thing

OBJECT = "object"


class HumanStage:
    """One thing and the hand, compiled once and set up as often as wanted.

    Args:
        thing: what stands on the table.
        table_looks: how many table paints to carry (0 where nobody looks).
        on_step: called after each physics step.
        others: what else stands there, by name.
    """

    def __init__(
        self,
        thing: Thing,
        table_looks: int = 0,
        on_step: Callable[[], None] | None = None,
        others: Mapping[str, Thing] | None = None,
    ) -> None:
        self.thing = thing
        self._things = {OBJECT: thing, **(others or {})}
        spec = new_scene(table_looks=table_looks)
        for name, each in self._things.items():
            each.add_to(spec, name)
        add_hand(spec)
        self.model = spec.compile()
        self.data = mujoco.MjData(self.model)
        self.object_body = self.model.body(OBJECT).id
        self._on_step = on_step

    def place(self, x_m: float, y_m: float, yaw_rad: float, poses: Mapping[str, Array] | None = None) -> HumanHand:
        """Put everything back, the thing standing at a place; returns the hand, which waits behind the table.

        Args:
            x_m, y_m, yaw_rad: the place, base_link.
            poses: T_place_thing (4, 4) by name, of things that do not lie as they were put down; the thing is OBJECT.
        """
        mujoco.mj_resetData(self.model, self.data)
        T = transform(rot_z(yaw_rad), [x_m, y_m, 0.0])
        for name, thing in self._things.items():
            thing.place(self.model, self.data, name, T @ (poses or {}).get(name, thing.rest_pose))
        hand = HumanHand(self.model, self.data, self._on_step)
        hand.teleport(transform(None, [-0.3, -0.3, 0.3]), np.zeros_like(hand.angles()))
        return hand

    def object_pose(self) -> Array:
        """T_base_object (4, 4)."""
        return body_pose(self.data, self.object_body)
