"""How a motion of the hand may end early, beside what `deft_driver.faults` names for every device."""

from deft_driver.faults import DriverFault


class OverloadFault(DriverFault):
    """A motor pushed too hard for too long and shut down; enabling reboots it."""

    fault = "overload"
