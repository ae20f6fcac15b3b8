"""When the arm's dynamics controller calls a push a collision (error 31 of the xArm).

The controller compares each joint's torque with its dynamics model; what is left is external. It stops when a joint's external
torque stays above a threshold for a few control periods. The maker publishes levels 0 (off) to 5 (most sensitive)
but no torques: the ones below make level 3 stop at a push of about 40 N on the hand with the arm half stretched.
"""

import numpy as np
from deft_core.geometry import Array
from numpy.typing import ArrayLike

# N m on each joint at level 3.
THRESHOLD_NM = np.array([24.0, 24.0, 20.0, 12.0, 10.0, 7.0])
LEVEL_FACTOR = {1: 2.0, 2: 1.5, 3: 1.0, 4: 0.75, 5: 0.5}
# Control periods of 4 ms that a push must last: a tap of a soft finger is over sooner.
PERIODS = 3


class CollisionDetector:
    """Watches external torques at the arm's control rate."""

    def __init__(self, level: int = 3) -> None:
        self._above = 0
        self.set_level(level)

    def set_level(self, level: int) -> None:
        """0 never trips; 1 to 5 from dull to keen.

        Raises:
            ValueError: any other level.
        """
        if level not in (0, *LEVEL_FACTOR):
            raise ValueError(f"collision sensitivity {level}: expected 0 to 5")
        self._limit: Array | None = THRESHOLD_NM * LEVEL_FACTOR[level] if level else None

    def update(self, external_nm: ArrayLike) -> bool:
        """Take one control period's external torques (6,), N m; return whether this is a collision."""
        if self._limit is None:
            return False
        over = bool((np.abs(np.asarray(external_nm, dtype=float)) > self._limit).any())
        self._above = self._above + 1 if over else 0
        return self._above >= PERIODS

    def reset(self) -> None:
        """Forget what was felt."""
        self._above = 0
