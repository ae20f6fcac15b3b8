"""What is seen and what is thought of it: an RGB-D capture, an affordance, a rating."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from deft_core.geometry import Array
from deft_core.grasp import GraspParameters


@dataclass(frozen=True, eq=False)
class RGBDFrame:
    """One capture, depth aligned to colour.

    Attributes:
        color: (H, W, 3) uint8 RGB.
        depth_mm: (H, W) uint16 millimetres along the optical axis, 0 where there is no measurement.
        K: (3, 3) intrinsics, pixels.
        distortion: (5,) plumb_bob coefficients k1, k2, p1, p2, k3.
        T_base_camera: (4, 4) colour optical frame in base_link, as calibrated.
        capture_id: counts captures from 1.
        stamp_s: capture time, host seconds.
    """

    color: NDArray[np.uint8]
    depth_mm: NDArray[np.uint16]
    K: Array
    distortion: Array
    T_base_camera: Array
    capture_id: int
    stamp_s: float

    def __post_init__(self) -> None:
        if self.color.dtype != np.uint8 or self.color.ndim != 3 or self.color.shape[2] != 3 or not self.color.size:
            raise ValueError(f"color must be (H, W, 3) uint8, not empty, got {self.color.shape} {self.color.dtype}")
        if self.depth_mm.dtype != np.uint16 or self.depth_mm.shape != self.color.shape[:2]:
            raise ValueError(
                f"depth must be {self.color.shape[:2]} uint16 like the colour image, "
                f"got {self.depth_mm.shape} {self.depth_mm.dtype}"
            )
        for name, shape in (("K", (3, 3)), ("distortion", (5,)), ("T_base_camera", (4, 4))):
            value = np.asarray(getattr(self, name), dtype=float)
            if value.shape != shape or not np.isfinite(value).all():
                raise ValueError(f"{name} must be {shape} finite numbers, got {value.shape}")
        if not (self.K[0, 0] > 0 and self.K[1, 1] > 0):
            raise ValueError(f"focal lengths must be positive, got {self.K[0, 0]}, {self.K[1, 1]}")


@dataclass(frozen=True, eq=False)
class Affordance:
    """Where and how a person would grasp, and the robot grasp that follows (paper, section 3.1).

    Attributes:
        instruction: the text it was conditioned on.
        crop: (x, y, width, height) of the object's crop in the colour image, pixels.
        contacts_px: (k, 2) predicted contact points (x, y), colour pixels.
        contacts_base: (k, 3) the same in base_link, metres.
        contact_weights: (k,) sums to 1.
        heatmap: (h, w) probability over the crop, sums to 1.
        wrist_rotation_camera: (3,) axis-angle in the camera's optical frame, radians.
        mano_pose: (45,) MANO pose relative to the flat hand, radians.
        score: confidence in [0, 1].
        embedding: (d,) image embedding of the crop.
        encoder_hash: SHA-256 of the encoder's weights.
        contact_depth_m: depth used for the contact, metres.
        prior: the 22 grasp parameters in base_link.
        capture_id: the capture it was computed from.
    """

    instruction: str
    crop: tuple[int, int, int, int]
    contacts_px: Array
    contacts_base: Array
    contact_weights: Array
    heatmap: NDArray[np.float32]
    wrist_rotation_camera: Array
    mano_pose: Array
    score: float
    embedding: NDArray[np.float32]
    encoder_hash: str
    contact_depth_m: float
    prior: GraspParameters
    capture_id: int


@dataclass(frozen=True)
class Rating:
    """What a rater says of an episode. `success` is None where this rater cannot tell."""

    reward: float
    success: bool | None
    rater: str
    redo: bool = False
    details: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not 0.0 <= self.reward <= 1.0:  # NaN fails this too
            raise ValueError(f"{self.rater} gave the reward {self.reward}, which is not in [0, 1]")
        if self.success is not None:
            object.__setattr__(self, "success", bool(self.success))  # NumPy's bool is none to a record
