"""The ``launch_test`` command."""

from __future__ import annotations

import argparse
import importlib.util
import os
import sys
from types import ModuleType

from .junitxml import unittestResultsToXml
from .loader import LoadTestsFromPythonModule
from .print_arguments import print_arguments_of_launch_description
from .test_runner import LaunchTestRunner


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("launch_test_file", help="Path to the launch test.")
    parser.add_argument("--package-name", help="Name of the package the test is in. Useful to aggregate xUnit reports.")
    parser.add_argument("-v", "--verbose", action="store_true", help="Run with verbose output")
    parser.add_argument(
        "-s",
        "--show-args",
        "--show-arguments",
        action="store_true",
        help="Show arguments that may be given to the launch test.",
    )
    parser.add_argument(
        "launch_arguments",
        nargs="*",
        help="Arguments in '<name>:=<value>' format (for duplicates, last one wins).",
    )
    parser.add_argument("--junit-xml", dest="xmlpath", help="Do write xUnit reports to specified path.")


def parse_arguments() -> tuple[argparse.ArgumentParser, argparse.Namespace]:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description="Launch integration testing tool.")
    add_arguments(parser)
    return parser, parser.parse_args()


def _load(name: str, path: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise RuntimeError(f"'{path}' is not a Python file")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run(
    parser: argparse.ArgumentParser,
    args: argparse.Namespace,
    test_runner_cls: type[LaunchTestRunner] = LaunchTestRunner,
) -> int:
    """Run the tests of a file; return 0 if all passed."""
    path = os.path.abspath(args.launch_test_file)
    if not os.path.isfile(path):
        parser.error(f"Test file '{args.launch_test_file}' does not exist")
    base = os.path.splitext(os.path.basename(path))[0]
    package = args.package_name or base
    test_runs = LoadTestsFromPythonModule(_load(package, path), name=f"{package}.{base}.launch_tests")
    runner = test_runner_cls(test_runs=test_runs, launch_file_arguments=args.launch_arguments, debug=args.verbose)
    runner.validate()
    if args.show_args:
        print_arguments_of_launch_description(launch_description=test_runs[0].get_launch_description())
        return 0
    results = runner.run()
    if args.xmlpath:
        report = unittestResultsToXml(test_results=results, name=f"{package}.{base}")
        report.write(args.xmlpath, encoding="utf-8", xml_declaration=True)
    return 0 if all(result.wasSuccessful() for result in results.values()) else 1


def main() -> None:
    """Run the command."""
    parser, args = parse_arguments()
    try:
        sys.exit(run(parser, args))
    except Exception as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
