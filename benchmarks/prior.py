"""What the shipped prior costs: f alone, frame to grasp, memory.

    python benchmarks/prior.py [--repeats 200] [--prior FILE] [--json]

`f` is the network on one crop and one instruction. `frame to grasp` is all that the affordance node does between a
capture and its answer: segmentation, choice of the thing meant, crop, f, deprojection, retargeting; once with a thing
alone on the table, once with others beside it (workcell cluttered). One torch thread, as the node has. Memory is
resident: what the predictor adds to a process that has torch imported, and the whole process with it.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import psutil
import torch

from deft_affordance.predictor import AffordancePredictor
from deft_core.observation import RGBDFrame
from deft_core.task import load_task
from deft_core.workcell import load_workcell
from deft_sim.workcell import TwinWorkcell


def resident_mb() -> float:
    """Memory of this process, MB."""
    return float(psutil.Process(os.getpid()).memory_info().rss / 1e6)


def timed(call: Callable[[], Any], repeats: int) -> dict[str, float]:
    """Milliseconds of a call."""
    spent = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        spent.append(1e3 * (time.perf_counter() - start))
    p50, p99 = np.percentile(spent, [50, 99])
    return {"p50_ms": round(float(p50), 1), "p99_ms": round(float(p99), 1), "calls": repeats}


def scene(workcell: str, seed: int) -> RGBDFrame:
    """A capture of a spoon on the table."""
    twin = TwinWorkcell(load_task("pick_spoon"), load_workcell(workcell), 0)
    twin.reset("train", seed)
    frame = twin.look()
    twin.close()
    return frame


def measure(prior: str, repeats: int) -> dict[str, Any]:
    """Everything, by name."""
    alone, among = scene("twin", 3), scene("cluttered", 3)
    torch.zeros(1).sum()
    before = resident_mb()
    predictor = AffordancePredictor(prior or None)
    memory = {"predictor_mb": round(resident_mb() - before), "process_mb": round(resident_mb())}
    size = predictor.prior.config.model.image_size
    crop = np.zeros((size, size, 3), np.uint8)
    text = load_task("pick_spoon").instruction
    return {
        "f": timed(lambda: predictor.infer([crop], text), repeats),
        "frame to grasp": timed(lambda: predictor.predict(alone, text), repeats),
        "frame to grasp, cluttered": timed(lambda: predictor.predict(among, text), repeats),
        "memory": memory,
        "parameters": sum(p.numel() for p in predictor.prior.model.parameters()),
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="prior", description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--repeats", type=int, default=200)
    parser.add_argument("--prior", default="", help="checkpoint; default: the one that ships")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    result = measure(args.prior, args.repeats)
    if args.json:
        print(json.dumps(result))
        return
    for name, values in result.items():
        print(f"{name:28}{values}")


if __name__ == "__main__":
    main()
