"""The command line of ROS: everything between `--ros-args` and `--`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rclpy._rclpy_pybind11 import RCLError

_NODE_PREFIX = re.compile(r"^(?:([A-Za-z_][A-Za-z0-9_]*):)?(.*)$", re.DOTALL)


class RosArgumentError(RCLError):
    """The command line cannot be understood; names the argument."""


@dataclass(frozen=True)
class RemapRule:
    """`[node:]from:=to`; kind is 'topic', 'service', 'both', 'node' or 'namespace'."""

    kind: str
    node: str | None
    match: str
    replacement: str


@dataclass
class RosArguments:
    """A parsed command line; `rest` is what is not ROS's."""

    remaps: list[RemapRule] = field(default_factory=list)
    parameters: list[tuple[str, str, Any]] = field(default_factory=list)  # (node pattern, name, value), in order
    log_levels: list[tuple[str, int]] = field(default_factory=list)
    console_logs: bool = True
    rosout_logs: bool = True
    enclave: str = "/"
    rest: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)

    def require_known(self) -> RosArguments:
        """Return itself; RosArgumentError where something between `--ros-args` and `--` is none of ROS's."""
        if self.unknown:
            raise RosArgumentError(f"Found unknown ROS arguments: {self.unknown}")
        return self


def remove_ros_arguments(argv: Sequence[str]) -> list[str]:
    """Return `argv` without ROS's arguments."""
    return parse_arguments(argv).rest


def parse_arguments(argv: Sequence[str], implicit_ros_args: bool = False) -> RosArguments:
    """Parse a command line; with `implicit_ros_args` it begins inside `--ros-args`."""
    parsed = RosArguments()
    inside = implicit_ros_args
    arguments = list(argv)
    i = 0
    while i < len(arguments):
        argument = arguments[i]
        i += 1
        if not inside:
            if argument == "--ros-args":
                inside = True
            else:
                parsed.rest.append(argument)
            continue
        if argument == "--":
            inside = False
        elif argument == "--ros-args":
            pass
        elif argument in _WITH_VALUE:
            if i >= len(arguments):
                raise RosArgumentError(f"Couldn't parse trailing {argument} flag. No value found.")
            _WITH_VALUE[argument](parsed, arguments[i])
            i += 1
        elif not _parse_flag(parsed, argument):
            parsed.unknown.append(argument)
    return parsed


def _parse_flag(parsed: RosArguments, argument: str) -> bool:
    match = re.fullmatch(r"--(enable|disable)-(stdout|rosout|external-lib)-logs", argument)
    if match is None:
        return False
    enabled = match[1] == "enable"
    if match[2] == "stdout":
        parsed.console_logs = enabled
    elif match[2] == "rosout":
        parsed.rosout_logs = enabled
    return True


def _add_remap(parsed: RosArguments, text: str) -> None:
    left, separator, right = text.partition(":=")
    if not separator or not right:
        raise RosArgumentError(f"Couldn't parse remap rule: '-r {text}'. Expected [node:]from:=to.")
    kind = "both"
    for scheme in ("rostopic://", "rosservice://"):
        if left.startswith(scheme):
            kind, left = scheme[3:-3], left[len(scheme) :]
    prefix = _NODE_PREFIX.match(left)
    assert prefix is not None
    node, match = prefix[1], prefix[2]
    if match in ("__node", "__name"):
        kind = "node"
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", right):
            raise RosArgumentError(f"Couldn't parse remap rule: '-r {text}'. '{right}' is no node name.")
    elif match == "__ns":
        kind = "namespace"
        if not right.startswith("/"):
            raise RosArgumentError(f"Couldn't parse remap rule: '-r {text}'. A namespace begins with '/'.")
    elif not re.fullmatch(r"[~A-Za-z0-9_/{}]+", match) or not re.fullmatch(r"[~A-Za-z0-9_/{}]+", right):
        raise RosArgumentError(f"Couldn't parse remap rule: '-r {text}'. Expected [node:]from:=to.")
    parsed.remaps.append(RemapRule(kind, node, match, right))


def _add_parameter(parsed: RosArguments, text: str) -> None:
    from ros2_lite.parameter_file import parse_value

    left, separator, right = text.partition(":=")
    if not separator or not left:
        raise RosArgumentError(f"Couldn't parse parameter override rule: '-p {text}'. Expected [node:]name:=value.")
    prefix = _NODE_PREFIX.match(left)
    assert prefix is not None
    try:
        value = parse_value(right)
    except ValueError as error:
        raise RosArgumentError(f"Couldn't parse parameter override rule: '-p {text}'. {error}") from None
    parsed.parameters.append((prefix[1] or "/**", prefix[2], value))


def _add_parameter_file(parsed: RosArguments, path: str) -> None:
    from ros2_lite.parameter_file import load_parameter_file

    try:
        parsed.parameters += load_parameter_file(Path(path))
    except (OSError, ValueError) as error:
        raise RosArgumentError(f"Couldn't parse params file: '--params-file {path}'. {error}") from None


def _add_log_level(parsed: RosArguments, text: str) -> None:
    from rclpy.impl.logging_backend import severity_from_string

    name, separator, level = text.partition(":=")
    try:
        parsed.log_levels.append((name, severity_from_string(level)) if separator else ("", severity_from_string(text)))
    except ValueError as error:
        raise RosArgumentError(f"Couldn't parse log level: '--log-level {text}'. {error}") from None


def _set_enclave(parsed: RosArguments, text: str) -> None:
    parsed.enclave = text


def _ignore(parsed: RosArguments, text: str) -> None:
    """Accept what concerns only log files, which this package does not write."""


_WITH_VALUE = {
    "-r": _add_remap,
    "--remap": _add_remap,
    "-p": _add_parameter,
    "--param": _add_parameter,
    "--params-file": _add_parameter_file,
    "--log-level": _add_log_level,
    "-e": _set_enclave,
    "--enclave": _set_enclave,
    "--log-config-file": _ignore,
    "--log-file-name": _ignore,
}


def node_matches(pattern: str, full_name: str) -> bool:
    """Does a node pattern of a parameter rule ('/**', '/ns/*', 'node', '/ns/node') fit a node?"""
    if not pattern.startswith("/"):
        # rcl puts what has no slash into the root namespace, and a bare name on the command line means any namespace.
        return full_name.rsplit("/", 1)[-1] == pattern or full_name == "/" + pattern
    parts = []
    for token in pattern.split("/")[1:]:
        parts.append("(/[^/]+)*" if token == "**" else "/[^/]+" if token == "*" else "/" + re.escape(token))
    return re.fullmatch("".join(parts), full_name) is not None
