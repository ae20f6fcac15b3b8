"""Readers of the published data sets: each turns a folder into clips, and says of every clip it drops why."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from deft_affordance.video.errors import Rejected
from deft_affordance.video.readers.ego4d import read_ego4d
from deft_affordance.video.readers.epic import read_epic
from deft_affordance.video.readers.hoi4d import read_hoi4d
from deft_affordance.video.record import Clip

Reader = Callable[[Path], Iterator[Clip | Rejected]]
READERS: dict[str, Reader] = {"ego4d": read_ego4d, "epic": read_epic, "hoi4d": read_hoi4d}
