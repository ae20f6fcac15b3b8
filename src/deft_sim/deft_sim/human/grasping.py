"""How the human hand takes hold of something: reach, close until contact, hold; and the test whether it holds.

The controller knows a goal (a place on the object and a way for the forearm to come) and feels contact. It is the same
for labels and demonstrations.
"""

from __future__ import annotations

from dataclasses import dataclass

import mujoco
import numpy as np
from scipy.spatial.transform import Rotation

from deft_core.geometry import Array, apply, inverse, transform
from deft_sim.human.hand_driver import HumanHand, Touch
from deft_sim.human.hand_model import HINGES, posture

_CURL = ("index", "middle", "ring", "pinky")
# A hand preshaped for something cup-sized: fingers a little curled, thumb opposed and abducted.
PRESHAPE = posture(
    thumb0_twist=0.9,
    thumb0_spread=0.95,
    thumb0_bend=0.10,
    thumb1_bend=0.0,
    thumb2_bend=0.1,
    **{f"{finger}0_bend": 0.10 for finger in _CURL},
    **{f"{finger}1_bend": 0.25 for finger in _CURL},
    **{f"{finger}2_bend": 0.15 for finger in _CURL},
)
# Where fingers go when they meet nothing.
FIST = posture(
    thumb0_twist=0.9,
    thumb0_spread=0.5,
    thumb0_bend=0.4,
    thumb1_bend=0.8,
    thumb2_bend=0.9,
    **{f"{finger}0_bend": 1.35 for finger in _CURL},
    **{f"{finger}1_bend": 1.45 for finger in _CURL},
    **{f"{finger}2_bend": 0.90 for finger in _CURL},
)
# Where fingers and thumb go to meet with their pulps, thumb against index and middle.
PINCH = posture(
    thumb0_twist=1.0,
    thumb0_spread=0.85,
    thumb0_bend=0.20,
    thumb1_bend=0.25,
    thumb2_bend=0.25,
    **{f"{finger}0_bend": 1.33 for finger in _CURL},
    **{f"{finger}1_bend": 0.64 for finger in _CURL},
    **{f"{finger}2_bend": 0.30 for finger in _CURL},
)
_BEND = np.array([hinge.column == 2 for hinge in HINGES])
_JOINT = np.array([hinge.joint for hinge in HINGES])
_DIGIT = _JOINT // 3
TICK_S = 0.01  # how often touch is felt
LIGHT_NM = 0.12  # closing until it touches
FIRM_NM = 0.8  # holding firmly; a person's finger joints manage several N m
REACH_M = 0.10


@dataclass(frozen=True, eq=False)
class Reach:
    """Where the wrist should be when the hand closes, and where it comes from.

    Attributes:
        T_base_wrist: (4, 4) wrist pose to close at.
        direction: (3,) unit vector in base_link along which the hand arrives.
        open_angles: preshape (len(HINGES),), rad.
    """

    T_base_wrist: Array
    direction: Array
    open_angles: Array


@dataclass(frozen=True, eq=False)
class Hold:
    """A hand on an object, before it lifts.

    Attributes:
        T_object_wrist: (4, 4) wrist in the object's frame.
        T_base_wrist: (4, 4).
        mano_pose: (45,) at contact, before gripping harder, rad.
        touch: contacts while gripping.
    """

    T_object_wrist: Array
    T_base_wrist: Array
    mano_pose: Array
    touch: Touch


def body_pose(data: mujoco.MjData, body: int) -> Array:
    """T_base_body (4, 4)."""
    return transform(data.body(body).xmat.reshape(3, 3), data.body(body).xpos)


def take_hold(hand: HumanHand, object_body: int, reach: Reach, pace: float = 1.0, closed: Array = FIST) -> Hold:
    """Reach, close until contact, grip.

    Args:
        hand: the hand.
        object_body: body id of the object.
        reach: where and how.
        pace: 1 is brisk; 2 takes twice as long.
        closed: where the fingers go when they meet nothing (len(HINGES),), rad.
    """
    start = reach.T_base_wrist.copy()
    start[:3, 3] -= REACH_M * reach.direction
    hand.set_strength(LIGHT_NM)
    hand.teleport(start, reach.open_angles)
    hand.move(0.45 * pace, wrist=reach.T_base_wrist, stop=lambda: bool((hand.touch(object_body).joints == -1).any()))
    close_until_contact(hand, object_body, 0.6 * pace, closed)
    pose, T_base_wrist = hand.mano_pose(), hand.wrist_pose()
    hand.set_strength(FIRM_NM)
    squeeze = np.where(_BEND, np.minimum(hand.angles() + 0.5, hand.high), hand.angles())
    hand.move(0.15 * pace, angles=squeeze)
    T_object_wrist = inverse(body_pose(hand.data, object_body)) @ hand.wrist_pose()
    return Hold(T_object_wrist, T_base_wrist, pose, hand.touch(object_body))


def close_until_contact(hand: HumanHand, object_body: int, duration_s: float, closed: Array = FIST) -> None:
    """Curl every digit towards a fist or another posture; what touches stops, and what lies further out goes on."""
    targets = hand.angles()
    speed = (closed - targets) / (0.8 * duration_s)
    going = np.ones(len(HINGES), dtype=bool)
    for _ in range(round(duration_s / TICK_S)):
        for joint in set(hand.touch(object_body).joints.tolist()) - {-1}:
            going &= ~((joint // 3 == _DIGIT) & (joint >= _JOINT))
        targets = targets + np.where(going, speed * TICK_S, 0.0)
        targets = np.where(speed > 0, np.minimum(targets, closed), np.maximum(targets, closed))
        hand.move(TICK_S, angles=targets)


@dataclass(frozen=True)
class Steadiness:
    """How an object moved in the hand while it was lifted and shaken: metres, radians, fingers that touch."""

    slip_m: float
    tilt_rad: float
    digits: int

    def holds(self, loose: bool = False) -> bool:
        """Whether a person would call that held; what is loose in itself may turn in the hand."""
        return self.slip_m < 0.02 and self.digits >= 3 and (loose or self.tilt_rad < 0.35)


def shake(hand: HumanHand, object_body: int, hold: Hold) -> Steadiness:
    """Lift 10 cm and shake along three axes at up to 1.3 g, against gravity; measure what slipped."""
    up = hand.goal.copy()
    up[2, 3] += 0.10
    hand.move(0.35, wrist=up)
    omega, amplitude = 2 * np.pi * 4.0, 0.02  # amplitude * omega^2 = 12.6 m/s^2
    step = hand.model.opt.timestep
    for axis in range(3):
        for k in range(round(0.25 / step)):
            goal = up.copy()
            goal[axis, 3] += amplitude * np.sin(omega * k * step)
            hand._set_goal(goal)
            hand.step()
    return steadiness(hand, object_body, hold)


def push(hand: HumanHand, object_body: int, hold: Hold, at: Array, force_n: float) -> float:
    """Push what is held from six sides, at a place (3,) of its frame; how far it gave at worst, rad.

    A slip of 10 cm counts as a radian; what fewer than three fingers touch has come out of the hand: infinite.
    """
    data, gave = hand.data, 0.0
    try:
        for side in np.concatenate([np.eye(3), -np.eye(3)]):
            for _ in range(round(0.15 / hand.model.opt.timestep)):
                arm = apply(body_pose(data, object_body), at) - data.xipos[object_body]
                data.xfrc_applied[object_body] = np.concatenate([force_n * side, np.cross(arm, force_n * side)])
                hand.step()
            steady = steadiness(hand, object_body, hold)
            gave = max(gave, steady.tilt_rad + steady.slip_m / 0.1)
            if steady.digits < 3:
                return float("inf")
        return gave
    finally:
        data.xfrc_applied[object_body] = 0.0


def pull(hand: HumanHand, object_body: int, hold: Hold, distance_m: float = 0.06) -> Steadiness:
    """Draw something that slides on rails back along its own x axis, instead of lifting it."""
    back = hand.goal.copy()
    back[:3, 3] -= distance_m * body_pose(hand.data, object_body)[:3, 0]
    hand.move(1.0, wrist=back)
    return steadiness(hand, object_body, hold)


def steadiness(hand: HumanHand, object_body: int, hold: Hold) -> Steadiness:
    """How an object has moved in the hand since it was taken."""
    moved = inverse(hold.T_object_wrist) @ inverse(body_pose(hand.data, object_body)) @ hand.wrist_pose()
    # Slip where the object is held: at the contacts' centre, not at the frame's origin.
    touch = hand.touch(object_body)
    if len(touch.points) == 0:
        return Steadiness(1.0, np.pi, 0)
    now = inverse(hand.wrist_pose()) @ body_pose(hand.data, object_body)
    then = inverse(hold.T_object_wrist)
    centre = np.append(hold.touch.points.mean(axis=0) if len(hold.touch.points) else np.zeros(3), 1.0)
    slip = float(np.linalg.norm(((now - then) @ centre)[:3]))
    tilt = float(Rotation.from_matrix(moved[:3, :3]).magnitude())
    return Steadiness(slip, tilt, len(touch.digits))
