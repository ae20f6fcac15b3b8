"""Find how a hand pinches: `ros2 run deft_affordance calibrate_pinch --hand dash`, then the same with `--flat`.

What to change in a person's pinch, so that this hand holds with it, is the hand's matter, not any task's. So: things
drawn at random (never a task's), in scenes of every task in which fingertips hold; with `--flat`, lying spoons that are
picked up. The prior says how a person would take each. CMA-ES changes those holds all alike (wrist, place, bend of each
finger) until the twin's arm does the most with them. It begins near what the hand's YAML has, or from afar with a hand
that has none. What it prints is `pinch` or `flat` of that YAML; half of the things take no part in the search and say
how good it is.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import yaml
from cmaes import CMA

from deft_affordance.pinch_trials import Case, Trials, Which
from deft_affordance.progress import bar
from deft_core.errors import ConfigError, DeftError
from deft_core.geometry import Array
from deft_core.hand import HandModel, Pinch, load_hand

# One standard deviation of what the search begins with: turn (rad), shift (m), bends (rad).
SCALES = np.array([0.3, 0.3, 0.3, 0.012, 0.012, 0.010, *[0.25] * 9])
POPULATION, WIDE, NARROW, FINALISTS = 16, 0.7, 0.3, 6


def way(x: Array, hand: HandModel) -> Pinch:
    """What numbers (15,) of the search stand for, in units of SCALES."""
    turn, shift, bends = np.split(x * SCALES, [3, 6])
    joints, curl = np.zeros((4, 4)), hand.curl_ratio or (1.0, 1.0)
    joints[:3, 1], joints[3, :2] = bends[0:6:2], bends[6:8]
    joints[:, 2:] = np.outer([*bends[1:6:2], bends[8]], curl)
    return Pinch(
        turn_rad=tuple(turn.round(3).tolist()),
        shift_m=tuple(shift.round(4).tolist()),
        joints_rad=tuple(joints.round(3).reshape(16).tolist()),
    )


def numbers(pinch: Pinch, hand: HandModel) -> Array:
    """The numbers (15,) that stand for a way to pinch: the inverse of `way`, but for its rounding."""
    joints, curl = np.array(pinch.joints_rad).reshape(4, 4), (hand.curl_ratio or (1.0, 1.0))[0]
    fingers = np.column_stack([joints[:3, 1], joints[:3, 2] / curl]).reshape(-1)
    thumb = [joints[3, 0], joints[3, 1], joints[3, 2] / curl]
    return np.concatenate([pinch.turn_rad, pinch.shift_m, fingers, thumb]) / SCALES


def search(trials: Trials, hand: HandModel, cases: Sequence[Case], generations: int, each: int) -> Pinch:
    """The best way to pinch that CMA-ES met: near the hand's own; or wide for a third of the time, then narrow.

    Args:
        trials: where ways are tried.
        hand: the hand.
        cases: what they are tried on.
        generations: of POPULATION ways each.
        each: cases that a generation is tried on, shared among the tasks.
    """
    own = getattr(hand, trials.which)
    start = numbers(own, hand) if own else np.zeros(len(SCALES))
    rng, best = np.random.default_rng(trials.seed), [(start, -1.0)]
    cma = CMA(start, NARROW if own else WIDE, population_size=POPULATION, seed=trials.seed)
    of_task = [[case for case in cases if case.task == task] for task in trials.tasks]
    share = max(each // len(of_task), 1)
    done = bar(range(generations), unit="generation")
    for generation in done:
        if generation == generations // 3 and not own:
            cma = CMA(best[0][0], NARROW, population_size=POPULATION, seed=trials.seed + 1)
        some = [group[k] for group in of_task for k in sorted(rng.permutation(len(group))[:share])]
        asked = [cma.ask() for _ in range(POPULATION)]
        means = trials.worth([way(x, hand) for x in asked], some).mean(axis=(1, 2))
        cma.tell([(x, -value) for x, value in zip(asked, means, strict=True)])
        best = sorted([*best, *zip(asked, means, strict=True)], key=lambda pair: -float(pair[1]))[:FINALISTS]
        done.set_postfix(best=f"{best[0][1]:.2f}", mean=f"{means.mean():.2f}", refresh=False)
    # A generation's best was lucky, too: the finalists are tried on everything.
    finalists = [way(x, hand) for x in [start, cma.mean, *(x for x, _ in best)]]
    return finalists[int(np.argmax(trials.worth(finalists, cases).mean(axis=(1, 2))))]


def main(argv: Sequence[str] | None = None) -> int:
    """Search, print what belongs in the hand's YAML; returns the exit status."""
    parser = argparse.ArgumentParser(prog="calibrate_pinch", description=__doc__)
    parser.add_argument("--hand", default="dash", help="a hand's name, or its YAML")
    parser.add_argument("--flat", action="store_true", help="how it pinches what lies flat")
    parser.add_argument("--things", type=int, default=48, help="how many of each kind are drawn")
    parser.add_argument("--scenes", type=int, default=1, help="of each")
    parser.add_argument("--generations", type=int, default=24, help="0: only say how good what the YAML has is")
    parser.add_argument("--each", type=int, default=24, help="holds that a generation is tried on, of all kinds")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="processes (default: one a core)")
    args = parser.parse_args(argv)
    if min(args.things, args.scenes, args.each, args.workers) < 1 or args.generations < 0:
        parser.error("--things, --scenes, --each and --workers are at least 1, --generations at least 0")
    which: Which = "flat" if args.flat else "pinch"
    try:
        hand = load_hand(args.hand)
        with ProcessPoolExecutor(args.workers, mp_context=get_context("spawn")) as pool:
            trials = Trials(pool, which, args.hand, args.seed)
            cases = trials.cases(args.things, args.scenes)
            for_search = [case for case in cases if case.thing % 2 == 0] if args.generations else []
            held_out = [case for case in cases if case.thing % 2 or not args.generations]
            for group in (held_out, for_search) if args.generations else (held_out,):
                if missing := set(trials.tasks) - {case.task for case in group}:
                    raise ConfigError(
                        f"no pinch for {', '.join(sorted(missing))} in {args.things} things of a kind; draw more"
                    )
            found = search(trials, hand, for_search, args.generations, args.each) if args.generations else None
            found = found or getattr(hand, which)
            people, own = trials.worth([None, found], held_out)
    except DeftError as error:
        print(f"calibrate_pinch: {error}", file=sys.stderr)
        return 1
    print("success on things that took no part in a search, as people pinch and in this hand's way:")
    for task, (_, before), (_, after) in zip(trials.tasks, people, own, strict=True):
        print(f"  {task} {before:.2f} {after:.2f} ({sum(case.task == task for case in held_out)} holds)")
    if args.generations:
        print(yaml.safe_dump({which: found.model_dump(mode="json")}, default_flow_style=None).strip())
    return 0


if __name__ == "__main__":
    sys.exit(main())
