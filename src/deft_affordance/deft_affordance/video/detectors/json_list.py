"""A long JSON list read item by item, in as much memory as its longest item."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

CHUNK = 1 << 20
# No longer item is looked for: of a damaged one the end would be sought through the whole file.
MOST = 1 << 26
_SPACE = " \t\r\n"


def items(path: Path) -> Iterator[tuple[Any, int, int]]:
    """Each item of a file's one list, with the byte that it begins at and how many it has: see `item_at`.

    Raises:
        OSError: the file cannot be read.
        ValueError: it holds no list, or the list is damaged there.
    """
    with path.open("rb") as file:
        text = _Text(file)
        text.take("[")
        last = text.take("]") if text.sign() == "]" else "["
        while last != "]":
            yield text.item()
            last = text.take(",]")
        if text.sign():
            raise ValueError(f"more after the list, at byte {text.place}")


def item_at(path: Path, start: int, size: int) -> Any:
    """One item again; raises OSError, and ValueError where the file has changed since."""
    with path.open("rb") as file:
        file.seek(start)
        return json.loads(file.read(size).decode("latin-1"))


class _Text:
    """A file from where it was read to, a piece at a time.

    As Latin-1, so that characters count bytes: JSON itself is ASCII, and words beyond are nobody's concern here.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._decode = file, json.JSONDecoder().raw_decode
        self._text, self._before, self._at, self._ended = "", 0, 0, False

    @property
    def place(self) -> int:
        """The byte that comes next."""
        return self._before + self._at

    def _more(self) -> None:
        rest = self._text[self._at :]
        # As much again as is left over: an item that is tried again is tried a few times only.
        piece = self._file.read(max(CHUNK, len(rest)))
        self._text, self._before, self._at, self._ended = rest + piece.decode("latin-1"), self.place, 0, not piece

    def sign(self) -> str:
        """The next character that is no space, "" at the file's end."""
        while self._at < len(self._text) or not self._ended:
            if self._at == len(self._text):
                self._more()
            elif self._text[self._at] in _SPACE:
                self._at += 1
            else:
                return self._text[self._at]
        return ""

    def take(self, wanted: str) -> str:
        """The next character, which must be one of the wanted."""
        found = self.sign()
        if found == "" or found not in wanted:
            raise ValueError(f"{found or 'its end'!r} at byte {self.place}, not {' or '.join(wanted)}")
        self._at += 1
        return found

    def item(self) -> tuple[Any, int, int]:
        """The next item, the byte that it begins at, and how many it has."""
        self.sign()
        while True:
            try:
                item, end = self._decode(self._text, self._at)
                break
            except ValueError as error:
                if self._ended or len(self._text) - self._at > MOST:
                    raise ValueError(f"no whole item at byte {self.place} ({error})") from None
            self._more()
        found = item, self.place, end - self._at
        self._at = end
        return found
