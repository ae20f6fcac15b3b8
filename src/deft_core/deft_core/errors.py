"""The errors that rooms raise at each other. Each message says what was wrong, where, and what to do."""


class DeftError(Exception):
    """Base of every error DEFT raises on purpose."""


class ConfigError(DeftError):
    """A task, workcell, hand or demonstration file is not usable."""


class Unreachable(DeftError):
    """The arm cannot get where it was told to go within its limits."""


class GateRefused(DeftError):
    """The safety gate did not let a motor command pass."""


class PerceptionRefused(DeftError):
    """There is no trustworthy grasp to be had from this image."""


class WorkcellError(DeftError):
    """The workcell itself failed (a node, a device, a camera), not the grasp."""


class TryInterrupted(WorkcellError):
    """A try was cut short by something that passes (a driver that was not served in time); it may be made again."""


class OutputError(DeftError):
    """Nothing can be written where it was asked for, or what is there is not to be overwritten."""
