"""What the shipped prior costs: f alone, frame to grasp, memory.

    python benchmarks/prior.py [--repeats 200] [--prior FILE] [--sam FILE|random] [--clip FILE|random] [--json]

`f` is the network on one crop and one instruction. `frame to grasp` is all that the affordance node does between a
capture and its answer: segmentation, choice of the thing meant, crop, f, deprojection, retargeting; once with a thing
alone on the table, once with others beside it (workcell cluttered). Segment Anything and CLIP, where asked for, outline
and pick in further rows, a tenth as often; weights called `random` are of the published layout (SAM's ViT-B, CLIP's
ViT-B/32), which says how long they take and nothing else. One torch thread, as the node has. Memory is resident: what
the predictor adds to a process that has torch imported, and the whole process with it.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import torch

from deft_affordance.predictor import AffordancePredictor
from deft_core.errors import PerceptionRefused
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


def random_sam(folder: Path) -> Path:
    """Untrained weights of Segment Anything's ViT-B."""
    from segment_anything import sam_model_registry

    path = folder / "sam_vit_b_random.pth"
    torch.save(sam_model_registry["vit_b"]().state_dict(), path)
    return path


def random_clip(folder: Path) -> Path:
    """Untrained weights of CLIP's ViT-B/32."""
    import open_clip

    path = folder / "clip_random.pt"
    torch.save(open_clip.create_model("ViT-B-32-quickgelu").state_dict(), path)
    return path


def published(args: argparse.Namespace) -> dict[str, Any]:
    """Frame to grasp among other things, outlined by Segment Anything or picked by CLIP."""
    predictors: dict[str, AffordancePredictor] = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, given, make in (("sam", args.sam, random_sam), ("clip", args.clip, random_clip)):
            if given:
                path = make(Path(folder)) if given == "random" else Path(given)
                predictors[name] = AffordancePredictor(args.prior or None, **{f"{name}_checkpoint": path})
    if not predictors:
        return {}
    # Only now: torchvision ends the process where it is imported after Mesa's OpenGL (seen with 0.29.1).
    among, text = scene("cluttered", 3), load_task("pick_spoon").instruction
    calls = max(3, args.repeats // 10)
    return {
        f"frame to grasp, {name}": timed(lambda p=predictor: attempt(p, among, text), calls)
        for name, predictor in predictors.items()
    }


def attempt(predictor: AffordancePredictor, frame: RGBDFrame, text: str) -> None:
    """Predict; a refusal comes after the same work."""
    with suppress(PerceptionRefused):
        predictor.predict(frame, text)


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
    parser.add_argument("--sam", default="", metavar="FILE", help="Segment Anything's weights, or `random`")
    parser.add_argument("--clip", default="", metavar="FILE", help="CLIP's weights, or `random`")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    slow = published(args)
    result = measure(args.prior, args.repeats) | slow
    if args.json:
        print(json.dumps(result))
        return
    for name, values in result.items():
        print(f"{name:28}{values}")


if __name__ == "__main__":
    main()
