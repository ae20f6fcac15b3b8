"""The arm controller's collision detection (error 31), for the in-process twin: the emulated controller's own rule."""

import numpy as np
from numpy.typing import ArrayLike

from deft_sim.devices.xarm_settings import ControllerSettings
from deft_sim.servos import TICK_S


class CollisionDetector:
    """Watches the external torques at the arm's control rate."""

    def __init__(self, sensitivity: int) -> None:
        self._settings = ControllerSettings(collision_sensitivity=sensitivity)
        self._strain_s = 0.0

    def update(self, external_nm: ArrayLike) -> bool:
        """Take one control period's external torques (6,), N m; return whether this is a collision."""
        if self._settings.collides(np.asarray(external_nm, dtype=float)):
            self._strain_s += TICK_S
        else:
            self._strain_s = 0.0
        return self._strain_s >= self._settings.collision_s

    def reset(self) -> None:
        """Forget what was felt."""
        self._strain_s = 0.0
