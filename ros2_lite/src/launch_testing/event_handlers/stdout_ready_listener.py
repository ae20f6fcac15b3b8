"""Wait for a process to say that it is ready."""

from __future__ import annotations

from typing import Any

from launch.event_handlers import OnProcessIO
from launch.launch_description_entity import LaunchDescriptionEntity
from launch.some_entities_type import SomeEntitiesType


class StdoutReadyListener(OnProcessIO):
    """Visits entities when a text is in a process's standard output."""

    def __init__(self, *, target_action: Any = None, ready_txt: str, actions: list[LaunchDescriptionEntity]) -> None:
        self.__ready_txt = ready_txt
        self.__actions = actions
        super().__init__(target_action=target_action, on_stdout=self.__on_stdout)

    def __on_stdout(self, process_io: Any) -> SomeEntitiesType | None:
        return self.__actions if self.__ready_txt in process_io.text.decode(errors="replace") else None

    def describe(self) -> tuple[str, list[LaunchDescriptionEntity]]:
        """Return a description and the entities."""
        return super().describe()[0], self.__actions
