"""Read others' pickles without running them: NumPy arrays, scalars and plain containers, nothing else.

A pickle is a program: its opcodes may import and call anything. This reader resolves a short list of names and refuses
every other before it is called. Those names cannot be chained to others: they make arrays, dtypes and containers, each
made once: a dtype whose size changed, or an array whose memory was freed, under an array that uses it would show memory
that is not the file's. Nor does a small file become more than the memory holds, by parts in parts in parts or copies
of one: it would cost the batch, not its own clip.
"""

from __future__ import annotations

import io
import pickle
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar, cast

import numpy as np

from deft_affordance.video.errors import ClipRejected, Reason
from deft_affordance.video.safe_names import ALLOWED, MAX_BYTES, Refused, check_array_state, check_dtype_state

# What is made of a file may be larger than it by this: small files use some of their parts twice.
ROOM = 1 << 20
_WRITTEN_OUT = "parts in themselves, or in each other so often that no memory holds it written out"


def _load(code: bytes) -> Callable[..., None]:
    """What pickle itself does at an opcode."""
    return cast(Callable[..., None], pickle._Unpickler.dispatch[code[0]])


def _weighed(load: Callable[..., None]) -> Callable[..., None]:
    """A tuple's opcode, and then whether there is too much in it."""

    def load_tuple(unpickler: _Restricted) -> None:
        load(unpickler)
        unpickler.weigh_tuple()

    return load_tuple


class _Restricted(pickle._Unpickler):
    """The pure-Python unpickler: slower, and nothing in it can be made to read or write memory it should not."""

    stack: list[Any]
    append: Callable[[Any], None]
    read: Callable[[int], bytes]

    def __init__(self, data: bytes) -> None:
        super().__init__(io.BytesIO(data), encoding="latin1")
        self._most = len(data) + ROOM
        self._left = 4 * self._most  # NumPy's own files copy a byte twice, from text to bytes to an array
        # Each tuple, with how much is in it, parts of parts too, as often as they are: what a key of it would cost.
        self._tuples: dict[int, tuple[tuple[Any, ...], int]] = {}

    def find_class(self, module: str, name: str) -> Any:
        try:
            return ALLOWED[(module, name)]
        except KeyError:
            raise Refused(f"it asks for {module}.{name}") from None

    def persistent_load(self, pid: Any) -> Any:
        raise Refused("it asks for a persistent object")

    def load_build(self) -> None:
        made, state = self.stack[-2:]
        if isinstance(made, np.dtype):
            check_dtype_state(made, state)
        elif isinstance(made, np.ndarray):
            check_array_state(made, state)
        else:
            raise Refused(f"it sets the state of a {type(made).__name__}")
        _load(pickle.BUILD)(self)
        self._copied(made)

    def load_reduce(self) -> None:
        _load(pickle.REDUCE)(self)
        self._copied(self.stack[-1])

    def _copied(self, made: Any) -> None:
        """Count what calls copy: a call of a part that is there already takes a few bytes of the file."""
        sized = isinstance(made, (bytes, bytearray, list, dict, set))
        self._left -= len(made) if sized else getattr(made, "nbytes", 1)
        if self._left < 0:
            raise Refused("copies of copies, far more than the file holds")

    def load_bytearray(self) -> None:
        (size,) = struct.unpack("<Q", self.read(8))
        self.append(bytearray(self.read(size)))  # pickle's own makes room for `size` before it looks

    def load_frozenset(self) -> None:
        raise Refused("a frozenset")

    def weigh_tuple(self) -> None:
        made = self.stack[-1]
        size = 1 + sum(self._tuples.get(id(part), (part, 1))[1] for part in made)
        if size > self._most:
            raise Refused(_WRITTEN_OUT)
        self._tuples[id(made)] = made, size

    dispatch: ClassVar[dict[int, Any]] = pickle._Unpickler.dispatch | {
        pickle.BUILD[0]: load_build,
        pickle.REDUCE[0]: load_reduce,
        pickle.BYTEARRAY8[0]: load_bytearray,
        pickle.FROZENSET[0]: load_frozenset,
        **{code[0]: _weighed(_load(code)) for code in (pickle.TUPLE, pickle.TUPLE1, pickle.TUPLE2, pickle.TUPLE3)},
    }


def loads(data: bytes, where: str) -> Any:
    """Read a pickle.

    Args:
        data: the pickle.
        where: file, for the message.

    Raises:
        ClipRejected: it asks for anything but arrays and containers, or it is cut short.
    """
    try:
        out = _Restricted(data).load()
        _check(out, len(data) + ROOM)
    except Refused as error:
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


def _check(value: Any, most: int) -> None:
    """What came out is data: no class, no function, no array of objects, however deep; nor, written out, too much."""
    sizes: dict[int, int] = {}  # of containers, with all that is in them; of those not left yet, too much
    queue = [(value, False)]
    while queue:
        item, left = queue.pop()
        parts = [*item.keys(), *item.values()] if isinstance(item, dict) else item
        if isinstance(parts, (list, tuple, set)):
            if left:
                sizes[id(item)] = 1 + sum(sizes.get(id(part), 1) for part in parts)
                if sizes[id(item)] > most:
                    raise Refused(_WRITTEN_OUT)
            elif id(item) not in sizes:
                sizes[id(item)] = most
                queue += [(item, True), *((part, False) for part in parts)]
        elif not isinstance(item, (*_PLAIN, np.dtype)) or isinstance(item, type):
            raise Refused(f"it holds a {type(item).__name__}")
        elif isinstance(item, np.ndarray) and item.dtype.hasobject:
            raise Refused("it holds an array of Python objects")
