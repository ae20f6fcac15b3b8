"""How a motion may end early, as the actions' results name it; a device adds its own (collision, overload)."""

from deft_core.errors import DeftError


class DriverFault(DeftError):
    """A motion ended early. `fault` is the action result's word for it."""

    fault = "device"


class DeviceFault(DriverFault):
    """The device cannot be reached, does not answer, or reports an error that has no word of its own."""


class StoppedFault(DriverFault):
    """Somebody stopped the device: /deft/stop, the enable service, or the device's own pendant."""

    fault = "stopped"


class StaleFault(DriverFault):
    """The device has not told where it is for too long to move on it."""

    fault = "stale"


class RefusedFault(DriverFault):
    """The gate did not let a command pass, or the goal is not one that can be carried out."""

    fault = "refused"


class CanceledFault(DriverFault):
    """The client canceled the goal."""

    fault = "canceled"
