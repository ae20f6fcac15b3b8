"""Whole devices over kinematic plants, with time running: what drivers are tested against without physics."""

import itertools
import os
import select
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from deft_sim.devices.dynamixel_bus import DynamixelBus
from deft_sim.devices.faults import Wire
from deft_sim.devices.kinematic import KinematicArm, KinematicHand
from deft_sim.devices.pty_port import PtyPort
from deft_sim.devices.ticker import Ticker
from deft_sim.devices.xarm_controller import XArmController
from deft_sim.devices.xarm_server import XArmServer


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
    """Servos on a pty."""

    plant: KinematicHand
    bus: DynamixelBus
    wire: Wire
    port: str
    ids: tuple[int, ...]


@contextmanager
def hand_rig(
    link: Path | str, *, ids: Sequence[int] = range(12), model: str = "xc330-m288", time_scale: float = 5.0
) -> Iterator[HandRig]:
    """Serve a hand with motors of these ids on a pty named `link`."""
    plant = KinematicHand(len(ids))
    bus = DynamixelBus(plant, ids, model=model)
    wire = Wire(np.random.default_rng(0))
    with Ticker(plant.step, [bus.tick], time_scale=time_scale), PtyPort(bus, link, wire):
        yield HandRig(plant, bus, wire, str(link), tuple(ids))


@dataclass(frozen=True)
class ArmRig:
    """An xArm6 controller on loopback."""

    plant: KinematicArm
    arm: XArmController
    wire: Wire
    server: XArmServer
    host: str
    control_port: int


_rigs = itertools.count(1)


@contextmanager
def arm_rig(*, time_scale: float = 5.0, control_port: int = 30502, q: ArrayLike | None = None) -> Iterator[ArmRig]:
    """Serve an arm at an address of its own, so that rigs and test processes side by side do not meet."""
    number = next(_rigs)
    host = f"127.{64 + os.getpid() // 254 % 128}.{os.getpid() % 254}.{number % 250 + 1}"
    plant = KinematicArm() if q is None else KinematicArm(q)
    arm = XArmController(plant)
    wire = Wire(np.random.default_rng(0))
    with (
        Ticker(plant.step, [arm.tick], time_scale=time_scale),
        XArmServer(arm, host, control_port, wire) as server,
    ):
        yield ArmRig(plant, arm, wire, server, host, control_port)
