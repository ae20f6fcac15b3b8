"""Hooks that this plugin adds to pytest."""

from __future__ import annotations

import pathlib
from typing import Any

import pytest


@pytest.hookspec(firstresult=True)
def pytest_launch_collect_makemodule(path: pathlib.Path, parent: Any, entrypoint: Any) -> Any:
    """Return a collector of a module with ``generate_test_description``, or None."""
