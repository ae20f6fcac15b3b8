"""Run programs that are tests themselves."""

from __future__ import annotations

import sys
from typing import Any

from launch.actions import ExecuteProcess, OpaqueFunction, TimerAction
from launch.event_handlers import OnProcessExit
from launch.launch_description_entity import LaunchDescriptionEntity

from launch import LaunchContext, SomeSubstitutionsType


class Test(ExecuteProcess):
    """Runs a program, for a limited time."""

    __test__ = False  # not a test case for pytest

    def __init__(self, *, timeout: float | SomeSubstitutionsType | None = None, **kwargs: Any) -> None:
        """Create the action; ``timeout`` in seconds."""
        super().__init__(**kwargs)
        self.__timeout = timeout
        self.__timer: TimerAction | None = None

    @property
    def timeout(self) -> float | SomeSubstitutionsType | None:
        """Seconds, as given."""
        return self.__timeout

    def execute(self, context: LaunchContext) -> list[LaunchDescriptionEntity] | None:
        """Start the program."""
        entities = super().execute(context)
        if not self.__timeout:
            return entities
        timer = self.__timer = TimerAction(
            period=self.__timeout,
            actions=[OpaqueFunction(function=self._shutdown_process, kwargs={"send_sigint": True})],
        )
        context.register_event_handler(OnProcessExit(target_action=self, on_exit=lambda event, context: timer.cancel()))
        return [*(entities or ()), timer]


class GTest(Test):
    """Runs a GoogleTest program."""

    def __init__(self, *, path: SomeSubstitutionsType, **kwargs: Any) -> None:
        super().__init__(cmd=[path], **kwargs)
        self.__path = path

    @property
    def path(self) -> SomeSubstitutionsType:
        """Its path."""
        return self.__path


class PyTest(Test):
    """Runs pytest on a file."""

    def __init__(self, *, path: SomeSubstitutionsType, **kwargs: Any) -> None:
        super().__init__(cmd=[sys.executable, "-m", "pytest", path], **kwargs)
        self.__path = path

    @property
    def path(self) -> SomeSubstitutionsType:
        """Its path."""
        return self.__path
