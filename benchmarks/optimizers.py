"""Thirty noisy tries in 22 dimensions, without a simulator: how good is what an optimiser ends with?

    python benchmarks/optimizers.py [--problems 60] [--only cem] [--json]

A problem is a narrow region of success around a residual that the prior misses by `bias` of table 4's sigmas. Ten
of the 22 parameters matter, each to its own degree; every try sees them through the prior's own scatter. Inside the
region the reward is high and graded, around it a near miss gives a little, farther out (refused, collision) nothing:
the shape the judge's rewards have. Reported is the share of successes of the mean of the ten best residuals, after all
tries and after half of them.
"""

from __future__ import annotations

import argparse
import json
import logging
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from deft_cem.optimizers import Optimizer, make_optimizer
from deft_cem.shrinkage import credit, departure, shrunk, spread
from deft_core.grasp import GRASP_DIM, SIGMA_INITIAL

Array = NDArray[np.float64]
Try = Callable[[Array, np.random.Generator], tuple[float, bool]]
EPISODES, ELITES, TRIALS = 30, 10, 40
BIASES = (0.5, 1.5, 2.5)
# Radius of success and of near misses, and the prior's scatter, in table 4's sigmas.
SUCCESS, NEAR, SCATTER = 1.6, 2.6, 0.35
CONTENDERS: dict[str, tuple[str, dict[str, object]]] = {
    "cem (paper)": ("cem", {}),
    "cem, half sigma": ("cem", {"sigma_scale": 0.5}),
    "cem, shrunk mean": ("cem", {"shrink": True}),
    "cem_smooth": ("cem_smooth", {}),
    "cem_smooth, table 4's sigma": ("cem_smooth", {"sigma_scale": 1.0}),
    "cmaes": ("cmaes", {}),
    "cmaes, population 6, sigma 0.6": ("cmaes", {"population": 6, "sigma_scale": 0.6}),
    "bayes": ("bayes", {}),
    "bayes, prior not tried": ("bayes", {"prior_tries": 0}),
    "bayes_hand": ("bayes_hand", {}),
    "preference": ("preference", {}),
}


def problem(bias: float, rng: np.random.Generator) -> Try:
    """Draw a problem whose best residual is `bias` sigmas from the prior."""
    matters = np.concatenate([np.arange(6), rng.choice(np.arange(6, GRASP_DIM), 4, replace=False)])
    best = np.zeros(GRASP_DIM)
    best[:6] = rng.normal(size=6)
    best *= bias / np.linalg.norm(best)
    weight = np.zeros(GRASP_DIM)
    weight[matters] = rng.uniform(0.4, 1.2, len(matters))

    def attempt(residual: Array, noise: np.random.Generator) -> tuple[float, bool]:
        seen = residual / SIGMA_INITIAL + SCATTER * noise.normal(size=GRASP_DIM)
        distance = float(np.linalg.norm(weight * (seen - best)))
        if distance > NEAR:
            return 0.0, False
        if distance > SUCCESS:
            return 0.05 + 0.15 * (NEAR - distance), False
        return 1.0 - 0.2 * distance / SUCCESS, True

    return attempt


def run(name: str, options: dict[str, object], bias: float, seed: int) -> dict[str, float]:
    """Optimise one problem; return success of the prior, the elites' mean and its shrunk form, and late rewards."""
    rng = np.random.default_rng([seed, 7])
    attempt = problem(bias, rng)
    optimizer = make_optimizer(name, np.random.default_rng(seed), options)
    half = 0.0
    for episode in range(1, EPISODES + 1):
        residual = optimizer.ask()
        optimizer.tell(residual, attempt(residual, rng)[0])
        if 2 * episode == EPISODES:
            mean, noise = best(optimizer).mean(axis=0), np.random.default_rng([seed, 15])
            half = float(np.mean([attempt(mean, noise)[1] for _ in range(TRIALS)]))
    elites = best(optimizer)
    mean = elites.mean(axis=0)
    rewards, of_prior = np.array(optimizer.rewards), ~np.array(optimizer.residuals).any(axis=1)
    earned = np.sort(rewards)[::-1][:ELITES]
    weights = credit(earned, rewards)
    credited = shrunk(weights @ elites, spread(elites, weights, 1)[1])
    finals = {
        "prior": np.zeros(GRASP_DIM),
        "elites": mean,
        "elites, shrunk": shrunk(mean, elites.var(axis=0, ddof=1) / ELITES),
        "elites, credited and shrunk": credited,
        "the same, as far as more than the prior": credited * departure(rewards, of_prior, earned),
    }
    shares = {k: float(np.mean([attempt(v, rng)[1] for _ in range(TRIALS)])) for k, v in finals.items()}
    return shares | {f"elites at {EPISODES // 2}": half, "last ten rewards": float(np.mean(optimizer.rewards[-10:]))}


def best(optimizer: Optimizer) -> Array:
    """The residuals (ELITES, 22) that earned most so far."""
    order = np.argsort(-np.array(optimizer.rewards), kind="stable")[:ELITES]
    return np.array(optimizer.residuals)[order]


def main() -> None:
    """Print a table, or JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--problems", type=int, default=60)
    parser.add_argument("--only", default="", help="contenders whose name begins so")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    logging.disable(logging.WARNING)
    rows = []
    for bias in BIASES:
        for label, (name, options) in CONTENDERS.items():
            if not label.startswith(args.only):
                continue
            results = [run(name, options, bias, seed) for seed in range(args.problems)]
            means = {key: round(float(np.mean([r[key] for r in results])), 3) for key in results[0]}
            rows.append({"bias": bias, "optimizer": label, **means})
    if args.json:
        print(json.dumps(rows, indent=1))
        return
    print("| " + " | ".join(rows[0]) + " |\n|" + "---|" * len(rows[0]))
    for row in rows:
        print("| " + " | ".join(str(v) for v in row.values()) + " |")


if __name__ == "__main__":
    main()
