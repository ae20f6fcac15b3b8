"""Look up resources, which are files ``<prefix>/share/ament_index/resource_index/<type>/<name>``."""

import os
from typing import Literal

from .constants import RESOURCE_INDEX_SUBFOLDER
from .search_paths import get_search_paths


class InvalidResourceTypeNameError(ValueError):
    """Raised when a resource type contains a path separator."""


class InvalidResourceNameError(ValueError):
    """Raised when a resource name contains a path separator."""


def _check(resource_type: str, resource_name: str | None = None) -> None:
    assert resource_type, "The resource type must not be empty"
    if "/" in resource_type or "\\" in resource_type:
        raise InvalidResourceTypeNameError(f"Resource type '{resource_type}' is invalid")
    if resource_name is None:
        return
    assert resource_name, "The resource name must not be empty"
    if "/" in resource_name or "\\" in resource_name:
        raise InvalidResourceNameError(f"Resource name '{resource_name}' is invalid")


def has_resource(resource_type: str, resource_name: str) -> str | Literal[False]:
    """Return the prefix that holds the resource, or False."""
    _check(resource_type, resource_name)
    for prefix in get_search_paths():
        if os.path.isfile(os.path.join(prefix, RESOURCE_INDEX_SUBFOLDER, resource_type, resource_name)):
            return prefix
    return False


def get_resource(resource_type: str, resource_name: str) -> tuple[str, str]:
    """Return the content of a resource and the prefix it was found in.

    Raises:
        LookupError: no prefix holds it.
        OSError: it is there and cannot be read.
    """
    prefix = has_resource(resource_type, resource_name)
    if not prefix:
        raise LookupError(f"Could not find the resource '{resource_name}' of type '{resource_type}'")
    path = os.path.join(prefix, RESOURCE_INDEX_SUBFOLDER, resource_type, resource_name)
    try:
        with open(path, encoding="utf-8") as file:
            return file.read(), prefix
    except OSError as error:
        raise OSError(f"Could not open the resource '{resource_name}' of type '{resource_type}':\n{error}") from error


def get_resources(resource_type: str) -> dict[str, str]:
    """Map the names of all resources of a type to the prefix of the first match."""
    _check(resource_type)
    found: dict[str, str] = {}
    for prefix in get_search_paths():
        folder = os.path.join(prefix, RESOURCE_INDEX_SUBFOLDER, resource_type)
        if not os.path.isdir(folder):
            continue
        for entry in os.scandir(folder):
            if not entry.name.startswith(".") and not entry.is_dir():
                found.setdefault(entry.name, prefix)
    return found


def get_resource_types() -> set[str]:
    """Return the types that any prefix holds."""
    types: set[str] = set()
    for prefix in get_search_paths():
        folder = os.path.join(prefix, RESOURCE_INDEX_SUBFOLDER)
        if os.path.isdir(folder):
            types.update(e.name for e in os.scandir(folder) if e.is_dir() and not e.name.startswith("."))
    return types
