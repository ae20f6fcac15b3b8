"""What the node around a driver asks of it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol


class Driver(Protocol):
    """Drives one device, one motion at a time; `disable` may come from any thread."""

    @property
    def busy(self) -> bool:
        """Whether a motion is under way."""

    @property
    def disabled_by(self) -> str:
        """Why the device does not move; empty when it may."""

    def connect(self, deadline_s: float, alive: Callable[[], bool]) -> None:
        """Reach the device, trying again until the deadline or while `alive()`; raises `DeviceFault`."""

    def close(self) -> None:
        """Stop the device and let go of it."""

    def enable(self) -> str:
        """Recover the device and allow motion; says what was done, or raises `DeviceFault`."""

    def disable(self, reason: str) -> None:
        """Stop at once and forbid motion."""


@dataclass(frozen=True)
class Health:
    """How a device is.

    Attributes:
        address: where it is reached.
        bad: whether it is in error.
        message: what is wrong with it; empty where nothing is.
        values: what else is known, by name.
    """

    address: str
    bad: bool
    message: str
    values: dict[str, object]
