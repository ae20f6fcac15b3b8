"""Packets survive the wire, and nothing that is not a packet gets through."""

from dynamixel_sdk import Protocol2PacketHandler
from hypothesis import given
from hypothesis import strategies as st

from deft_sim.devices.dynamixel_protocol import (
    HEADER,
    Packet,
    PacketParser,
    crc16,
    encode,
    stuff,
    unstuff,
)

packets = st.builds(
    Packet,
    st.integers(0, 0xFE),
    st.integers(0, 0xFF),
    # header bytes are made likely, so that stuffing has work to do
    st.lists(st.one_of(st.sampled_from([0xFF, 0xFD, 0x00]), st.integers(0, 255)), max_size=60).map(bytes),
)


def wire(packet: Packet) -> bytes:
    return encode(packet.id, packet.instruction, packet.parameters)


@given(st.binary(max_size=300))
def test_crc_is_the_vendors(data: bytes) -> None:
    assert crc16(data) == Protocol2PacketHandler().updateCRC(0, data, len(data))


@given(st.lists(st.sampled_from([0xFF, 0xFD, 0x00, 0x55]), max_size=40).map(bytes))
def test_stuffing_round_trips_and_hides_the_header(body: bytes) -> None:
    assert unstuff(stuff(body)) == body
    assert HEADER not in stuff(body)


@given(st.lists(packets, max_size=5), st.data())
def test_packets_come_out_however_the_stream_is_cut(sent: list[Packet], data: st.DataObject) -> None:
    stream = b"".join(wire(p) for p in sent)
    parser, out = PacketParser(), []
    while stream:
        n = data.draw(st.integers(1, len(stream)))
        out += parser.feed(stream[:n])
        stream = stream[n:]
    assert out == sent


@given(st.binary(max_size=400), packets)
def test_a_packet_is_found_behind_any_noise(noise: bytes, packet: Packet) -> None:
    parser = PacketParser()
    parser.feed(noise)
    # A header in the noise may make the parser wait for bytes that never come; the packet after ends that wait.
    out = parser.feed(wire(packet)) + parser.feed(wire(packet))
    assert packet in out


@given(packets, st.data())
def test_a_packet_cut_short_does_not_swallow_the_next(packet: Packet, data: st.DataObject) -> None:
    raw = wire(packet)
    parser = PacketParser()
    parser.feed(raw[: data.draw(st.integers(0, len(raw) - 1))])
    out = parser.feed(wire(packet) * 2)
    assert packet in out


@given(packets, st.data())
def test_a_damaged_byte_never_passes_as_good(packet: Packet, data: st.DataObject) -> None:
    raw = bytearray(wire(packet))
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    assert all(not p.crc_ok for p in PacketParser().feed(bytes(raw)))
