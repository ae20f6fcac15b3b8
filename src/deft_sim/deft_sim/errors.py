"""Errors of the twin."""

from deft_core.errors import DeftError, WorkcellError


class SimulationDiverged(WorkcellError):
    """The physics left the realm of finite numbers: a fault of the twin, never of a grasp."""


class PortTaken(DeftError, OSError):
    """An address the twin should answer on is in use."""
