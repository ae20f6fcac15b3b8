"""Faults by name, as the twin's /twin/inject_fault service takes them: what a device may suffer on a bad day."""

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from deft_sim.devices.dynamixel_bus import DynamixelBus
from deft_sim.devices.faults import PERFECT, Wire
from deft_sim.devices.xarm_controller import XArmController
from deft_sim.devices.xarm_server import XArmServer

# name in the service -> field of WireFaults
WIRE = {"latency": "latency_s", "jitter": "jitter_s", "drop": "drop", "corrupt": "corrupt"}
ARM = ("error", "emergency_stop", "silence")
HAND = ("error", "heat")


class Devices(Protocol):
    """The devices of one twin."""

    controller: XArmController
    arm_server: XArmServer
    arm_wire: Wire
    bus: DynamixelBus
    hand_wire: Wire


def inject(devices: Devices, device: str, fault: str, value: float = 0.0, motor_id: int = 0) -> str:
    """Put a fault in, or take it out; returns what was done, in a sentence.

    Raises:
        ValueError: no such device, fault, motor, or a value it cannot have; lists what there is.
    """
    if fault == "clear":
        return _clear(devices, device)
    if device not in ("arm", "hand"):
        raise ValueError(f"device {device!r}: expected arm or hand (or all, to clear)")
    if fault in WIRE:
        wire = devices.arm_wire if device == "arm" else devices.hand_wire
        wire.faults = replace(wire.faults, **{WIRE[fault]: value})
        return f"{device}: {wire.faults}"
    own = _arm(devices) if device == "arm" else _hand(devices, motor_id)
    if fault not in own:
        raise ValueError(f"{device} knows no fault {fault!r}; it has {', '.join([*own, *WIRE, 'clear'])}")
    own[fault](value)
    return f"{device}: {fault} {value:g}" + (f" at motor {motor_id}" if device == "hand" else "")


def _arm(devices: Devices) -> dict[str, Callable[[float], None]]:
    controller, server = devices.controller, devices.arm_server

    def error(value: float) -> None:
        controller.fault(_whole(value, 1, 255))

    def emergency_stop(value: float) -> None:
        if value:
            controller.press_emergency_stop()
        else:
            controller.release_emergency_stop()

    def silence(value: float) -> None:
        server.reporting = not value

    return dict(zip(ARM, (error, emergency_stop, silence), strict=True))


def _hand(devices: Devices, motor_id: int) -> dict[str, Callable[[float], None]]:
    def error(value: float) -> None:
        devices.bus.inject_error(motor_id, _whole(value, 1, 0x3F))

    def heat(value: float) -> None:
        devices.bus.inject_heat(motor_id, float(_whole(value, 0, 200)))

    return dict(zip(HAND, (error, heat), strict=True))


def _clear(devices: Devices, device: str) -> str:
    """Make the wires whole, the button out and the motors cool; latched errors stay for the drivers to recover from."""
    if device not in ("arm", "hand", "all"):
        raise ValueError(f"device {device!r}: expected arm, hand or all")
    if device in ("arm", "all"):
        devices.arm_wire.faults = PERFECT
        devices.arm_server.reporting = True
        devices.controller.release_emergency_stop()
    if device in ("hand", "all"):
        devices.hand_wire.faults = PERFECT
        for servo in devices.bus.servos:
            devices.bus.inject_heat(servo.id, 32.0)
    return f"{device}: faults taken out; what they left behind is the drivers' to recover from"


def _whole(value: float, low: int, high: int) -> int:
    if not (low <= value <= high and float(value).is_integer()):
        raise ValueError(f"value {value}: expected a whole number from {low} to {high}")
    return int(value)
