"""A finger as data: its joints from the palm outwards, their places, axes and limits, and its motors' ids."""

from functools import cached_property
from typing import Annotated, Literal

import numpy as np
from pydantic import Field, model_validator

from deft_core.config import Settings
from deft_core.grasp import FINGER_JOINTS
from deft_core.sizes import HandLength, HandMetres, JointRadians, Radians

Triple = tuple[float, float, float]
Place = tuple[HandMetres, HandMetres, HandMetres]
Lengths = tuple[HandLength, HandLength, HandLength]
Turns = tuple[Radians, Radians, Radians]
Range = tuple[JointRadians, JointRadians]
_SIDE, _BEND = (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)


class Hinge(Settings):
    """One joint of a finger's chain: where it sits in the frame of the one before, and its axis, all joints at zero."""

    joint: Literal["side", "forward", "pip", "dip"]
    xyz_m: Place = (0.0, 0.0, 0.0)
    axis: Triple

    @model_validator(mode="after")
    def _check(self) -> "Hinge":
        if abs(float(np.linalg.norm(self.axis)) - 1.0) > 1e-6:
            raise ValueError(f"axis {list(self.axis)} is not a unit vector")
        return self


class Finger(Settings):
    """One finger; lengths in metres, angles in radians.

    Of a finger like a person's, `links_m` says all: side and forward joint in one place, then the links. Another has
    its `hinges` listed from the palm outwards, and its `tip_xyz_m` in the last one's frame.
    """

    base_xyz_m: Place
    base_rpy_rad: Turns
    links_m: Annotated[Lengths | None, Field(description="proximal, middle, distal")] = None
    hinges: tuple[Hinge, Hinge, Hinge, Hinge] | None = None
    tip_xyz_m: Place | None = None
    radius_m: Annotated[float, Field(gt=0, le=0.05)]
    limits_rad: dict[str, Range]
    motor_ids: Annotated[
        tuple[int, int, int] | tuple[int, int, int, int],
        Field(description="side, forward, curl (PIP and DIP together); or side, forward, pip, dip"),
    ]

    @model_validator(mode="after")
    def _check(self) -> "Finger":
        if set(self.limits_rad) != set(FINGER_JOINTS):
            raise ValueError(f"limits_rad needs exactly {', '.join(FINGER_JOINTS)}")
        for name, (low, high) in self.limits_rad.items():
            if not low < high:
                raise ValueError(f"limits_rad.{name}: lower {low} is not below upper {high}")
        if (self.links_m is None) == (self.hinges is None) or (self.hinges is None) != (self.tip_xyz_m is None):
            raise ValueError("a finger has either links_m, or hinges and tip_xyz_m")
        if self.tip_xyz_m is not None and not any(self.tip_xyz_m):
            raise ValueError("tip_xyz_m is at the last joint: the last link has no length")
        if self.hinges is not None and {h.joint for h in self.hinges} != set(FINGER_JOINTS):
            raise ValueError(f"hinges needs each of {', '.join(FINGER_JOINTS)} once")
        return self

    @cached_property
    def chain(self) -> tuple[Hinge, ...]:
        """The four joints from the palm outwards."""
        if self.hinges is not None:
            return self.hinges
        assert self.links_m is not None
        along = [(-length, 0.0, 0.0) for length in self.links_m]
        return (
            Hinge(joint="side", axis=_SIDE),
            Hinge(joint="forward", axis=_BEND),
            Hinge(joint="pip", axis=_BEND, xyz_m=along[0]),
            Hinge(joint="dip", axis=_BEND, xyz_m=along[1]),
        )

    @property
    def tip(self) -> Triple:
        """Tip in the last joint's frame, metres."""
        if self.tip_xyz_m is not None:
            return self.tip_xyz_m
        assert self.links_m is not None
        return (-self.links_m[2], 0.0, 0.0)
