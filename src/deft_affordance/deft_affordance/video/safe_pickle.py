"""Read others' pickles without running them: NumPy arrays, scalars and plain containers, nothing else.

A pickle is a program: its opcodes may import and call anything. This reader resolves a short list of names and refuses
every other before it is called. Those names cannot be chained to others: they make arrays, dtypes and containers, each
made once: a dtype whose size changed, or an array whose memory was freed, under an array that uses it would show memory
that is not the file's.
"""

from __future__ import annotations

import _codecs
import io
import math
import pickle
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy._core.multiarray import _reconstruct, scalar

from deft_affordance.video.errors import ClipRejected, Reason

MAX_BYTES = 1 << 30
# bool, integers, floats, complex, bytes and text: what an element itself holds, no pointer and no field.
_KINDS = "biufcSU"


class _Refused(Exception):
    """It asks for more than data."""


def _latin1(text: str, encoding: str = "latin1") -> bytes:
    """What Python 2's and protocol 2's byte strings are spelt with; other codecs could do other things."""
    if not isinstance(text, str) or encoding not in ("latin1", "latin-1"):
        raise _Refused(f"_codecs.encode to {encoding!r}")
    return _codecs.encode(text, "latin1")


def _ndarray_class(*_arguments: Any) -> Any:
    """Stands for the class, which pickles name and need not call: it would show memory that nobody wrote."""
    raise _Refused("numpy.ndarray called")


def _ndarray(kind: Any, shape: Any, code: Any) -> Any:
    """numpy's empty array before its state is set; of ndarray itself only."""
    if kind is not _ndarray_class or shape not in ((0,), 0):
        raise _Refused(f"an array of another class or of the shape {shape!r} to begin with")
    return _reconstruct(np.ndarray, (0,), code)


def _bytes(*arguments: Any) -> bytes:
    """How empty byte strings are spelt; a number would ask for that much memory."""
    if arguments and not (len(arguments) == 1 and isinstance(arguments[0], (bytes, bytearray))):
        raise _Refused("bytes of something else")
    return bytes(*arguments)


def _bytearray(*arguments: Any) -> bytearray:
    return bytearray(_bytes(*arguments))


def _dtype(name: Any, *_align_and_copy: Any) -> np.dtype[Any]:
    if not isinstance(name, str):
        raise _Refused(f"a dtype of a {type(name).__name__}")
    return _plain_dtype(np.dtype(name, copy=True))  # its byte order may be set: never of numpy's own


def _plain_dtype(kind: Any) -> np.dtype[Any]:
    if not isinstance(kind, np.dtype):
        raise _Refused(f"a {type(kind).__name__} for a dtype")
    if kind.hasobject:
        raise _Refused("an array of Python objects")
    if kind.kind not in _KINDS or kind.names is not None or kind.subdtype is not None:
        raise _Refused(f"an array of {kind}")
    return kind


def _plain_scalar(kind: Any, data: Any) -> Any:
    return scalar(_plain_dtype(kind), data)


def _frombuffer(buffer: Any, kind: Any, shape: Any, order: Any) -> Any:
    """How protocol 5 spells a contiguous array."""
    if not isinstance(buffer, (bytes, bytearray)):
        raise _Refused(f"an array in the memory of a {type(buffer).__name__}")
    return np.frombuffer(buffer, dtype=_plain_dtype(kind)).reshape(shape, order=order)


def _check_dtype_state(kind: np.dtype[Any], state: Any) -> None:
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
        raise _Refused("a dtype that changes after it was made, or has fields")


def _check_array_state(array: np.ndarray, state: Any) -> None:
    """An array's state is set once, and its bytes are as many as its shape and dtype say."""
    if array.shape != (0,):
        raise _Refused("an array that changes after it was made")
    if not (isinstance(state, tuple) and len(state) == 5 and isinstance(state[1], tuple)):
        raise _Refused("an array of an unknown state")
    _, shape, kind, _, data = state
    if not all(type(side) is int and side >= 0 for side in shape) or not isinstance(data, (bytes, str)):
        raise _Refused("an array of an unknown state")
    if _plain_dtype(kind).itemsize * math.prod(shape) != len(data):
        raise ValueError(f"{len(data)} bytes for an array of the shape {shape} of {kind}")


_ALLOWED: dict[tuple[str, str], Callable[..., Any]] = {
    ("collections", "OrderedDict"): OrderedDict,
    ("_codecs", "encode"): _latin1,
    ("numpy", "ndarray"): _ndarray_class,
    ("numpy", "dtype"): _dtype,
}
for _home in ("numpy.core", "numpy._core"):
    _ALLOWED[(f"{_home}.multiarray", "_reconstruct")] = _ndarray
    _ALLOWED[(f"{_home}.multiarray", "scalar")] = _plain_scalar
    _ALLOWED[(f"{_home}.numeric", "_frombuffer")] = _frombuffer
for _builtins in ("builtins", "__builtin__"):
    _ALLOWED |= {(_builtins, "bytes"): _bytes, (_builtins, "bytearray"): _bytearray}
    for _plain in (set, frozenset, complex, list, dict, tuple):
        _ALLOWED[(_builtins, _plain.__name__)] = _plain


_load_build: Callable[..., None] = pickle._Unpickler.dispatch[pickle.BUILD[0]]


class _Restricted(pickle._Unpickler):
    """The pure-Python unpickler: slower, and nothing in it can be made to read or write memory it should not."""

    stack: list[Any]

    def find_class(self, module: str, name: str) -> Any:
        try:
            return _ALLOWED[(module, name)]
        except KeyError:
            raise _Refused(f"it asks for {module}.{name}") from None

    def persistent_load(self, pid: Any) -> Any:
        raise _Refused("it asks for a persistent object")

    def load_build(self) -> None:
        made, state = self.stack[-2:]
        if isinstance(made, np.dtype):
            _check_dtype_state(made, state)
        elif isinstance(made, np.ndarray):
            _check_array_state(made, state)
        else:
            raise _Refused(f"it sets the state of a {type(made).__name__}")
        _load_build(self)

    dispatch: ClassVar[dict[int, Any]] = pickle._Unpickler.dispatch | {pickle.BUILD[0]: load_build}


def loads(data: bytes, where: str) -> Any:
    """Read a pickle.

    Args:
        data: the pickle.
        where: file, for the message.

    Raises:
        ClipRejected: it asks for anything but arrays and containers, or it is cut short.
    """
    try:
        out = _Restricted(io.BytesIO(data), encoding="latin1").load()
        _check(out)
    except _Refused as error:
        raise ClipRejected(
            Reason.UNSAFE_PICKLE,
            f"{where}: refused: {error}; only NumPy arrays and plain containers are read from pickles",
        ) from None
    except RecursionError:
        raise ClipRejected(Reason.UNSAFE_PICKLE, f"{where}: refused: nested without end") from None
    except Exception as error:  # a truncated or spoilt pickle fails in as many ways as there are opcodes
        raise ClipRejected(
            Reason.BAD_DETECTIONS, f"{where}: no whole pickle ({type(error).__name__}: {error}); fetch the file again"
        ) from None
    return out


def load(path: Path) -> Any:
    """Read a pickle file; raises ClipRejected (see `loads`), also where there is no file."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ClipRejected(Reason.UNSAFE_PICKLE, f"{path}: larger than {MAX_BYTES} bytes")
        data = path.read_bytes()
    except OSError as error:
        raise ClipRejected(Reason.NO_DETECTIONS, f"{path}: {error.strerror or error}") from None
    return loads(data, str(path))


_PLAIN = (type(None), bool, int, float, complex, str, bytes, bytearray, np.ndarray, np.generic)


def _check(value: Any) -> None:
    """What came out is data: no class, no function, no array of objects, however deep."""
    seen: set[int] = set()
    queue = [value]
    while queue:
        item = queue.pop()
        if isinstance(item, dict):
            if id(item) not in seen:
                seen.add(id(item))
                queue += [*item.keys(), *item.values()]
        elif isinstance(item, (list, tuple, set, frozenset)):
            if id(item) not in seen:
                seen.add(id(item))
                queue += list(item)
        elif not isinstance(item, (*_PLAIN, np.dtype)) or isinstance(item, type):
            raise _Refused(f"it holds a {type(item).__name__}")
        elif isinstance(item, np.ndarray) and item.dtype.hasobject:
            raise _Refused("it holds an array of Python objects")
