"""The rows of the study: what each method is, and what the paper reports for it.

The paper's numbers (tables 2 and 3) are of a real robot; ours are of the twin. They stand side by side, never pooled.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deft_cem.optimizers import OPTIMIZERS
from deft_core.errors import ConfigError
from deft_experiments.setups import CLUTTER, DRIFT, ROUNDED, WRONG, Setup

# (train, test) by task; of "affordance model only" the paper has one number for both.
Pair = tuple[float, float]
_TASKS_2 = ("pick_cup", "pour_cup", "open_drawer", "pick_spoon", "scoop_grape", "stir_spoon")
_TASKS_3 = ("pour_cup", "open_drawer", "pick_spoon")
TABLE_2 = {
    "real_world_only": dict(
        zip(_TASKS_2, ((0.0, 0.1), (0.2, 0.1), (0.1, 0.0), (0.7, 0.3), (0.0, 0.0), (0.3, 0.0)), strict=True)
    ),
    "affordance_only": {task: (v, v) for task, v in zip(_TASKS_2, (0.1, 0.4, 0.5, 0.5, 0.0, 0.3), strict=True)},
    "deft": dict(zip(_TASKS_2, ((0.8, 0.8), (0.8, 0.9), (0.5, 0.4), (0.8, 0.6), (0.7, 0.3), (0.8, 0.5)), strict=True)),
}
TABLE_3 = {
    "r3m": dict(zip(_TASKS_3, ((0.0, 0.0), (0.4, 0.5), (0.5, 0.4)), strict=True)),
    "resnet18": dict(zip(_TASKS_3, ((0.1, 0.2), (0.3, 0.1), (0.4, 0.2)), strict=True)),
    "mlp": dict(zip(_TASKS_3, ((0.0, 0.0), (0.5, 0.0), (0.6, 0.5)), strict=True)),
    "transformer": dict(zip(_TASKS_3, ((0.4, 0.5), (0.6, 0.1), (0.4, 0.5)), strict=True)),
    "direct": dict(zip(_TASKS_3, ((0.1, 0.1), (0.1, 0.0), (0.3, 0.0)), strict=True)),
}
PAPER: dict[str, dict[str, Pair]] = TABLE_2 | TABLE_3
GROUPS = {
    "table2": "Table 2: prior and fine-tuning",
    "reward": "Table 3: reward function",
    "policy": "Table 3: policy",
    "optimizer": "Sample efficiency: optimiser",
    "robustness": "Robustness",
}


@dataclass(frozen=True)
class Method:
    """One row.

    Attributes:
        name: On the command line and in files.
        title: In tables.
        group: A key of GROUPS.
        config: Fields of RunConfig that differ from DEFT's.
        setup: What the twin is made with.
        tries_of: Method whose thirty tries it shares.
        evaluates: Method of the run's evaluation trials that counts: tuned, or prior.
        needs: Rater whose checkpoint must be given.
    """

    name: str
    title: str
    group: str
    config: dict[str, Any] = field(default_factory=dict)
    setup: Setup = field(default_factory=Setup)
    tries_of: str = ""
    evaluates: str = "tuned"
    needs: str = ""

    @property
    def runs_of(self) -> str:
        """Method whose run folders hold this row's trials."""
        return "deft" if self.evaluates == "prior" else self.name


def _all() -> dict[str, Method]:
    rows = [
        Method("real_world_only", "Real-world only", "table2", setup=Setup(heuristics=True)),
        Method("affordance_only", "Affordance model only", "table2", evaluates="prior"),
        Method("deft", "DEFT", "table2"),
        Method("r3m", "R3M reward", "reward", {"reward": "r3m"}, needs="r3m"),
        Method("resnet18", "ResNet-18 (ImageNet) reward", "reward", {"reward": "resnet18"}, needs="resnet18"),
        Method("encoder", "Shipped encoder's reward", "reward", {"reward": "encoder"}),
        *(
            Method(policy, title, "policy", {"policy": policy}, tries_of="deft")
            for policy, title in (
                ("mlp", "DEFT with MLP"),
                ("transformer", "DEFT with transformer"),
                ("direct", "DEFT with direct parameters"),
                ("elite_mean", "DEFT with the elites' mean"),
            )
        ),
        *(
            Method(name, f"DEFT with {name}", "optimizer", {"optimizer": name})
            for name in OPTIMIZERS
            if name != "cem"
        ),
        Method(WRONG, "10 % of rewards wrong", "robustness", {"reward": f"judge~{WRONG}"}),
        Method(ROUNDED, "Rewards rounded to 0, 0.5, 1", "robustness", {"reward": f"judge~{ROUNDED}"}),
        Method(DRIFT, "Camera 1 cm off after try 15", "robustness", {"workcell": f"twin~{DRIFT}"}, Setup(drift=True)),
        Method(CLUTTER, "Other things on the table", "robustness", {"workcell": CLUTTER}, Setup(workcell=CLUTTER)),
    ]  # fmt: skip
    return {row.name: row for row in rows}


METHODS: dict[str, Method] = _all()


def choose(names: str) -> list[Method]:
    """Methods by names with commas, groups (`table2`, ...), `paper` (tables 2 and 3) or `all`, in the study's order.

    Raises:
        ConfigError: No such method or group; lists them.
    """
    wanted: set[str] = set()
    for name in names.split(","):
        groups = {"all": tuple(GROUPS), "paper": ("table2", "reward", "policy")}.get(name, (name,))
        found = {m.name for m in METHODS.values() if m.name == name or m.group in groups}
        if not found:
            raise ConfigError(f"no method {name!r}; there are {', '.join(METHODS)}, {', '.join(GROUPS)}, paper, all")
        wanted |= found
    return [m for m in METHODS.values() if m.name in wanted]


def missing(method: Method, checkpoints: dict[str, Path]) -> str:
    """Why a method cannot be run: its checkpoint is not there. Empty where it can."""
    if not method.needs:
        return ""
    path = checkpoints.get(method.needs)
    if path is not None and path.is_file():
        return ""
    return f"no checkpoint of {method.needs}" + (f" at {path}" if path else "")
