"""What the emulated controller remembers beside its motion: limits, load, offsets, sensitivities."""

from dataclasses import dataclass, field

import numpy as np

from deft_sim.devices.plant import Array
from deft_sim.devices.xarm_motion import JOINT_LOWER, JOINT_UPPER, MAX_JOINT_SPEED_RADPS

# Contact torque (N m) on each joint that counts as a collision at sensitivity 3, and how the other steps scale it. The
# vendor publishes neither; these are of the size of a hand's push, well above what a held cup weighs.
COLLISION_NM: tuple[float, ...] = (30.0, 30.0, 20.0, 12.0, 12.0, 8.0)
SENSITIVITY_SCALE: tuple[float, ...] = (np.inf, 2.0, 1.4, 1.0, 0.7, 0.5)
FAR_MM = 9999


def _joint_ranges() -> Array:
    return np.column_stack([JOINT_LOWER, JOINT_UPPER])


@dataclass
class ControllerSettings:
    """Settings as the SDK writes and reads them (mm, rad, kg)."""

    collision_sensitivity: int = 3
    teach_sensitivity: int = 3
    collision_nm: tuple[float, ...] = COLLISION_NM
    collision_s: float = 0.016
    tcp_offset: Array = field(default_factory=lambda: np.zeros(6))
    world_offset: Array = field(default_factory=lambda: np.zeros(6))
    load: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    gravity: tuple[float, float, float] = (0.0, 0.0, -1.0)
    tcp_jerk: float = 1000.0
    tcp_max_acceleration: float = 50000.0
    joint_jerk: float = 20.0 * np.pi
    joint_max_acceleration: float = 20.0
    report_current: int = 0
    self_collision: int = 0
    tool_model: int = 0
    rebound: int = 0
    approximate: int = 0
    cartesian_continuous: int = 0
    simulated: int = 0
    counter: int = 0
    reduced: bool = False
    fence: bool = False
    reduced_tcp_mmps: float = 1000.0
    reduced_joint_radps: float = MAX_JOINT_SPEED_RADPS
    boundary_mm: tuple[int, ...] = (FAR_MM, -FAR_MM, FAR_MM, -FAR_MM, FAR_MM, -FAR_MM)
    joint_ranges: Array = field(default_factory=_joint_ranges)
    # What is enforced: a boundary or a joint range takes effect when fence or reduced mode is written after it.
    active_boundary_mm: tuple[int, ...] = (FAR_MM, -FAR_MM, FAR_MM, -FAR_MM, FAR_MM, -FAR_MM)
    active_ranges: Array = field(default_factory=_joint_ranges)

    def latch_limits(self) -> None:
        """Let the boundary and the joint ranges written so far take effect."""
        self.active_boundary_mm, self.active_ranges = self.boundary_mm, self.joint_ranges.copy()

    @property
    def joint_speed_limit(self) -> float:
        """Greatest joint speed now, rad/s."""
        return min(self.reduced_joint_radps, MAX_JOINT_SPEED_RADPS) if self.reduced else MAX_JOINT_SPEED_RADPS

    @property
    def tcp_speed_limit(self) -> float:
        """Greatest tool speed now, mm/s."""
        return min(self.reduced_tcp_mmps, 1000.0) if self.reduced else 1000.0

    def collides(self, external_nm: Array) -> bool:
        """Whether contact torques (6,) are more than the sensitivity lets pass."""
        scale = SENSITIVITY_SCALE[self.collision_sensitivity]
        return bool((np.abs(external_nm) > scale * np.asarray(self.collision_nm)).any())

    def beyond_mm(self, tcp_mm: Array) -> float:
        """How far a tool position (3,) is beyond the boundary in force; 0 inside, or with the fence off."""
        if not self.fence:
            return 0.0
        high, low = np.array(self.active_boundary_mm[0::2]), np.array(self.active_boundary_mm[1::2])
        return float(np.maximum(tcp_mm - high, 0.0).sum() + np.maximum(low - tcp_mm, 0.0).sum())

    def out_of_range(self, q: Array) -> bool:
        """Whether joint angles (6,) are beyond the reduced ranges in force."""
        if not self.reduced:
            return False
        return bool((q < self.active_ranges[:, 0] - 1e-3).any() or (q > self.active_ranges[:, 1] + 1e-3).any())
