"""Twins that several tests share: compiling a scene takes longer than most of what is asked of it."""

import pytest

from deft_core.hand import HandModel, load_hand
from deft_core.task import Task, load_task
from deft_core.workcell import WorkcellConfig, load_workcell
from deft_sim.workcell import TwinWorkcell


@pytest.fixture(scope="session")
def hand() -> HandModel:
    return load_hand()


@pytest.fixture(scope="session")
def cell() -> WorkcellConfig:
    return load_workcell("twin")


@pytest.fixture(scope="session")
def pick_cup() -> Task:
    return load_task("pick_cup")


@pytest.fixture(scope="session")
def twin(pick_cup: Task, cell: WorkcellConfig):
    cell_twin = TwinWorkcell(pick_cup, cell, seed=3, backend="raycast")
    yield cell_twin
    cell_twin.close()
