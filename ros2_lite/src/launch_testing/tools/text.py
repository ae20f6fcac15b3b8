"""Matchers of text. A matcher takes what there is and a start, and returns where its match begins and ends, or None."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

Span = tuple[int, int]


def normalize_lineseps(lines: str) -> str:
    """Return text with one kind of line end."""
    return lines.replace("\r\n", "\n")


def _in_sequence(matches: list[Callable[..., Span | None]], strict: bool) -> Callable[..., Span | None]:
    """Match one after the other; strictly, with nothing between."""

    def match(actual: Any, start: int = 0) -> Span | None:
        begin: int | None = None
        end = start
        for single in matches:
            span = single(actual, end)
            if span is None or span[0] < end or (strict and span[0] != end):
                return None
            begin = span[0] if begin is None else begin
            end = span[1]
        return None if begin is None else (begin, end)

    return match


def build_line_match(expected_lines: Any, *, strict: bool = False) -> Callable[..., Span | None]:
    """Make a matcher of lines.

    Args:
        expected_lines: text, a regular expression, or several of them in this order.
        strict: all lines must match, or with several, they must follow each other.
    """
    test: Callable[[str], bool]
    if isinstance(expected_lines, str):

        def test(line: str) -> bool:
            return line == expected_lines if strict else expected_lines in line

    elif hasattr(expected_lines, "match"):

        def test(line: str) -> bool:
            return expected_lines.match(line) is not None

    elif isinstance(expected_lines, Iterable):
        return _in_sequence([build_line_match(line) for line in expected_lines], strict)
    else:
        raise ValueError("Unknown format for expected lines")

    def match(actual_lines: Sequence[str], start: int = 0) -> Span | None:
        if strict:
            return (start, len(actual_lines)) if all(test(line) for line in actual_lines[start:]) else None
        return next(((i, i + 1) for i in range(start, len(actual_lines)) if test(actual_lines[i])), None)

    return match


def build_text_match(expected_text: Any, *, strict: bool = False) -> Callable[..., Span | None]:
    """Make a matcher of text.

    Args:
        expected_text: text, a regular expression, or several of them in this order.
        strict: the match must be all there is; that of a regular expression must begin at the start.
    """
    if isinstance(expected_text, str):

        def match(actual_text: str, start: int = 0) -> Span | None:
            actual_text = normalize_lineseps(actual_text)
            if strict:
                return (start, start + len(expected_text)) if actual_text[start:] == expected_text else None
            found = actual_text.find(expected_text, start)
            return None if found < 0 else (found, found + len(expected_text))

        return match
    if hasattr(expected_text, "search") and hasattr(expected_text, "match"):

        def match_pattern(actual_text: str, start: int = 0) -> Span | None:
            find = expected_text.match if strict else expected_text.search
            found = find(normalize_lineseps(actual_text), start)
            return None if found is None else (found.start(), found.end())

        return match_pattern
    if isinstance(expected_text, Iterable):
        return _in_sequence([build_text_match(text) for text in expected_text], strict)
    raise ValueError("Unknown format for expected text")
