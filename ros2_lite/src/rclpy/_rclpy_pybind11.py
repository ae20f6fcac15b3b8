"""The errors that upstream's C extension raises. The rest of it is not here: asking for it names what is missing."""

from __future__ import annotations

from typing import Any


class RCLError(RuntimeError):
    """An operation of the ROS client library failed, often because its context has been shut down."""


class NodeNameNonExistentError(RCLError):
    """A query named a node that is not in the graph."""


class UnsupportedEventTypeError(RCLError):
    """The middleware does not know such events."""


class InvalidHandle(Exception):
    """An entity was used after it had been destroyed."""


def __getattr__(name: str) -> Any:
    from ros2_lite.missing import missing

    raise missing(__name__, name)
