"""What others' pickles may name and set: arrays, dtypes and containers, each made once and no larger than its bytes.

Beside `safe_pickle`, which reads them.
"""

from __future__ import annotations

import _codecs
import math
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy._core.multiarray import _reconstruct, scalar

# No side of an array is longer, and no file.
MAX_BYTES = 1 << 30
# bool, integers, floats, complex, bytes and text: what an element itself holds, no pointer and no field.
_KINDS = "biufcSU"


class Refused(Exception):
    """It asks for more than data."""


def _latin1(text: str, encoding: str = "latin1") -> bytes:
    """What Python 2's and protocol 2's byte strings are spelt with; other codecs could do other things."""
    if not isinstance(text, str) or encoding not in ("latin1", "latin-1"):
        raise Refused(f"_codecs.encode to {encoding!r}")
    return _codecs.encode(text, "latin1")


def _ndarray_class(*_arguments: Any) -> Any:
    """Stands for the class, which pickles name and need not call: it would show memory that nobody wrote."""
    raise Refused("numpy.ndarray called")


def _ndarray(kind: Any, shape: Any, code: Any) -> Any:
    """numpy's empty array before its state is set; of ndarray itself only."""
    if kind is not _ndarray_class or shape not in ((0,), 0):
        raise Refused(f"an array of another class or of the shape {shape!r} to begin with")
    return _reconstruct(np.ndarray, (0,), code)


def _bytes(*arguments: Any) -> bytes:
    """How empty byte strings are spelt; a number would ask for that much memory."""
    if arguments and not (len(arguments) == 1 and isinstance(arguments[0], (bytes, bytearray))):
        raise Refused("bytes of something else")
    return bytes(*arguments)


def _bytearray(*arguments: Any) -> bytearray:
    return bytearray(_bytes(*arguments))


def _dtype(name: Any, *_align_and_copy: Any) -> np.dtype[Any]:
    if not isinstance(name, str):
        raise Refused(f"a dtype of a {type(name).__name__}")
    return _plain_dtype(np.dtype(name, copy=True))  # its byte order may be set: never of numpy's own


def _plain_dtype(kind: Any) -> np.dtype[Any]:
    if not isinstance(kind, np.dtype):
        raise Refused(f"a {type(kind).__name__} for a dtype")
    if kind.hasobject:
        raise Refused("an array of Python objects")
    if kind.kind not in _KINDS or kind.names is not None or kind.subdtype is not None:
        raise Refused(f"an array of {kind}")
    return kind


def _plain_scalar(kind: Any, data: Any) -> Any:
    return scalar(_plain_dtype(kind), data)


def _frombuffer(buffer: Any, kind: Any, shape: Any, order: Any) -> Any:
    """How protocol 5 spells a contiguous array."""
    if not isinstance(buffer, (bytes, bytearray)):
        raise Refused(f"an array in the memory of a {type(buffer).__name__}")
    return np.frombuffer(buffer, dtype=_plain_dtype(kind)).reshape(shape, order=order)


def check_dtype_state(kind: np.dtype[Any], state: Any) -> None:
    """A dtype's state, as numpy writes it, sets the byte order; sizes, fields and flags stay what they are."""
    fine = (
        isinstance(state, tuple)
        and len(state) == 8
        and all(part is None for part in state[2:5])
        and all(type(number) is int for number in state[5:])
        and state[5] in (-1, kind.itemsize)
        and state[6] in (-1, kind.alignment)
        and state[7] == kind.flags
    )
    if not fine:
        raise Refused("a dtype that changes after it was made, or has fields")


def check_array_state(array: np.ndarray, state: Any) -> None:
    """An array's state is set once, and its bytes are as many as its shape and dtype say."""
    if array.shape != (0,):
        raise Refused("an array that changes after it was made")
    if not (isinstance(state, tuple) and len(state) == 5 and isinstance(state[1], tuple)):
        raise Refused("an array of an unknown state")
    _, shape, kind, _, data = state
    if not all(type(side) is int and 0 <= side <= MAX_BYTES for side in shape) or not isinstance(data, (bytes, str)):
        raise Refused("an array of an unknown state")
    if _plain_dtype(kind).itemsize == 0:  # as many as it likes to say
        raise Refused(f"an array of {kind}, which take no room")
    if kind.itemsize * math.prod(shape) != len(data):
        raise ValueError(f"{len(data)} bytes for an array of the shape {shape} of {kind}")


ALLOWED: dict[tuple[str, str], Callable[..., Any]] = {
    ("collections", "OrderedDict"): OrderedDict,
    ("_codecs", "encode"): _latin1,
    ("numpy", "ndarray"): _ndarray_class,
    ("numpy", "dtype"): _dtype,
}
for _home in ("numpy.core", "numpy._core"):
    ALLOWED[(f"{_home}.multiarray", "_reconstruct")] = _ndarray
    ALLOWED[(f"{_home}.multiarray", "scalar")] = _plain_scalar
    ALLOWED[(f"{_home}.numeric", "_frombuffer")] = _frombuffer
for _builtins in ("builtins", "__builtin__"):
    ALLOWED |= {(_builtins, "bytes"): _bytes, (_builtins, "bytearray"): _bytearray}
    for _plain in (set, complex, list, dict):  # a tuple and a frozenset have opcodes of their own
        ALLOWED[(_builtins, _plain.__name__)] = _plain
