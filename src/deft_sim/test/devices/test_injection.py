"""Faults by name reach the devices, and what is no fault is refused."""

from types import SimpleNamespace

import pytest

from deft_sim.devices.faults import PERFECT, WireFaults
from deft_sim.devices.injection import Devices, inject
from deft_sim.devices.rig import ArmRig, HandRig


@pytest.fixture
def devices(arm_rig: ArmRig, hand_rig: HandRig) -> Devices:
    return SimpleNamespace(
        controller=arm_rig.arm,
        arm_server=arm_rig.server,
        arm_wire=arm_rig.wire,
        bus=hand_rig.bus,
        hand_wire=hand_rig.wire,
    )


def test_faults_come_and_go(devices: Devices) -> None:
    assert inject(devices, "arm", "error", 31) == "arm: error 31" and devices.controller.error == 31
    inject(devices, "arm", "emergency_stop", 1)
    devices.controller.clean_error()
    assert devices.controller.error
    inject(devices, "arm", "silence", 1)
    inject(devices, "arm", "latency", 0.01)
    inject(devices, "arm", "drop", 0.5)
    assert not devices.arm_server.reporting and devices.arm_wire.faults == WireFaults(latency_s=0.01, drop=0.5)
    inject(devices, "hand", "corrupt", 0.1)
    inject(devices, "hand", "heat", 90, motor_id=3)
    inject(devices, "hand", "error", 0x20, motor_id=4)
    assert [devices.bus.servos[i].table["hardware_error_status"] for i in (3, 4)] == [0x04, 0x20]
    inject(devices, "all", "clear")
    assert devices.arm_wire.faults == devices.hand_wire.faults == PERFECT and devices.arm_server.reporting
    devices.controller.clean_error()
    assert devices.controller.error == 0
    devices.bus.servos[3].reboot()
    assert devices.bus.servos[3].table["hardware_error_status"] == 0


@pytest.mark.parametrize(
    ("device", "fault", "value", "motor", "reason"),
    [
        ("leg", "error", 1, 0, "arm or hand"),
        ("leg", "clear", 0, 0, "all"),
        ("arm", "heat", 1, 0, "emergency_stop"),
        ("arm", "error", 0.5, 0, "whole number"),
        ("arm", "drop", 2.0, 0, "probability"),
        ("hand", "heat", 90, 99, "no servo 99"),
        ("hand", "latency", float("nan"), 0, "seconds"),
    ],
)
def test_what_is_no_fault_is_refused(
    devices: Devices, device: str, fault: str, value: float, motor: int, reason: str
) -> None:
    with pytest.raises(ValueError, match=reason):
        inject(devices, device, fault, value, motor)
