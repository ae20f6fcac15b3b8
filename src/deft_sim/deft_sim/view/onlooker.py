"""Somebody who watches the living twin: a window where there is a screen, a film maker where there is none."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from deft_sim.view.film import FAST, FAST_FPS, FPS, FilmMaker
from deft_sim.view.window import Window
from deft_sim.world import World


class Onlooker(Protocol):
    """Watches; every method may be called from any thread and returns at once."""

    def tick(self, world: World) -> None:
        """A control tick has passed in this world; called on the physics thread."""

    def begin(self, name: str, world: World) -> None:
        """An episode begins in this world."""

    def end(self) -> None:
        """The episode is over."""

    def close(self) -> None:
        """Finish what is left to do, and look away."""


def has_screen() -> bool:
    """Whether a window could open: X11 or Wayland is there."""
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def onlooker(films: Path, report: Callable[[str], object], time_scale: float = 1.0) -> Onlooker:
    """A window where there is a screen on which one opens; else films of every episode in a folder.

    Args:
        films: folder for films.
        report: told in a line what it does.
        time_scale: how fast the twin lives: of a fast one fewer frames are drawn.
    """
    if has_screen():
        try:
            window = Window(report)
        except (ImportError, OSError) as error:
            report(f"no window on this screen ({error}); filming instead")
        else:
            report("view: a window on this screen")
            return window
    report(f"view: no screen; films go to {films}")
    return FilmMaker(films, report, FAST_FPS if time_scale > FAST else FPS)
