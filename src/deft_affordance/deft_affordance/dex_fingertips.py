"""The same question as `fingertips`, answered by dex-retargeting (Qin et al., AnyTeleop, RSS 2023; MIT), if installed.

Its position retargeting brings the robot's last joints and tips to the person's by nonlinear optimisation. Here, as in
`fingertips`, the wrist may shift and keeps the person's rotation. `python benchmarks/retargeting.py` compares the two.
"""

from __future__ import annotations

import tempfile
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import numpy as np

from deft_affordance.errors import MissingRetargeting
from deft_affordance.fingertips import MOST_SHIFT_M, human_fingers
from deft_affordance.retarget import retarget
from deft_core.geometry import Array
from deft_core.grasp import FINGERS, JOINT_NAMES
from deft_core.hand import HandModel
from deft_core.hand_urdf import ROOT, hand_urdf

_SHIFTS = ("shift_x", "shift_y", "shift_z")
# Last joint and tip of each finger, as in dex-retargeting's own settings for hands of four fingers.
_LINKS = [f"{finger}_{link}" for finger in FINGERS for link in ("dip", "tip")]


class DexFingertips:
    """Finds how a robot's hand stands where a person's tips are; call it with a MANO pose.

    Args:
        hand: the robot's hand.

    Raises:
        MissingRetargeting: dex-retargeting is not installed.
    """

    def __init__(self, hand: HandModel) -> None:
        try:
            from dex_retargeting.retargeting_config import RetargetingConfig
        except ImportError as error:
            raise MissingRetargeting(
                f"retargeting by dex needs dex-retargeting ({error}): pip install -r requirements/extras.txt"
            ) from error
        self._hand = hand
        follows = [name for name in JOINT_NAMES if hand.curl_ratio and name.endswith("_dip")]
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"{hand.name}.urdf"
            path.write_text(_on_slides(hand), encoding="utf-8")
            self._solver: Any = RetargetingConfig(
                type="position",
                urdf_path=str(path),
                target_joint_names=[*_SHIFTS, *(name for name in JOINT_NAMES if name not in follows)],
                target_link_names=_LINKS,
                target_link_human_indices=np.arange(len(_LINKS)),
                low_pass_alpha=1.0,  # none: poses of different scenes are no sequence
            ).build()
        named = self._solver.joint_names
        self._shift = [named.index(name) for name in _SHIFTS]
        self._joints = [named.index(name) for name in JOINT_NAMES]

    def __call__(self, mano_pose: Array) -> tuple[Array, Array]:
        """As `match_fingertips`: (3,) metres, the robot's wrist less the person's; and joints (16,), rad."""
        start = np.zeros(len(self._solver.joint_names))
        start[self._joints] = retarget(mano_pose, self._hand)
        self._solver.set_qpos(start)  # the answer depends on this pose alone, whatever was asked before
        found = np.asarray(self._solver.retarget(human_fingers(mano_pose)[:, 2:].reshape(-1, 3)), dtype=float)
        return found[self._shift], self._hand.clip(found[self._joints])


def _on_slides(hand: HandModel) -> str:
    """URDF of the hand, its wrist on three slides."""
    robot = ET.fromstring(hand_urdf(hand))
    parent = "person"
    ET.SubElement(robot, "link", name=parent)
    for name, axis in zip(_SHIFTS, ("1 0 0", "0 1 0", "0 0 1"), strict=True):
        child = ROOT if name == _SHIFTS[-1] else name
        if child != ROOT:
            ET.SubElement(robot, "link", name=child)
        joint = ET.SubElement(robot, "joint", name=name, type="prismatic")
        ET.SubElement(joint, "parent", link=parent)
        ET.SubElement(joint, "child", link=child)
        ET.SubElement(joint, "axis", xyz=axis)
        ET.SubElement(joint, "limit", lower=f"{-MOST_SHIFT_M}", upper=f"{MOST_SHIFT_M}", effort="1", velocity="1")
        parent = child
    return ET.tostring(robot, encoding="unicode")
