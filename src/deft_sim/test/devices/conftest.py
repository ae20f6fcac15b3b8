"""Rigs as fixtures."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from deft_sim.devices import rig


@pytest.fixture
def hand_rig(tmp_path: Path) -> Iterator[rig.HandRig]:
    with rig.hand_rig(tmp_path / "hand") as it:
        yield it


@pytest.fixture
def arm_rig() -> Iterator[rig.ArmRig]:
    with rig.arm_rig() as it:
        yield it
