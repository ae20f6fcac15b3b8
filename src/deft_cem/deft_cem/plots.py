"""Pictures of a run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

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
    means = [rewards[max(0, i - 4) : i + 1].mean() for i in range(len(rewards))]
    axes.plot(episode, means, color="tab:blue", label="mean of the last five")
    axes.step(episode, np.maximum.accumulate(rewards), where="mid", color="0.5", lw=1.0, label="best so far")
    axes.set(xlabel="episode", ylabel="reward", ylim=(-0.03, 1.03), xlim=(0.5, len(rewards) + 0.5), title=title)
    axes.legend(fontsize=8, loc="lower right")
    figure.savefig(path, dpi=120)
