"""Print, as JSON, every public name of some packages: {module: {name: how it is written in upstream_api.txt}}.

Runs inside a real ROS 2 (`public_names.py` starts it there) and needs nothing else. Members of classes stand under
Class.member. A name is written with what a caller relies on: the parameters of a function or a class, the value of a
constant or of a member of an enumeration.
"""

from __future__ import annotations

import ast
import enum
import importlib
import inspect
import json
import pkgutil
import sys
from types import ModuleType
from typing import Any


def defined(module: ModuleType) -> set[str]:
    """Return what a module's own source defines; everything where there is no source."""
    try:
        tree = ast.parse(inspect.getsource(module))
    except (OSError, TypeError):
        return set(dir(module))
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found.update(t.id for t in targets if isinstance(t, ast.Name))
        elif isinstance(node, ast.ImportFrom) and hasattr(module, "__path__"):
            found |= _re_exported(module, node)
    return found


def _re_exported(module: ModuleType, node: ast.ImportFrom) -> set[str]:
    """Return what a package takes from itself, compiled parts too: it offers that under its own name."""
    home = node.module or ""
    if not node.level and home.split(".")[0] != module.__name__.split(".")[0]:
        return set()
    found: set[str] = set()
    for alias in node.names:
        if alias.name == "*":
            part = importlib.import_module("." * node.level + home, module.__name__ if node.level else None)
            found.update(n for n in defined(part) if not n.startswith("_"))
        else:
            found.add(alias.asname or alias.name)
    return found


def public(module: ModuleType, package: str) -> dict[str, Any]:
    """Return the public names of a module and what they stand for."""
    own, listed = defined(module), getattr(module, "__all__", None)
    found = {}
    for attribute in listed if listed is not None else dir(module):
        value = getattr(module, attribute, None)
        if attribute.startswith("_") or inspect.ismodule(value):
            continue
        # Without __all__ whatever a module imports looks public; what comes from elsewhere is not its own (a package's
        # __init__ may well re-export its own).
        home = str(getattr(value, "__module__", None)).split(".")[0]
        if listed is None and attribute not in own and not (hasattr(module, "__path__") and home == package):
            continue
        found[attribute] = value
    return found


def written(name: str, value: Any) -> str:
    """Write a name with its parameters or its value."""
    if isinstance(value, enum.Enum):
        return f"{name} = {value.value!r}" if isinstance(value.value, int | str) else name
    if type(value) in (int, str, float) and "0x" not in repr(value):
        return f"{name} = {value!r}"
    if inspect.isclass(value) and (issubclass(value, enum.Enum | BaseException) or "__init__" not in vars(value)):
        return name
    if not (inspect.isclass(value) or inspect.isroutine(value)) or name.startswith("pytest_"):
        return name  # pytest gives its hooks what they ask for
    try:
        parameters = inspect.signature(value).parameters.values()
    except (TypeError, ValueError):  # compiled
        return name
    return f"{name}({', '.join(_parameters(list(parameters)))})"


def _parameters(parameters: list[inspect.Parameter]) -> list[str]:
    words: list[str] = []
    kinds = inspect.Parameter
    for p in parameters:
        if p.kind is kinds.KEYWORD_ONLY and not any(w.startswith("*") and not w.startswith("**") for w in words):
            words.append("*")
        star = {kinds.VAR_POSITIONAL: "*", kinds.VAR_KEYWORD: "**"}.get(p.kind, "")
        words.append(f"{star}{p.name}{'' if p.default is p.empty else '='}")
    return words


def members(name: str, cls: type) -> dict[str, str]:
    """Write the public members that a class itself defines."""
    found = {}
    for member, raw in vars(cls).items():
        if not member.startswith("_"):
            bound = isinstance(raw, classmethod | staticmethod)
            full = f"{name}.{member}"
            found[full] = written(full, getattr(cls, member) if bound else raw)
    return found


def modules(package: str) -> list[str]:
    """Return the names of a package and its public modules."""
    root = importlib.import_module(package)
    path = getattr(root, "__path__", [])
    names = [package, *(m.name for m in pkgutil.walk_packages(path, package + ".", lambda name: None))]
    return [n for n in names if not any(part.startswith("_") or part in ("test", "legacy") for part in n.split("."))]


def main() -> None:
    """Look at the packages named on the command line."""
    found: dict[str, dict[str, str]] = {}
    for package in sys.argv[1:]:
        try:
            names = modules(package)
        except ImportError as e:
            print(f"not in this ROS 2: {package} ({e})", file=sys.stderr)
            continue
        for module_name in names:
            try:
                module = importlib.import_module(module_name)
            except Exception as e:
                print(f"not in this ROS 2: {module_name} ({e})", file=sys.stderr)
                continue
            lines: dict[str, str] = {}
            for name, value in public(module, package).items():
                lines[name] = written(name, value)
                if inspect.isclass(value) and (value.__module__ == module_name or value.__module__ not in names):
                    lines.update(members(name, value))  # elsewhere it is the same class under another name
            found[module_name] = lines
    print(json.dumps(found))


if __name__ == "__main__":
    main()
