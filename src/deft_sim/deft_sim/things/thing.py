"""What every kind of thing is: checked parameters that can build themselves into a MuJoCo model."""

import abc

import mujoco
from deft_core.config import Settings
from deft_core.geometry import Array

RGB = tuple[float, float, float]


class Thing(Settings, abc.ABC):
    """One thing on the table. Its body frame stands at the middle of its underside, z up, at yaw zero."""

    @abc.abstractmethod
    def add_to(self, spec: mujoco.MjSpec, name: str) -> mujoco.MjsBody:
        """Build the thing into a model as body `name`; free things get a free joint of the same name."""

    @property
    @abc.abstractmethod
    def footprint_m(self) -> float:
        """Radius of the circle on the table that the thing needs."""

    @property
    def rest_z_m(self) -> float:
        """Height of the body frame above the table at rest."""
        return 0.0005

    def settle(self, T_base_thing: Array) -> Array:
        """Pose to start from when placed at T_base_thing; kinds with a rest posture of their own override it."""
        return T_base_thing
