"""Modules made of interface packages: `pkg`, `pkg.msg`, `pkg.msg._name`, as colcon would have installed them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

from . import library

_SERVICE_PARTS = ("", "_Event", "_Request", "_Response")
_ACTION_PARTS = ("", *(f"_{s}{p}" for s in ("GetResult", "SendGoal") for p in ("_Event", "_Request", "_Response")))
# what only the private module of an action exports
_ACTION_PRIVATE = ("_Goal", "_Result", "_Feedback", "_FeedbackMessage", "_SendGoal", "_GetResult")


class _Loader:
    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _InterfaceModule(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        parts = module.__name__.split(".")
        module.__dict__["__interfaces__"] = {}
        if len(parts) == 1:
            return
        module.__dict__["__interfaces__"] = _exports(*parts)
        module.__dict__["__all__"] = sorted(module.__dict__["__interfaces__"])


class _InterfaceModule(ModuleType):
    """A module whose classes are made when they are first asked for."""

    def __getattr__(self, name: str) -> Any:
        known = self.__dict__.get("__interfaces__", {})
        if name not in known:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        from .classes import get_interface

        found = known[name]
        value = get_interface(found)
        if name.startswith("Metaclass_"):
            value = type(value)
        self.__dict__[name] = value
        return value

    def __dir__(self) -> list[str]:
        return sorted({*self.__dict__, *self.__dict__.get("__interfaces__", {})})


def _exports(package: str, kind: str, private: str | None = None) -> dict[str, str]:
    """Return {class name: interface name} for what a module exports."""
    exports = {}
    for stem in library.list_interfaces(package).get(kind, []):
        name = f"{package}/{kind}/{stem}"
        suffixes = {"msg": ("",), "srv": _SERVICE_PARTS, "action": _ACTION_PARTS}[kind]
        if private is None:
            exports.update({stem + s: name + s for s in suffixes})
            continue
        from .classes import module_of

        if module_of(name).rpartition(".")[2] == private:
            if kind == "action":
                suffixes = (*suffixes, *_ACTION_PRIVATE)
            exports.update({stem + s: name + s for s in suffixes})
            exports.update({f"Metaclass_{stem}{s}": name + s for s in suffixes})
    return exports


def find_spec(name: str) -> ModuleSpec | None:
    """Return the spec of an interface package, of its msg/srv/action, or of a private module in these."""
    parts = name.split(".")
    if len(parts) > 3 or library.package_folder(parts[0]) is None:
        return None
    if len(parts) > 1 and (parts[1] not in library.KINDS or not library.list_interfaces(parts[0]).get(parts[1])):
        return None
    if len(parts) == 3 and not (parts[2].startswith("_") and _exports(*parts)):
        return None
    spec = ModuleSpec(name, _Loader(), is_package=len(parts) < 3)  # type: ignore[arg-type]
    if len(parts) == 1:
        spec.submodule_search_locations = []
    return spec


def find_spec_in_namespace(name: str, path: Sequence[str] | None) -> ModuleSpec | None:
    """Return our spec for `pkg.msg` when the import system took a bare folder `pkg` for a namespace package.

    A regular package `pkg/msg/__init__.py` somewhere on that namespace's path is the real thing and wins.
    """
    real = PathFinder.find_spec(name, path)
    if real is not None and real.origin is not None and real.loader is not None:
        return None
    spec = find_spec(name)
    if spec is not None:
        parent = sys.modules[name.partition(".")[0]]
        parent.__dict__.setdefault("__interfaces__", {})
    return spec
