"""Where interface texts are found, and the parsed definitions, each read once.

Searched in order: `<prefix>/share/<pkg>/{msg,srv,action}` for every prefix of AMENT_PREFIX_PATH, the same under
`sys.prefix`, then the standard packages that come with this distribution.
"""

from __future__ import annotations

import os
import sys

from .errors import InterfaceNotFoundError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rosidl_parser.definition import Action, Message, NamespacedType, Service

KINDS = ("msg", "srv", "action")
_BUILT_IN = os.path.join(os.path.dirname(os.path.dirname(__file__)), "share")
_definitions: dict[str, Message | Service | Action] = {}


def share_folders() -> list[str]:
    """Return the `share` folders searched, in order."""
    prefixes = [p for p in os.environ.get("AMENT_PREFIX_PATH", "").split(os.pathsep) if p]
    return [*(os.path.join(p, "share") for p in prefixes), os.path.join(sys.prefix, "share"), _BUILT_IN]


def package_folder(package: str) -> str | None:
    """Return the folder that holds `msg`, `srv` or `action` of the package, or None."""
    for share in share_folders():
        folder = os.path.join(share, package)
        if any(os.path.isdir(os.path.join(folder, kind)) for kind in KINDS):
            return folder
    return None


def list_interfaces(package: str) -> dict[str, list[str]]:
    """Return the names in a package by kind, {'msg': ['Bool', ...]}; empty when there is no such package."""
    folder = package_folder(package)
    found: dict[str, list[str]] = {}
    for kind in KINDS if folder else ():
        try:
            files = os.listdir(os.path.join(str(folder), kind))
        except OSError:
            continue
        names = sorted(f[: -len(kind) - 1] for f in files if f.endswith("." + kind))
        if names:
            found[kind] = names
    return found


def list_packages() -> list[str]:
    """Return the names of all interface packages on the search path."""
    found: set[str] = set()
    for share in share_folders():
        if not os.path.isdir(share):
            continue
        with os.scandir(share) as entries:
            found.update(
                e.name
                for e in entries
                if e.name.isidentifier()
                and any(os.path.isdir(os.path.join(e.path, k)) for k in KINDS)
                and list_interfaces(e.name)
            )
    return sorted(found)


def interface_file(package: str, kind: str, name: str) -> str:
    """Return the path of the text that defines an interface; InterfaceNotFoundError says where it was sought."""
    if kind in KINDS:
        folder = package_folder(package)
        if folder is not None:
            path = os.path.join(folder, kind, f"{name}.{kind}")
            if os.path.isfile(path):
                return path
            raise InterfaceNotFoundError(
                f"'{package}/{kind}/{name}' is not defined: no {name}.{kind} in {os.path.join(folder, kind)}"
            )
        raise InterfaceNotFoundError(
            f"'{package}/{kind}/{name}': no interface package '{package}' in {', '.join(share_folders())}"
        )
    raise InterfaceNotFoundError(f"'{package}/{kind}/{name}': expected '<package>/(msg|srv|action)/<Name>'")


def definition(name: str) -> Message | Service | Action:
    """Return the parsed definition of 'pkg/kind/Name', derived types ('Trigger_Request') included."""
    found = _definitions.get(name)
    if found is None:
        found = _load(name)
    return found


def reference(type_: NamespacedType) -> str:
    """Return the name under which `definition` knows a type."""
    return "/".join(type_.namespaced_name())


def _load(name: str) -> Message | Service | Action:
    from .parse import parse_interface

    parts = name.split("/")
    if len(parts) != 3:
        raise InterfaceNotFoundError(f"'{name}': expected '<package>/(msg|srv|action)/<Name>'")
    package, kind, stem = parts
    if kind != "msg":
        stem = stem.partition("_")[0]
    path = interface_file(package, kind, stem)
    with open(path, encoding="utf-8") as f:
        parsed = parse_interface(package, kind, stem, f.read())
    register(parsed)
    if name not in _definitions:
        raise InterfaceNotFoundError(f"'{name}': {path} defines no such derived type")
    return _definitions[name]


def register(parsed: Message | Service | Action) -> None:
    """Make a parsed definition and everything derived from it known by name."""
    from rosidl_parser.definition import Action, Service

    if isinstance(parsed, Action):
        _definitions[reference(parsed.namespaced_type)] = parsed
        for part in (
            parsed.goal,
            parsed.result,
            parsed.feedback,
            parsed.feedback_message,
            parsed.send_goal_service,
            parsed.get_result_service,
        ):
            register(part)
    elif isinstance(parsed, Service):
        _definitions[reference(parsed.namespaced_type)] = parsed
        for part in (parsed.request_message, parsed.response_message, parsed.event_message):
            register(part)
    else:
        _definitions[reference(parsed.structure.namespaced_type)] = parsed
