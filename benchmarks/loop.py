"""What the fine-tuning loop itself costs an episode, apart from the robot's motion, physics and the camera.

    python benchmarks/loop.py [--task pour_cup] [--episodes 60] [--optimizer cem] [--no-images] [--json]

A whole run on the in-process twin, with the prior that ships, its captures and record on disk as in a run on a robot.
An episode's loop is the wall time from the beginning of one try to that of the next, less what reset, look, predict,
motion and rating took. Under it stand its parts; what is under no name is bookkeeping. The policy's fit and the prior
are told apart from it. `own CPU` is the median of what the loop's thread itself used: on a busy machine the rest is
waiting for a core or for the disk. `images` is what the loop waits for captures to be on disk: the robot's motion hides
the first.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from deft_cem import trial as trial_module
from deft_cem.config import RunConfig
from deft_cem.listener import Listener, Trial
from deft_cem.loop import FineTuning
from deft_cem.store.images import Writing
from deft_experiments.twins import Twin

APART = ("reset", "look", "predict", "motion", "rate")
GOAL_MS = 50.0


class Meter(Listener):
    """Collects seconds of an episode's loop, and of whatever it is told to time, by name: wall and the thread's own."""

    def __init__(self) -> None:
        self.spent: dict[str, list[tuple[float, float]]] = {}
        self._began: tuple[float, float] | None = None
        self._apart = (0.0, 0.0)

    def began(self, trial: Trial) -> None:
        """A try begins: the one before is over."""
        if self._began is not None:
            wall, cpu = _since(self._began)
            self._add("loop", (wall - self._apart[0], cpu - self._apart[1]))
        self._began, self._apart = _now() if trial.phase == "finetune" else None, (0.0, 0.0)

    def measure(self, owner: Any, attribute: str, name: str) -> None:
        """Time every call of `owner.attribute` under a name."""
        plain: Callable[..., Any] = getattr(owner, attribute)

        setattr(owner, attribute, lambda *args, **kwargs: self.time(name, lambda: plain(*args, **kwargs)))

    def time(self, name: str, call: Callable[[], Any]) -> Any:
        """Make a call and add its seconds to a name."""
        start = _now()
        try:
            return call()
        finally:
            self._add(name, _since(start))

    def _add(self, name: str, spent: tuple[float, float]) -> None:
        self.spent.setdefault(name, []).append(spent)
        if name in APART:
            self._apart = (self._apart[0] + spent[0], self._apart[1] + spent[1])

    def spread(self, name: str) -> dict[str, float]:
        """Milliseconds of a name."""
        wall, cpu = 1e3 * np.asarray(self.spent[name]).T
        return {
            "p50": float(np.median(wall)),
            "p99": float(np.percentile(wall, 99)),
            "cpu": float(np.median(cpu)),
            "n": len(wall),
        }


def _now() -> tuple[float, float]:
    return time.perf_counter(), time.thread_time()


def _since(start: tuple[float, float]) -> tuple[float, float]:
    return time.perf_counter() - start[0], time.thread_time() - start[1]


def _measure_images(tuning: FineTuning, meter: Meter) -> None:
    class Timed(Writing):
        def result(self, timeout_s: float | None = None) -> dict[str, str]:
            return meter.time("images", lambda: {what: file.result(timeout_s) for what, file in self.files.items()})

    submit = tuning._images.submit
    tuning._images.submit = lambda frame, stem: Timed(submit(frame, stem).files)  # type: ignore[method-assign]


def run(task: str, episodes: int, optimizer: str, keep_images: bool, folder: Path) -> dict[str, Any]:
    """Run and measure; milliseconds by name."""
    twin, meter = Twin(task, 0), Meter()
    try:
        # One trial, so that the last try of the fine-tuning has an end too.
        config = RunConfig(task=task, seed=0, episodes=episodes, trials=1, prior_trials=0, optimizer=optimizer)
        tuning = FineTuning(config, twin.bench, folder, listener=meter, keep_images=keep_images)
        for name in ("reset", "look", "execute", "rate"):
            meter.measure(twin.bench.workcell, name, {"execute": "motion"}.get(name, name))
        meter.measure(twin.bench.predictor, "predict", "predict")
        for owner, attribute, name in (
            (tuning._optimizer, "ask", "ask"),
            (trial_module, "episode_motion", "plan of the motion"),
            (tuning._optimizer, "tell", "tell"),
            (tuning._optimizer, "state_dict", "optimiser's state"),
            (tuning.record, "append", "record"),
            (tuning, "_seconds_left", "time left"),
        ):
            meter.measure(owner, attribute, name)
        _measure_images(tuning, meter)
        summary = tuning.run()
    finally:
        twin.close()
    meter.spent["loop"].pop()  # the last one holds the policy's fit
    return {name: meter.spread(name) for name in meter.spent} | {"fit_s": summary["wall_s"]["fit"]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--task", default="pour_cup")
    parser.add_argument("--episodes", type=int, default=60)
    parser.add_argument("--optimizer", default="cem")
    parser.add_argument("--no-images", action="store_true")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = run(args.task, args.episodes, args.optimizer, not args.no_images, Path(folder) / "run")
    if args.json:
        print(json.dumps(found))
        return
    print(f"{'milliseconds':24s} {'p50':>8s} {'p99':>8s} {'own CPU':>8s} {'calls':>6s}")
    for name in ("loop", *(name for name in found if name not in (*APART, "loop", "fit_s")), *APART):
        spread = found[name]
        indented = name if name in APART else f"  {name}" if name != "loop" else "an episode's loop"
        print(f"{indented:24s} {spread['p50']:8.1f} {spread['p99']:8.1f} {spread['cpu']:8.1f} {spread['n']:6d}")
    print(f"the policy's fit took {found['fit_s']:.1f} s, once")
    print(f"goal {GOAL_MS:.0f} ms: {'met' if found['loop']['p99'] < GOAL_MS else 'missed'} at p99")


if __name__ == "__main__":
    main()
