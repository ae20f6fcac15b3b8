"""Put the fake workcell beside the tests on the path."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

sys.path.insert(0, str(Path(__file__).parent))

if TYPE_CHECKING:
    from deft_cem_graph import Graph


@pytest.fixture
def graph(ros_environment: dict[str, str], tmp_path: Path) -> Iterator["Graph"]:
    """Processes of one test, on its domain."""
    from deft_cem_graph import open_graph

    with open_graph(tmp_path) as graph:
        yield graph
