"""What can go wrong with the arm, as the actions' results name it."""

from deft_core.errors import DeftError


class ArmFault(DeftError):
    """A motion ended early. `fault` is the action result's word for it."""

    fault = "device"


class DeviceFault(ArmFault):
    """The controller cannot be reached, does not answer, or reports an error other than a collision."""


class CollisionFault(ArmFault):
    """The controller felt a collision (error 31) and stopped."""

    fault = "collision"


class StoppedFault(ArmFault):
    """Somebody stopped the arm: /deft/stop, the pendant, or the enable service."""

    fault = "stopped"


class StaleFault(ArmFault):
    """The controller has not reported its state for too long to move on it."""

    fault = "stale"


class RefusedFault(ArmFault):
    """The gate did not let a command pass, or the goal is not one that can be carried out."""

    fault = "refused"


class CanceledFault(ArmFault):
    """The client canceled the goal."""

    fault = "canceled"
