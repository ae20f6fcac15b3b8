"""The 22 grasp parameters of the paper (table 1) and their residuals."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from deft_core.geometry import Array

CONTACT = slice(0, 3)
WRIST = slice(3, 6)
HAND = slice(6, 22)
GRASP_DIM = 22

FINGERS = ("index", "middle", "ring", "thumb")
FINGER_JOINTS = ("side", "forward", "pip", "dip")
JOINT_NAMES = tuple(f"{finger}_{joint}" for finger in FINGERS for joint in FINGER_JOINTS)
PARAMETER_NAMES = ("contact_x", "contact_y", "contact_z", "wrist_roll", "wrist_pitch", "wrist_yaw", *JOINT_NAMES)

# Initial standard deviations of the residual (paper, table 4): metres, radians, and the joints' 0.05 taken as radians.
SIGMA_INITIAL = np.concatenate([np.full(3, 0.02), np.full(3, 0.2), np.full(16, 0.05)])
SIGMA_INITIAL.setflags(write=False)


def as_vector(values: ArrayLike, what: str, size: int = GRASP_DIM) -> Array:
    """Return a finite float vector of `size`.

    Raises:
        ValueError: wrong shape or not finite; names `what`.
    """
    vector = np.array(values, dtype=float)
    if vector.shape != (size,):
        raise ValueError(f"{what} has shape {vector.shape}, expected ({size},)")
    if not np.isfinite(vector).all():
        bad = np.flatnonzero(~np.isfinite(vector)).tolist()
        raise ValueError(f"{what} is not finite at {bad}")
    return vector


@dataclass(frozen=True, eq=False)
class GraspParameters:
    """One grasp: where the hand touches, how the wrist is turned, how the fingers stand.

    Attributes:
        contact: (3,) contact location in base_link, metres.
        wrist_rpy: (3,) radians; see `deft_core.wrist` for the convention.
        joints: (16,) hand joints, radians, in the order of `JOINT_NAMES`.
    """

    contact: Array
    wrist_rpy: Array
    joints: Array

    def __post_init__(self) -> None:
        for name, size in (("contact", 3), ("wrist_rpy", 3), ("joints", 16)):
            value = as_vector(getattr(self, name), name, size)
            value.setflags(write=False)
            object.__setattr__(self, name, value)

    @property
    def vector(self) -> Array:
        """All parameters as one (22,) vector."""
        return np.concatenate([self.contact, self.wrist_rpy, self.joints])

    @classmethod
    def from_vector(cls, vector: ArrayLike) -> "GraspParameters":
        """Split a (22,) vector."""
        v = as_vector(vector, "grasp parameters")
        return cls(v[CONTACT], v[WRIST], v[HAND])

    def plus(self, residual: ArrayLike) -> "GraspParameters":
        """Add a (22,) residual (paper, section 3.2: the grasp tried is xi + epsilon)."""
        return GraspParameters.from_vector(self.vector + as_vector(residual, "residual"))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, GraspParameters) and bool(np.array_equal(self.vector, other.vector))

    def __hash__(self) -> int:
        return hash(self.vector.tobytes())
