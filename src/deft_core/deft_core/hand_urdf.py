"""A hand as URDF: its kinematic chain, for tools that read no other language."""

import xml.etree.ElementTree as ET
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from deft_core.finger import Finger
from deft_core.hand import HandModel

ROOT = "wrist"
# URDF wants an effort for every joint; nothing here reads it.
_EFFORT_NM = "1.0"


def hand_urdf(hand: HandModel) -> str:
    """URDF of a hand: links and joints with their limits, no masses and no shapes.

    The root link is `wrist`, REP-103's axes as in the hand's file. Joints are named FINGER_JOINT; a joint's link is
    named after it, and `FINGER_tip` is fixed to the last. Where one motor bends PIP and DIP, DIP mimics PIP.
    """
    robot = ET.Element("robot", name=hand.name)
    ET.SubElement(robot, "link", name=ROOT)
    dip_of_pip = hand.curl_ratio[1] / hand.curl_ratio[0] if hand.curl_ratio else None
    for name, finger in hand.fingers.items():
        _finger(robot, name, finger, dip_of_pip, hand.motors.max_speed_radps)
    ET.indent(robot)
    return ET.tostring(robot, encoding="unicode", xml_declaration=True)


def _finger(robot: ET.Element, name: str, finger: Finger, dip_of_pip: float | None, speed_radps: float) -> None:
    _joint(robot, f"{name}_base", "fixed", ROOT, finger.base_xyz_m, finger.base_rpy_rad)
    parent = f"{name}_base"
    for hinge in finger.chain:
        child = f"{name}_{hinge.joint}"
        element = _joint(robot, child, "revolute", parent, hinge.xyz_m)
        ET.SubElement(element, "axis", xyz=_numbers(hinge.axis))
        low, high = finger.limits_rad[hinge.joint]
        ET.SubElement(element, "limit", lower=f"{low}", upper=f"{high}", effort=_EFFORT_NM, velocity=f"{speed_radps}")
        if hinge.joint == "dip" and dip_of_pip is not None:
            ET.SubElement(element, "mimic", joint=f"{name}_pip", multiplier=f"{dip_of_pip}", offset="0")
        parent = child
    _joint(robot, f"{name}_tip", "fixed", parent, finger.tip)


def _joint(
    robot: ET.Element,
    name: str,
    kind: str,
    parent: str,
    xyz: Sequence[float],
    rpy: Sequence[float] = (0.0, 0.0, 0.0),
) -> ET.Element:
    """Add a joint and the link of the same name that it carries."""
    ET.SubElement(robot, "link", name=name)
    joint = ET.SubElement(robot, "joint", name=name, type=kind)
    ET.SubElement(joint, "parent", link=parent)
    ET.SubElement(joint, "child", link=name)
    ET.SubElement(joint, "origin", xyz=_numbers(xyz), rpy=_numbers(rpy))
    return joint


def _numbers(values: ArrayLike) -> str:
    return " ".join(f"{v:.9g}" for v in np.asarray(values, dtype=float))
