"""The soft hand as MuJoCo bodies, after the hand's YAML.

A finger is three padded capsules on four hinges. Each of its three motors pulls on a tendon: one turns the knuckle to
the side, one bends it, and one bends the middle and end joints together, which share the pull according to their
stiffness. The actuators here are the tendons (a spring from motor shaft to joint); the motors that turn the shafts,
with their current limits, friction and backlash, are in `deft_sim.servos`.
"""

import mujoco
import numpy as np
from scipy.spatial.transform import Rotation

from deft_core.geometry import inverse, transform
from deft_core.hand import Finger, HandModel
from deft_sim.model.poses import set_pose

# Silicone pads on a soft finger: joint stiffness and damping of the flexures, and the tendons' stiffness, N m / rad.
JOINT_STIFFNESS = 0.05
JOINT_DAMPING = 0.03
TENDON_STIFFNESS = (1.5, 1.5, 3.0)
TENDON_DAMPING = (0.03, 0.03, 0.06)
_ARMATURE = 5e-4
_FINGER_MASS = 0.045  # kg, silicone and flexures of one finger
# Pads are softer than what they touch: a contact settles over 10 ms.
_PAD = {"condim": 3, "solref": [0.01, 1.0], "friction": [1.2, 0.01, 0.0002]}
_SKIN, _PALM, _PADS = (0.20, 0.21, 0.23, 1.0), (0.16, 0.17, 0.19, 1.0), (0.93, 0.55, 0.28, 1.0)
MOTOR_KINDS = ("side", "forward", "curl")


def add_hand(spec: mujoco.MjSpec, flange: mujoco.MjsBody, hand: HandModel) -> mujoco.MjsBody:
    """Mount the hand on the flange; return the palm body, whose frame is the wrist frame."""
    palm = flange.add_body(name="palm", gravcomp=1.0)
    set_pose(palm, inverse(hand.T_wrist_eef))
    size = np.asarray(hand.palm_size_m) / 2
    palm.add_geom(
        name="palm",
        type=mujoco.mjtGeom.mjGEOM_BOX,
        size=size,
        pos=hand.palm_center_m,
        rgba=_PALM,
        mass=0.7 * hand.mass_kg,
        **_PAD,
    )
    x_back = hand.palm_center_m[0] + size[0]
    x_eef = hand.T_wrist_eef[0, 3]
    if x_eef > x_back:  # the printed adapter between flange and palm
        palm.add_geom(
            name="adapter",
            type=mujoco.mjtGeom.mjGEOM_CYLINDER,
            fromto=[x_back, 0, 0, x_eef, 0, 0],
            size=[0.032, 0, 0],
            rgba=_SKIN,
            mass=0.3 * hand.mass_kg,
        )
    for name, finger in hand.fingers.items():
        _add_finger(spec, palm, name, finger, hand.curl_ratio)
    for name in ("link4", "link5", "link6"):
        spec.add_exclude(bodyname1=name, bodyname2="palm")
    return palm


def _add_finger(
    spec: mujoco.MjSpec, palm: mujoco.MjsBody, name: str, finger: Finger, curl_ratio: tuple[float, float]
) -> None:
    base = transform(Rotation.from_euler("xyz", finger.base_rpy_rad).as_matrix(), finger.base_xyz_m)
    weights = np.asarray(finger.links_m) / sum(finger.links_m)
    # The end joints share one tendon: softer where the ratio asks for more bend.
    stiffness = (JOINT_STIFFNESS, JOINT_STIFFNESS, *(JOINT_STIFFNESS / r**2 for r in curl_ratio))
    body = palm
    for k, part in enumerate(("proximal", "middle", "distal")):
        body = body.add_body(name=f"{name}_{part}")
        set_pose(body, base if k == 0 else transform(None, [-finger.links_m[k - 1], 0, 0]))
        for joint in (("side", "forward"), ("pip",), ("dip",))[k]:
            body.add_joint(
                name=f"{name}_{joint}",
                type=mujoco.mjtJoint.mjJNT_HINGE,
                axis=[0, 1, 0] if joint == "side" else [0, 0, 1],
                range=list(finger.limits_rad[joint]),
                limited=mujoco.mjtLimited.mjLIMITED_TRUE,
                stiffness=stiffness[("side", "forward", "pip", "dip").index(joint)],
                damping=JOINT_DAMPING,
                armature=_ARMATURE,
            )
        length, radius = finger.links_m[k], finger.radius_m
        body.add_geom(
            name=f"{name}_{part}",
            type=mujoco.mjtGeom.mjGEOM_CAPSULE,
            fromto=[0, 0, 0, -length + (radius if part == "distal" else 0.0), 0, 0],
            size=[radius, 0, 0],
            rgba=_PADS if part == "distal" else _SKIN,
            mass=_FINGER_MASS * weights[k],
            **_PAD,
        )
        if k == 0:
            spec.add_exclude(bodyname1="palm", bodyname2=body.name)
    spec.add_exclude(bodyname1=f"{name}_proximal", bodyname2=f"{name}_distal")
    tendon = spec.add_tendon(name=f"{name}_curl")
    for joint, ratio in zip(("pip", "dip"), curl_ratio, strict=True):
        tendon.wrap_joint(f"{name}_{joint}", 0.5 / ratio)
    for kind, kp, kv in zip(MOTOR_KINDS, TENDON_STIFFNESS, TENDON_DAMPING, strict=True):
        spec.add_actuator(
            name=f"{name}_{kind}",
            target=f"{name}_{kind}",
            trntype=mujoco.mjtTrn.mjTRN_TENDON if kind == "curl" else mujoco.mjtTrn.mjTRN_JOINT,
            gaintype=mujoco.mjtGain.mjGAIN_FIXED,
            biastype=mujoco.mjtBias.mjBIAS_AFFINE,
            gainprm=[kp] + [0.0] * 9,
            biasprm=[0.0, -kp, -kv] + [0.0] * 7,
        )
