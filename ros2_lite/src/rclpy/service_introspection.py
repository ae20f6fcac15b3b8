"""Service introspection."""

from enum import IntEnum


class ServiceIntrospectionState(IntEnum):
    """How much of each call is published."""

    OFF = 0
    METADATA = 1
    CONTENTS = 2
