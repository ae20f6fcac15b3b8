"""Measure where a hand holds best, against where a person would put it: `ros2 run deft_affordance calibrate_hand`.

A person's wrist stands where a person's fingers close best. Fingers of another length, thickness and strength close
best somewhere else, and the difference is the hand's, not any task's. So: four plain reference cups (no task's), each
taken by the simulated human hand in a comfortable way; the robot's hand, with the same finger posture, put at the
person's wrist and at shifted places; closed, squeezed, the table taken away; then the cup is pulled until it slips. The
answer is the least shift that withstands nearly what the best does, `seat_m` of the hand's YAML: where the object
comes to lie in the wrist frame, less where a person has it.
"""

from __future__ import annotations

import argparse
import itertools
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import mujoco
import numpy as np
from scipy.spatial.transform import Rotation

from deft_affordance.progress import bar
from deft_affordance.retarget import retarget
from deft_core.errors import DeftError
from deft_core.geometry import Array, inverse, transform
from deft_core.hand import HandModel, load_hand
from deft_sim.human.grasping import take_hold
from deft_sim.human.natural import WRAP, reach_axis
from deft_sim.human.scene import HumanStage
from deft_sim.model.hand import add_hand
from deft_sim.model.scene import new_scene
from deft_sim.servos import HandServo
from deft_sim.things.cup import Cup
from deft_sim.tick import TICK_S

# Height and radius, metres. Tall, so that every finger finds a wall: where a rim is in the way is the object's matter.
REFERENCES = ((0.140, 0.030), (0.140, 0.036), (0.140, 0.042), (0.140, 0.048))
MASS_KG, FRICTION = 0.25, 0.40
_PLACE = np.array([0.55, 0.0, 0.0])
_CUP, _FLANGE = "cup", "flange"
_APPROACH_M, _FALLEN_M = 0.12, 0.05
_CARRY_S, _CLOSE_S, _SQUEEZE_S, _HANG_S = 0.8, 0.8, 0.8, 0.5
# A pull grows this fast (N/s) up to this much (N); a cup that moved or turned this far in the hand has slipped.
_PULL_NPS, _PULL_N = 15.0, 20.0
_SLIP_M, _SLIP_RAD = 0.02, 0.5
# Towards the wrist (x) and towards the palm (y); along the cup (z) there is nothing to find.
GRID_M = (tuple(round(0.01 * k, 2) for k in range(9)), (-0.006, 0.0, 0.006, 0.012), (0.0,))
# Share of the strongest place's pull that is enough: deeper, the palm soon is in the way.
ENOUGH = 0.8


@dataclass(frozen=True, eq=False)
class HumanWrap:
    """How a person holds a reference cup that stands at `_PLACE`.

    Attributes:
        T_base_wrist: (4, 4).
        mano_pose: (45,) rad.
        direction: (3,) unit vector of base_link along which the hand came.
    """

    T_base_wrist: Array
    mano_pose: Array
    direction: Array


def human_wrap(cup: Cup) -> HumanWrap:
    """Let the simulated person take a cup in the middle of what is comfortable."""
    stage = HumanStage(cup)
    hand = stage.place(float(_PLACE[0]), float(_PLACE[1]), 0.0)
    radius = float(np.interp(WRAP.height, *np.array(cup.profile).T))
    at = _PLACE + np.array([0.0, 0.0, WRAP.height * cup.height_m])
    reach = reach_axis(at, radius, np.array(WRAP.rpy_rad), np.array(WRAP.offset_m))
    hold = take_hold(hand, stage.object_body, reach)
    return HumanWrap(hold.T_base_wrist, hold.mano_pose, reach.direction)


class Rig:
    """The robot's hand on a stand over a table with one reference cup."""

    def __init__(self, cup: Cup, hand: HandModel) -> None:
        self.hand, self._cup = hand, cup
        spec = new_scene(table_looks=0)
        spec.option.timestep = TICK_S
        flange = spec.worldbody.add_body(name=_FLANGE, mocap=True)
        for link in ("link4", "link5", "link6"):  # the hand excludes contact with the links that carry it
            spec.worldbody.add_body(name=link)
        add_hand(spec, flange, hand)
        cup.add_to(spec, _CUP)
        self.model = spec.compile()
        self.data = mujoco.MjData(self.model)
        self._servo = HandServo(self.model, hand)
        self._mocap = self.model.body(_FLANGE).mocapid[0]
        self._body = self.model.body(_CUP).id

    @cached_property
    def wrap(self) -> HumanWrap:
        """What a person does with this cup."""
        return human_wrap(self._cup)

    def strength(self, seat: Array) -> float:
        """Least pull (N, at most 20) over six directions that takes the cup out of the hand; 0 if it fell.

        Args:
            seat: (3,) metres, wrist frame: where the cup lies in the robot's hand, less where a person has it.
        """
        joints = retarget(self.wrap.mano_pose, self.hand)
        T = self.wrap.T_base_wrist.copy()
        T[:3, 3] -= T[:3, :3] @ seat
        mujoco.mj_resetData(self.model, self.data)
        self._cup.place(self.model, self.data, _CUP, transform(None, _PLACE))
        before = T.copy()
        before[:3, 3] -= _APPROACH_M * self.wrap.direction
        self._table(True)
        self._stand(before)
        self._servo.reset(self.data, self.hand.motors_from_joints(self.hand.open_posture(joints)))
        mujoco.mj_forward(self.model, self.data)
        self._carry(before, T)
        self._move(joints, _CLOSE_S)
        self._move(self.hand.squeezed(joints), _SQUEEZE_S)
        self._table(False)
        for _ in range(round(_HANG_S / TICK_S)):
            self._tick()
        if self._pose()[2, 3] < -_FALLEN_M:
            return 0.0
        state = np.empty(mujoco.mj_stateSize(self.model, mujoco.mjtState.mjSTATE_INTEGRATION))
        mujoco.mj_getState(self.model, self.data, state, mujoco.mjtState.mjSTATE_INTEGRATION)
        servo = (self._servo.shaft.copy(), self._servo.speed.copy(), self._servo.current.copy())
        pulls = []
        for axis, sign in itertools.product(range(3), (1.0, -1.0)):
            mujoco.mj_setState(self.model, self.data, state, mujoco.mjtState.mjSTATE_INTEGRATION)
            mujoco.mj_forward(self.model, self.data)
            self._servo.shaft, self._servo.speed, self._servo.current = (part.copy() for part in servo)
            pulls.append(self._pull(sign * T[:3, axis]))
        return min(pulls)

    def _pull(self, direction: Array) -> float:
        start, force = self._pose(), 0.0
        while force < _PULL_N:
            force += _PULL_NPS * TICK_S
            self.data.xfrc_applied[self._body, :3] = force * direction
            self._tick()
            moved = inverse(start) @ self._pose()
            turned = float(Rotation.from_matrix(moved[:3, :3]).magnitude())
            if np.linalg.norm(moved[:3, 3]) > _SLIP_M or turned > _SLIP_RAD:
                break
        self.data.xfrc_applied[self._body] = 0.0
        return force

    def _carry(self, start: Array, end: Array) -> None:
        """Move the wrist along a straight line, the same way up."""
        steps = round(_CARRY_S / TICK_S)
        for k in range(1, steps + 1):
            T = start.copy()
            T[:3, 3] += (end[:3, 3] - start[:3, 3]) * k / steps
            self._stand(T)
            self._tick()

    def _table(self, there: bool) -> None:
        """Take the table away, or put it back. (A stand that is moved by hand has no speed, so it cannot lift.)"""
        geom = self.model.geom("table").id
        self.model.geom_contype[geom] = self.model.geom_conaffinity[geom] = int(there)

    def _stand(self, T_base_wrist: Array) -> None:
        T = T_base_wrist @ self.hand.T_wrist_eef
        self.data.mocap_pos[self._mocap] = T[:3, 3]
        self.data.mocap_quat[self._mocap] = Rotation.from_matrix(T[:3, :3]).as_quat(scalar_first=True)

    def _move(self, joints: Array, duration_s: float) -> None:
        goal = self.hand.motors_from_joints(joints)
        self._servo.command(goal, np.full(len(goal), self.hand.motors.goal_current_a), np.ones(len(goal), dtype=bool))
        for _ in range(round(duration_s / TICK_S)):
            self._tick()

    def _tick(self) -> None:
        self._servo.tick(self.data)
        mujoco.mj_step(self.model, self.data)

    def _pose(self) -> Array:
        body = self.data.body(self._body)
        return transform(body.xmat.reshape(3, 3), body.xpos)


def reference_cup(height_m: float, radius_m: float) -> Cup:
    """A plain straight cup."""
    return Cup(
        height_m=height_m,
        profile=[(0.0, radius_m), (1.0, radius_m)],
        mass_kg=MASS_KG,
        friction=FRICTION,
        color=(0.6, 0.6, 0.6),
        accent=(0.3, 0.3, 0.3),
        pattern="label",
    )


def best_seat(strengths: dict[tuple[float, float, float], float]) -> tuple[float, float, float]:
    """The least shift that withstands `ENOUGH` of what the strongest does: deeper, the palm soon is in the way."""
    enough = ENOUGH * max(strengths.values())
    return min(
        (seat for seat, value in strengths.items() if value >= enough), key=lambda seat: float(np.hypot(*seat[:2]))
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Run the measurement; returns the exit status."""
    parser = argparse.ArgumentParser(prog="calibrate_hand", description=__doc__)
    parser.add_argument("--hand", default="dash", help="a hand's name, or its YAML")
    args = parser.parse_args(argv)
    try:
        rigs = [Rig(reference_cup(*size), load_hand(args.hand)) for size in REFERENCES]
    except DeftError as error:
        print(f"calibrate_hand: {error}", file=sys.stderr)
        return 1
    rows: dict[tuple[float, float, float], list[float]] = {}
    grid = list(itertools.product(*GRID_M))
    for seat in bar(grid, unit="place"):
        rows[seat] = [rig.strength(np.array(seat)) for rig in rigs]
    means = {seat: float(np.mean(values)) for seat, values in rows.items()}
    found = best_seat(means)
    sizes = ", ".join(f"{h * 1000:.0f} x {r * 2000:.0f} mm" for h, r in REFERENCES)
    print(f"least pull withstood, N, on cups of {sizes}:")
    for seat in sorted({(0.0, 0.0, 0.0), *sorted(means, key=means.__getitem__)[-6:], found}):
        print(f"  seat {list(seat)}: " + ", ".join(f"{v:4.1f}" for v in rows[seat]) + f"   mean {means[seat]:.1f}")
    print(f"seat_m: {list(found)}    # for {args.hand}'s YAML")
    return 0


if __name__ == "__main__":
    sys.exit(main())
