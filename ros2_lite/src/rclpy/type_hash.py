"""Type hashes."""

from __future__ import annotations

import re
from typing import Any


class TypeHash:
    """Version and value of a type hash (`RIHS01_...`)."""

    _TYPE_HASH_SIZE = 32
    __slots__ = ["_value", "_version"]

    def __init__(self, version: int = -1, value: bytes = bytes(_TYPE_HASH_SIZE), **kwargs: Any) -> None:
        assert not kwargs, f"Invalid arguments passed to constructor: {kwargs.keys()!r}"
        self.version = version
        self.value = value

    @classmethod
    def _from_text(cls, text: str) -> TypeHash:
        match = re.fullmatch(r"RIHS(\d\d)_([0-9a-f]{64})", text)
        return cls(int(match[1]), bytes.fromhex(match[2])) if match else cls()

    @property
    def version(self) -> int:
        """The version, -1 where there is no hash."""
        return self._version

    @version.setter
    def version(self, value: int) -> None:
        assert isinstance(value, int)
        self._version = value

    @property
    def value(self) -> bytes:
        """The 32 bytes."""
        return self._value

    @value.setter
    def value(self, value: bytes) -> None:
        assert isinstance(value, bytes)
        self._value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TypeHash) and (self.version, self.value) == (other.version, other.value)

    __hash__ = None  # type: ignore[assignment]

    def __str__(self) -> str:
        if self.version <= 0 or len(self.value) != self._TYPE_HASH_SIZE:
            return "INVALID"
        return f"RIHS{self.version:02}_{self.value.hex()}"

    def __repr__(self) -> str:
        return f"<TypeHash({self})>"
