"""ros2 pkg executables."""

from __future__ import annotations

import argparse
import os


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("package_name", nargs="?", help="The package name")
    parser.add_argument("--full-path", action="store_true", help="Show full path of each executable")


def main(args: argparse.Namespace) -> None:
    """Print the executables of a package, or of all."""
    from ament_index_python import PackageNotFoundError, get_packages_with_prefixes

    from ros2_lite.executables import list_executables

    packages = sorted(get_packages_with_prefixes()) if args.package_name is None else [args.package_name]
    for package in packages:
        try:
            paths = list_executables(package)
        except (PackageNotFoundError, ValueError) as error:
            raise RuntimeError(f"Package '{package}' not found") from error
        for path in paths:
            print(path if args.full_path else f"{package} {os.path.basename(path)}")
