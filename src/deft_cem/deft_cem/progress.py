"""One line an episode: reward, success, best so far, seconds, time left."""

from __future__ import annotations

import math

from deft_cem.store.episode import Episode


def clock(seconds: float) -> str:
    """Minutes and seconds, or a dash where unknown."""
    if not math.isfinite(seconds):
        return "-"
    minutes, rest = divmod(round(max(seconds, 0.0)), 60)
    return f"{minutes}:{rest:02d}"


def line(episode: Episode, done: int, total: int, best: float, seconds_left: float) -> str:
    """Describe a finished try.

    Args:
        episode: The try.
        done: Tries finished in its phase, of `total`.
        total: Tries of its phase.
        best: Best reward so far in its phase.
        seconds_left: Of the whole run.
    """
    verdict = {True: "yes", False: "no", None: "?"}[episode.success]
    if episode.phase == "finetune":
        head = f"episode {done:>2}/{total}"
    else:
        head = f"trial {done:>2}/{total} {episode.method} {episode.objects}"
    tail = "".join(f"  [{text}]" for text in (episode.fault, episode.note) if text)
    return (
        f"{head:<26} reward {episode.reward:.2f}  success {verdict:<3}  best {best:.2f}  "
        f"{episode.timings.get('total', math.nan):5.1f} s  left {clock(seconds_left)}{tail}"
    )
