"""The hand as an MjSpec: deft_core's template in capsules, driven by joint targets and a wrist that follows a pose.

Each of the fifteen MANO joints is a body whose frame is aligned with the wrist in the flat hand, so a body's rotation
relative to its parent *is* MANO's joint rotation. Hinges stand for the anatomical freedoms: spread and bend at the four
knuckles, twist, spread and bend at the thumb's root, bend elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass

import mujoco
import numpy as np

from deft_core.geometry import Array
from deft_core.mano import (
    FINGER_ORDER,
    PARENTS,
    SEGMENT_RADIUS_M,
    TEMPLATE_AXES,
    TEMPLATE_JOINTS,
    TEMPLATE_TIPS,
    pose_from_angles,
)

TWIST, SPREAD, BEND = 0, 1, 2  # columns of anatomical angles
# Range of motion, rad: extension/flexion of the fingers' joints after the American Academy of Orthopaedic Surgeons
# (MCP 90, PIP 100, DIP 70 degrees), finger spread +-20 degrees; the thumb's root is a saddle that abducts (spread)
# and flexes, and turns about its length as it opposes (twist).
_LIMITS = {
    ("finger", 0, SPREAD): (-0.35, 0.35),
    ("finger", 0, BEND): (-0.35, 1.57),
    ("finger", 1, BEND): (-0.05, 1.75),
    ("finger", 2, BEND): (-0.05, 1.22),
    ("thumb", 0, TWIST): (-0.20, 1.00),
    ("thumb", 0, SPREAD): (-0.35, 1.10),
    ("thumb", 0, BEND): (-0.60, 0.90),
    ("thumb", 1, BEND): (-0.35, 1.00),
    ("thumb", 2, BEND): (-0.35, 1.40),
}
SKIN_RGB = (0.82, 0.62, 0.52)
# Skin on dry smooth material: 0.5 to 1.3, here near the slick end (Derler & Gerhardt, "Tribology of Skin",
# Tribology Letters 45, 2012).
SKIN_FRICTION = 0.6
PALM_RADIUS_M = 0.012
MASS_KG = 0.45  # hand segment: 0.6 % of body mass (de Leva, J. Biomechanics 29, 1996)


@dataclass(frozen=True)
class Hinge:
    """One freedom of the hand: MANO joint (0..14), column (0 twist, 1 spread, 2 bend), name, limits (rad)."""

    joint: int
    column: int
    name: str
    low: float
    high: float


def _hinges() -> tuple[Hinge, ...]:
    out = []
    for f, finger in enumerate(FINGER_ORDER):
        kind = "thumb" if finger == "thumb" else "finger"
        for segment in range(3):
            for column, word in ((TWIST, "twist"), (SPREAD, "spread"), (BEND, "bend")):
                if limits := _LIMITS.get((kind, segment, column)):
                    out.append(Hinge(3 * f + segment, column, f"{finger}{segment}_{word}", *limits))
    return tuple(out)


HINGES = _hinges()


def posture(**angles: float) -> Array:
    """Joint targets (len(HINGES),) from names of hinges (`index0_bend=...`); the rest is zero."""
    names = [hinge.name for hinge in HINGES]
    out = np.zeros(len(HINGES))
    for name, value in angles.items():
        out[names.index(name)] = value
    return out


def mano_pose(hinge_angles: Array) -> Array:
    """MANO pose (45,) of hinge angles (len(HINGES),)."""
    angles = np.zeros((15, 3))
    for hinge, value in zip(HINGES, hinge_angles, strict=True):
        angles[hinge.joint, hinge.column] = value
    return pose_from_angles(angles)


def add_hand(spec: mujoco.MjSpec, collide: bool = True) -> None:
    """Add the hand `human_wrist` to a scene, welded softly to a mocap body `human_goal`, with one actuator a hinge.

    Args:
        spec: the scene; its world gets both bodies at the origin.
        collide: False for a hand that is only looked at.
    """
    world = spec.worldbody
    world.add_body(name="human_goal", mocap=True)
    wrist = world.add_body(name="human_wrist", gravcomp=1)
    wrist.add_freejoint(name="human_free")
    _add_palm(wrist, collide)
    bodies = [wrist]
    unit = np.rad2deg(1.0) if spec.compiler.degree else 1.0
    for j in range(15):
        parent = bodies[PARENTS[j + 1]]
        body = parent.add_body(
            name=f"human_{j}", pos=TEMPLATE_JOINTS[j + 1] - TEMPLATE_JOINTS[PARENTS[j + 1]], gravcomp=1
        )
        bodies.append(body)
        _add_segment(body, j, collide)
    for hinge in HINGES:
        body = bodies[hinge.joint + 1]
        body.add_joint(
            name=f"human_{hinge.name}",
            type=mujoco.mjtJoint.mjJNT_HINGE,
            axis=TEMPLATE_AXES[hinge.joint, hinge.column],
            range=np.array([hinge.low, hinge.high]) * unit,
            limited=mujoco.mjtLimited.mjLIMITED_TRUE,
            damping=0.02,
            armature=5e-4,
        )
        # Weak enough that a finger stops where it touches; `set_strength` changes the force limit.
        actuator = spec.add_actuator(name=f"human_{hinge.name}", target=f"human_{hinge.name}")
        actuator.trntype = mujoco.mjtTrn.mjTRN_JOINT
        kp = 1.5 if hinge.column == BEND else 4.0
        actuator.set_to_position(kp=kp, kv=0.05)
        actuator.forcelimited = True
        actuator.forcerange = (-0.5, 0.5)
    weld = spec.add_equality(name="human_weld", type=mujoco.mjtEq.mjEQ_WELD)
    weld.objtype = mujoco.mjtObj.mjOBJ_BODY
    weld.name1, weld.name2 = "human_goal", "human_wrist"
    # anchor (3), relative position (3) and quaternion (4; zero means: as at the start), torque scale
    data = weld.data.copy()
    data[:10], data[10] = 0.0, 1.0
    weld.data = data
    weld.solref = (0.02, 1.0)
    for j in range(15):
        if PARENTS[j + 1] == 0:
            spec.add_exclude(bodyname1="human_wrist", bodyname2=f"human_{j}")


def _geom(body: mujoco.MjsBody, start: Array, end: Array, radius: float, collide: bool, mass: float) -> None:
    body.add_geom(
        type=mujoco.mjtGeom.mjGEOM_CAPSULE,
        fromto=np.concatenate([start, end]),
        size=(radius, 0, 0),
        mass=mass,
        rgba=(*SKIN_RGB, 1.0),
        friction=(SKIN_FRICTION, 0.01, 1e-4),
        condim=4,
        priority=2,  # skin decides how slippery a touch is, whatever the object says of the robot's pads
        solref=(0.01, 1.0),
        contype=1 if collide else 0,
        conaffinity=1 if collide else 0,
    )


def _add_palm(wrist: mujoco.MjsBody, collide: bool) -> None:
    for f in range(4):
        knuckle = TEMPLATE_JOINTS[1 + 3 * f]
        start = np.array([-0.006, knuckle[1] * 0.5, 0.55 * knuckle[2]])
        _geom(wrist, start, knuckle, PALM_RADIUS_M, collide, 0.6 * MASS_KG / 4)
    # A stretch of forearm: seen in clips, and what a table would touch.
    _geom(wrist, np.array([0.03, 0, 0]), np.array([0.16, 0.005, 0]), 0.028, collide, 0.05)


def _add_segment(body: mujoco.MjsBody, joint: int, collide: bool) -> None:
    finger, segment = divmod(joint, 3)
    tip = TEMPLATE_TIPS[finger] if segment == 2 else TEMPLATE_JOINTS[joint + 2]
    radius = SEGMENT_RADIUS_M[FINGER_ORDER[finger]][segment]
    end = tip - TEMPLATE_JOINTS[joint + 1]
    if segment == 2:  # the flesh, not its centre line, ends at the tip
        end = end * (1.0 - radius / np.linalg.norm(end))
    _geom(body, np.zeros(3), end, radius, collide, 0.4 * MASS_KG / 15)
