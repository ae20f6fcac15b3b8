"""The workcell: its settings (one YAML), and the protocol by which the fine-tuning loop uses it."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Protocol

import numpy as np
from pydantic import Field, model_validator
from scipy.spatial.transform import Rotation

from deft_core.config import Settings, find_setting, load_yaml, validate
from deft_core.errors import ConfigError
from deft_core.geometry import Array, transform
from deft_core.hand import load_hand
from deft_core.kinematics import JOINT_LOWER, JOINT_UPPER
from deft_core.motion import EpisodeMotion
from deft_core.observation import Affordance, Rating, RGBDFrame
from deft_core.sizes import Metres, Positive, Radians
from deft_core.task import ObjectSpec

WORKCELLS_DIR = Path(__file__).parent / "workcells"
# The oldest command or state that may still move a motor.
Age = Annotated[float, Field(gt=0, le=2.0)]


# Settings that may be others when the same workcell is used again.
_OF_A_SITTING = ("name", "time_scale", "address", "serial", "host", "control_port", "port", "model")


class CameraSettings(Settings):
    """The RGB-D camera above the robot; `rotation` is the colour optical frame's in base_link, as calibrated."""

    source: Literal["realsense", "twin"]
    serial: str = ""
    address: str = ""
    width: Literal[640, 848, 1280] = 640
    height: Literal[480, 720] = 480
    fps: Literal[6, 15, 30, 60]
    xyz_m: tuple[Metres, Metres, Metres]
    rotation_rpy_rad: tuple[Radians, Radians, Radians]
    timeout_s: Positive = 10.0

    @property
    def T_base_camera(self) -> Array:
        """Calibrated pose (4, 4) of the colour optical frame."""
        return transform(Rotation.from_euler("xyz", self.rotation_rpy_rad).as_matrix(), self.xyz_m)


class ArmSettings(Settings):
    """The arm's address, home and limits (joint space rad, task space metres in base_link).

    The vendor's SDK fixes the report ports (30001 to 30003), so twins side by side need hosts of their own (127.x.y.z).
    """

    host: Annotated[str, Field(min_length=1)]
    control_port: Annotated[int, Field(ge=1, le=65535)] = 502
    home_rad: tuple[float, float, float, float, float, float]
    max_joint_speed_radps: Annotated[float, Field(gt=0, le=3.14)] = 1.5
    max_joint_acceleration_radps2: Annotated[float, Field(gt=0, le=20.0)] = 8.0
    speed_mps: Annotated[float, Field(gt=0, le=1.0)] = 0.25
    speed_radps: Annotated[float, Field(gt=0, le=2.0)] = 1.2
    control_hz: Annotated[float, Field(ge=20, le=250)] = 100.0
    workspace_lower_m: tuple[Metres, Metres, Metres]
    workspace_upper_m: tuple[Metres, Metres, Metres]
    collision_sensitivity: Annotated[int, Field(ge=1, le=5)] = 3
    max_command_age_s: Age = 0.25

    @model_validator(mode="after")
    def _check(self) -> "ArmSettings":
        if any(a >= b for a, b in zip(self.workspace_lower_m, self.workspace_upper_m, strict=True)):
            raise ValueError("workspace_lower_m must be below workspace_upper_m on every axis")
        for j, (q, low, high) in enumerate(zip(self.home_rad, JOINT_LOWER, JOINT_UPPER, strict=True)):
            if not low <= q <= high:
                raise ValueError(f"home_rad: joint {j + 1} at {q} rad is outside [{low:.3f}, {high:.3f}]")
        return self


class HandSettings(Settings):
    """The hand's model file, bus and control rate."""

    model: str = "dash"
    port: Annotated[str, Field(min_length=1)]
    baud: Literal[9_600, 57_600, 115_200, 1_000_000, 2_000_000, 3_000_000, 4_000_000, 4_500_000] = 4_000_000
    control_hz: Annotated[float, Field(ge=10, le=200)] = 50.0
    close_s: Positive = 1.0
    squeeze_s: Positive = 0.8
    max_command_age_s: Age = 0.25


class WorkcellConfig(Settings):
    """One workcell. `time_scale` is how many times faster than the clock it lives; 1 for anything real."""

    name: str
    kind: Literal["twin", "lab"]
    time_scale: Annotated[float, Field(gt=0, le=50)] = 1.0
    table_z_m: Annotated[float, Field(ge=-1.0, le=1.0)] = 0.0
    # The part of the table, in base_link, on which objects are looked for.
    objects_x_m: tuple[Metres, Metres] = (0.38, 0.75)
    objects_y_m: tuple[Metres, Metres] = (-0.20, 0.20)
    approach_m: Annotated[float, Field(gt=0, le=0.3)] = 0.12
    lift_clearance_m: Annotated[float, Field(ge=0, le=0.5)] = 0.10
    follow_speed_limit_mps: Annotated[float, Field(gt=0, le=1.0)] = 0.25
    table_clearance_m: Annotated[float, Field(ge=0, le=0.1)] = 0.005
    # The least gap between two links, or a link and the palm.
    self_clearance_m: Annotated[float, Field(ge=0, le=0.05)] = 0.005
    # Twin only: what else may stand on the table. Each scene draws some of those that the task has no like of.
    distractors: list[ObjectSpec] = Field(default_factory=list)
    camera: CameraSettings
    arm: ArmSettings
    hand: HandSettings

    @model_validator(mode="after")
    def _check(self) -> "WorkcellConfig":
        for name, (low, high) in (("objects_x_m", self.objects_x_m), ("objects_y_m", self.objects_y_m)):
            if low >= high:
                raise ValueError(f"{name}: the first must be below the second, they are {low} and {high}")
        if self.kind == "lab" and self.distractors:
            raise ValueError("distractors are for the twin; on a real table put them there by hand")
        if self.kind == "lab" and self.time_scale != 1.0:
            raise ValueError(f"time_scale {self.time_scale} is for the twin; a real device lives at 1")
        if (self.kind == "twin") != (self.camera.source == "twin"):
            raise ValueError(f"camera.source {self.camera.source!r} is not for a workcell of kind {self.kind!r}")
        return self


def load_workcell(name: str, time_scale: float | None = None) -> WorkcellConfig:
    """Load a workcell by name or by the path of its YAML, beside which its hand's may lie.

    Args:
        name: name or path.
        time_scale: overrides the file's where given.

    Raises:
        ConfigError: unknown, malformed, or another time scale than 1 on a real workcell.
    """
    path = find_setting(name, WORKCELLS_DIR, "workcell")
    config = load_yaml(path, WorkcellConfig)
    if config.hand.model.endswith((".yaml", ".yml")):  # a hand's file is named from where the workcell's lies
        model = str(path.parent / Path(config.hand.model).expanduser())
        config = config.model_copy(update={"hand": config.hand.model_copy(update={"model": model})})
    try:
        load_hand(config.hand.model)
    except ConfigError as error:
        raise ConfigError(f"{path}: hand.model: {error}") from None
    if time_scale is None:
        return config
    return validate(config.model_dump() | {"time_scale": float(time_scale)}, WorkcellConfig, str(path))


def lasting(cell: Mapping[str, Any]) -> dict[str, Any]:
    """A workcell's settings (plain data) by name, as `arm.speed_mps`: where they are the same, so is a grasp in it.

    Left out are where its devices are reached, its pace and name, and the hand's, which may be a file's path.
    """
    found: dict[str, Any] = {}
    for name, value in cell.items():
        if isinstance(value, Mapping):
            found |= {f"{name}.{inner}": of for inner, of in lasting(value).items()}
        elif name not in _OF_A_SITTING:
            found[name] = value
    return found


@dataclass(frozen=True)
class Outcome:
    """How an execution went.

    Attributes:
        fault: empty if the whole motion ran; else refused | unreachable | collision | overload and why.
        motion_s: host seconds that the motion took.
    """

    fault: str
    motion_s: float


class Workcell(Protocol):
    """What the fine-tuning loop needs of a workcell. The ROS graph and the in-process twin both are one.

    Every method raises `WorkcellError` when the workcell itself fails; a bad grasp is an `Outcome`, not an error.
    """

    def reset(self, objects: str, seed: int) -> None:
        """Open the hand, bring the arm home, and put the objects back ('train' or 'test', placed by `seed`)."""
        ...

    def look(self) -> RGBDFrame:
        """Take a new capture."""
        ...

    def execute(self, motion: EpisodeMotion) -> Outcome:
        """Run the motion of an episode."""
        ...

    def rate(self, rater: str, initial: RGBDFrame, final: RGBDFrame) -> Rating:
        """Ask a rater (`judge`, `operator`, `r3m`, ...) about the episode that was just executed."""
        ...


class Predictor(Protocol):
    """The prior: from a capture and an instruction to an affordance."""

    # Where the hand expects the contact, (3,) metres in the wrist frame (see deft_core.wrist).
    contact_in_wrist: Array

    def predict(self, frame: RGBDFrame, instruction: str) -> Affordance:
        """Predict; raises `PerceptionRefused` rather than guess."""
        ...


def scene_seed(run_seed: int, phase: str, objects: str, index: int) -> int:
    """Seed of one scene (positive, below 2**63): a function of the run's seed and the episode's place in it alone."""
    words = [int.from_bytes(text.encode(), "little") for text in (phase, objects)]
    state = np.random.SeedSequence([run_seed, *words, index]).generate_state(1, np.uint64)[0]
    return int(state >> np.uint64(1)) or 1
