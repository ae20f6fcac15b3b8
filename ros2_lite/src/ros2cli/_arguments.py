"""Kinds of arguments."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from typing import Any


def positive_int(text: str) -> int:
    """Read an integer above zero."""
    value = int(text) if text.isdigit() else 0
    if value <= 0:
        raise argparse.ArgumentTypeError("value must be a positive integer")
    return value


def unsigned_int(text: str) -> int:
    """Read an integer not below zero."""
    if not text.isdigit():
        raise argparse.ArgumentTypeError("value must be non-negative integer")
    return int(text)


def positive_float(text: str) -> float:
    """Read a number above zero."""
    try:
        value = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError("Expects a floating point number") from None
    if not value > 0.0:
        raise argparse.ArgumentTypeError("Value must be positive")
    return value


def read_yaml(args: argparse.Namespace, text: str) -> Any:
    """Read YAML from the command line, or from standard input with ``--stdin``."""
    import yaml

    try:
        return yaml.safe_load(sys.stdin.read() if args.stdin else text)
    except yaml.YAMLError as error:
        raise RuntimeError(f"The passed value is not YAML: {error}") from error


def compile_filter(expression: str | None) -> Callable[[Any], Any] | None:
    """Turn an expression on ``m``, a message, into a function."""
    if not expression:
        return None
    code = compile(expression, "<filter>", "eval")
    return lambda message: eval(code, {"m": message})
