"""Expert grasps: found by search relative to an object's true pose, to show that a task is possible. Tests only.

Nothing that learns may read them. They live beside the tests, in `test/data/experts.json`, written by `find_expert`.
"""

import json
from pathlib import Path

import numpy as np
from pydantic import Field

from deft_core.config import Settings, validate
from deft_core.errors import ConfigError
from deft_core.geometry import Array, apply, yaw_of
from deft_core.grasp import GraspParameters

EXPERTS_FILE = Path(__file__).resolve().parents[1] / "test" / "data" / "experts.json"


class Expert(Settings):
    """A grasp in its object's frame: metres, radians.

    Attributes:
        contact: (3,) in the object's frame (turned with it unless `symmetric`).
        wrist_rpy: (3,) in the convention of `deft_core.wrist`, at object yaw zero.
        joints: (16,).
        contact_in_wrist: (3,) where the hand expects the contact.
        symmetric: the object looks the same from all sides, so its yaw does not turn the grasp.
        success, episodes: what the search measured at its end.
    """

    contact: tuple[float, float, float]
    wrist_rpy: tuple[float, float, float]
    joints: tuple[float, ...] = Field(min_length=16, max_length=16)
    contact_in_wrist: tuple[float, float, float]
    symmetric: bool
    success: float
    episodes: int

    def grasp(self, T_base_thing: Array) -> GraspParameters:
        """The grasp for an object at a pose."""
        return place_grasp(
            np.concatenate([self.contact, self.wrist_rpy, self.joints]), T_base_thing, symmetric=self.symmetric
        )


def place_grasp(relative: Array, T_base_thing: Array, *, symmetric: bool) -> GraspParameters:
    """Turn a (22,) grasp in an object's frame into one in base_link."""
    wrist = relative[3:6].copy()
    if symmetric:
        contact = T_base_thing[:3, 3] + relative[:3]
    else:
        contact = apply(T_base_thing, relative[:3])
        wrist[2] += yaw_of(T_base_thing)
    return GraspParameters(contact, wrist, relative[6:])


class ExpertBook(Settings):
    """All experts: task, then object set."""

    experts: dict[str, dict[str, Expert]]


def load_experts(path: Path = EXPERTS_FILE) -> ExpertBook:
    """Read the experts.

    Raises:
        ConfigError: missing or malformed.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path}: no experts here; to find some: ros2 run deft_sim find_expert --task TASK") from None
    except ValueError as error:
        raise ConfigError(f"{path}: not JSON: {error}") from error
    return validate(data, ExpertBook, str(path))


def expert_for(task: str, objects: str, path: Path = EXPERTS_FILE) -> Expert:
    """The expert of a task and object set; raises `ConfigError` that lists what there is."""
    book = load_experts(path).experts
    try:
        return book[task][objects]
    except KeyError:
        known = ", ".join(f"{t}/{o}" for t in book for o in book[t]) or "none"
        raise ConfigError(f"{path}: no expert for {task}/{objects}; there are: {known}") from None


def save_expert(task: str, objects: str, expert: Expert, path: Path = EXPERTS_FILE) -> None:
    """Add an expert to the file, or replace it."""
    book = load_experts(path).model_dump() if path.exists() else {"experts": {}}
    book["experts"].setdefault(task, {})[objects] = expert.model_dump()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(book, indent=1) + "\n", encoding="utf-8")
