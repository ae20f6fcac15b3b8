"""Search how a person takes a spoon so as to use it: `ros2 run deft_affordance find_aim --kind "spoon in pot"`.

Who stirs or scoops takes the handle so that it stays where it was and does not give when something pushes at the bowl.
So: CMA-ES over the aim (`deft_sim.human.aiming.Aim`) and the place along the handle, on a dozen drawn spoons that are
taken, lifted, shaken, and then pushed at the bowl from six sides. The hand is the human's; no robot, no task's object
and no judge has a part in it. What it found stands in `deft_sim.human.aims`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from cmaes import CMA

from deft_affordance.data.human_grasps import MAX_TIP_RAD, REFERENCE_XY_M, closed_hand
from deft_affordance.data.objects import KINDS
from deft_affordance.data.tabletop import Tabletop, draw_tabletop, in_the_way
from deft_affordance.progress import bar
from deft_core.geometry import Array, apply, tilt, yaw_of
from deft_sim.human.aiming import Aim
from deft_sim.human.grasping import push, shake, take_hold
from deft_sim.human.hand_driver import THUMB
from deft_sim.human.natural import AIM_SIGMA_RAD, IN_WRIST_SIGMA_M
from deft_sim.human.scene import HumanStage
from deft_sim.things.spoon import Spoon

SPOONS = tuple(kind for kind in KINDS if kind.startswith("spoon"))
# Heading, below, palm (rad); place in the wrist frame (m); knuckles, curl (rad); share of the handle.
LOW = np.array([-0.9, -0.1, -0.1, -0.135, -0.070, -0.010, -0.2, 0.0, 0.15])
HIGH = np.array([1.2, 1.4, 1.6, -0.075, -0.020, 0.030, 1.3, 0.9, 0.75])
# The middle of the few ways, of two thousand drawn evenly between the bounds, that held the drawn spoons best.
START = np.array([-0.3, 0.36, 0.77, -0.104, -0.044, 0.008, 0.3, 0.2, 0.44])
# Nobody comes twice the same way: what an aim is worth is its worth with some of that spread about it.
_SPREAD = 0.6 * np.array([*AIM_SIGMA_RAD, *IN_WRIST_SIGMA_M, 0.05, 0.05, 0.04])
PUSH_N = 1.0
_GIVES_RAD, _MOVED_M = 0.15, 0.015  # a hold that gives, or moved the bowl, by so much is worth a third of a perfect one
_POPULATION, _SIGMA, _HEADING_RAD = 18, 0.15, 0.08


@dataclass(frozen=True, eq=False)
class Case:
    """A drawn spoon with what stands beside it, and how far off the aim a person comes (9,)."""

    stage: HumanStage
    tabletop: Tabletop
    off: Array


def draw_case(kind: str, rng: np.random.Generator) -> Case:
    """A spoon of a kind."""
    tabletop = draw_tabletop(kind, rng)
    stage = HumanStage(tabletop.drawn.target, others=in_the_way(tabletop.drawn))
    return Case(stage, tabletop, _SPREAD * rng.normal(size=len(_SPREAD)))


def as_aim(x: Array) -> tuple[Aim, float]:
    """The aim and the share of the handle that numbers (9,) stand for."""
    return Aim(x[0], x[1], x[2], (x[3], x[4], x[5]), x[6], x[7]), float(np.clip(x[8], 0.0, 1.0))


def worth(x: Array, case: Case, closed: Array) -> float:
    """What a way to take a spoon is worth, 0 to 1; 0.55 and more if it held, the rest for not moving it."""
    aim, share = as_aim(x + case.off)
    stage, thing = case.stage, case.stage.thing
    assert isinstance(thing, Spoon)
    hand = stage.place(*REFERENCE_XY_M, 0.0, case.tabletop.poses)
    before = stage.object_pose()
    reach = aim.reach(apply(before, thing.along_handle(share)), yaw_of(before))
    hold = take_hold(hand, stage.object_body, reach, closed=closed)
    after = stage.object_pose()
    digits = hold.touch.digits
    value = 0.1 * min(len(digits), 3) / 3 + 0.05 * (THUMB in digits)
    if not hold.touch.opposed or tilt(before, after) > MAX_TIP_RAD:
        return value
    if not shake(hand, stage.object_body, hold).holds():
        return value + 0.1
    gives = push(hand, stage.object_body, hold, thing.bowl_centre, PUSH_N)
    moved = float(np.linalg.norm(apply(after, thing.bowl_centre) - apply(before, thing.bowl_centre)))
    return value + 0.4 + 0.15 * float(np.exp(-gives / _GIVES_RAD)) + 0.3 * float(np.exp(-moved / _MOVED_M))


def search(
    cases: Sequence[Case], closed: Array, generations: int, seed: int, heading_rad: float | None = None
) -> tuple[Array, float]:
    """The best aim (9,) that CMA-ES met, and its mean worth over the cases.

    Args:
        cases: spoons to take.
        closed: where the fingers go when they meet nothing (len(HINGES),), rad.
        generations: of eighteen aims each.
        seed: of the search.
        heading_rad: keep within 0.08 of this heading.
    """
    low, high, start = LOW.copy(), HIGH.copy(), START.copy()
    if heading_rad is not None:
        low[0], high[0], start[0] = heading_rad - _HEADING_RAD, heading_rad + _HEADING_RAD, heading_rad
    span = high - low
    bounds = np.tile([0.0, 1.0], (len(low), 1))
    cma = CMA((start - low) / span, _SIGMA, bounds=bounds, population_size=_POPULATION, seed=seed)
    best, value = start, -np.inf
    done = bar(range(generations), unit="generation")
    for _ in done:
        told = []
        for u in (cma.ask() for _ in range(cma.population_size)):
            x = low + u * span
            mean = float(np.mean([worth(x, case, closed) for case in cases]))
            told.append((u, -mean))
            if mean > value:
                best, value = x, mean
        cma.tell(told)
        done.set_postfix(best=f"{value:.2f}", mean=f"{-np.mean([loss for _, loss in told]):.2f}", refresh=False)
    return best, value


def main(argv: Sequence[str] | None = None) -> int:
    """Search and print an aim; returns the exit status."""
    parser = argparse.ArgumentParser(prog="find_aim", description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--kind", choices=SPOONS, required=True)
    parser.add_argument("--spoons", type=int, default=12, help="how many are drawn")
    parser.add_argument("--generations", type=int, default=12)
    parser.add_argument("--heading", type=float, help="keep within 0.08 rad of this heading, against the handle's")
    parser.add_argument("--seed", type=int, default=5)
    args = parser.parse_args(argv)
    if args.spoons < 1 or args.generations < 1:
        parser.error("--spoons and --generations are at least 1")
    rng = np.random.default_rng(args.seed)
    cases = [draw_case(args.kind, rng) for _ in range(args.spoons)]
    closed = closed_hand(KINDS[args.kind])
    x, value = search(cases, closed, args.generations, args.seed, args.heading)
    aim, share = as_aim(x)
    print(f"worth {value:.2f}: {aim}, held at {share:.2f} of the handle")
    return 0


if __name__ == "__main__":
    sys.exit(main())
