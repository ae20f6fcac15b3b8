"""ros2 run: run a package's executable."""

from __future__ import annotations

import argparse
import os
import shlex
import sys


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "--prefix",
        help="Prefix command, which should go before the executable. Command must be wrapped in quotes if it contains "
        "spaces (e.g. --prefix 'gdb -ex run --args').",
    )
    parser.add_argument("package_name", help="Name of the ROS package")
    parser.add_argument("executable_name", help="Name of the executable")
    parser.add_argument("argv", nargs=argparse.REMAINDER, help="Pass arbitrary arguments to the executable")


def main(args: argparse.Namespace) -> str:
    """Become the executable: signals, terminal and exit code are its own, and nothing stands in between."""
    from ament_index_python.packages import PackageNotFoundError

    from ros2_lite.executables import ExecutableNotFoundError, find_executable

    try:
        path = find_executable(args.package_name, args.executable_name)
    except (PackageNotFoundError, ValueError) as error:
        raise RuntimeError(f"Package '{args.package_name}' not found") from error
    except ExecutableNotFoundError as error:
        return f"No executable found: {error}"
    cmd = [*shlex.split(args.prefix or ""), path, *args.argv]
    sys.stdout.flush()
    sys.stderr.flush()
    try:
        os.execvp(cmd[0], cmd)
    except OSError as error:
        return f"cannot run '{cmd[0]}': {error.strerror}"
