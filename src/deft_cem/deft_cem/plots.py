"""Pictures of a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from deft_cem.store.episode import Episode


def learning_curve(path: Path, title: str, tries: Sequence[Episode], warm_up: int) -> None:
    """Draw reward against episode: every try, the running mean of five, the best so far.

    Args:
        path: PNG to write.
        title: Above the picture.
        tries: Fine-tuning episodes in order.
        warm_up: Episodes before the first refit, shaded; 0 for none.
    """
    figure = Figure(figsize=(7.0, 4.0), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    rewards = np.array([e.reward for e in tries])
    episode = np.arange(1, len(rewards) + 1)
    won = np.array([e.success is True for e in tries], dtype=bool)
    if warm_up:
        axes.axvspan(0.5, warm_up + 0.5, color="0.93", label="warm-up")
    axes.scatter(episode[won], rewards[won], color="tab:green", s=22, label="success", zorder=3)
    axes.scatter(episode[~won], rewards[~won], color="tab:red", marker="x", s=22, label="no success", zorder=3)
    axes.plot(episode, running_mean(rewards.tolist()), color="tab:blue", label="mean of the last five")
    axes.step(episode, np.maximum.accumulate(rewards), where="mid", color="0.5", lw=1.0, label="best so far")
    axes.set(xlabel="episode", ylabel="reward", ylim=(-0.03, 1.03), xlim=(0.5, len(rewards) + 0.5), title=title)
    axes.legend(fontsize=8, loc="lower right")
    figure.savefig(path, dpi=120)


def mean_curves(path: Path, title: str, groups: Mapping[str, Sequence[Sequence[Episode]]]) -> None:
    """Draw the mean over runs of the running mean of five rewards, a line a group, with its standard error.

    Args:
        path: PNG to write.
        title: Above the picture.
        groups: Fine-tuning episodes in order, of each run of a group.
    """
    figure = Figure(figsize=(7.0, 4.0), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    for label, runs in groups.items():
        curves = [running_mean([e.reward for e in tries]) for tries in runs]
        length = min(len(curve) for curve in curves)
        if length == 0:
            continue
        values = np.array([curve[:length] for curve in curves])
        episode, mean = np.arange(1, length + 1), values.mean(axis=0)
        (drawn,) = axes.plot(episode, mean, label=f"{label} ({len(runs)})")
        if len(runs) > 1:
            error = values.std(axis=0, ddof=1) / np.sqrt(len(runs))
            axes.fill_between(episode, mean - error, mean + error, color=drawn.get_color(), alpha=0.2, lw=0)
    axes.set(xlabel="episode", ylabel="reward, mean of the last five", ylim=(-0.03, 1.03), title=title)
    axes.legend(fontsize=8, loc="lower right")
    figure.savefig(path, dpi=120)


def running_mean(values: Sequence[float], width: int = 5) -> NDArray[np.float64]:
    """Mean of each value and up to `width` - 1 before it."""
    return np.array([np.mean(values[max(0, i - width + 1) : i + 1]) for i in range(len(values))])
