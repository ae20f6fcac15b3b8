"""ros2 daemon stop."""

from __future__ import annotations

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""


def main(args: argparse.Namespace) -> None:
    """Say that there is none."""
    print("The daemon is not running (ros2_lite needs none)")
