"""A hand tracker's eyes on the simulated hand: MANO pose and 2D keypoints with the errors of a real tracker.

Published accuracy on hands that hold objects, HO-3D v2, mean joint error after alignment: METRO 10.4 mm, HaMeR 7.7 mm
(Pavlakos et al., "Reconstructing Hands in 3D with Transformers", CVPR 2024, table 2). `JOINT_SIGMA_RAD` and
`WRIST_SIGMA_RAD` are set so that the template's joints err by 9 mm on average, between the two (a test measures it).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial.transform import Rotation

from deft_core.geometry import Array, apply, inverse
from deft_core.mano import hand_points

JOINT_SIGMA_RAD = 0.16
WRIST_SIGMA_RAD = 0.08
# 2D keypoints of MediaPipe-like landmarkers on a hand some 100 px long.
KEYPOINT_SIGMA_PX = 2.0
PUBLISHED_ERROR_M = (0.0077, 0.0104)


@dataclass(frozen=True)
class Noise:
    """Errors of one frame: wrist (3,) and joints (45,) as axis-angle, keypoints (21, 2) in pixels."""

    wrist: Array
    joints: Array
    keypoints: Array

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Noise:
        """Draw the errors of a single image."""
        return cls(
            WRIST_SIGMA_RAD * rng.normal(size=3),
            JOINT_SIGMA_RAD * rng.normal(size=45),
            KEYPOINT_SIGMA_PX * rng.normal(size=(21, 2)),
        )

    def plus(self, other: Noise, weight: float = 1.0) -> Noise:
        """Weighted sum."""
        return Noise(
            self.wrist + weight * other.wrist,
            self.joints + weight * other.joints,
            self.keypoints + weight * other.keypoints,
        )


class VideoNoise:
    """Errors along a video: mostly one constant error a hand (its shape, its view), and brief jitter."""

    CONSTANT = 0.9
    MEMORY = 0.7

    def __init__(self, rng: np.random.Generator) -> None:
        self._rng = rng
        self._constant = Noise.draw(rng)
        self._jitter = Noise.draw(rng)

    def next(self) -> Noise:
        """The next frame's errors; their overall size is that of `Noise.draw`."""
        zero = self._constant.plus(self._constant, -1.0)
        kept = zero.plus(self._jitter, self.MEMORY)
        self._jitter = kept.plus(Noise.draw(self._rng), np.sqrt(1.0 - self.MEMORY**2))
        return zero.plus(self._constant, self.CONSTANT).plus(self._jitter, np.sqrt(1.0 - self.CONSTANT**2))


def compose(rotvec: Array, error: Array) -> Array:
    """Axis-angles (..., 3) turned by errors (..., 3) about their own axes."""
    shape = np.shape(rotvec)
    turned = Rotation.from_rotvec(np.reshape(rotvec, (-1, 3))) * Rotation.from_rotvec(np.reshape(error, (-1, 3)))
    return turned.as_rotvec().reshape(shape)


def observe(T_base_wrist: Array, mano_pose: Array, T_base_camera: Array, K: Array, noise: Noise) -> tuple[Array, Array]:
    """What a tracker reports of one frame.

    Args:
        T_base_wrist: (4, 4) true wrist pose.
        mano_pose: (45,) true hand pose.
        T_base_camera: (4, 4) optical frame.
        K: (3, 3) intrinsics.
        noise: this frame's errors.

    Returns:
        mano (48,): wrist rotation in the camera frame, then hand pose; keypoints (21, 2) in pixels.
    """
    T_camera_wrist = inverse(T_base_camera) @ T_base_wrist
    wrist = compose(Rotation.from_matrix(T_camera_wrist[:3, :3]).as_rotvec(), noise.wrist)
    pose = compose(mano_pose.reshape(15, 3), noise.joints.reshape(15, 3)).reshape(45)
    pixels = apply(T_camera_wrist, hand_points(mano_pose)) @ K.T
    return np.concatenate([wrist, pose]), pixels[:, :2] / pixels[:, 2:] + noise.keypoints
