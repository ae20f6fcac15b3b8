"""ros2 interface show."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator

_SEPARATOR = "---"
_INTEGERS = [f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)]
_PRIMITIVES = frozenset(["bool", "byte", "char", "float32", "float64", "string", "wstring", *_INTEGERS])
_FIELD = re.compile(r"(?P<type>[A-Za-z][\w/]*)(?:<=\d+)?(?:\[[<=\d]*\])?\s+[A-Za-z]\w*(?!\w*\s*=)")


class _ReadStdinPipe(argparse.Action):
    """Reads the value from standard input when it is '-'."""

    def __call__(self, parser, namespace, values, option_string=None):  # type: ignore[no-untyped-def]
        if values == "-":
            if sys.stdin.isatty():
                parser.error("expected stdin pipe")
            values = sys.stdin.readline().strip()
        if not values:
            parser.error("the passed value is empty")
        setattr(namespace, self.dest, values)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    group = parser.add_mutually_exclusive_group()
    group.add_argument(
        "--all-comments",
        action="store_true",
        help="Show all comments, including for nested interface definitions",
    )
    group.add_argument("--no-comments", action="store_true", help="Show no comments or whitespace")
    parser.add_argument(
        "type",
        action=_ReadStdinPipe,
        help="Show an interface definition (e.g. 'example_interfaces/msg/String'). Passing '-' reads the argument from "
        "stdin (e.g. 'ros2 topic type /chatter | ros2 interface show -').",
    )


def main(args: argparse.Namespace) -> str | None:
    """Print the text of an interface, with those of the messages in it indented below."""
    try:
        for line in _lines(args.type, not args.no_comments, args.all_comments, 0):
            print(line)
    except (ValueError, LookupError) as error:
        return str(error)
    return None


def _lines(identifier: str, comments: bool, nested_comments: bool, indent: int) -> Iterator[str]:
    from rosidl_runtime_py import get_interface_path

    parts = identifier.split("/")
    if len(parts) != 3:
        raise ValueError(f"Invalid name '{identifier}'. Expected three parts separated by '/'")
    with open(get_interface_path(identifier), encoding="utf-8") as file:
        texts = [line.rstrip() for line in file]
    for text in texts:
        code = _without_comment(text)
        if comments or code:
            shown = text if comments else code
            yield "\t" * indent + shown if shown else ""
        nested = _nested_type(parts[0], code)
        if nested is not None:
            yield from _lines(nested, nested_comments, nested_comments, indent + 1)


def _without_comment(text: str) -> str:
    """Cut a comment, which a '#' begins that is not within quotes."""
    quote = ""
    for at, character in enumerate(text):
        if quote:
            if character == quote and text[at - 1] != "\\":
                quote = ""
        elif character in "'\"" and "=" not in text[:at]:
            quote = character
        elif character == "#":
            return text[:at].strip()
    return text.strip()


def _nested_type(package: str, code: str) -> str | None:
    """Return the message type of a field, or None if the line is something else."""
    match = None if code == _SEPARATOR else _FIELD.match(code)
    if match is None:
        return None
    name = match["type"]
    if name in _PRIMITIVES:
        return None
    owner, _, base = name.rpartition("/")
    return f"{owner.split('/')[0] or package}/msg/{base}"
