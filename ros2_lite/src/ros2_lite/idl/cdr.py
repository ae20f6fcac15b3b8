"""CDR, the wire form of messages: a writer and a reader compiled for each type on first use.

XCDR1 (DDSI-RTPS 10.2): a four-byte encapsulation header, then the members in order, each aligned to its own size
relative to the end of that header. Written little-endian; both byte orders are read.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from . import library
from .cdr_explain import explain_bytes, explain_message
from .cdr_reader import compile_reader
from .cdr_writer import compile_writer
from .classes import type_name
from .errors import CdrError

HEADER = b"\x00\x01\x00\x00"  # plain CDR, little-endian, no options
_writers: dict[type, Callable[[Any, bytes], bytes]] = {}
_readers: dict[tuple[type, bool], Callable[[Any], Any]] = {}
_lock = threading.RLock()


def serialize(msg: Any, prefix: bytes = b"") -> bytes:
    """Return the CDR bytes of a message, encapsulation header included.

    Args:
        msg: a message object.
        prefix: bytes to stand between header and message, such as a request header; a multiple of 8.

    Raises:
        TypeError: `msg` is no message, or a field holds a value that does not fit its type; names the field.
    """
    cls = type(msg)
    writer = _writers.get(cls)
    if writer is None:
        writer = _prepare_writer(cls)
    try:
        return writer(msg, HEADER + prefix)
    except Exception as e:
        raise TypeError(explain_message(msg, e)) from e


def deserialize(data: bytes | memoryview, cls: type, skip: int = 0) -> Any:
    """Return the message that CDR bytes stand for.

    Large primitive sequences are views into `data` until they are read, so the buffer must not change afterwards.

    Args:
        data: encapsulation header and members.
        cls: the message class.
        skip: how many bytes after the encapsulation header precede the message (a request header); a multiple of 8.

    Raises:
        CdrError: the bytes are no message of that type; names type, field, offset and reason.
    """
    little = data[1:2] == b"\x01" and data[0:1] == b"\x00"
    reader = _readers.get((cls, little))
    if reader is None:
        reader = _prepare_reader(cls, little)
    try:
        if little or data[:2] == b"\x00\x00":
            return reader(data if skip == 0 else memoryview(data)[skip:])
    except Exception as e:
        raise CdrError(explain_bytes(data, type_name(cls), skip, e)) from None
    raise CdrError(explain_bytes(data, type_name(cls), skip, None))


def _prepare_writer(cls: type) -> Callable[[Any, bytes], bytes]:
    with _lock:
        if cls not in _writers:
            library_type = _message_type(cls)
            _writers[cls] = compile_writer(library_type)
        return _writers[cls]


def _prepare_reader(cls: type, little: bool) -> Callable[[Any], Any]:
    with _lock:
        if (cls, little) not in _readers:
            _readers[cls, little] = compile_reader(_message_type(cls), little)
        return _readers[cls, little]


def _message_type(cls: type) -> str:
    name = type_name(cls)
    if not hasattr(library.definition(name), "structure"):
        raise TypeError(f"{name} is not a message; serialise its Request, Response, Goal, ... instead")
    return name
