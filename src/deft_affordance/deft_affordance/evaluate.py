"""Measure a prior on held-out objects: `ros2 run deft_affordance evaluate --split held_out --json`.

Errors are against the labels without the tracker's noise: of the mean contact (pixels of the camera's image, and
share of the crop's side), of the wrist (geodesic angle), and of the fingers (mean absolute bend and spread); how alike
the heatmap is to the true contact points (`hotspots`); over all, and by kind of object and verb. Intervals are 95 %
bootstrap intervals over objects, since views of one object are alike. Comparisons of errors with the baselines are
Wilcoxon tests over objects, Holm-corrected over all comparisons made; those with a baseline that is told the kind
are a question of their own, corrected apart.
`--test` measures on all of other folders (of other seeds), which allows many more objects than training can spare.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from deft_affordance.baselines import BASELINES, TOLD, Guess, guess
from deft_affordance.checkpoint import Prior, TextInput, load_prior
from deft_affordance.comparison import holm, p_better, per_object
from deft_affordance.data.shards import DataUnusable, Samples, join, read_samples
from deft_affordance.groups import group_names
from deft_affordance.hotspots import judd_area, scanpath_saliency, similarity, spread_out
from deft_affordance.progress import bar
from deft_core.errors import DeftError
from deft_core.geometry import Array
from deft_core.mano import angles_from_pose
from deft_vision.errors import VisionError

# By metric, how many decimals say enough. Of errors less is better, of the rest more.
DECIMALS = {
    "contact_px": 1,
    "contact_share": 3,
    "wrist_deg": 1,
    "joint_rad": 3,
    "heatmap_sim": 2,
    "heatmap_auc_j": 2,
    "heatmap_nss": 2,
}
METRICS = tuple(DECIMALS)
COMPARED = ("contact_px", "wrist_deg", "joint_rad")
SPLITS = ("held_out", "train")
# Where `generate`'s and `train`'s own examples have the data.
DATA = Path("runs/prior_data")


def measure(g: Guess, heat: Array, test: Samples) -> dict[str, Array]:
    """Each sample's figure (n,) by metric, of a guess and its heatmaps (n, h, h)."""
    gap = np.linalg.norm(g.contacts.mean(axis=1) - test["contacts_true"].mean(axis=1), axis=1)
    turn = Rotation.from_rotvec(g.wrist).inv() * Rotation.from_rotvec(test["wrist_true"])
    joints = np.abs(angles_from_pose(g.mano) - angles_from_pose(test["mano_true"]))[..., 1:].mean(axis=(1, 2))
    return {
        "contact_px": gap * test["side_px"],
        "contact_share": gap,
        "wrist_deg": np.degrees(turn.magnitude()),
        "joint_rad": joints,
        "heatmap_sim": similarity(heat, test["contacts_true"]),
        "heatmap_auc_j": judd_area(heat, test["contacts_true"]),
        "heatmap_nss": scanpath_saliency(heat, test["contacts_true"]),
    }


def model_guess(prior: Prior, test: Samples, text: TextInput, batch: int = 64) -> tuple[Guess, Array]:
    """What a prior says of the test images, and where its heatmaps (n, h, h) lie: the mean of its contact points'."""
    contacts, wrist, mano, heat = [], [], [], []
    with torch.inference_mode():
        for start in bar(range(0, len(test), batch), unit="batch"):
            rows = slice(start, start + batch)
            images = torch.from_numpy(np.ascontiguousarray(test["crop"][rows].transpose(0, 3, 1, 2)))
            out = prior.model(images, text([str(t) for t in test["text"][rows]]))
            contacts.append(out.contacts.double().numpy())
            wrist.append(out.wrist.double().numpy())
            mano.append(out.mano.double().numpy())
            heat.append(out.heatmaps.mean(dim=1).double().numpy())
    return Guess(np.concatenate(contacts), np.concatenate(wrist), np.concatenate(mano)), np.concatenate(heat)


def interval(values: Array, groups: Array, rng: np.random.Generator, rounds: int = 1000) -> tuple[float, float, float]:
    """Mean and 95 % bootstrap interval, resampling groups."""
    _, inverse = np.unique(groups, return_inverse=True)
    sums, counts = np.bincount(inverse, values), np.bincount(inverse)
    draws = rng.integers(len(sums), size=(rounds, len(sums)))
    means = sums[draws].sum(axis=1) / counts[draws].sum(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return float(values.mean()), float(low), float(high)


def latency_ms(prior: Prior, text: TextInput, calls: int = 50) -> dict[str, float]:
    """Time of f on one image on this machine's CPU: p50 and p99, milliseconds."""
    size = prior.config.model.image_size
    image = torch.zeros(1, 3, size, size, dtype=torch.uint8)
    took = []
    with torch.inference_mode():
        for _ in range(calls):
            start = time.perf_counter()
            prior.model(image, text(["pick up the cup"]))
            took.append(1e3 * (time.perf_counter() - start))
    return {"p50": float(np.percentile(took, 50)), "p99": float(np.percentile(took, 99))}


def evaluate(
    prior: Prior,
    samples: Samples,
    seed: int = 0,
    clip_checkpoint: Path | str | None = None,
    test: Samples | None = None,
    split: str = "held_out",
) -> dict[str, Any]:
    """The tables: metric by method, mean and interval, on the objects that training held out (or on `test`).

    `by_group` holds the same by "kind/verb", with `p_better` by baseline and error, Holm-adjusted.
    """
    text = TextInput(prior.config, prior.vocabulary, clip_checkpoint)
    train, held_out = samples.split(prior.config.train.held_out)
    if test is None:
        test = {"held_out": held_out, "train": train}[split]
    rng = np.random.default_rng(seed)
    mine, heat = model_guess(prior, test, text)
    measured = {"prior": measure(mine, heat, test)}
    for name in BASELINES:
        theirs = guess(name, train, test)
        measured[name] = measure(theirs, spread_out(theirs.contacts, heat.shape[1]), test)

    def table(rows: NDArray) -> dict[str, Any]:
        return {
            "images": len(rows),
            "objects": len(np.unique(test["object"][rows])),
            "errors": {
                name: {metric: interval(values[metric][rows], test["object"][rows], rng) for metric in METRICS}
                for name, values in measured.items()
            },
        }

    groups = group_names(test["kind"], test["verb"])
    by_group = {str(name): table(np.flatnonzero(groups == name)) for name in np.unique(groups)}
    _compare(by_group, measured, groups, test["object"])
    return table(np.arange(len(test))) | {"by_group": by_group, "latency_ms": latency_ms(prior, text)}


def _compare(
    by_group: dict[str, Any], measured: dict[str, dict[str, Array]], groups: NDArray, objects: NDArray
) -> None:
    """Add `p_better` to each group's table."""
    for family in ([name for name in BASELINES if name not in TOLD], TOLD):
        made = [(group, name, metric) for group in by_group for name in family for metric in COMPARED]
        p_values = []
        for group, name, metric in made:
            rows = np.flatnonzero(groups == group)
            mine, theirs = (per_object(measured[who][metric][rows], objects[rows]) for who in ("prior", name))
            p_values.append(p_better(mine, theirs))
        for (group, name, metric), p in zip(made, holm(p_values), strict=True):
            by_group[group].setdefault("p_better", {}).setdefault(name, {})[metric] = float(p)


def print_table(report: dict[str, Any]) -> None:
    """Print the overall table, then each group's; * marks what the prior beats at 5 %."""
    print(f"{report['images']} images of {report['objects']} objects")
    for title, part in {"": report, **report["by_group"]}.items():
        if title:
            print(f"\n{title} ({part['images']} images of {part['objects']} objects)")
        print(f"{'':22}" + "".join(f"{metric:>22}" for metric in METRICS))
        for name, row in part["errors"].items():
            cells = ""
            for metric, (mean, low, high) in row.items():
                beaten = part.get("p_better", {}).get(name, {}).get(metric, 1.0) < 0.05
                n = DECIMALS[metric]
                cells += f"{mean:.{n}f} [{low:.{n}f}, {high:.{n}f}]{'*' if beaten else ' '}".rjust(22)
            print(f"{name:22}{cells}")
    print(f"f on CPU: {report['latency_ms']['p50']:.1f} ms p50, {report['latency_ms']['p99']:.1f} ms p99")


def _read_all(folders: list[Path], crop_px: int, trained_on: tuple[str, ...]) -> Samples:
    """The samples of all folders; DataUnusable if two are the same. Says which are among the hashes trained on."""
    read: dict[str, Samples] = {}
    for folder in folders:
        samples, sha256 = read_samples(folder, crop_px)
        if sha256 in read:
            raise DataUnusable(f"--test: {folder} holds the same samples as another of the folders; name it once")
        if sha256 in trained_on:
            print(f"evaluate: --test {folder} is what was trained on: most of it is no test", file=sys.stderr)
        read[sha256] = samples
    return join(list(read.values()))


def main(argv: list[str] | None = None) -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="evaluate", description="Measure a prior on held-out objects.")
    parser.add_argument(
        "--data",
        type=Path,
        default=DATA,
        help="folder of `generate` that it was trained on (default: %(default)s)",
    )
    parser.add_argument(
        "--split", choices=SPLITS, default=SPLITS[0], help="which of its objects to measure on (default: %(default)s)"
    )
    parser.add_argument(
        "--test",
        type=Path,
        nargs="+",
        metavar="FOLDER",
        help="measure on all of these, as one set, instead of on objects of --data",
    )
    parser.add_argument("--checkpoint", type=Path, help="default: the one that ships")
    parser.add_argument(
        "--clip-checkpoint",
        help="CLIP weights, for a prior that uses CLIP text; of another training than OpenAI's with its "
        "open_clip_config.json beside them",
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    args = parser.parse_args(argv)
    torch.set_num_threads(1)
    try:
        prior = load_prior(args.checkpoint)
        size = prior.config.model.image_size
        samples, data_hash = read_samples(args.data, size)
        if data_hash != prior.data_hash:
            print(
                "evaluate: the checkpoint was trained on other data; its held-out objects may differ", file=sys.stderr
            )
        test = _read_all(args.test, size, (prior.data_hash, data_hash)) if args.test else None
        report = evaluate(prior, samples, clip_checkpoint=args.clip_checkpoint, test=test, split=args.split)
    except (DeftError, VisionError, OSError) as error:
        sys.exit(f"evaluate: {error}")
    if args.json:
        print(json.dumps(report, indent=1))
        return
    print_table(report)


if __name__ == "__main__":
    main()
