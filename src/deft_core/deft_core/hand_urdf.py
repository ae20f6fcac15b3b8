"""A hand as URDF: its kinematic chain, for tools that read no other language."""

import xml.etree.ElementTree as ET
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from deft_core.grasp import FINGER_JOINTS
from deft_core.hand import Finger, HandModel

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
    for name, finger in hand.fingers.items():
        _finger(robot, name, finger, hand.curl_ratio[1] / hand.curl_ratio[0], hand.motors.max_speed_radps)
    ET.indent(robot)
    return ET.tostring(robot, encoding="unicode", xml_declaration=True)


def _finger(robot: ET.Element, name: str, finger: Finger, dip_of_pip: float, speed_radps: float) -> None:
    parent = ROOT
    steps = ((0.0, 0.0, 0.0), (-finger.links_m[0], 0.0, 0.0), (-finger.links_m[1], 0.0, 0.0))
    places = (finger.base_xyz_m, *steps)
    for joint, xyz in zip(FINGER_JOINTS, places, strict=True):
        child = f"{name}_{joint}"
        rpy = finger.base_rpy_rad if parent == ROOT else (0.0, 0.0, 0.0)
        element = _joint(robot, child, "revolute", parent, child, xyz, rpy)
        ET.SubElement(element, "axis", xyz="0 1 0" if joint == "side" else "0 0 1")
        low, high = finger.limits_rad[joint]
        ET.SubElement(element, "limit", lower=f"{low}", upper=f"{high}", effort=_EFFORT_NM, velocity=f"{speed_radps}")
        if joint == "dip":
            ET.SubElement(element, "mimic", joint=f"{name}_pip", multiplier=f"{dip_of_pip}", offset="0")
        parent = child
    _joint(robot, f"{name}_tip", "fixed", parent, f"{name}_tip", (-finger.links_m[2], 0.0, 0.0), (0.0, 0.0, 0.0))


def _joint(
    robot: ET.Element, name: str, kind: str, parent: str, child: str, xyz: Sequence[float], rpy: Sequence[float]
) -> ET.Element:
    ET.SubElement(robot, "link", name=child)
    joint = ET.SubElement(robot, "joint", name=name, type=kind)
    ET.SubElement(joint, "parent", link=parent)
    ET.SubElement(joint, "child", link=child)
    ET.SubElement(joint, "origin", xyz=_numbers(xyz), rpy=_numbers(rpy))
    return joint


def _numbers(values: ArrayLike) -> str:
    return " ".join(f"{v:.9g}" for v in np.asarray(values, dtype=float))
