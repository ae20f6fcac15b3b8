"""One task, one YAML: instruction, objects, placement, demonstration, success criterion."""

from pathlib import Path
from typing import Annotated, Any

import numpy as np
from pydantic import Field, model_validator

from deft_core.config import Settings, find_setting, load_yaml
from deft_core.demonstration import DEMONSTRATIONS_DIR
from deft_core.sizes import Metres, Radians

TASKS_DIR = Path(__file__).parent / "tasks"
# The paper's nine tasks (section 4).
PAPER_TASKS = (
    "pick_cup",
    "pour_cup",
    "open_drawer",
    "pick_spoon",
    "scoop_grape",
    "stir_spoon",
    "pick_grape",
    "flip_bagel",
    "squeeze_lemon",
)
# From and to, of a criterion's number, by the unit that its name ends in; a full turn is 360 degrees.
CRITERION_RANGES = {"m": (0.001, 1.0), "n": (0.01, 100.0), "deg": (10.0, 360.0)}


class ObjectSpec(Settings):
    """An object of a scene: its kind (what builds it in the twin) and that kind's parameters (SI units)."""

    kind: str
    parameters: dict[str, Any] = Field(default_factory=dict)


class ObjectSet(Settings):
    """What stands on the table: the object to grasp first, then what else the task needs."""

    target: ObjectSpec
    others: list[ObjectSpec] = Field(default_factory=list)


class Placement(Settings):
    """Where the target may stand: uniform in a box of base_link and in yaw."""

    x_m: tuple[Metres, Metres]
    y_m: tuple[Metres, Metres]
    yaw_rad: tuple[Radians, Radians]

    @model_validator(mode="after")
    def _check(self) -> "Placement":
        for name in ("x_m", "y_m", "yaw_rad"):
            low, high = getattr(self, name)
            if low > high:
                raise ValueError(f"{name}: {low} is above {high}")
        return self


class Criterion(Settings):
    """Which success criterion of appendix F, and its numbers, whose names end in their units."""

    kind: str
    parameters: dict[str, float] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _check(self) -> "Criterion":
        for name, value in self.parameters.items():
            low, high = CRITERION_RANGES.get(name.rpartition("_")[2], (-np.inf, np.inf))
            if not low <= value <= high:
                raise ValueError(f"parameters.{name}: {value} is not from {low:g} to {high:g}")
        return self


class Task(Settings):
    """A tabletop task (paper, section 4 and appendix F)."""

    name: str
    instruction: Annotated[str, Field(min_length=3)]
    paraphrases: list[str]
    train: ObjectSet
    test: ObjectSet
    placement: Placement
    demonstration: str
    criterion: Criterion

    def objects(self, which: str) -> ObjectSet:
        """The object set `train` or `test`."""
        if which not in ("train", "test"):
            raise ValueError(f"objects are 'train' or 'test', not {which!r}")
        return self.train if which == "train" else self.test


def available_tasks() -> list[str]:
    """Names of the tasks that have a file and a demonstration, in the paper's order."""
    names = {p.stem for p in TASKS_DIR.glob("*.yaml") if (DEMONSTRATIONS_DIR / f"{p.stem}.json").is_file()}
    return [t for t in PAPER_TASKS if t in names] + sorted(names - set(PAPER_TASKS))


def load_task(name: str) -> Task:
    """Load a task by name or by the path of its YAML, beside which its demonstration may lie.

    Raises:
        ConfigError: unknown (lists the nine names and which exist) or malformed (names file, field, allowed values).
    """
    path = find_setting(name, TASKS_DIR, "task", PAPER_TASKS)
    task = load_yaml(path, Task)
    if not task.demonstration.endswith(".json"):
        return task
    return task.model_copy(update={"demonstration": str(path.parent / Path(task.demonstration).expanduser())})
