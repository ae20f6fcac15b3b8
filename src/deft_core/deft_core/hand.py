"""The soft hand as data: joints, motors, tendons, geometry. One YAML a hand in `hands/`.

Joint conventions (all hands): a finger's base frame is given in the wrist frame; in it the straight finger points
along -x, the side joint turns about +y and the three bend joints about +z, flexion positive.
"""

from functools import cached_property
from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import Field, model_validator
from scipy.spatial.transform import Rotation

from deft_core.config import Settings, find_setting, load_yaml
from deft_core.finger import Finger, Lengths, Place, Turns
from deft_core.geometry import Array, transform
from deft_core.grasp import FINGER_JOINTS, FINGERS, as_vector
from deft_core.sizes import Amperes, JointRadians

HANDS_DIR = Path(__file__).parent / "hands"


class Motors(Settings):
    """What turns the tendons."""

    max_speed_radps: Annotated[float, Field(gt=0, le=50)]
    current_limit_a: Amperes
    goal_current_a: Annotated[Amperes, Field(description="current-based position: greatest grip current")]
    backlash_rad: Annotated[float, Field(ge=0, le=0.5)]
    torque_nm_per_a: Annotated[float, Field(gt=0, le=20)]

    @model_validator(mode="after")
    def _check(self) -> "Motors":
        if self.goal_current_a > self.current_limit_a:
            raise ValueError(f"goal_current_a {self.goal_current_a} is above current_limit_a {self.current_limit_a}")
        return self


class Pinch(Settings):
    """How a hand pinches, against how a person does: see `deft_affordance.own_pinch`.

    Attributes:
        turn_rad: rotation vector of the wrist, in the wrist frame.
        shift_m: of where thumb meets index and middle finger: in the (person's) wrist frame, or over the table along
            the hand's heading, to its left, up.
        joints_rad: added to the sixteen joints.
    """

    turn_rad: Turns
    shift_m: Place
    joints_rad: Annotated[tuple[JointRadians, ...], Field(min_length=16, max_length=16)]


class HandModel(Settings):
    """A four-fingered, 16-joint hand: twelve motors where PIP and DIP share a tendon, or sixteen.

    `curl_ratio` splits the curl motor's angle into (PIP, DIP): joint = ratio * motor. `open_fraction` of a grasp's
    bend angles is what the hand approaches with; `squeeze_rad` is added to every bend joint to hold (one number a
    hand, never a task). `seat_m` is where an object that the hand wraps should lie in the wrist frame, less where a
    person has it (`ros2 run deft_affordance calibrate_hand` measures it). `thumb_rad` is for a thumb whose joints are
    no person's, so that a person's angles say nothing to them: its posture, opposed, to begin from. `pinch` is how it
    pinches, and `flat` how it pinches what lies flat, where that is known (`ros2 run deft_affordance calibrate_pinch`
    finds both); `give_m` is how deep into a table its fingers, being soft, may be told to go in a pinch.
    """

    name: str
    T_wrist_eef_xyz_m: Place
    T_wrist_eef_rpy_rad: Turns
    seat_m: Place
    palm_center_m: Place
    palm_size_m: Lengths
    mass_kg: Annotated[float, Field(gt=0, le=5)]
    curl_ratio: tuple[Annotated[float, Field(gt=0, le=3)], Annotated[float, Field(ge=0, le=3)]] | None = None
    open_fraction: Annotated[float, Field(ge=-1, le=1)]
    squeeze_rad: Annotated[float, Field(ge=0, le=1.5)]
    thumb_rad: tuple[JointRadians, JointRadians, JointRadians, JointRadians] | None = None
    pinch: Pinch | None = None
    flat: Pinch | None = None
    give_m: Annotated[float, Field(ge=0.0, le=0.02)] = 0.0
    motors: Motors
    guard_points_m: list[Place]
    fingers: dict[str, Finger]

    @model_validator(mode="after")
    def _check(self) -> "HandModel":
        if tuple(self.fingers) != FINGERS:
            raise ValueError(f"fingers must be {', '.join(FINGERS)}, in this order")
        ids = [i for finger in self.fingers.values() for i in finger.motor_ids]
        if len(ids) not in (12, 16) or len(set(ids)) != len(ids) or not all(0 <= i <= 252 for i in ids):
            raise ValueError(f"motor_ids {ids} must be twelve or sixteen different numbers in 0..252, as many a finger")
        if (len(ids) == 12) != (self.curl_ratio is not None):
            raise ValueError("curl_ratio is for hands of twelve motors, and needed there")
        return self

    @property
    def motor_kinds(self) -> tuple[str, ...]:
        """What the motors of a finger do, in the order of their ids."""
        return ("side", "forward", "curl") if self.curl_ratio else FINGER_JOINTS

    @cached_property
    def T_wrist_eef(self) -> Array:
        """Flange in the wrist frame (4, 4)."""
        rotation = Rotation.from_euler("xyz", self.T_wrist_eef_rpy_rad).as_matrix()
        return transform(rotation, self.T_wrist_eef_xyz_m)

    @cached_property
    def rigid_points(self) -> Array:
        """Points (n, 3) of the wrist frame, metres, that bound what is hard about the hand: palm and guard points."""
        half = np.asarray(self.palm_size_m) / 2
        signs = np.stack(np.meshgrid(*[[-1.0, 1.0]] * 3), axis=-1).reshape(-1, 3)
        return np.concatenate([self.palm_center_m + signs * half, np.array(self.guard_points_m)])

    @cached_property
    def lower(self) -> Array:
        """Lower joint limits (16,), rad."""
        return np.array([f.limits_rad[j][0] for f in self.fingers.values() for j in FINGER_JOINTS])

    @cached_property
    def upper(self) -> Array:
        """Upper joint limits (16,), rad."""
        return np.array([f.limits_rad[j][1] for f in self.fingers.values() for j in FINGER_JOINTS])

    @cached_property
    def motor_ids(self) -> tuple[int, ...]:
        """Bus ids: `motor_kinds` of index, middle, ring, thumb."""
        return tuple(i for finger in self.fingers.values() for i in finger.motor_ids)

    @cached_property
    def joints_from_motors_matrix(self) -> Array:
        """(16, motors): joint angles from motor angles (rad)."""
        if self.curl_ratio is None:
            return np.eye(16)
        M = np.zeros((16, 12))
        for f in range(4):
            M[4 * f, 3 * f] = M[4 * f + 1, 3 * f + 1] = 1.0
            M[4 * f + 2, 3 * f + 2], M[4 * f + 3, 3 * f + 2] = self.curl_ratio
        return M

    @cached_property
    def motors_from_joints_matrix(self) -> Array:
        """(motors, 16): its pseudo-inverse."""
        return np.asarray(np.linalg.pinv(self.joints_from_motors_matrix), dtype=float)

    def joints_from_motors(self, motors: Array) -> Array:
        """Joint angles (16,) that unloaded tendons give at motor angles (12,) or (16,)."""
        return self.joints_from_motors_matrix @ as_vector(motors, "motor angles", len(self.motor_ids))

    def motors_from_joints(self, joints: Array) -> Array:
        """Motor angles that come nearest to joint angles (16,): least squares where two joints share a motor."""
        return self.motors_from_joints_matrix @ as_vector(joints, "hand joints", 16)

    def clip(self, joints: Array) -> Array:
        """Joint angles (16,) moved into the limits."""
        return np.clip(as_vector(joints, "hand joints", 16), self.lower, self.upper)

    def open_posture(self, joints: Array) -> Array:
        """The posture (16,) to approach with: the grasp's side joints, its bends opened to `open_fraction`."""
        out = as_vector(joints, "hand joints", 16).reshape(4, 4).copy()
        out[:, 1:] *= self.open_fraction
        return self.clip(out.reshape(16))

    def squeezed(self, joints: Array) -> Array:
        """The posture (16,) that holds: `squeeze_rad` past the grasp on every bend joint."""
        out = as_vector(joints, "hand joints", 16).reshape(4, 4).copy()
        out[:, 1:] += self.squeeze_rad
        return self.clip(out.reshape(16))

    @cached_property
    def human_signs(self) -> Array:
        """(16,) +1 or -1: a person's spread and bend, times this, is a joint's angle. Joints turn as their axes say."""
        signs = np.ones(16)
        for f, finger in enumerate(self.fingers.values()):
            for hinge in finger.chain:
                along = hinge.axis[1] if hinge.joint == "side" else hinge.axis[2]
                signs[4 * f + FINGER_JOINTS.index(hinge.joint)] = -1.0 if along < 0.0 else 1.0
        return signs

    @cached_property
    def _bases(self) -> tuple[Array, Array]:
        """Rotation (4, 3, 3) and place (4, 3) of each finger's base in the wrist frame."""
        fingers = self.fingers.values()
        turns = Rotation.from_euler("xyz", [finger.base_rpy_rad for finger in fingers]).as_matrix()
        return turns, np.array([finger.base_xyz_m for finger in fingers])

    @cached_property
    def _hinges(self) -> tuple[Array, Array, Array, Array]:
        """Of each finger's joints from the palm outwards: their index among a finger's (4, 4), the steps to them and
        to the tip (4, 5, 3), the matrix (4, 4, 3, 3) of the cross product with their axis, and its square."""
        chains = [finger.chain for finger in self.fingers.values()]
        index = np.array([[FINGER_JOINTS.index(hinge.joint) for hinge in chain] for chain in chains])
        tips = [finger.tip for finger in self.fingers.values()]
        steps = [[*(hinge.xyz_m for hinge in chain), tip] for chain, tip in zip(chains, tips, strict=True)]
        axes = np.array([[hinge.axis for hinge in chain] for chain in chains])
        cross = np.cross(axes[:, :, None, :], np.eye(3)).swapaxes(-1, -2)
        return index, np.array(steps), cross, cross @ cross

    def finger_points(self, joints: Array) -> Array:
        """First joint, PIP, DIP and tip of each finger in the wrist frame, (..., 4, 4, 3) m, at joints (..., 16)."""
        joints = np.asarray(joints, dtype=float)
        if joints.shape[-1:] != (16,) or not np.isfinite(joints).all():
            raise ValueError(f"hand joints are (..., 16) finite angles, got shape {joints.shape}")
        (R, at), (index, steps, cross, square) = self._bases, self._hinges
        angles = joints.reshape(*joints.shape[:-1], 4, 4)[..., np.arange(4)[:, None], index][..., None, None]
        turns = np.eye(3) + np.sin(angles) * cross + (1.0 - np.cos(angles)) * square  # Rodrigues
        points = []
        for k in range(5):
            at = at + (R @ steps[:, k, :, None])[..., 0]
            points.append(np.broadcast_to(at, (*joints.shape[:-1], 4, 3)))
            R = R @ turns[..., k, :, :] if k < 4 else R
        return np.stack([points[0], *points[2:]], axis=-2)

    def finger_heights(self, T_base_wrist: Array, joints: Array) -> Array:
        """Height (4,), metres over base_link's origin, of each finger's lowest flesh, the wrist at a pose (4, 4)."""
        heights = self.finger_points(joints) @ T_base_wrist[2, :3] + T_base_wrist[2, 3]
        return np.asarray(heights.min(axis=1) - [finger.radius_m for finger in self.fingers.values()])


def load_hand(name: str = "dash") -> HandModel:
    """Load a hand by name, or by the path of a YAML file."""
    return load_yaml(find_setting(name, HANDS_DIR, "hand"), HandModel)
