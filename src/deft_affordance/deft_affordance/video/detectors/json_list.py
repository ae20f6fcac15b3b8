"""A long JSON list read item by item, in as much memory as its longest item."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

CHUNK = 1 << 20
# No longer item is looked for: of a damaged one the end would be sought through the whole file.
MOST = 1 << 26
_SPACE = re.compile(r"[ \t\r\n]*")


def items(path: Path) -> Iterator[tuple[Any, int, int]]:
    """Each item of a file's one list, with the byte that it begins at and how many it has: see `item_at`.

    Raises:
        OSError: the file cannot be read.
        ValueError: it holds no list, or the list is damaged there.
    """
    decode = json.JSONDecoder().raw_decode
    with path.open("rb") as file:
        # Latin-1, so that characters count bytes. JSON itself is ASCII; words beyond are nobody's concern here.
        text, gone, at, ended = "", 0, 0, False

        def more() -> None:
            nonlocal text, gone, at, ended
            # As much again as is left over: an item that is tried again is tried a few times only.
            content = file.read(max(CHUNK, len(text) - at))
            text, gone, at, ended = text[at:] + content.decode("latin-1"), gone + at, 0, not content

        def sign() -> str:
            """The next character that is no space, "" at the file's end."""
            nonlocal at
            while True:
                at = _SPACE.match(text, at).end()  # type: ignore[union-attr]  # matches always
                if at < len(text) or ended:
                    return text[at : at + 1]
                more()

        def need(wanted: str) -> str:
            nonlocal at
            if (found := sign()) == "" or found not in wanted:
                raise ValueError(f"{found or 'its end'!r} at byte {gone + at}, not {' or '.join(wanted)}")
            at += 1
            return found

        need("[")
        if sign() == "]":
            at += 1
        else:
            while True:
                sign()
                while True:
                    try:
                        item, end = decode(text, at)
                        break
                    except ValueError as error:
                        if ended or len(text) - at > MOST:
                            raise ValueError(f"no whole item at byte {gone + at} ({error})") from None
                    more()
                yield item, gone + at, end - at
                at = end
                if need(",]") == "]":
                    break
        if sign():
            raise ValueError(f"more after the list, at byte {gone + at}")


def item_at(path: Path, start: int, size: int) -> Any:
    """One item again; raises OSError, and ValueError where the file has changed since."""
    with path.open("rb") as file:
        file.seek(start)
        return json.loads(file.read(size).decode("latin-1"))
