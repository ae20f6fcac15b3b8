"""A hand as MuJoCo bodies, after the hand's YAML.

A finger is padded capsules on four hinges, three, or four where its first two hinges sit apart. Of the soft hand each
of three motors pulls on a tendon: one turns the knuckle to the side, one bends it, and one bends the middle and end
joints together, which share the pull according to their stiffness. A hand of sixteen motors has one a hinge. The
actuators here are the tendons (a spring from motor shaft to joint); the motors that turn the shafts, with their current
limits, friction and backlash, are in `deft_sim.servos`.
"""

import mujoco
import numpy as np
from scipy.spatial.transform import Rotation

from deft_core.arm_shape import ADAPTER_RADIUS_M
from deft_core.finger import Finger, Hinge
from deft_core.geometry import inverse, transform
from deft_core.hand import HandModel
from deft_sim.model.poses import set_pose

# Silicone pads on a soft finger: joint stiffness and damping of the flexures, and the tendons' stiffness, N m / rad.
JOINT_STIFFNESS = 0.05
JOINT_DAMPING = 0.03
TENDON_STIFFNESS, CURL_STIFFNESS = 1.5, 3.0
TENDON_DAMPING, CURL_DAMPING = 0.03, 0.06
_ARMATURE = 5e-4
_FINGER_MASS = 0.045  # kg, silicone and flexures of one finger
# Pads are softer than what they touch: a contact settles over 10 ms.
_PAD = {"condim": 3, "solref": [0.01, 1.0], "friction": [1.2, 0.01, 0.0002]}
_SKIN, _PALM, _PADS = (0.20, 0.21, 0.23, 1.0), (0.16, 0.17, 0.19, 1.0), (0.93, 0.55, 0.28, 1.0)
# A finger's rigid parts from the palm outwards; one whose first two joints sit in one place has no base.
PARTS = ("base", "proximal", "middle", "distal")


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
            size=[ADAPTER_RADIUS_M, 0, 0],
            rgba=_SKIN,
            mass=0.3 * hand.mass_kg,
        )
    for name, finger in hand.fingers.items():
        _add_finger(spec, palm, name, finger, hand)
    for name in ("link4", "link5", "link6"):
        spec.add_exclude(bodyname1=name, bodyname2="palm")
    return palm


def _add_finger(spec: mujoco.MjSpec, palm: mujoco.MjsBody, name: str, finger: Finger, hand: HandModel) -> None:
    base = transform(Rotation.from_euler("xyz", finger.base_rpy_rad).as_matrix(), finger.base_xyz_m)
    links = _links(finger)
    lengths = np.linalg.norm([end for _, end in links], axis=1)
    body = palm
    for k, ((hinges, end), part) in enumerate(zip(links, PARTS[-len(links) :], strict=True)):
        body = body.add_body(name=f"{name}_{part}")
        set_pose(body, base @ transform(None, hinges[0].xyz_m) if k == 0 else transform(None, hinges[0].xyz_m))
        for hinge in hinges:
            body.add_joint(
                name=f"{name}_{hinge.joint}",
                type=mujoco.mjtJoint.mjJNT_HINGE,
                axis=hinge.axis,
                range=list(finger.limits_rad[hinge.joint]),
                limited=mujoco.mjtLimited.mjLIMITED_TRUE,
                stiffness=_stiffness(hinge.joint, hand),
                damping=JOINT_DAMPING,
                armature=_ARMATURE,
            )
        share = 1.0 - finger.radius_m / lengths[k] if part == "distal" else 1.0
        body.add_geom(
            name=f"{name}_{part}",
            type=mujoco.mjtGeom.mjGEOM_CAPSULE,
            fromto=[0, 0, 0, *(share * np.asarray(end))],
            size=[finger.radius_m, 0, 0],
            rgba=_PADS if part == "distal" else _SKIN,
            mass=_FINGER_MASS * lengths[k] / lengths.sum(),
            **_PAD,
        )
        if k < len(links) - 2:
            spec.add_exclude(bodyname1="palm", bodyname2=body.name)
    parts = PARTS[-len(links) :]
    for k, part in enumerate(parts[:-2]):
        for other in parts[k + 2 :]:
            spec.add_exclude(bodyname1=f"{name}_{part}", bodyname2=f"{name}_{other}")
    if hand.curl_ratio is not None:
        tendon = spec.add_tendon(name=f"{name}_curl")
        for joint, ratio in zip(("pip", "dip"), hand.curl_ratio, strict=True):
            tendon.wrap_joint(f"{name}_{joint}", 0.5 / ratio)
    for kind in hand.motor_kinds:
        kp, kv = (TENDON_STIFFNESS, TENDON_DAMPING) if kind in ("side", "forward") else (CURL_STIFFNESS, CURL_DAMPING)
        spec.add_actuator(
            name=f"{name}_{kind}",
            target=f"{name}_{kind}",
            trntype=mujoco.mjtTrn.mjTRN_TENDON if kind == "curl" else mujoco.mjtTrn.mjTRN_JOINT,
            gaintype=mujoco.mjtGain.mjGAIN_FIXED,
            biastype=mujoco.mjtBias.mjBIAS_AFFINE,
            gainprm=[kp] + [0.0] * 9,
            biasprm=[0.0, -kp, -kv] + [0.0] * 7,
        )


def _links(finger: Finger) -> list[tuple[list[Hinge], tuple[float, float, float]]]:
    """A finger's rigid parts from the palm outwards: the joints that turn each, and where the next one begins."""
    ends = [*(hinge.xyz_m for hinge in finger.chain[1:]), finger.tip]
    links: list[tuple[list[Hinge], tuple[float, float, float]]] = []
    for hinge, end in zip(finger.chain, ends, strict=True):
        if links and not any(links[-1][1]):  # two joints in one place turn one part
            links[-1] = ([*links[-1][0], hinge], end)
        else:
            links.append(([hinge], end))
    return links


def _stiffness(joint: str, hand: HandModel) -> float:
    """Of a joint's flexure, N m / rad; a hand with a motor for every joint has bearings."""
    if hand.curl_ratio is None:
        return 0.0
    # The end joints share one tendon: softer where the ratio asks for more bend.
    return JOINT_STIFFNESS / dict(zip(("pip", "dip"), hand.curl_ratio, strict=True)).get(joint, 1.0) ** 2
