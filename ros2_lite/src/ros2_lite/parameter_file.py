"""Parameter files and values, with the scalar rules of rcl_yaml_param_parser (which are not PyYAML's)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

_TRUE = {"y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"}
_FALSE = {"n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"}
_INTEGER = re.compile(r"[-+]?(0[xX][0-9a-fA-F]+|[0-9]+)")
_FLOAT = re.compile(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?")
_SPECIAL = {".nan": "nan", ".NaN": "nan", ".NAN": "nan", ".inf": "inf", ".Inf": "inf", ".INF": "inf"}


def parse_value(text: str) -> Any:
    """Read a parameter's value from a command line; ValueError says what is wrong."""
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise ValueError(f"not valid YAML: {error}") from None
    if node is None:
        return ""
    return _value(node)


def load_parameter_file(path: Path) -> list[tuple[str, str, Any]]:
    """Read a parameter file as (node pattern, parameter name, value), in the file's order."""
    try:
        root = yaml.compose(path.read_text(), Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise ValueError(f"not valid YAML: {error}") from None
    found: list[tuple[str, str, Any]] = []
    if root is not None:
        _walk_nodes("", _mapping(root, "the file"), found)
    return found


def _walk_nodes(prefix: str, items: list[tuple[str, yaml.Node]], found: list[tuple[str, str, Any]]) -> None:
    for key, node in items:
        if key == "ros__parameters":
            if not prefix:
                raise ValueError("'ros__parameters' stands under no node name")
            _walk_parameters(prefix, "", _mapping(node, "ros__parameters"), found)
        else:
            name = f"{prefix}/{key}" if prefix and not key.startswith("/") else prefix + key
            name = name if name.startswith("/") or name == "" else "/" + name
            _walk_nodes(name, _mapping(node, f"'{key}'"), found)


def _walk_parameters(
    node_name: str, prefix: str, items: list[tuple[str, yaml.Node]], found: list[tuple[str, str, Any]]
) -> None:
    for key, node in items:
        if isinstance(node, yaml.MappingNode):
            _walk_parameters(node_name, f"{prefix}{key}.", _mapping(node, key), found)
        else:
            found.append((node_name, prefix + key, _value(node)))


def _mapping(node: yaml.Node, what: str) -> list[tuple[str, yaml.Node]]:
    if not isinstance(node, yaml.MappingNode):
        raise ValueError(f"{what} must hold names and values (line {node.start_mark.line + 1})")
    return [(str(key.value), value) for key, value in node.value]


def _value(node: yaml.Node) -> Any:
    if isinstance(node, yaml.ScalarNode):
        return _scalar(node)
    if not isinstance(node, yaml.SequenceNode):
        raise ValueError("a parameter is a scalar or a list")
    values = [_value(item) for item in node.value]
    kinds = {type(value) for value in values}
    if len(kinds) > 1 or kinds & {list}:
        raise ValueError(f"a list must hold scalars of one type (line {node.start_mark.line + 1})")
    return values


def _scalar(node: yaml.ScalarNode) -> Any:
    text = str(node.value)
    if node.style is not None:  # quoted, or a block: a string whatever it looks like
        return text
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    if _INTEGER.fullmatch(text):
        sign, digits = (text[0], text[1:]) if text[0] in "+-" else ("", text)
        # strtol with base 0: a leading 0 means octal
        base = 16 if digits[:2].lower() == "0x" else 8 if len(digits) > 1 and digits[0] == "0" else 10
        try:
            number = int(sign + digits, base)
        except ValueError:
            return float(text)
        return number if -(2**63) <= number < 2**63 else float(number)  # as where strtoll overflows: a double
    bare = text.lstrip("+-")
    if bare in _SPECIAL:
        return float(("-" if text.startswith("-") else "") + _SPECIAL[bare])
    if _FLOAT.fullmatch(text):
        return float(text)
    return text
