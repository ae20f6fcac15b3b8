"""An arm driver on an emulated controller, at the twin's home."""

from collections.abc import Iterator

import numpy as np
import pytest

from deft_arm_driver.driver import ArmDriver
from deft_arm_driver.session import ArmSession
from deft_core.hand import load_hand
from deft_core.workcell import WorkcellConfig, load_workcell
from deft_sim.devices import rig


@pytest.fixture
def arm_rig() -> Iterator[rig.ArmRig]:
    with rig.arm_rig(q=load_workcell("twin").arm.home_rad, time_scale=5.0) as it:
        yield it


@pytest.fixture
def cell(arm_rig: rig.ArmRig) -> WorkcellConfig:
    twin = load_workcell("twin", 5.0)
    arm = twin.arm.model_copy(update={"host": arm_rig.host, "control_port": arm_rig.control_port})
    return twin.model_copy(update={"arm": arm})


@pytest.fixture
def driver(cell: WorkcellConfig) -> Iterator[ArmDriver]:
    it = ArmDriver(cell, load_hand(cell.hand.model), ArmSession(cell.arm))
    it.connect(5.0)
    yield it
    it.close()


@pytest.fixture
def target(cell: WorkcellConfig) -> np.ndarray:
    """A wrist pose 6 cm below and beside the home."""
    planner_pose = ArmDriver(cell, load_hand(), ArmSession(cell.arm)).planner.wrist_pose(np.array(cell.arm.home_rad))
    T = planner_pose.copy()
    T[:3, 3] += [0.02, 0.03, -0.05]
    return T
