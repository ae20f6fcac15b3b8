"""What each of our additions to the paper's training does: the shipped configuration, and it with one of them off.

    python benchmarks/ablations.py --data DATA --test TEST [TEST ...] --out runs/ablations [--only NAME ...]

Each is trained as `train` does, on one core, and measured on the test folders' things, of which none saw any. Printed
are the errors of the whole configuration, and by how much they change with the addition off: a difference paired by
thing, with a 95 % bootstrap interval over things. Another seed of the whole configuration says how much chance in
training alone does. Started again, it goes on where it was stopped.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import torch
import yaml

from deft_affordance.checkpoint import TextInput, load_prior
from deft_affordance.comparison import per_object
from deft_affordance.config import load_config
from deft_affordance.data.shards import Samples, claim, join, read_samples
from deft_affordance.evaluate import interval, measure, model_guess
from deft_affordance.training_state import beside
from deft_core.geometry import Array

WHOLE = "whole"
OFF: dict[str, dict[str, float | bool]] = {
    "no heatmap loss": {"lambda_heatmap": 0.0},
    "no augmentation": {"augment_shift": 0.0, "augment_scale": 0.0, "augment_color": 0.0, "augment_shadow": 0.0},
    "kinds as they come": {"balance": 0.0},
    "no weight decay": {"weight_decay": 0.0},
    "jumping wrist labels": {"continuous_wrist": False},
    "outputs start at zero": {"centred_outputs": False},
}
SEEDS = {WHOLE: 0, "another seed": 1}
METRICS = {"contact_px": 2, "wrist_deg": 2, "joint_rad": 4, "heatmap_nss": 2}


def train(name: str, data: Path, out: Path) -> Path:
    """Train one, or go on with it; returns its checkpoint."""
    path = out / f"{name.replace(' ', '_')}.safetensors"
    if path.exists():
        return path
    config = load_config("twin")
    config = config.model_copy(update={"train": config.train.model_copy(update=OFF.get(name, {}))})
    settings = path.with_suffix(".yaml")
    settings.write_text(yaml.safe_dump(config.model_dump(mode="json")), encoding="utf-8")
    command = [sys.executable, "-m", "deft_affordance.train", "--config", str(settings), "--data", str(data)]
    command += ["--out", str(path), "--threads", "1", "--seed", str(SEEDS.get(name, 0))]
    subprocess.run(command + ["--resume"] * beside(path).exists(), check=True)
    return path


def errors(checkpoint: Path, test: Samples) -> dict[str, Array]:
    """Mean figure of each thing (things,) by metric."""
    prior = load_prior(checkpoint)
    found = measure(*model_guess(prior, test, TextInput(prior.config, prior.vocabulary)), test)
    return {metric: per_object(found[metric], test["object"]) for metric in METRICS}


def main() -> None:
    """Train what is missing, measure, print a row each."""
    parser = argparse.ArgumentParser(description="What each addition to the paper's training does.")
    parser.add_argument("--data", type=Path, required=True, help="folder of `generate` to train on")
    parser.add_argument("--test", type=Path, nargs="+", required=True, help="folders of `generate`, other seeds")
    parser.add_argument("--out", type=Path, required=True, help="where checkpoints go")
    parser.add_argument("--only", nargs="+", choices=OFF, default=list(OFF), help="those alone, beside the whole")
    parser.add_argument("--workers", type=int, default=1, help="trainings at a time, a core each")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    torch.set_num_threads(1)
    config = load_config("twin")
    size = config.model.image_size
    claim(args.out, {"data": read_samples(args.data, size)[1], "whole": config.model_dump(mode="json")})
    names = [*SEEDS, *args.only]
    with ThreadPoolExecutor(args.workers) as pool:
        checkpoints = dict(zip(names, pool.map(lambda name: train(name, args.data, args.out), names), strict=True))
    test = join([read_samples(folder, size)[0] for folder in args.test])
    found = {name: errors(path, test) for name, path in checkpoints.items()}
    rng, things = np.random.default_rng(0), np.arange(len(found[WHOLE]["contact_px"]))
    table = {
        name: {m: interval(row[m] - (0.0 if name == WHOLE else found[WHOLE][m]), things, rng, 2000) for m in METRICS}
        for name, row in found.items()
    }
    if args.json:
        print(json.dumps({"things": len(things), "table": table}, indent=1))
        return
    print(f"{len(test)} images of {len(things)} things; below the first row, changes against it\n")
    print("| | " + " | ".join(METRICS) + " |\n|" + "---|" * (len(METRICS) + 1))
    for name, row in table.items():
        sign = "" if name == WHOLE else "+"
        cells = [f"{mean:{sign}.{n}f} [{low:{sign}.{n}f}, {high:{sign}.{n}f}]" for (mean, low, high), n in
                 zip(row.values(), METRICS.values(), strict=True)]  # fmt: skip
        print(f"| {name} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
