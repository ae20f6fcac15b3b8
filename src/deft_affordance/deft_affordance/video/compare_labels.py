"""Compare what was built of synthetic video with what is true: `ros2 run deft_affordance compare_labels ROOT OUT`.

Contacts are compared as the robot uses them, by their mean, with the true touch points that the camera sees; metres at
the touch points' distance. Rejections are compared with what was wrong with the clip.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation

from deft_affordance.crop import Crop
from deft_affordance.data.shards import MANIFEST, read_samples
from deft_affordance.video.errors import SourceUnusable
from deft_core.errors import DeftError
from deft_core.mano import angles_from_pose

WORDS = {
    "px": "contact, pixels (touch points the camera sees)",
    "mm": "contact, mm",
    "px_all": "contact, pixels (all touch points)",
    "px_middle": "for comparison, the object's middle, pixels",
    "frames": "contact frame, frames",
    "wrist_deg": "wrist, degrees",
    "joint_deg": "finger joints, degrees",
}


def compare(root: Path, out: Path, seed: int = 0) -> dict[str, Any]:
    """Figures of a build against the truth beside its videos; raises SourceUnusable where one is not of the other."""
    try:
        truth = json.loads((root / "truth.json").read_text(encoding="utf-8"))
        manifest = json.loads((out / MANIFEST).read_text(encoding="utf-8"))
        journals = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(out.glob("clips-?????.json"))]
    except (OSError, ValueError) as error:
        raise SourceUnusable(f"{error}; film with film_synthetic and build with build_dataset first") from error
    samples, _ = read_samples(out)
    try:
        clips = [clip for journal in journals for clip in journal["clips"]]
        made = [clip for clip in clips if clip["reason"] is None]
        found = {clip["clip_id"]: clip["reason"] for clip in [*manifest["rejections"], *clips]}
    except (KeyError, TypeError) as error:
        raise SourceUnusable(f"{out}: not what build_dataset makes ({error!r})") from error
    strange = sorted(set(found) - set(truth))
    if strange or len(made) != len(samples):
        why = f"{strange[0]} is not there" if strange else f"{len(samples)} samples of {len(made)} clips"
        raise SourceUnusable(f"{out} was not built of the videos in {root} alone ({why})")
    errors = {
        clip["clip_id"]: _errors(clip, {name: samples[name][n] for name in ("contacts", "wrist", "mano")}, true)
        for n, clip in enumerate(made)
        if (true := truth[clip["clip_id"]])["expected"] == "sample"
    }
    rng = np.random.default_rng(seed)
    frames = _column(errors.values(), "frames")
    figures = {name: _figures(_column(errors.values(), name), rng) for name in WORDS}
    figures["frames"] |= {
        "exact": float(np.mean(frames == 0)),
        "within_1": float(np.mean(frames <= 1)),
        "within_3": float(np.mean(frames <= 3)),
    }
    outcome = Counter((true["expected"], found.get(clip, "missing") or "sample") for clip, true in truth.items())
    return {
        "figures": figures,
        "by_kind": _by_kind(truth, errors),
        "outcomes": [{"expected": e, "found": f, "clips": n} for (e, f), n in sorted(outcome.items())],
        "as_expected": sum(n for (e, f), n in outcome.items() if e == f),
        "clips": len(truth),
    }


def _errors(clip: dict[str, Any], sample: dict[str, np.ndarray], true: dict[str, Any]) -> dict[str, float]:
    """How far one clip's labels are from what is true, by name (`WORDS`)."""
    out = {"frames": abs(float(clip["contact"] - true["contact"]))}
    if not true["contacts_px"]:  # the hold failed: nothing to compare with
        return out
    window, seen = Crop(*clip["window"]), np.mean(true["contacts_px"], axis=0)
    mean = window.to_pixels(sample["contacts"]).mean(axis=0)
    out["px"] = float(np.hypot(*(mean - seen)))
    out["mm"] = 1000.0 * out["px"] * true["range_m"] / true["focal_px"]
    out["px_all"] = float(np.hypot(*(mean - np.mean(true["all_contacts_px"], axis=0))))
    out["px_middle"] = float(np.hypot(*(window.to_pixels([0.5, 0.5]) - seen)))
    turn = Rotation.from_rotvec(sample["wrist"]).inv() * Rotation.from_rotvec(true["wrist"])
    out["wrist_deg"] = float(np.degrees(turn.magnitude()))
    gap = angles_from_pose(sample["mano"]) - angles_from_pose(np.array(true["mano"]))
    out["joint_deg"] = float(np.degrees(np.abs(gap)[:, 1:].mean()))
    return out


def _column(errors: Iterable[dict[str, float]], name: str) -> np.ndarray:
    return np.array([row[name] for row in errors if name in row])


def _by_kind(truth: dict[str, Any], errors: dict[str, dict[str, float]]) -> dict[str, dict[str, Any]]:
    """Of each kind of thing: clips, how many were labelled, and the medians of their errors."""
    out: dict[str, dict[str, Any]] = {}
    for kind in sorted({true["kind"] for true in truth.values() if "kind" in true}):
        clips = [clip for clip, true in truth.items() if true.get("kind") == kind]
        made = [errors[clip] for clip in clips if clip in errors]
        columns = {name: _column(made, name) for name in WORDS}
        medians = {name: float(np.median(values)) for name, values in columns.items() if len(values)}
        within = float(np.mean(columns["frames"] <= 3)) if made else None
        compared = len(columns["px"])
        out[kind] = {"clips": len(clips), "labelled": len(made), "compared": compared, "within_3": within} | medians
    return out


def _figures(values: np.ndarray, rng: np.random.Generator) -> dict[str, Any]:
    if len(values) == 0:
        return {"n": 0}
    draws = np.median(rng.choice(values, size=(1000, len(values))), axis=1)
    low, high = np.quantile(draws, [0.025, 0.975])
    p90 = float(np.quantile(values, 0.9))
    return {"n": len(values), "median": float(np.median(values)), "ci95": [float(low), float(high)], "p90": p90}


def by_kind_table(by_kind: dict[str, dict[str, Any]]) -> str:
    """Medians of the errors of each kind of thing, as a table."""
    names = {"px": "contact, px", "px_middle": "object's middle, px", "mm": "contact, mm",
             "wrist_deg": "wrist, degrees", "joint_deg": "fingers, degrees"}  # fmt: skip
    lines = [f"| medians | clips labelled | compared | {' | '.join(names.values())} | contact within three frames |"]
    lines.append("|---" * (len(names) + 4) + "|")
    for kind, row in by_kind.items():
        cells = [f"{row[name]:.1f}" if name in row else "-" for name in names]
        within = "-" if row["within_3"] is None else f"{row['within_3']:.0%}"
        cells = [kind, f"{row['labelled']} of {row['clips']}", str(row["compared"]), *cells, within]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def main(argv: list[str] | None = None) -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(prog="compare_labels", description="Compare built labels with the truth.")
    parser.add_argument("root", type=Path, help="what film_synthetic filmed")
    parser.add_argument("out", type=Path, help="what build_dataset made of it")
    parser.add_argument("--json", action="store_true", help="print JSON instead of tables")
    args = parser.parse_args(argv)
    try:
        result = compare(args.root, args.out)
    except DeftError as error:
        sys.exit(f"compare_labels: {error}")
    if args.json:
        print(json.dumps(result, indent=1))
        return
    print("| error | n | median (95 %) | 90th percentile |\n|---|---|---|---|")
    for name, figure in result["figures"].items():
        if figure["n"]:
            low, high = figure["ci95"]
            told = f"{figure['n']} | {figure['median']:.1f} ({low:.1f} to {high:.1f}) | {figure['p90']:.1f}"
            print(f"| {WORDS[name]} | {told} |")
    frames = result["figures"]["frames"]
    print(f"\ncontact frame exact in {frames['exact']:.0%}, within one in {frames['within_1']:.0%}, within three in "
          f"{frames['within_3']:.0%}")  # fmt: skip
    if result["by_kind"]:
        print("\n" + by_kind_table(result["by_kind"]))
    print("\n| what is wrong with the clip | found | clips |\n|---|---|---|")
    for row in result["outcomes"]:
        print(f"| {row['expected']} | {row['found']} | {row['clips']} |")
    print(f"\n{result['as_expected']} of {result['clips']} clips as expected")


if __name__ == "__main__":
    main()
