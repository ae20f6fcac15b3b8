"""The study as Markdown, CSV and pictures; ours is the twin's, the paper's a real robot's, and they stay apart."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from deft_cem.summary import OBJECTS
from deft_experiments.intervals import Share
from deft_experiments.methods import GROUPS, METHODS, PAPER
from deft_experiments.results import WINDOW, Cells

# The tasks of the paper's figure 6, in its order.
FIGURE_6 = ("pick_cup", "pour_cup", "open_drawer", "pick_spoon", "scoop_grape", "stir_spoon")


def markdown(report: Mapping[str, Any]) -> str:
    """The whole report as text."""
    lines = [
        "# The paper's tables in the twin",
        "",
        f"In-process twin, {report['seeds']} seeds x {report['trials']} trials on each object, "
        f"{report['episodes']} tries, prior {report['prior']}. Success pooled over seeds with Wilson's 95 % interval "
        "of the trials, which leaves out how much seeds differ; *paper*: the real robot's figure. "
        f"Wall time {report['wall_s']:.0f} s.",
    ]
    tasks = report["tasks"]
    for group, title in GROUPS.items():
        names = list(dict.fromkeys(r["method"] for r in report["rows"] if r["group"] == group))
        if not names:
            continue
        shown = names if group == "table2" else [*names, *(["deft"] if "deft" in report["methods"] else [])]
        begun = {r["task"] for r in report["rows"] if r["method"] in names and r["trials"]}
        kept = [task for task in tasks if task in begun] or tasks
        lines += ["", f"## {title}", ""]
        lines += _table(report, shown, kept)
        if left := [task for task in tasks if task not in kept]:
            lines += ["", f"Nothing of this table was run on {', '.join(left)}."]
    lines += _gains(report["gains"]) + _orderings(report["orderings"])
    lines += _efficiency(report["efficiency"]) + _not_run(report["not_run"])
    return "\n".join(lines) + "\n"


def _table(report: Mapping[str, Any], names: Sequence[str], tasks: Sequence[str]) -> list[str]:
    lines = [
        "| task | objects | " + " | ".join(METHODS[n].title for n in names) + " |",
        "|" + "---|" * (len(names) + 2),
    ]
    rows = {(r["method"], r["task"], r["objects"]): r for r in report["rows"]}
    for task in tasks:
        for objects in OBJECTS:
            cells = [_cell(rows.get((name, task, objects))) for name in names]
            lines.append(f"| {task} | {objects} | " + " | ".join(cells) + " |")
    for objects in OBJECTS:
        cells = [_mean([rows.get((name, task, objects)) for task in tasks]) for name in names]
        lines.append(f"| mean | {objects} | " + " | ".join(cells) + " |")
    return lines


def _mean(rows: Sequence[Mapping[str, Any] | None]) -> str:
    """Of success, each task counting once; empty where one was not run."""
    values = [row["success"] for row in rows if row and row["success"] is not None]
    return f"{np.mean(values):.2f}" if len(values) == len(rows) else ""


def _cell(row: Mapping[str, Any] | None) -> str:
    if row is None:
        return ""
    text = str(Share(row["successes"], row["trials"]))
    return text if row["paper"] is None else f"{text}; paper {row['paper']:.1f}"


def _gains(found: Sequence[Mapping[str, Any]]) -> list[str]:
    if not found:
        return []
    lines = ["", "## What the tries are worth", ""]
    lines += ["Mean of the tasks, run by run of the same task and seed; in brackets the 95 % interval over seeds.", ""]
    references = list(dict.fromkeys(g["less"] for g in found))
    lines.append("| method | runs | objects | " + " | ".join(f"less {METHODS[r].title}" for r in references) + " |")
    lines.append("|" + "---|" * (len(references) + 3))
    by = {(g["method"], g["objects"], g["less"]): g for g in found}
    for method, objects in dict.fromkeys((g["method"], g["objects"]) for g in found):
        of = [by.get((method, objects, r)) for r in references]
        runs = max(g["runs"] for g in of if g)
        cells = [_sure(g["difference"], g["interval_95"]) if g else "" for g in of]
        lines.append(f"| {METHODS[method].title} | {runs} | {objects} | " + " | ".join(cells) + " |")
    return lines


def _sure(value: float, interval: Sequence[float] | None) -> str:
    return f"{value:+.2f} " + (f"[{interval[0]:+.2f}, {interval[1]:+.2f}]" if interval else "(one seed)")


def _orderings(found: Sequence[Mapping[str, Any]]) -> list[str]:
    if not found:
        return []
    lines = ["", "## The paper's orderings", ""]
    lines += [
        "DEFT less the other, run by run of the same task and seed. In brackets a 95 % interval, at each end the wider "
        "of Student's t over seeds and Newcombe's of the trials; it decides the verdict.",
        "",
    ]
    lines += ["| against | task | objects | paper | twin | verdict |", "|---|---|---|---|---|---|"]
    for o in found:
        lines.append(
            f"| {METHODS[o['deft_against']].title} | {o['task']} | {o['objects']} | {o['paper_difference']:+.1f} | "
            f"{_sure(o['difference'], o['interval_95'])} | {o['verdict']} |"
        )
    counts = {v: sum(o["verdict"] == v for o in found) for v in dict.fromkeys(o["verdict"] for o in found)}
    return [*lines, "", "; ".join(f"{verdict}: {count}" for verdict, count in counts.items())]


def _efficiency(found: Mapping[str, Any]) -> list[str]:
    if len(found["optimizers"]) < 2:
        return []
    lines = ["", "## Success of the tries against their number", ""]
    lines.append(
        f"Mean over {', '.join(found['tasks'])}; each value is the mean of the last {found['window']} tries. CEM's end "
        "is that of its runs of the same tasks and seeds; in brackets the 95 % interval over seeds."
    )
    marks = (5, 10, 15, 20, 25, 30)
    lines += [
        "",
        "| optimiser | runs | "
        + " | ".join(f"try {m}" for m in marks)
        + " | CEM's end | reaches it at try | at half-time, less CEM's end |",
        "|" + "---|" * (len(marks) + 5),
    ]
    for name, of in found["optimizers"].items():
        curve, gain = of["curve"], _sure(of["midway_less_cem"], of["midway_interval_95"])
        values = [f"{curve[m - 1]:.2f}" if m <= len(curve) else "" for m in marks]
        lines.append(
            f"| {_label(name)} | {of['runs']} | " + " | ".join(values) + f" | {of['cem_at_the_end']:.2f} | "
            f"{of['reached_at'] or 'not'} | {gain} |"
        )
    return lines


def _label(optimizer: str) -> str:
    return "cem (the paper's)" if optimizer == "deft" else optimizer


def _not_run(found: Sequence[Mapping[str, str]]) -> list[str]:
    lines = [f"- {n['what']}: not run, {n['why']}. {n['command']}".rstrip() for n in found]
    return ["", "## Not run", "", *lines] if lines else []


def write_csv(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write one row a method, task and object set."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def figure_6(path: Path, cells: Cells, tasks: Sequence[str]) -> None:
    """Draw success of DEFT's tries against their number, a panel a task, with the paper's final figures beside it.

    The paper's curves are not given as numbers: its table 2 (train) is drawn as lines.
    """
    shown = [t for t in (*FIGURE_6, *(t for t in tasks if t not in FIGURE_6)) if t in tasks]
    columns = min(3, len(shown))
    lines = -(-len(shown) // columns)
    figure = Figure(figsize=(3.6 * columns, 2.8 * lines), layout="constrained")
    FigureCanvasAgg(figure)
    panels = np.ravel(figure.subplots(lines, columns, squeeze=False))
    for axes in panels[len(shown) :]:
        axes.set_axis_off()
    for axes, task in zip(panels, shown, strict=False):
        runs = list(cells["deft", task].successes.values())
        axes.set(title=task, xlabel="episode", ylabel="success", ylim=(-0.03, 1.03))
        if runs:
            length = min(map(len, runs))
            shares = [
                Share(sum(sum(run[max(0, i - WINDOW + 1) : i + 1]) for run in runs), len(runs) * min(WINDOW, i + 1))
                for i in range(length)
            ]
            low, high = np.array([s.interval for s in shares]).T
            episode = np.arange(1, length + 1)
            axes.plot(
                episode, [s.value for s in shares], color="tab:blue", label=f"tries, mean of five ({len(runs)} seeds)"
            )
            axes.fill_between(episode, low, high, color="tab:blue", alpha=0.2, lw=0)
            tuned = cells["deft", task].trials["train"]
            if tuned.trials:
                axes.errorbar(
                    [length + 1], [tuned.value], np.abs(np.array([tuned.interval]).T - tuned.value),
                    color="tab:green", marker="o", ms=4, capsize=2, label="policy, train",
                )  # fmt: skip
        else:
            axes.text(0.5, 0.5, "not run", transform=axes.transAxes, ha="center")
        for name, style in (("deft", "--"), ("affordance_only", ":")):
            if task in PAPER[name]:
                label = f"paper's robot: {METHODS[name].title.split(' (')[0]}"
                axes.axhline(PAPER[name][task][0], color="0.4", ls=style, lw=1.0, label=label)
    panels[0].legend(fontsize=6, loc="best")
    figure.savefig(path, dpi=130)


def efficiency_figure(path: Path, found: Mapping[str, Any]) -> None:
    """Draw success against episodes for every optimiser."""
    figure = Figure(figsize=(6.5, 4.0), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    for name, of in found["optimizers"].items():
        episode = np.arange(1, len(of["curve"]) + 1)
        axes.plot(episode, of["curve"], label=f"{_label(name)} ({of['runs']} runs)", lw=2.0 if name == "deft" else 1.2)
    if "deft" in found["optimizers"]:
        axes.axhline(found["optimizers"]["deft"]["cem_at_the_end"], color="0.6", ls=":", lw=1.0)
    axes.set(xlabel="episode", ylabel=f"success, mean of the last {found['window']} tries", ylim=(-0.03, 1.03))
    axes.legend(fontsize=8)
    figure.savefig(path, dpi=130)
