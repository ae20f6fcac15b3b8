"""What can go wrong with the hand, as the action's results name it."""

from deft_core.errors import DeftError


class HandFault(DeftError):
    """A motion ended early. `fault` is the action result's word for it."""

    fault = "device"


class DeviceFault(HandFault):
    """The bus or a motor cannot be reached, does not answer, or reports a hardware error other than overload."""


class OverloadFault(HandFault):
    """A motor pushed too hard for too long and shut down; enabling reboots it."""

    fault = "overload"


class StoppedFault(HandFault):
    """Somebody stopped the hand: /deft/stop or the enable service."""

    fault = "stopped"


class StaleFault(HandFault):
    """The motors have not told where they are for too long to move on it."""

    fault = "stale"


class RefusedFault(HandFault):
    """The gate did not let a command pass, or the goal is not one that can be carried out."""

    fault = "refused"


class CanceledFault(HandFault):
    """The client canceled the goal."""

    fault = "canceled"
