"""The bus below the wire: whatever arrives, it answers or stays silent, and lives on."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from deft_sim.devices import dynamixel_protocol as dxl
from deft_sim.devices.dynamixel_bus import DynamixelBus
from deft_sim.devices.dynamixel_protocol import Packet, PacketParser
from deft_sim.devices.kinematic import KinematicHand

addresses = st.one_of(st.integers(0, 260), st.sampled_from([7, 8, 11, 64, 98, 102, 112, 116, 126, 168, 208]))
writes = st.builds(lambda a, d: a.to_bytes(2, "little") + d, addresses, st.binary(max_size=12))
instructions = st.sampled_from([1, 2, 3, 4, 5, 6, 8, 0x10, 0x55, 0x82, 0x83, 0x8A, 0x92, 0x93, 0x9A, 0, 0xFF])
hostile = st.builds(
    Packet, st.integers(0, 0xFF), instructions, st.one_of(st.binary(max_size=80), writes), st.booleans()
)


def bus_of(n: int = 3) -> tuple[KinematicHand, DynamixelBus]:
    plant = KinematicHand(n)
    return plant, DynamixelBus(plant, range(n))


@settings(max_examples=200)
@given(st.lists(hostile, max_size=20))
def test_no_packet_breaks_the_bus_and_every_answer_is_well_formed(packets: list[Packet]) -> None:
    plant, bus = bus_of()
    for packet in packets:
        for reply, delay_s in bus.handle(packet):
            (status,) = PacketParser().feed(reply)
            assert status.crc_ok and status.instruction == dxl.STATUS and 0.0 <= delay_s < 1e-3
        plant.step(0.004)
        bus.tick()
    state = plant.hand_state()
    assert np.isfinite(state.position_rad).all()


@given(st.binary(max_size=600))
def test_random_bytes_do_nothing(noise: bytes) -> None:
    plant, bus = bus_of()
    for packet in PacketParser().feed(noise):
        assert not packet.crc_ok
        bus.handle(packet)
    plant.step(0.1)
    assert not plant.hand_state().position_rad.any()


def test_a_silent_servo_silences_those_behind_it_in_a_sync_read() -> None:
    _, bus = bus_of()
    ask = Packet(dxl.BROADCAST, dxl.SYNC_READ, bytes([126, 0, 10, 0, 0, 9, 2]))
    assert len(bus.handle(ask)) == 1


def test_a_client_at_another_baud_rate_is_not_heard() -> None:
    _, bus = bus_of()
    ping = Packet(1, dxl.PING, b"")
    assert bus.handle(ping, 57600) == [] and len(bus.handle(ping, 4_000_000)) == 1


def test_a_set_point_follows_the_profile_in_robot_time() -> None:
    plant, bus = bus_of(1)
    speed = 100 * 0.229 * 2 * np.pi / 60
    for address, value, size in ((112, 100, 4), (64, 1, 1), (116, 2048 + 1024, 4)):
        bus.handle(Packet(0, dxl.WRITE, address.to_bytes(2, "little") + value.to_bytes(size, "little")))
    for _ in range(100):
        plant.step(0.004)
        bus.tick()
    assert abs(plant.hand_state().position_rad[0] - 0.4 * speed) < 0.15 * speed
