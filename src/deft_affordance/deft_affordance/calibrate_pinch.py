"""Find how a hand pinches what lies flat: `ros2 run deft_affordance calibrate_pinch --hand dash`.

What to change in a person's pinch, so that this hand holds with it, is the hand's matter, not any task's. So: spoons
drawn at random (never a task's), in scenes of picking one up; the prior says how a person would take each. CMA-ES
changes those holds all alike (wrist, place, bend of each finger, how deep the soft fingers are told to go) until the
twin's arm lifts the most of them. It begins near what the hand's YAML has, or from afar with a hand that has none. What
it prints is `flat` of that YAML; half of the spoons take no part in the search and say how good it is.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from itertools import repeat
from multiprocessing import get_context

import numpy as np
import yaml
from cmaes import CMA
from tqdm import tqdm

from deft_affordance.data.objects import draw_object
from deft_affordance.flat_pinch import flatness, over_table, tips_meet
from deft_affordance.predictor import AffordancePredictor, PredictorSettings
from deft_core.demonstration import load_demonstration
from deft_core.errors import ConfigError, DeftError, PerceptionRefused
from deft_core.geometry import Array
from deft_core.grasp import GraspParameters
from deft_core.hand import FlatPinch, HandModel, load_hand
from deft_core.motion import episode_motion
from deft_core.task import ObjectSet, ObjectSpec, load_task
from deft_core.workcell import load_workcell, scene_seed
from deft_perception.segmentation import SegmentationSettings
from deft_sim.workcell import TwinWorkcell

TASK, KIND = "pick_spoon", "spoon"
# One standard deviation of what the search begins with: turn (rad), shift (m), give (m), bends (rad).
SCALES = np.array([0.3, 0.3, 0.3, 0.012, 0.012, 0.008, 0.008, *[0.25] * 9])
POPULATION, WIDE, NARROW, FINALISTS = 16, 0.7, 0.3, 6


@dataclass(frozen=True, eq=False)
class Case:
    """A lying spoon, and how a person would take it, carried to the hand.

    Attributes:
        spoon, scene: which spoon is drawn, and which scene of it.
        grasp: the hold before the table has its say.
        contact_in_wrist: (3,) metres, the constant of the grasp parameters.
        meet: see `tips_meet`.
    """

    spoon: int
    scene: int
    grasp: GraspParameters
    contact_in_wrist: Array
    meet: float


def flat_pinch(x: Array, hand: HandModel) -> FlatPinch:
    """What numbers (16,) of the search stand for, in units of SCALES."""
    turn, shift, give, bends = np.split(x * SCALES, [3, 6, 7])
    joints, curl = np.zeros((4, 4)), hand.curl_ratio or (1.0, 1.0)
    joints[:3, 1], joints[3, :2] = bends[0:6:2], bends[6:8]
    joints[:, 2:] = np.outer([*bends[1:6:2], bends[8]], curl)
    return FlatPinch(
        turn_rad=tuple(turn.round(3).tolist()),
        shift_m=tuple(shift.round(4).tolist()),
        joints_rad=tuple(joints.round(3).reshape(16).tolist()),
        give_m=float(np.clip(give[0], 0.0, 0.02).round(4)),
    )


def numbers(flat: FlatPinch, hand: HandModel) -> Array:
    """The numbers (16,) that stand for a way to pinch: the inverse of `flat_pinch`, but for its rounding."""
    joints, curl = np.array(flat.joints_rad).reshape(4, 4), (hand.curl_ratio or (1.0, 1.0))[0]
    fingers = np.column_stack([joints[:3, 1], joints[:3, 2] / curl]).reshape(-1)
    thumb = [joints[3, 0], joints[3, 1], joints[3, 2] / curl]
    return np.concatenate([flat.turn_rad, flat.shift_m, [flat.give_m], fingers, thumb]) / SCALES


@lru_cache(maxsize=64)
def _twin(spoon: int, seed: int, hand_name: str) -> TwinWorkcell:
    """The twin with a spoon drawn at random in the place of the task's."""
    task, cell = load_task(TASK), load_workcell("twin")
    thing = draw_object(KIND, np.random.default_rng([seed, spoon])).target
    drawn = ObjectSet(target=ObjectSpec(kind=KIND, parameters=thing.model_dump()))
    cell = cell.model_copy(update={"hand": cell.hand.model_copy(update={"model": hand_name})})
    return TwinWorkcell(task.model_copy(update={"train": drawn, "test": drawn}), cell, seed)


class _Person(AffordancePredictor):
    """The prior as if there were no table: a person's hold, carried to the hand."""

    def over_table(self, hold: GraspParameters, mano: Array) -> GraspParameters:
        return hold


@lru_cache(maxsize=1)
def _person(hand_name: str) -> _Person:
    table_z_m = load_workcell("twin").table_z_m
    return _Person(None, load_hand(hand_name), PredictorSettings(SegmentationSettings(table_z_m=table_z_m)))


def _reset(spoon: int, scene: int, seed: int, hand_name: str) -> TwinWorkcell:
    twin = _twin(spoon, seed, hand_name)
    twin.reset("train", scene_seed(seed, "pinch", str(spoon), scene))
    return twin


def look(spoon: int, scene: int, seed: int, hand_name: str) -> Case | None:
    """How a person would take a spoon in a scene, if that is a pinch at something flat."""
    twin, person = _reset(spoon, scene, seed, hand_name), _person(hand_name)
    try:
        seen = person.predict(twin.look(), twin.task.instruction)
    except PerceptionRefused:
        return None
    meet, ciw = tips_meet(seen.mano_pose), person.contact_in_wrist
    pinches_flat = flatness(seen.prior, ciw, person.hand, twin.cell.table_z_m, meet) == 1.0
    return Case(spoon, scene, seen.prior, ciw, meet) if pinches_flat else None


def lift(case: Case, flat: FlatPinch | None, seed: int, hand_name: str) -> tuple[float, bool]:
    """Reward and success of a case's hold with a way to pinch; None: as a person does, raised."""
    twin = _reset(case.spoon, case.scene, seed, hand_name)
    hand = twin.hand.model_copy(update={"flat": flat})
    grasp = over_table(case.grasp, case.contact_in_wrist, hand, twin.cell.table_z_m, case.meet)
    motion = episode_motion(grasp, load_demonstration(twin.task.demonstration), hand, case.contact_in_wrist, twin.cell)
    fault = twin.execute(motion).fault
    verdict = twin.verdict()
    return (0.0, False) if fault else (verdict.reward, verdict.success)


class Trials:
    """Tries ways to pinch, in worker processes.

    Args:
        pool: the workers.
        hand_name: the hand.
        seed: of spoons and scenes.
    """

    def __init__(self, pool: Executor, hand_name: str, seed: int) -> None:
        self._pool, self._hand_name, self._seed = pool, hand_name, seed

    def cases(self, spoons: int, scenes: int) -> list[Case]:
        """The cases among so many drawn spoons in so many scenes each."""
        jobs = [(k, j) for k in range(spoons) for j in range(scenes)]
        same = repeat(self._seed), repeat(self._hand_name)
        found = self._pool.map(look, *zip(*jobs, strict=True), *same, chunksize=scenes)
        return [case for case in tqdm(found, total=len(jobs), unit="look", disable=None) if case]

    def worth(self, flats: Sequence[FlatPinch | None], cases: Sequence[Case]) -> Array:
        """Mean reward and share of success (n, 2) of ways to pinch over cases."""
        jobs = [(case, flat) for case in cases for flat in flats]
        same = repeat(self._seed), repeat(self._hand_name)
        tried = self._pool.map(lift, *zip(*jobs, strict=True), *same, chunksize=8)
        return np.array(list(tried), dtype=float).reshape(len(cases), len(flats), 2).mean(axis=0)

    def search(self, hand: HandModel, cases: Sequence[Case], generations: int, each: int) -> FlatPinch:
        """The best way to pinch that CMA-ES met: near the hand's own; or wide for a third of the time, then narrow.

        Args:
            hand: the hand.
            cases: what it is tried on, `each` of them a generation.
            generations: of POPULATION ways each.
        """
        start = numbers(hand.flat, hand) if hand.flat else np.zeros(len(SCALES))
        rng, best = np.random.default_rng(self._seed), [(start, -1.0)]
        cma = CMA(start, NARROW if hand.flat else WIDE, population_size=POPULATION, seed=self._seed)
        bar = tqdm(range(generations), unit="generation", disable=None)
        for generation in bar:
            if generation == generations // 3 and not hand.flat:
                cma = CMA(best[0][0], NARROW, population_size=POPULATION, seed=self._seed + 1)
            some = [cases[k] for k in sorted(rng.permutation(len(cases))[:each])]
            asked = [cma.ask() for _ in range(POPULATION)]
            means = self.worth([flat_pinch(x, hand) for x in asked], some).mean(axis=1)
            cma.tell([(x, -value) for x, value in zip(asked, means, strict=True)])
            best = sorted([*best, *zip(asked, means, strict=True)], key=lambda pair: -float(pair[1]))[:FINALISTS]
            bar.set_postfix(best=f"{best[0][1]:.2f}", mean=f"{means.mean():.2f}")
        # A generation's best was lucky, too: the finalists are tried on everything.
        finalists = [flat_pinch(x, hand) for x in [start, cma.mean, *(x for x, _ in best)]]
        return finalists[int(np.argmax(self.worth(finalists, cases).mean(axis=1)))]


def main(argv: Sequence[str] | None = None) -> int:
    """Search, print what belongs in the hand's YAML; returns the exit status."""
    parser = argparse.ArgumentParser(prog="calibrate_pinch", description=__doc__)
    parser.add_argument("--hand", default="dash", help="a hand's name, or its YAML")
    parser.add_argument("--spoons", type=int, default=48, help="how many are drawn")
    parser.add_argument("--scenes", type=int, default=3, help="of each")
    parser.add_argument("--generations", type=int, default=36, help="0: only say how good what the YAML has is")
    parser.add_argument("--each", type=int, default=24, help="holds that a generation is tried on")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes (default: one a core)")
    args = parser.parse_args(argv)
    if min(args.spoons, args.scenes, args.each, args.workers) < 1 or args.generations < 0:
        parser.error("--spoons, --scenes, --each and --workers are at least 1, --generations at least 0")
    try:
        hand = load_hand(args.hand)
        with ProcessPoolExecutor(args.workers, mp_context=get_context("spawn")) as pool:
            trials = Trials(pool, args.hand, args.seed)
            cases = trials.cases(args.spoons, args.scenes)
            for_search = [case for case in cases if case.spoon % 2 == 0] if args.generations else []
            held_out = [case for case in cases if case.spoon % 2 or not args.generations]
            if not held_out or (args.generations and not for_search):
                raise ConfigError(f"of {args.spoons} spoons too few are pinched where they lie; draw more")
            flat = trials.search(hand, for_search, args.generations, args.each) if args.generations else hand.flat
            (_, raised), (_, own) = trials.worth([None, flat], held_out)
    except DeftError as error:
        print(f"calibrate_pinch: {error}", file=sys.stderr)
        return 1
    spoons = len({case.spoon for case in held_out})
    print(
        f"lifted of {len(held_out)} holds on {spoons} spoons: {raised:.2f} as people do, {own:.2f} in this hand's way"
    )
    if args.generations:
        print(yaml.safe_dump({"flat": flat.model_dump(mode="json") if flat else None}, default_flow_style=None).strip())
    return 0


if __name__ == "__main__":
    sys.exit(main())
