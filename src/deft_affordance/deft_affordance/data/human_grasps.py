"""Find how a person would hold an object: try natural ways in simulation, keep what holds, choose the easiest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from deft_affordance.data.objects import KINDS, Kind
from deft_core.geometry import Array, apply, inverse, rot_z, tilt, transform
from deft_sim.human.grasping import FIST, PINCH, Hold, Reach, Steadiness, pull, shake, take_hold
from deft_sim.human.hand_driver import HumanHand
from deft_sim.human.scene import HumanStage

# Where the person's right shoulder is over the table, base_link, metres: behind the robot's base, to the right.
SHOULDER_XY_M = (-0.35, -0.20)
REFERENCE_XY_M = (0.55, 0.0)
# How far gripping may tip a thing; one of loose parts rolls a little into the hand.
MAX_TIP_RAD, MAX_ROLL_RAD = 0.25, 0.6
# Of so many that held, the easiest is easy enough.
ENOUGH = 3


@dataclass(frozen=True, eq=False)
class HumanGrasp:
    """A grasp that held, for an object whose place is REFERENCE_XY_M.

    Attributes:
        verb: what the person meant to do.
        yaw_rad: how the object was turned in the place's frame.
        T_place_wrist: (4, 4) wrist relative to the place (upright frame on the table, heading of the shoulder).
        mano_pose: (45,) at contact.
        contacts: (n, 3) contact points in the same frame, metres.
        normals: (n, 3) unit vectors from the object to the hand there.
        cost: discomfort and unsteadiness; lower is better.
    """

    verb: str
    yaw_rad: float
    T_place_wrist: Array
    mano_pose: Array
    contacts: Array
    normals: Array
    cost: float


def heading(xy: Array) -> float:
    """Direction (rad about z) from the shoulder to a place on the table."""
    return float(np.arctan2(xy[1] - SHOULDER_XY_M[1], xy[0] - SHOULDER_XY_M[0]))


def place_frame(x_m: float, y_m: float) -> Array:
    """T_base_place (4, 4): upright at a place, turned as the reach to it is turned against REFERENCE_XY_M's."""
    turn = heading(np.array([x_m, y_m])) - heading(np.array(REFERENCE_XY_M))
    return transform(rot_z(turn), [x_m, y_m, 0.0])


@dataclass(frozen=True, eq=False)
class Lasted:
    """A hold that lasted: how it was taken, where the object was then (4, 4) and tipped how far, and how steady it was.

    Steady as it was lifted and shaken, or pulled.
    """

    hold: Hold
    T_base_object: Array
    tip_rad: float
    steady: Steadiness


def closed_hand(how: Kind) -> Array:
    """Where the fingers go that hold a kind and meet nothing (len(HINGES),), rad."""
    return PINCH if how.pinch else FIST


def try_hold(stage: HumanStage, hand: HumanHand, how: Kind, reach: Reach, pace: float = 1.0) -> Lasted | None:
    """Take hold of a stage's object and shake (or pull) it; None where a person would not call it held, or proper."""
    start = stage.object_pose()
    hold = take_hold(hand, stage.object_body, reach, pace, closed_hand(how))
    touched = stage.object_pose()
    tip = tilt(start, touched)
    if tip > (MAX_ROLL_RAD if how.loose else MAX_TIP_RAD) or not hold.touch.opposed or not how.proper(hold.touch):
        return None
    steady = (shake if how.lifted else pull)(hand, stage.object_body, hold)
    return Lasted(hold, touched, tip, steady) if steady.holds(how.loose) else None


def find_grasps(
    stage: HumanStage,
    kind: str,
    verb: str,
    rng: np.random.Generator,
    tries: int = 8,
    keep: int = 1,
    poses: Mapping[str, Array] | None = None,
) -> list[HumanGrasp]:
    """Try natural grasps; return the `keep` best of those that hold under gravity and shaking (or pulling).

    Args:
        stage: the object, what stands with it, and the hand.
        kind: of the object; says how it is reached for.
        verb: what the person means to do.
        rng: source of randomness.
        tries: how many ways to try.
        keep: how many to return.
        poses: T_place_thing (4, 4) by name, as things came to rest.
    """
    how, found = KINDS[kind], []
    for _ in range(tries):
        # What leads the hand turns with the place; see `Kind.turn`.
        yaw = 0.0 if how.turn == "leads" else float(rng.uniform(-how.yaw_rad, how.yaw_rad))
        hand = stage.place(*REFERENCE_XY_M, yaw, poses)
        start = stage.object_pose()
        reach, discomfort = how.reach(stage.thing, start, verb, rng)
        lasted = try_hold(stage, hand, how, reach)
        if lasted is None:
            continue
        cost = discomfort + 40.0 * lasted.steady.slip_m + 2.0 * lasted.tip_rad - 0.2 * lasted.steady.digits
        found.append(_as_placed(verb, yaw, lasted.T_base_object if how.loose else start, lasted.hold, cost))
        if len(found) >= max(ENOUGH, keep):
            break
    return sorted(found, key=lambda grasp: grasp.cost)[:keep]


def _as_placed(verb: str, yaw: float, T_base_object: Array, hold: Hold, cost: float) -> HumanGrasp:
    """Express a hold for the object as it stood before it was touched: what an image without a hand will show."""
    # Gripping shifts and tips the object a little; contacts are where skin meets the object, so they go with the
    # object, and the wrist is taken where it closed.
    T_place = transform(None, [*REFERENCE_XY_M, 0.0])
    T = inverse(T_place) @ T_base_object
    contacts, normals = apply(T, hold.touch.points), hold.touch.normals @ T[:3, :3].T
    return HumanGrasp(verb, yaw, inverse(T_place) @ hold.T_base_wrist, hold.mano_pose, contacts, normals, cost)
