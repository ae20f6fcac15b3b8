"""The arm controller's collision detection (error 31), for the in-process twin: the emulated controller's own rule."""

import numpy as np
from numpy.typing import ArrayLike

from deft_sim.devices.xarm_settings import SENSITIVITY_SCALE, ControllerSettings
from deft_sim.tick import TICK_S


class CollisionDetector:
    """Watches the external torques at the arm's control rate."""

    def __init__(self, sensitivity: int) -> None:
        settings = ControllerSettings(collision_sensitivity=sensitivity)
        self._limit = SENSITIVITY_SCALE[sensitivity] * np.asarray(settings.collision_nm)
        self._patience_s = settings.collision_s
        self._strain_s = 0.0

    def update(self, external_nm: ArrayLike) -> bool:
        """Take one control period's external torques (6,), N m; return whether this is a collision."""
        over = (np.abs(external_nm) > self._limit).any()
        self._strain_s = self._strain_s + TICK_S if over else 0.0
        return self._strain_s >= self._patience_s

    def reset(self) -> None:
        """Forget what was felt."""
        self._strain_s = 0.0
