"""Start the tests."""

from __future__ import annotations

from collections.abc import Callable

from launch import Action, LaunchContext
from launch import logging as launch_logging


class ReadyToTest(Action):
    """Says that the system is up and the tests may begin."""

    def __init__(self) -> None:
        super().__init__()
        self._callbacks: list[Callable[[], object]] = []

    def _add_callback(self, callback: Callable[[], object]) -> None:
        self._callbacks.append(callback)

    def execute(self, context: LaunchContext) -> None:
        """Start the tests."""
        for callback in self._callbacks:
            try:
                callback()
            except Exception as error:
                launch_logging.get_logger(__name__).error(error)
