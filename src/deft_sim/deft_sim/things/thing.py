"""What every kind of thing is: checked parameters that can build themselves into a MuJoCo model."""

import abc

import mujoco
import numpy as np
from scipy.spatial.transform import Rotation

from deft_core.config import Settings
from deft_core.geometry import Array, transform
from deft_core.sizes import Fraction, HandMetres, Radians
from deft_sim.model.poses import qpos_of

RGB = tuple[Fraction, Fraction, Fraction]


class Thing(Settings, abc.ABC):
    """One thing on the table. Its body frame stands at the middle of its underside, z up, at yaw zero.

    `rest_xyz_m` and `rest_rpy_rad` say how it is put down relative to the scene's place: a hair above the table
    unless it leans on something. A thing of several loose bodies names them `NAME/part`: contacts of all of them
    count as the thing's.
    """

    rest_xyz_m: tuple[HandMetres, HandMetres, HandMetres] = (0.0, 0.0, 0.0005)
    rest_rpy_rad: tuple[Radians, Radians, Radians] = (0.0, 0.0, 0.0)

    @abc.abstractmethod
    def add_to(self, spec: mujoco.MjSpec, name: str) -> mujoco.MjsBody:
        """Build the thing into a model as body `name`; free things get a free joint of the same name."""

    @property
    @abc.abstractmethod
    def footprint_m(self) -> float:
        """Radius of the circle on the table that the thing needs."""

    @property
    def rest_pose(self) -> Array:
        """T_place_thing (4, 4): how it rests, relative to the place and yaw that were drawn."""
        return transform(Rotation.from_euler("xyz", self.rest_rpy_rad).as_matrix(), self.rest_xyz_m)

    @property
    def symmetric(self) -> bool:
        """Whether it looks the same at every yaw (prints aside)."""
        return False

    @property
    def handle_m(self) -> tuple[float, float, float]:
        """A place to take hold of it, thing frame: where a search for an expert grasp starts."""
        return (0.0, 0.0, 0.0)

    @property
    def approach_rpy(self) -> tuple[float, float, float]:
        """Wrist angles that such a search starts from."""
        return (0.0, 0.0, 0.0)

    @property
    def preshape(self) -> tuple[float, ...]:
        """Hand joints (16,) that such a search starts from: half curled, thumb opposed."""
        return (*(0.0, 0.6, 0.7, 0.5) * 3, 0.95, 0.1, 0.6, 0.5)

    def surface_point(self, rng: np.random.Generator) -> Array:
        """A random point (3,) on its outside, thing frame, metres: where a blind grasp starts. At least `handle_m`."""
        return np.array(self.handle_m)

    def place(self, model: mujoco.MjModel, data: mujoco.MjData, name: str, T_base_thing: Array) -> None:
        """Put the thing at a pose. Kinds that stand on something else than a free joint override this."""
        address = model.joint(name).qposadr[0]
        data.qpos[address : address + 7] = qpos_of(T_base_thing)

    def after_tick(self, model: mujoco.MjModel, data: mujoco.MjData, name: str) -> None:
        """Do what the thing does of itself, once a control tick: a stem that breaks, say."""

    def state(self, model: mujoco.MjModel, data: mujoco.MjData, name: str) -> Array:
        """What a judge of this kind must know beside pose and forces, (k,); the kind says what the numbers are."""
        return np.zeros(0)

    def joint_m(self, model: mujoco.MjModel, data: mujoco.MjData, name: str) -> float:
        """Position of the thing's own joint, for kinds that have one (a drawer), metres."""
        return 0.0
