"""ros2 daemon start."""

from __future__ import annotations

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("--debug", "-d", action="store_true", help="Print debug messages")


def main(args: argparse.Namespace) -> None:
    """Say that there is none."""
    print("ros2_lite needs no daemon: each command looks at the graph itself")
