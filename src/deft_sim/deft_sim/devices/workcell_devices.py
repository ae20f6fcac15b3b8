"""All devices of a twin, opened and closed together: arm controller, motor bus, camera."""

import time
from contextlib import ExitStack
from types import TracebackType
from typing import Self

import numpy as np

from deft_core.errors import ConfigError
from deft_sim.devices.camera_server import CameraServer
from deft_sim.devices.dynamixel_bus import DynamixelBus
from deft_sim.devices.faults import Wire
from deft_sim.devices.pty_port import PtyPort
from deft_sim.devices.xarm_controller import XArmController
from deft_sim.devices.xarm_server import XArmServer
from deft_sim.live import LiveTwin


class WorkcellDevices:
    """Serves a live twin's devices at the workcell's addresses, and lets the twin live meanwhile.

    Args:
        twin: not started yet.
        seed: of the wires' faults, should any be injected.

    Raises:
        OSError: on entering, when a port or pty is taken; one line says which and what to do.
    """

    def __init__(self, twin: LiveTwin, seed: int) -> None:
        cell = twin.cell
        host, _, port = cell.camera.address.rpartition(":")
        if not host or not port.isdigit():
            raise ConfigError(f"workcell {cell.name}: camera.address {cell.camera.address!r} is not HOST:PORT")
        self.arm_wire, self.hand_wire = Wire(np.random.default_rng([seed, 1])), Wire(np.random.default_rng([seed, 2]))
        # Whoever commands the arm lives by the wall, where a robot second is as short as the workcell says.
        self.controller = XArmController(
            twin,
            sender_clock=lambda: time.monotonic() * cell.time_scale,
            servo_period_s=cell.time_scale / cell.arm.control_hz,
        )
        self.bus = DynamixelBus(twin, twin.hand.motor_ids, baud_rate=cell.hand.baud)
        self.camera = CameraServer(twin.expose, twin.close_eyes, host, int(port), cell.camera.fps)
        self._twin = twin
        self.arm_server = XArmServer(self.controller, cell.arm.host, cell.arm.control_port, self.arm_wire)
        self._parts = (
            self.arm_server,
            PtyPort(self.bus, cell.hand.port, self.hand_wire),
            self.camera,
        )
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        """Open every device, then let time pass; on failure nothing stays open."""
        with ExitStack() as stack:
            for part in self._parts:
                stack.enter_context(part)
            self._twin.attach(self.controller.tick, self.bus.tick)
            self._twin.wait_for(self.controller.waits_for_command, self.controller.wait_no_more)
            stack.enter_context(self._twin)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop time and close every device."""
        self._stack.close()
