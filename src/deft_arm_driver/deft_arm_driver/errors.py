"""How a motion of the arm may end early, beside what `deft_driver.faults` names for every device."""

from deft_driver.faults import DriverFault


class CollisionFault(DriverFault):
    """The controller felt a collision (error 31) and stopped."""

    fault = "collision"
