"""The rules for names of topics, services, nodes and namespaces, and their expansion and remapping."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ros2_lite.arguments import RemapRule

MAX_NAME = 255 - 8  # DDS's limit less what the prefixes take
Fault = tuple[str, int]  # what is wrong, and at which character


def topic_fault(name: str) -> Fault | None:
    """Say what is wrong with a topic or service name that may be relative and hold substitutions."""
    if not name:
        return "topic name must not be empty string", 0
    token = "topic name token must not start with a number"
    if name[0].isdigit():
        return token, 0
    if name[-1] == "/":
        return "topic name must not end with a forward slash", len(name) - 1
    opened = -1
    for i, char in enumerate(name):
        if char == "{" and opened < 0:
            opened = i
        elif char == "}":
            if opened < 0:
                return "topic name must not have unmatched (unbalanced) curly braces '{}'", i
            opened = -1
        elif opened >= 0 and char.isdigit() and i == opened + 1:
            return "substitution name must not start with a number", i
        elif re.fullmatch(r"[A-Za-z0-9_]", char) or (char == "/" and opened < 0):
            continue
        elif char == "~":
            if i:
                return "topic name must not have tilde '~' unless it is the first character", i
        elif opened >= 0:
            return "substitution name must not contain characters other than alphanumerics or '_'", i
        else:
            return "topic name must not contain characters other than alphanumerics, '_', '~', '{', or '}'", i
    if opened >= 0:
        return "topic name must not have unmatched (unbalanced) curly braces '{}'", opened
    if len(name) > 2 and name[0] == "~" and name[1] != "/":  # rcl lets a single character after the tilde pass
        return "topic name must not have a tilde '~' that is not followed by a forward slash '/'", 1
    number = re.search(r"/[0-9]", name)
    return (token, number.start() + 1) if number else None


def _absolute_fault(name: str, what: str, end: str) -> Fault | None:
    if not name:
        return f"{what} must not be empty", 0
    if name[0] != "/":
        return f"{what} must be absolute, it must lead with a '/'", 0
    if name[-1] == "/":
        return f"{what} {end}", len(name) - 1
    bad = re.search(r"[^A-Za-z0-9_/]", name)
    if bad:
        return f"{what} must not contain characters other than alphanumerics, '_', or '/'", bad.start()
    double = name.find("//")
    if double >= 0:
        return f"{what} must not contain repeated '/'", double + 1
    number = re.search(r"/[0-9]", name)
    if number:
        return f"{what} must not have a token that starts with a number", number.start() + 1
    return None


def full_topic_fault(name: str) -> Fault | None:
    """Say what is wrong with a fully qualified topic or service name."""
    fault = _absolute_fault(name, "topic name", "must not end with a '/'")
    if fault is None and len(name) > MAX_NAME:
        return f"topic length should not exceed '{MAX_NAME}'", MAX_NAME - 1
    return fault


def namespace_fault(name: str) -> Fault | None:
    """Say what is wrong with a namespace."""
    if name == "/":
        return None
    fault = _absolute_fault(name, "namespace", "must not end with a '/', unless only a '/'")
    if fault is None and len(name) > MAX_NAME - 2:
        return f"namespace should not exceed '{MAX_NAME - 2}'", MAX_NAME - 3
    return fault


def node_fault(name: str) -> Fault | None:
    """Say what is wrong with a node's name."""
    if not name:
        return "node name must not be empty", 0
    bad = re.search(r"[^A-Za-z0-9_]", name)
    if bad:
        return "node name must not contain characters other than alphanumerics or '_'", bad.start()
    if name[0].isdigit():
        return "node name must not start with a number", 0
    if len(name) > 255:
        return "node name length should not exceed '255'", 254
    return None


def expand(name: str, node: str, namespace: str) -> str:
    """Make a name fully qualified: '~' is the node, a relative name stands in the namespace."""
    root = "" if namespace == "/" else namespace
    values = {"node": node, "ns": namespace, "namespace": namespace}

    def substitute(match: re.Match[str]) -> str:
        if match[1] not in values:
            raise ValueError(f"unknown substitution: {match[0]}")
        return values[match[1]]

    name = re.sub(r"\{(\w*)\}", substitute, name)
    if name.startswith("~"):
        name = f"{root}/{node}{name[1:]}"
    elif not name.startswith("/"):
        name = f"{root}/{name}"
    return re.sub("/+", "/", name)


def remap_node(rules: Iterable[RemapRule], kind: str, node: str) -> str | None:
    """Return the replacement of a 'node' or 'namespace' rule that applies to the node, or None."""
    for rule in rules:
        if rule.kind == kind and rule.node in (None, node):
            return rule.replacement
    return None


def remap_name(rules: Iterable[RemapRule], full_name: str, node: str, namespace: str, is_service: bool) -> str:
    """Apply the first rule that fits a fully qualified topic or service name."""
    kinds = ("both", "service" if is_service else "topic")
    for rule in rules:
        if rule.kind in kinds and rule.node in (None, node) and expand(rule.match, node, namespace) == full_name:
            return expand(rule.replacement, node, namespace)
    return full_name
