"""ros2 pkg prefix."""

from __future__ import annotations

import argparse


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("package_name", help="The package name")
    parser.add_argument("--share", action="store_true", help="Show share directory for the package")


def main(args: argparse.Namespace) -> str | None:
    """Print where a package is installed."""
    from ament_index_python import PackageNotFoundError, get_package_prefix, get_package_share_directory

    try:
        find = get_package_share_directory if args.share else get_package_prefix
        print(find(args.package_name))
    except (PackageNotFoundError, ValueError):
        return "Package not found"
    return None
