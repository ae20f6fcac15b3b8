"""Protocol-buffer messages of EPIC-KITCHENS-100's hand-object detections, read and written.

Fields after the data set's `types.proto` (package model.detections): Detections{1 video_id, 2 frame_number, 3 hands,
4 objects}; HandDetection{1 bbox, 2 score, 3 state, 4 object_offset, 5 side}; ObjectDetection{1 bbox, 2 score};
BBox{1 left, 2 top, 3 right, 4 bottom}; FloatVector{1 x, 2 y}. Boxes and offsets are shares of width and height.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5


class WireError(ValueError):
    """The bytes are no such message."""


@dataclass(frozen=True)
class WireHand:
    """A hand: box (left, top, right, bottom), score, state 0 to 4, offset to its object (x, y), side 0 left 1 right."""

    box: tuple[float, float, float, float]
    score: float
    state: int
    offset: tuple[float, float]
    side: int


@dataclass(frozen=True)
class WireObject:
    """An object: box (left, top, right, bottom) and score."""

    box: tuple[float, float, float, float]
    score: float


@dataclass(frozen=True)
class WireFrame:
    """All detections of one frame; frames count from 1."""

    video_id: str
    frame_number: int
    hands: tuple[WireHand, ...]
    objects: tuple[WireObject, ...]


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(data) or shift > 63:
            raise WireError("a number is cut short")
        byte = data[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if not byte & 0x80:
            return value, at


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes | float]]:
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        number, kind = key >> 3, key & 7
        if kind == _VARINT:
            value, at = _varint(data, at)
            yield number, value
            continue
        size = {_FIXED64: 8, _FIXED32: 4}.get(kind)
        if kind == _BYTES:
            size, at = _varint(data, at)
        if size is None or at + size > len(data):
            raise WireError(f"field {number} is cut short or of an unknown kind ({kind})")
        part, at = data[at : at + size], at + size
        yield number, struct.unpack("<f", part)[0] if kind == _FIXED32 else part


def _floats(data: object, count: int) -> list[float]:
    if not isinstance(data, bytes):
        raise WireError("a box or vector is no message")
    out = [0.0] * count  # proto3 leaves zeros out
    for number, value in _fields(data):
        if 1 <= number <= count:
            if not isinstance(value, float):
                raise WireError(f"field {number} of a box or vector is no float")
            out[number - 1] = value
    return out


def _box(data: object) -> tuple[float, float, float, float]:
    left, top, right, bottom = _floats(data, 4)
    return left, top, right, bottom


def _hand(data: bytes) -> WireHand:
    found = dict(_fields(data))
    x, y = _floats(found.get(4, b""), 2)
    return WireHand(_box(found.get(1, b"")), _number(found, 2), int(_number(found, 3)), (x, y), int(_number(found, 5)))


def _number(found: dict[int, int | bytes | float], number: int) -> float:
    value = found.get(number, 0)
    if isinstance(value, bytes):
        raise WireError(f"field {number} is no number")
    return float(value)


def parse(data: bytes) -> WireFrame:
    """Read one serialized Detections message; raises WireError."""
    video, frame = "", 0
    hands: list[WireHand] = []
    objects: list[WireObject] = []
    for number, value in _fields(data):
        if number == 2 and isinstance(value, int):
            frame = value
        elif number in (1, 3, 4):
            if not isinstance(value, bytes):
                raise WireError(f"field {number} is no message")
            if number == 1:
                video = value.decode("utf-8", "replace")
            elif number == 3:
                hands.append(_hand(value))
            else:
                found = dict(_fields(value))
                objects.append(WireObject(_box(found.get(1, b"")), _number(found, 2)))
    return WireFrame(video, frame, tuple(hands), tuple(objects))


def _put_varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _put(number: int, value: int | float | bytes) -> bytes:
    if isinstance(value, bytes):
        return _put_varint(number << 3 | _BYTES) + _put_varint(len(value)) + value
    if not value:
        return b""  # proto3 leaves zeros out
    if isinstance(value, int):
        return _put_varint(number << 3 | _VARINT) + _put_varint(value)
    return _put_varint(number << 3 | _FIXED32) + struct.pack("<f", value)


def _put_floats(values: tuple[float, ...]) -> bytes:
    return b"".join(_put(i, float(v)) for i, v in enumerate(values, start=1))


def serialize(frame: WireFrame) -> bytes:
    """Write one Detections message; inverse of `parse` up to float32."""
    hands = [
        _put(1, _put_floats(h.box)) + _put(2, float(h.score)) + _put(3, int(h.state)) + _put(4, _put_floats(h.offset))
        + _put(5, int(h.side))
        for h in frame.hands
    ]  # fmt: skip
    objects = [_put(1, _put_floats(o.box)) + _put(2, float(o.score)) for o in frame.objects]
    return (
        _put(1, frame.video_id.encode())
        + _put(2, int(frame.frame_number))
        + b"".join(_put(3, hand) for hand in hands)
        + b"".join(_put(4, thing) for thing in objects)
    )
