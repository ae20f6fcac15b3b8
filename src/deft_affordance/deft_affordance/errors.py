"""Why the prior does not answer. A `PerceptionRefused` means: nothing here that may be grasped; look again."""

from deft_core.errors import DeftError, PerceptionRefused


class NothingThere(PerceptionRefused):
    """A person points where no object stands."""


class TwoFit(PerceptionRefused):
    """Two things on the table fit the instruction alike."""


class NoDepth(PerceptionRefused):
    """No depth was measured on the object near the predicted contact."""


class ContactOffObject(PerceptionRefused):
    """The predicted contact lies too far from the object."""


class OutOfWorkspace(PerceptionRefused):
    """The contact lies where the robot may not reach."""


class UnknownInstruction(DeftError):
    """The instruction says nothing that the prior knows; looking again does not help."""


class MissingRetargeting(DeftError):
    """The library for this way of retargeting is not installed."""
