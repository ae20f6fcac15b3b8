"""The vendor's dynamixel_sdk, unmodified, on the emulated bus: every kind of instruction it can send."""

import math
import sys
from collections.abc import Iterator
from pathlib import Path

import dynamixel_sdk as sdk
import numpy as np
import pytest

from deft_sim.devices.dynamixel_bus import DynamixelBus
from deft_sim.devices.faults import Wire, WireFaults
from deft_sim.devices.kinematic import KinematicHand
from deft_sim.devices.pty_port import PortTaken, PtyPort
from deft_sim.devices.rig import HandRig, wait_for

OK = sdk.COMM_SUCCESS
TORQUE, GOAL_CURRENT, GOAL, PRESENT = 64, 102, 116, 126


@pytest.fixture
def port(hand_rig: HandRig, monkeypatch: pytest.MonkeyPatch) -> Iterator[sdk.PortHandler]:
    # The SDK gives up after twice this many milliseconds; a busy machine may take that long to run the emulator.
    monkeypatch.setattr("dynamixel_sdk.port_handler.LATENCY_TIMER", 150)
    # It also spins while it waits, and the emulator is a thread of this process: let it in more often than every 5 ms.
    before = sys.getswitchinterval()
    sys.setswitchinterval(2e-4)
    handler = sdk.PortHandler(hand_rig.port)
    assert handler.openPort() and handler.setBaudRate(4_000_000)
    yield handler
    handler.closePort()
    sys.setswitchinterval(before)


@pytest.fixture
def dxl() -> sdk.Protocol2PacketHandler:
    return sdk.PacketHandler(2.0)


def four_bytes(value: int) -> list[int]:
    return list((value & 0xFFFFFFFF).to_bytes(4, "little"))


def test_ping_and_broadcast_ping(port: sdk.PortHandler, dxl: sdk.Protocol2PacketHandler) -> None:
    assert dxl.ping(port, 3) == (1240, OK, 0)
    assert dxl.ping(port, 77)[1] == sdk.COMM_RX_TIMEOUT
    found, result = dxl.broadcastPing(port)
    assert result == OK and found == {i: [1240, 52] for i in range(12)}


def test_read_and_write_with_every_kind_of_refusal(port: sdk.PortHandler, dxl: sdk.Protocol2PacketHandler) -> None:
    assert dxl.write1ByteTxRx(port, 1, 65, 1) == (OK, 0)
    assert dxl.read1ByteTxRx(port, 1, 65) == (1, OK, 0)
    assert dxl.write1ByteTxRx(port, 1, 65, 9) == (OK, 4)
    assert dxl.write2ByteTxRx(port, 1, 0, 9) == (OK, 7)  # the model number is read-only
    assert dxl.write2ByteTxRx(port, 1, GOAL, 9) == (OK, 5)  # half of a goal
    assert dxl.write4ByteTxRx(port, 1, GOAL, 5000) == (OK, 6)  # beyond the position limit of mode 3
    assert dxl.write1ByteTxRx(port, 1, TORQUE, 1) == (OK, 0)
    assert dxl.write1ByteTxRx(port, 1, 11, 5) == (OK, 7)  # EEPROM is locked while torque is on
    assert dxl.write1ByteTxRx(port, 1, TORQUE, 0) == (OK, 0)
    assert dxl.write1ByteTxRx(port, 1, 11, 5) == (OK, 0)
    assert dxl.write4ByteTxRx(port, 1, GOAL, 5000) == (OK, 0)
    assert dxl.readTxRx(port, 1, 250, 20)[1:] == (OK, 5)


def test_registered_write_waits_for_the_action(
    hand_rig: HandRig, port: sdk.PortHandler, dxl: sdk.Protocol2PacketHandler
) -> None:
    dxl.write1ByteTxRx(port, 2, TORQUE, 1)
    assert dxl.regWriteTxRx(port, 2, GOAL, 4, four_bytes(2048 + 300)) == (OK, 0)
    assert dxl.read1ByteTxRx(port, 2, 69) == (1, OK, 0)
    assert dxl.read4ByteTxRx(port, 2, GOAL)[0] == 2048
    assert dxl.action(port, sdk.BROADCAST_ID) == OK
    wait_for(lambda: abs(dxl.read4ByteTxRx(port, 2, 132)[0] - 2348) < 3, "servo 2 at its goal")
    assert dxl.read1ByteTxRx(port, 2, 69) == (0, OK, 0)


@pytest.mark.parametrize("fast", [False, True])
def test_sync_read_and_sync_write(
    hand_rig: HandRig, port: sdk.PortHandler, dxl: sdk.Protocol2PacketHandler, fast: bool
) -> None:
    for servo in hand_rig.ids:
        dxl.write1ByteTxRx(port, servo, TORQUE, 1)
    write = sdk.GroupSyncWrite(port, dxl, GOAL, 4)
    read = sdk.GroupSyncRead(port, dxl, PRESENT, 10)
    for servo in hand_rig.ids:
        assert write.addParam(servo, four_bytes(2048 + 20 * servo)) and read.addParam(servo)
    assert write.txPacket() == OK

    def there() -> bool:
        assert (read.fastSyncRead() if fast else read.txRxPacket()) == OK
        positions = [read.getData(servo, 132, 4) for servo in hand_rig.ids]
        return all(abs(p - 2048 - 20 * i) <= 2 for i, p in enumerate(positions))

    wait_for(there, "all twelve servos at their goals")


@pytest.mark.parametrize("fast", [False, True])
def test_bulk_read_and_bulk_write(port: sdk.PortHandler, dxl: sdk.Protocol2PacketHandler, fast: bool) -> None:
    write = sdk.GroupBulkWrite(port, dxl)
    assert write.addParam(4, 65, 1, [1]) and write.addParam(5, GOAL, 4, four_bytes(2100))
    assert write.txPacket() == OK
    read = sdk.GroupBulkRead(port, dxl)
    assert read.addParam(4, 65, 1) and read.addParam(5, GOAL, 4)
    assert (read.fastBulkRead() if fast else read.txRxPacket()) == OK
    assert read.getData(4, 65, 1) == 1 and read.getData(5, GOAL, 4) == 2100


def test_indirect_addresses(port: sdk.PortHandler, dxl: sdk.Protocol2PacketHandler) -> None:
    for i in range(4):
        assert dxl.write2ByteTxRx(port, 6, 168 + 2 * i, GOAL + i) == (OK, 0)
    assert dxl.write2ByteTxRx(port, 6, 168 + 8, 65) == (OK, 0)
    assert dxl.writeTxRx(port, 6, 208, 5, [*four_bytes(2222), 1]) == (OK, 0)
    assert dxl.read4ByteTxRx(port, 6, GOAL)[0] == 2222 and dxl.read1ByteTxRx(port, 6, 65)[0] == 1
    assert dxl.readTxRx(port, 6, 208, 5)[0] == [*four_bytes(2222), 1]


def test_reboot_factory_reset_and_clear(port: sdk.PortHandler, dxl: sdk.Protocol2PacketHandler) -> None:
    assert dxl.write2ByteTxRx(port, 7, 38, 600) == (OK, 0)
    assert dxl.write1ByteTxRx(port, 7, 65, 1) == (OK, 0)
    assert dxl.reboot(port, 7) == (OK, 0)
    assert dxl.read1ByteTxRx(port, 7, 65)[0] == 0 and dxl.read2ByteTxRx(port, 7, 38)[0] == 600
    assert dxl.clearMultiTurn(port, 7) == (OK, 0)
    assert dxl.factoryReset(port, 7, 0x02) == (OK, 0)
    assert dxl.read2ByteTxRx(port, 7, 38)[0] == 2352


def test_status_return_level(port: sdk.PortHandler, dxl: sdk.Protocol2PacketHandler) -> None:
    assert dxl.write1ByteTxRx(port, 8, 68, 1)[0] == sdk.COMM_RX_TIMEOUT  # from now on silent to writes, this one too
    assert dxl.write1ByteTxRx(port, 8, 65, 1)[0] == sdk.COMM_RX_TIMEOUT
    assert dxl.read1ByteTxRx(port, 8, 65) == (1, OK, 0)


def test_present_values_are_signed_and_in_their_units(
    hand_rig: HandRig, port: sdk.PortHandler, dxl: sdk.Protocol2PacketHandler
) -> None:
    hand_rig.plant.block(0, -1.0)
    dxl.write1ByteTxRx(port, 0, 11, 5)
    dxl.write1ByteTxRx(port, 0, TORQUE, 1)
    dxl.write2ByteTxRx(port, 0, GOAL_CURRENT, 400)
    dxl.write4ByteTxRx(port, 0, GOAL, 2048)
    wait_for(lambda: dxl.read2ByteTxRx(port, 0, 126)[0] == 400, "the blocked motor presses with 400 mA")
    position = np.uint32(dxl.read4ByteTxRx(port, 0, 132)[0]).astype(np.int32)
    assert math.isclose((int(position) - 2048) * 2 * math.pi / 4096, -1.0, abs_tol=2e-3)


def test_overload_takes_the_torque_until_a_reboot(
    hand_rig: HandRig, port: sdk.PortHandler, dxl: sdk.Protocol2PacketHandler
) -> None:
    hand_rig.plant.block(9, 0.0)
    dxl.write1ByteTxRx(port, 9, TORQUE, 1)
    dxl.write4ByteTxRx(port, 9, GOAL, 3000)
    wait_for(lambda: dxl.read1ByteTxRx(port, 9, 70)[0] == 0x20, "servo 9 overloaded")
    assert dxl.read1ByteTxRx(port, 9, TORQUE) == (0, OK, 0x80)  # the alert bit rides on every answer
    dxl.write1ByteTxRx(port, 9, TORQUE, 1)
    assert dxl.read1ByteTxRx(port, 9, TORQUE)[0] == 0
    assert dxl.reboot(port, 9)[0] == OK
    assert dxl.write1ByteTxRx(port, 9, TORQUE, 1) == (OK, 0) and dxl.read1ByteTxRx(port, 9, TORQUE)[0] == 1


def test_the_watchdog_stops_a_motor_on_a_silent_bus(
    hand_rig: HandRig, port: sdk.PortHandler, dxl: sdk.Protocol2PacketHandler
) -> None:
    dxl.write1ByteTxRx(port, 1, TORQUE, 1)
    dxl.write4ByteTxRx(port, 1, 112, 5)  # slowly: a long way still to go
    dxl.write4ByteTxRx(port, 1, GOAL, 4000)
    dxl.write1ByteTxRx(port, 1, 98, 10)
    wait_for(lambda: hand_rig.bus.servos[1].table.memory[98] == 0xFF, "the watchdog ran out")
    assert dxl.write4ByteTxRx(port, 1, GOAL, 3000) == (OK, 4)
    where = dxl.read4ByteTxRx(port, 1, 132)[0]
    assert where < 4000
    assert dxl.write1ByteTxRx(port, 1, 98, 0) == (OK, 0) and dxl.write4ByteTxRx(port, 1, GOAL, 3000) == (OK, 0)


def test_injected_heat_shuts_a_servo_down(
    hand_rig: HandRig, port: sdk.PortHandler, dxl: sdk.Protocol2PacketHandler
) -> None:
    hand_rig.bus.inject_heat(5, 85.0)
    assert dxl.read1ByteTxRx(port, 5, 146) == (85, OK, 0x80) and dxl.read1ByteTxRx(port, 5, 70)[0] == 0x04


def test_a_lossy_wire_shows_as_the_sdks_own_errors(
    hand_rig: HandRig, port: sdk.PortHandler, dxl: sdk.Protocol2PacketHandler
) -> None:
    hand_rig.wire.faults = WireFaults(drop=1.0)
    assert dxl.read1ByteTxRx(port, 1, 65)[1] == sdk.COMM_RX_TIMEOUT
    hand_rig.wire.faults = WireFaults(corrupt=0.6)
    results = {dxl.read1ByteTxRx(port, 1, 65)[1] for _ in range(12)}
    assert OK in results and results <= {OK, sdk.COMM_RX_CORRUPT, sdk.COMM_RX_TIMEOUT}
    hand_rig.wire.faults = WireFaults()
    wait_for(lambda: dxl.read1ByteTxRx(port, 1, 65)[1:] == (OK, 0), "the wire is whole again")


def test_a_taken_port_is_refused_and_a_stale_one_is_not(tmp_path: Path, hand_rig: HandRig) -> None:
    bus = DynamixelBus(KinematicHand(1), [0])
    wire = Wire(np.random.default_rng(0))
    with pytest.raises(PortTaken, match="another process"), PtyPort(bus, hand_rig.port, wire):
        pass
    plain = tmp_path / "plain"
    plain.write_text("mine")
    with pytest.raises(PortTaken, match="not a link"), PtyPort(bus, plain, wire):
        pass
    assert plain.read_text() == "mine"
    stale = tmp_path / "stale"
    stale.symlink_to("/dev/pts/no-such")
    with PtyPort(bus, stale, wire):
        assert stale.resolve().exists()
    assert not stale.is_symlink()
