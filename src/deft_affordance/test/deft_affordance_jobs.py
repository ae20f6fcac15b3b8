"""Jobs for the tests of workers, importable by name in other processes."""

import os
from pathlib import Path

from deft_affordance.errors import UnknownInstruction


def square(number: int) -> tuple[int, int]:
    return number * number, os.getpid()


def refuse(_: int) -> None:
    raise UnknownInstruction("nothing known")


def die_once(mark: Path) -> bool:
    """Lose its process the first time, as when a machine goes."""
    if not mark.exists():
        mark.touch()
        os._exit(1)
    return True
