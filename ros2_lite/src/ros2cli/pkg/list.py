"""ros2 pkg list."""

from __future__ import annotations

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""


def main(args: argparse.Namespace) -> None:
    """Print the packages."""
    from ament_index_python import get_packages_with_prefixes

    for name in sorted(get_packages_with_prefixes()):
        print(name)
