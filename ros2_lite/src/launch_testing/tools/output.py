"""Filter output and compare it with what was expected."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from typing import Any

from .text import build_line_match, build_text_match


def get_default_filtered_prefixes() -> list[str]:
    """Return how lines begin that are left out by default."""
    return ["pid", "rc"]


def get_default_filtered_patterns() -> list[str]:
    """Return the regular expressions of lines that are left out by default."""
    return []


def basic_output_filter(
    filtered_prefixes: Sequence[str] | None = None, filtered_patterns: Sequence[str] | None = None
) -> Callable[[str], str]:
    """Make a filter that leaves out lines by their beginnings or by regular expressions."""
    prefixes = tuple(get_default_filtered_prefixes() if filtered_prefixes is None else filtered_prefixes)
    patterns = [
        re.compile(pattern)
        for pattern in (get_default_filtered_patterns() if filtered_patterns is None else filtered_patterns)
    ]

    def filter_output(output: str) -> str:
        return "".join(
            line
            for line in output.splitlines(keepends=True)
            if not line.startswith(prefixes) and not any(pattern.match(line) for pattern in patterns)
        )

    return filter_output


def expected_output_from_file(path: str, encoding: str | None = None) -> list[Any]:
    """Read the expected lines from ``path.txt``, or as regular expressions from ``path.regex``."""
    for ending, convert in ((".txt", str), (".regex", re.compile)):
        if os.path.isfile(path + ending):
            with open(path + ending, encoding=encoding) as file:
                return [convert(line) for line in file.read().splitlines()]
    raise RuntimeError(f"could not find output check file: {path}")


def expect_output(
    text: str | None = None,
    *,
    lines: list[str] | None = None,
    expected_text: Any = None,
    expected_lines: Any = None,
    strip_ansi_escape_sequences: bool = True,
    strict: bool = False,
) -> bool:
    """Return whether text, or lines, are as expected; see `launch_testing.tools.text`."""
    from ..asserts.assert_output import remove_ansi_escape_sequences

    if (text is None) == (lines is None):
        raise ValueError("Either lines or text, but not both, must be specified")
    if (expected_text is None) == (expected_lines is None):
        raise ValueError("Either expected lines or text, but not both, must be specified")
    if text is None:
        text = "\n".join(lines or ())
    if strip_ansi_escape_sequences:
        text = remove_ansi_escape_sequences(text)
    if expected_text is not None:
        return build_text_match(expected_text, strict=strict)(text) is not None
    return build_line_match(expected_lines, strict=strict)(text.splitlines()) is not None
