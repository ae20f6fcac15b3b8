"""Which interfaces there are."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

from ros2_lite.idl import list_interfaces, list_packages
from ros2_lite.idl.library import package_folder, share_folders


def get_interface_packages() -> dict[str, str]:
    """Map the packages that have interfaces to their prefixes."""
    return {package: _prefix(package) for package in list_packages()}


def _prefix(package: str) -> str:
    folder = package_folder(package)
    return "" if folder is None else os.path.dirname(os.path.dirname(folder))


def _by_kind(package_names: Iterable[str], kinds: Sequence[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for package in list(package_names) or list_packages():
        by_kind = list_interfaces(package)
        if not by_kind and not _is_package(package):
            raise LookupError(f"Unknown package '{package}'")
        names = [f"{kind}/{name}" for kind in kinds for name in by_kind.get(kind, ())]
        if names:
            found[package] = names
    return found


def _is_package(package: str) -> bool:
    from ament_index_python import has_resource

    return bool(package) and bool(has_resource("packages", package))


def get_interfaces(package_names: Iterable[str] = ()) -> dict[str, list[str]]:
    """Map packages (all, if none are given) to their interfaces, as 'kind/Name'.

    Raises:
        LookupError: there is no such package.
    """
    return _by_kind(package_names, ("msg", "srv", "action"))


def get_message_interfaces(package_names: Iterable[str] = ()) -> dict[str, list[str]]:
    """Map packages to their messages; see `get_interfaces`."""
    return _by_kind(package_names, ("msg",))


def get_service_interfaces(package_names: Iterable[str] = ()) -> dict[str, list[str]]:
    """Map packages to their services; see `get_interfaces`."""
    return _by_kind(package_names, ("srv",))


def get_action_interfaces(package_names: Iterable[str] = ()) -> dict[str, list[str]]:
    """Map packages to their actions; see `get_interfaces`."""
    return _by_kind(package_names, ("action",))


def get_interface_path(interface_name: str) -> str:
    """Return the path of the file that defines 'package/kind/Name', with or without ending.

    Raises:
        ValueError: this is no such name.
        LookupError: there is no such package or interface.
    """
    parts = interface_name.split("/")
    if len(parts) < 2:
        raise ValueError(f"Invalid name '{interface_name}'. Expected at least two parts separated by '/'")
    if not all(parts):
        raise ValueError(f"Invalid name '{interface_name}'. Must not contain empty parts")
    if ".." in parts:
        raise ValueError(f"Invalid name '{interface_name}'. Must not contain '..'")
    if package_folder(parts[0]) is None and not _is_package(parts[0]):
        raise LookupError(f"Unknown package '{parts[0]}'")
    name = interface_name if "." in parts[-1] else f"{interface_name}.{parts[-2]}"
    for share in share_folders():
        path = os.path.join(share, name)
        if os.path.isfile(path):
            return path
    raise LookupError(f"Could not find the interface '{os.path.join(share_folders()[-1], name)}'")
