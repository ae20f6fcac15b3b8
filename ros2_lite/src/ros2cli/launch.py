"""ros2 launch: run a launch file."""

from __future__ import annotations

import argparse
import os
import sys


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "-n",
        "--noninteractive",
        default=not sys.stdin.isatty(),
        action="store_true",
        help="Run the launch system non-interactively, with no terminal associated",
    )
    parser.add_argument(
        "-d",
        "--debug",
        action="store_true",
        help="Put the launch system in debug mode, provides more verbose output.",
    )
    group = parser.add_mutually_exclusive_group()
    group.add_argument(
        "-p",
        "--print",
        "--print-description",
        action="store_true",
        help="Print the launch description to the console without launching it.",
    )
    group.add_argument(
        "-s",
        "--show-args",
        "--show-arguments",
        action="store_true",
        help="Show arguments that may be given to the launch file.",
    )
    parser.add_argument(
        "-a",
        "--show-all-subprocesses-output",
        action="store_true",
        help="Show all launched subprocesses' output by overriding their output configuration using the "
        "OVERRIDE_LAUNCH_PROCESS_OUTPUT envvar.",
    )
    parser.add_argument(
        "--launch-prefix",
        help="Prefix command, which should go before all executables. Command must be wrapped in quotes if it "
        "contains spaces (e.g. --launch-prefix 'xterm -e gdb -ex run --args').",
    )
    parser.add_argument(
        "--launch-prefix-filter",
        help="Regex pattern for filtering which executables the --launch-prefix is applied to by matching the "
        "executable name.",
    )
    parser.add_argument("package_name", help="Name of the ROS package which contains the launch file")
    parser.add_argument("launch_file_name", nargs="?", help="Name of the launch file")
    parser.add_argument(
        "launch_arguments",
        nargs="*",
        help="Arguments to the launch file; '<name>:=<value>' (for duplicates, last one wins)",
    )


def main(args: argparse.Namespace) -> int | str | None:
    """Launch, or show what would be launched."""
    arguments = list(args.launch_arguments)
    if os.path.isfile(args.package_name):
        path = args.package_name
        if args.launch_file_name is not None:
            arguments.insert(0, args.launch_file_name)
    else:
        path = find_launch_file(args.package_name, args.launch_file_name)
    if args.launch_prefix is None and args.launch_prefix_filter is not None:
        raise RuntimeError("--launch-prefix must be specified if --launch-prefix-filter is provided")
    if args.show_all_subprocesses_output:
        os.environ["OVERRIDE_LAUNCH_PROCESS_OUTPUT"] = "both"
    from launch import InvalidLaunchFileError

    try:
        if args.print:
            _print_description(path)
            return None
        if args.show_args:
            _print_arguments(path)
            return None
    except InvalidLaunchFileError as error:
        raise RuntimeError(str(error)) from error
    if args.launch_prefix:
        arguments.append(f"launch-prefix:={args.launch_prefix}")
    if args.launch_prefix_filter:
        arguments.append(f"launch-prefix-filter:={args.launch_prefix_filter}")
    return _launch(path, arguments, args.noninteractive, args.debug)


def find_launch_file(package: str, name: str | None) -> str:
    """Return the path of a launch file in the share directory of a package.

    Raises:
        RuntimeError: there is no such package or file, or several files of the name.
    """
    from ament_index_python.packages import PackageNotFoundError, get_package_share_directory

    if name is None:
        raise RuntimeError(
            f"'{package}' is not a launch file; give the package and the file: ros2 launch <package> <file>"
        )
    try:
        share = get_package_share_directory(package)
    except PackageNotFoundError as error:
        raise RuntimeError(f"Package '{package}' not found: {error}") from error
    except ValueError as error:
        raise RuntimeError(str(error)) from error
    paths = [os.path.join(folder, name) for folder, _, files in os.walk(share) if name in files]
    if not paths:
        raise RuntimeError(
            f"file '{name}' was not found in the share directory of package '{package}' which is at '{share}'"
        )
    if len(paths) > 1:
        raise RuntimeError(
            f"file '{name}' was found more than once in the share directory of package '{package}': "
            f"[{', '.join(repr(path) for path in paths)}]"
        )
    return paths[0]


def parse_launch_arguments(words: list[str]) -> list[tuple[str, str]]:
    """Split ``<name>:=<value>``; of several with the same name, the last wins."""
    parsed: dict[str, str] = {}
    for word in words:
        name, separator, value = word.partition(":=")
        if not separator or not name or not value:
            raise RuntimeError(f"malformed launch argument '{word}', expected format '<name>:=<value>'")
        parsed[name] = value
    return list(parsed.items())


def _print_description(path: str) -> None:
    from launch.launch_description_sources import get_launch_description_from_any_launch_file

    import launch

    print(launch.LaunchIntrospector().format_launch_description(get_launch_description_from_any_launch_file(path)))


def _print_arguments(path: str) -> None:
    from launch.launch_description_sources import get_launch_description_from_any_launch_file
    from launch_testing.print_arguments import print_arguments_of_launch_description

    print_arguments_of_launch_description(launch_description=get_launch_description_from_any_launch_file(path))


def _launch(path: str, arguments: list[str], noninteractive: bool, debug: bool) -> int:
    from launch.actions import IncludeLaunchDescription
    from launch.launch_description_sources import AnyLaunchDescriptionSource

    import launch

    parsed = parse_launch_arguments(arguments)
    service = launch.LaunchService(argv=arguments, noninteractive=noninteractive, debug=debug)
    source = AnyLaunchDescriptionSource(path)
    service.include_launch_description(
        launch.LaunchDescription([IncludeLaunchDescription(source, launch_arguments=parsed)])
    )
    return service.run()
