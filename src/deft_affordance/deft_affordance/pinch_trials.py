"""Pinches tried in the twin, in worker processes, on things drawn at random, never a task's, as the prior has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np

from deft_affordance.data.objects import draw_object
from deft_affordance.own_pinch import flatness, own_way, tips_meet
from deft_affordance.predictor import AffordancePredictor
from deft_affordance.predictor_settings import PredictorSettings
from deft_affordance.progress import bar
from deft_core.demonstration import load_demonstration
from deft_core.errors import PerceptionRefused
from deft_core.geometry import Array
from deft_core.grasp import GraspParameters
from deft_core.hand import Pinch, load_hand
from deft_core.motion import episode_motion
from deft_core.task import ObjectSet, ObjectSpec, load_task
from deft_core.workcell import load_workcell, scene_seed
from deft_sim.things.registry import KINDS
from deft_sim.things.thing import Thing
from deft_sim.workcell import TwinWorkcell

Which = Literal["pinch", "flat"]
# What each way to pinch is tried on: tasks, and the kind of thing that is drawn for each in the place of its own.
TRIED_ON: Mapping[Which, Mapping[str, str]] = {
    "pinch": {
        "open_drawer": "drawer",
        "scoop_grape": "spoon in dish",
        "stir_spoon": "spoon in pot",
        "pick_grape": "bunch",
        "flip_bagel": "bagel",
        "squeeze_lemon": "lemon",
    },
    "flat": {"pick_spoon": "spoon"},
}


@dataclass(frozen=True, eq=False)
class Case:
    """A thing drawn at random, and how a person would take it, carried to the hand.

    Attributes:
        task: whose motion follows the hold.
        thing, scene: which thing is drawn, and which scene of it.
        grasp: the hold before the hand's own way has its say.
        contact_in_wrist: (3,) metres, the constant of the grasp parameters.
        tips, meet: see `own_way`.
    """

    task: str
    thing: int
    scene: int
    grasp: GraspParameters
    contact_in_wrist: Array
    tips: float
    meet: float


def _spec(thing: Thing) -> ObjectSpec:
    kind = next(name for name, made in KINDS.items() if type(thing) is made)
    return ObjectSpec(kind=kind, parameters=thing.model_dump())


@lru_cache(maxsize=32)
def _twin(task_name: str, kind: str, thing: int, seed: int, hand_name: str) -> TwinWorkcell:
    """The twin with a thing drawn at random in the place of the task's."""
    task, cell = load_task(task_name), load_workcell("twin")
    drawn = draw_object(kind, np.random.default_rng([seed, thing]))
    objects = ObjectSet(target=_spec(drawn.target), others=[_spec(other) for other in drawn.others.values()])
    cell = cell.model_copy(update={"hand": cell.hand.model_copy(update={"model": hand_name})})
    return TwinWorkcell(task.model_copy(update={"train": objects, "test": objects}), cell, seed)


class _Person(AffordancePredictor):
    """The prior of a hand that has no way of its own, as if there were no table: a person's hold, carried to it."""

    def own_way(self, hold: GraspParameters, mano: Array, wrap: float) -> GraspParameters:
        return hold


@lru_cache(maxsize=1)
def _person(hand_name: str) -> _Person:
    return _Person(None, load_hand(hand_name), PredictorSettings.of(load_workcell("twin")))


def _reset(which: Which, task: str, thing: int, scene: int, seed: int, hand_name: str) -> TwinWorkcell:
    twin = _twin(task, TRIED_ON[which][task], thing, seed, hand_name)
    twin.reset("train", scene_seed(seed, "pinch", str(thing), scene))
    return twin


def look(which: Which, task: str, thing: int, scene: int, seed: int, hand_name: str) -> Case | None:
    """How a person would take a thing in a scene, if that is a pinch of the kind."""
    twin, person = _reset(which, task, thing, scene, seed, hand_name), _person(hand_name)
    try:
        seen = person.predict(twin.look(), twin.task.instruction)
    except PerceptionRefused:
        return None
    hold, tips, meet = seen.prior, 1.0 - person.standing(seen.mano_pose).wrap, tips_meet(seen.mano_pose)
    flat = flatness(hold, person.contact_in_wrist, person.hand, twin.cell.table_z_m, meet)
    fits = flat == 1.0 if which == "flat" else tips > 0.5 and flat == 0.0
    return Case(task, thing, scene, hold, person.contact_in_wrist, tips, meet) if fits else None


def attempt(case: Case, which: Which, way: Pinch | None, seed: int, hand_name: str) -> tuple[float, bool]:
    """Reward and success of a case's hold with a way to pinch; None: as a person does, clear of the table."""
    twin = _reset(which, case.task, case.thing, case.scene, seed, hand_name)
    hand = twin.hand.model_copy(update={which: way} if way else {which: None, "give_m": 0.0})
    grasp = own_way(case.grasp, case.contact_in_wrist, hand, twin.cell.table_z_m, case.tips, case.meet)
    motion = episode_motion(grasp, load_demonstration(twin.task.demonstration), hand, case.contact_in_wrist, twin.cell)
    fault = twin.execute(motion).fault
    verdict = twin.verdict()
    return (0.0, False) if fault else (verdict.reward, verdict.success)


class Trials:
    """Tries ways to pinch, in worker processes.

    Args:
        pool: the workers.
        which: which of the hand's ways.
        hand_name: the hand.
        seed: of things and scenes.
    """

    def __init__(self, pool: Executor, which: Which, hand_name: str, seed: int) -> None:
        self._pool, self.which, self._hand_name, self.seed = pool, which, hand_name, seed
        self.tasks = tuple(TRIED_ON[which])

    def cases(self, things: int, scenes: int) -> list[Case]:
        """The cases among so many drawn things of each kind in so many scenes each."""
        jobs = [
            (self.which, task, k, j, self.seed, self._hand_name)
            for task in self.tasks
            for k in range(things)
            for j in range(scenes)
        ]
        found = self._pool.map(look, *zip(*jobs, strict=True))
        return [case for case in bar(found, total=len(jobs), unit="look") if case]

    def worth(self, ways: Sequence[Pinch | None], cases: Sequence[Case]) -> Array:
        """Mean reward and share of success (ways, tasks, 2) of ways to pinch over cases of every task."""
        jobs = [(case, self.which, way, self.seed, self._hand_name) for case in cases for way in ways]
        tried = self._pool.map(attempt, *zip(*jobs, strict=True), chunksize=8)
        done = np.array(list(tried), dtype=float).reshape(len(cases), len(ways), 2)
        of = np.array([case.task for case in cases])
        return np.stack([done[of == task].mean(axis=0) for task in self.tasks], axis=1)
