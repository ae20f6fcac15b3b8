"""Entry point of the ``ros2`` command: finds the module of a command or verb and imports no other."""

from __future__ import annotations

import argparse
import importlib
import io
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from .commands import ALIASES, COMMANDS, LACKING

_BUFFERING = "--use-python-default-buffering"


def _listing(entries: Mapping[str, str]) -> str:
    width = max(len(name) for name in entries)
    return "".join(f"  {name.ljust(width)}  {text}\n" for name, text in sorted(entries.items()))


def _parser(prog: str, description: str, entries: Mapping[str, str] | None = None) -> argparse.ArgumentParser:
    """Make a parser; with entries, one that only shows them."""
    epilog = usage = None
    if entries is not None:
        call = f"Call `{prog} <command> -h` for more detailed usage."
        usage = f"{prog} [-h] {call} ..."
        epilog = f"Commands:\n{_listing(entries)}\n  {call}"
    parser = argparse.ArgumentParser(
        prog=prog,
        usage=usage,
        description=description,
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    if prog == "ros2":
        parser.add_argument(
            _BUFFERING,
            action="store_true",
            help="Do not force line buffering in stdout and instead use the python default buffering, which might be "
            "affected by PYTHONUNBUFFERED/-u and depends on whatever stdout is interactive or not",
        )
    return parser


def _choose(prog: str, description: str, entries: Mapping[str, str], argv: Sequence[str]) -> str | None:
    """Return the entry that the first argument names; None after help was asked for."""
    parser = _parser(prog, description, entries)
    if not argv or argv[0] in ("-h", "--help"):
        if prog == "ros2" or argv:
            parser.print_help()
            return None
        parser.error("the following arguments are required: command")
    name = argv[0]
    if name in entries:
        return name
    if prog == "ros2" and name in LACKING:
        return parser.error(f"the command '{name}' is not part of ros2_lite")
    known = ", ".join(repr(entry) for entry in sorted(entries))
    return parser.error(f"invalid choice: {name!r} (choose from {known})")


def main(*, script_name: str = "ros2", argv: Sequence[str] | None = None) -> Any:
    """Run the command line and return its exit code, or a message of failure."""
    words = list(sys.argv[1:] if argv is None else argv)
    line_buffering = True
    while words and words[0] == _BUFFERING:
        words.pop(0)
        line_buffering = False
    commands = {name: text for name, (text, _) in COMMANDS.items()}
    about = f"{script_name} is an extensible command-line tool for ROS 2."
    command = _choose(script_name, about, commands, words)
    if command is None:
        return 0
    prog, (description, verbs) = f"{script_name} {command}", COMMANDS[command]
    words = words[1:]
    module_name = f"ros2cli.{ALIASES.get(command, command)}"
    if verbs:
        verb = _choose(prog, description, verbs, words)
        if verb is None:
            return 0
        prog, description, words = f"{prog} {verb}", verbs[verb], words[1:]
        module_name = f"{module_name}.{verb}"
    if line_buffering and isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)
    return _run(module_name, _parser(prog, description), words)


def _run(module_name: str, parser: argparse.ArgumentParser, words: Sequence[str]) -> Any:
    module = importlib.import_module(module_name)
    module.add_arguments(parser)
    # Names and values may stand after options, as in `ros2 topic echo --once /chatter std_msgs/msg/String`.
    args = parser.parse_args(words)
    try:
        return module.main(args)
    except KeyboardInterrupt:
        return int(signal.SIGINT)
    except BrokenPipeError:
        # The reader of a pipe has had enough. What is still buffered must not raise again at exit.
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115
        return 0
    except RuntimeError as error:
        return str(error)
    except Exception as error:
        if type(error).__name__ == "ExternalShutdownException":
            return int(signal.SIGTERM)
        raise


if __name__ == "__main__":
    sys.exit(main())
