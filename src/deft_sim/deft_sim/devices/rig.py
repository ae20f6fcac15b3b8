"""Whole devices over kinematic plants, with time running: what drivers are tested against without physics."""

import select
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from deft_sim.devices.dynamixel_bus import DynamixelBus
from deft_sim.devices.faults import Wire
from deft_sim.devices.kinematic import KinematicHand
from deft_sim.devices.pty_port import PtyPort
from deft_sim.devices.ticker import Ticker


def wait_for(condition: Callable[[], bool], what: str, deadline_s: float = 10.0) -> None:
    """Wait until something holds.

    Raises:
        TimeoutError: it did not within the deadline; says what.
    """
    end = time.monotonic() + deadline_s
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"after {deadline_s} s still not so: {what}")
        select.select([], [], [], 0.002)


@dataclass(frozen=True)
class HandRig:
    """Twelve servos on a pty."""

    plant: KinematicHand
    bus: DynamixelBus
    wire: Wire
    port: str
    ids: tuple[int, ...]


@contextmanager
def hand_rig(link: Path | str, *, model: str = "xc330-m288", time_scale: float = 5.0, n: int = 12) -> Iterator[HandRig]:
    """Serve a hand of n motors, ids 0.. n-1, on a pty named `link`."""
    plant = KinematicHand(n)
    ids = tuple(range(n))
    bus = DynamixelBus(plant, ids, model=model)
    wire = Wire(np.random.default_rng(0))
    with Ticker(plant.step, [bus.tick], time_scale=time_scale), PtyPort(bus, link, wire):
        yield HandRig(plant, bus, wire, str(link), ids)
