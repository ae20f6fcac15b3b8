"""Learn the directions in which hands that hold things differ, for the optimiser `bayes_hand`.

    ros2 run deft_experiments hand_subspace --grasps 150 --out hand_subspace.json

Simulated people grasp random objects (none of them a task's); grasps that hold are retargeted to the robot's sixteen
joints, and the principal directions of those joints are the answer (as "eigengrasps": Ciocarlie and Allen, 2009).
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

from deft_affordance.data.human_grasps import find_grasps
from deft_affordance.data.objects import KINDS, draw_object
from deft_affordance.retarget import retarget
from deft_core.errors import DeftError
from deft_core.files import check_out
from deft_core.geometry import Array
from deft_core.hand import load_hand
from deft_sim.human.scene import HumanStage

# Of joints in which no two grasps differ there is still a direction, but it means nothing: rounding.
DIGITS = 6


def grasps(count: int, seed: int, hand: str) -> Array:
    """Robot joints (count, 16) of grasps that held, kinds in turn; the same for the same arguments."""
    model, found = load_hand(hand), []
    for index in range(20 * count):
        kind = list(KINDS)[index % len(KINDS)]
        rng = np.random.default_rng([seed, index])
        drawn = draw_object(kind, rng)
        stage = HumanStage(drawn.target, others=drawn.others)
        verb = KINDS[kind].verbs[int(rng.integers(len(KINDS[kind].verbs)))]
        held = find_grasps(stage, kind, verb, rng, tries=2)
        found += [retarget(held[0].mano_pose, model)] if held else []
        if len(found) == count:
            return np.array(found)
    raise DeftError(f"only {len(found)} of {20 * count} objects could be held; is the hand's model sound?")


def directions(joints: Array) -> tuple[Array, Array]:
    """Principal directions (16, 16), rows, first the widest, and the share of variance along each (16,)."""
    centred = joints - joints.mean(axis=0)
    _, singular, axes = np.linalg.svd(centred, full_matrices=True)
    peak = axes[np.arange(len(axes)), np.abs(axes).argmax(axis=1)]
    shares = np.zeros(len(axes))
    shares[: len(singular)] = singular**2 / max(float((singular**2).sum()), 1e-12)
    return axes * np.sign(peak)[:, None], shares


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    parser = argparse.ArgumentParser(prog="hand_subspace", description=__doc__)
    parser.add_argument("--grasps", type=int, default=150)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--hand", default="dash")
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args(arguments)
    try:
        check_out(args.out)
        joints = grasps(args.grasps, args.seed, args.hand)
        axes, shares = directions(joints)
        made = f"hand_subspace --grasps {args.grasps} --seed {args.seed} --hand {args.hand}"
        content: dict[str, Any] = {
            "about": f"{made}; kinds: {', '.join(KINDS)}",
            "variance": np.round(shares, DIGITS).tolist(),
            "directions": np.round(axes, DIGITS).tolist(),
        }
        args.out.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    except (DeftError, OSError) as error:
        print(f"hand_subspace: {error}", file=sys.stderr)
        return 1
    print(f"{args.out}: first four directions hold {shares[:4].sum():.0%} of the variance of {len(joints)} grasps")
    return 0


if __name__ == "__main__":
    sys.exit(main())
