"""A hand driver on an emulated bus."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from deft_core.hand import HandModel, load_hand
from deft_core.workcell import WorkcellConfig, load_workcell
from deft_hand_driver.bus import HandBus
from deft_hand_driver.driver import HandDriver, motor_names
from deft_sim.devices import rig


@pytest.fixture
def hand(request: pytest.FixtureRequest) -> HandModel:
    """DASH, or the hand that a test names by indirect parametrisation."""
    return load_hand(getattr(request, "param", "dash"))


@pytest.fixture
def hand_rig(tmp_path: Path, hand: HandModel) -> Iterator[rig.HandRig]:
    with rig.hand_rig(tmp_path / "hand", ids=hand.motor_ids, model="xl330-m288", time_scale=5.0) as it:
        yield it


@pytest.fixture
def cell(hand_rig: rig.HandRig) -> WorkcellConfig:
    twin = load_workcell("twin", 5.0)
    return twin.model_copy(update={"hand": twin.hand.model_copy(update={"port": hand_rig.port})})


@pytest.fixture
def bus(cell: WorkcellConfig, hand: HandModel) -> HandBus:
    return HandBus(cell.hand.port, cell.hand.baud, hand.motor_ids, motor_names(hand))


@pytest.fixture
def driver(cell: WorkcellConfig, hand: HandModel, bus: HandBus) -> Iterator[HandDriver]:
    it = HandDriver(cell, hand, bus)
    it.connect(5.0)
    yield it
    it.close()
