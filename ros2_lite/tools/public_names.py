#!/usr/bin/env python3
"""List upstream's public names; say of each whether ros2_lite has it and whether a test for both worlds names it.

Run it with the Python that has ros2_lite, and give it a real ROS 2 to look at:

    python ros2_lite/tools/public_names.py /opt/ros/jazzy/setup.bash
    python ros2_lite/tools/public_names.py /opt/ros/jazzy/setup.bash rclpy tf2_ros --missing

A name is `have` (and `tested` or not), `refused` (asking for it raises an error that names it) or `WRONG` (anything
else, such as a module of ours that cannot be imported); the exit status is 1 when one is WRONG. Members of classes are
written Class.member.
"""

from __future__ import annotations

import argparse
import importlib
import json
import re
import subprocess
import sys
from enum import Enum
from pathlib import Path

PACKAGES = [
    "rclpy",
    "launch",
    "launch_ros",
    "launch_testing",
    "launch_testing_ros",
    "ament_index_python",
    "cv_bridge",
    "tf2_py",
    "tf2_ros",
    "tf2_geometry_msgs",
    "rosbag2_py",
    "rosidl_runtime_py",
    "rosidl_parser",
]
TESTS = Path(__file__).resolve().parent.parent / "test"

# Runs in the real ROS 2: prints {module: {name: [members of the class]}} for everything public.
ENUMERATE = r"""
import ast, importlib, inspect, json, pkgutil, sys

def defined(module):
    # what a module's own source defines; everything when there is no source
    try:
        tree = ast.parse(inspect.getsource(module))
    except (OSError, TypeError):
        return set(dir(module))
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            found.add(node.name)
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            found.update(t.id for t in targets if isinstance(t, ast.Name))
        elif isinstance(node, ast.ImportFrom) and hasattr(module, "__path__"):
            home = node.module or ""
            if not node.level and home.split(".")[0] != module.__name__.split(".")[0]:
                continue  # what a package takes from itself, compiled parts too, it offers under its own name
            for alias in node.names:
                if alias.name == "*":
                    part = importlib.import_module("." * node.level + home, module.__name__ if node.level else None)
                    found.update(n for n in defined(part) if not n.startswith("_"))
                else:
                    found.add(alias.asname or alias.name)
    return found

found = {}
for package in sys.argv[1:]:
    try:
        root = importlib.import_module(package)
    except ImportError as e:
        print(f"not in this ROS 2: {package} ({e})", file=sys.stderr)
        continue
    names = [package] + [m.name for m in pkgutil.walk_packages(
        getattr(root, "__path__", []), package + ".", lambda n: None)]
    for name in names:
        if any(part.startswith("_") or part in ("test", "legacy") for part in name.split(".")):
            continue
        try:
            module = importlib.import_module(name)
        except Exception:
            continue
        public, own = {}, defined(module)
        listed = getattr(module, "__all__", None)
        for attribute in listed if listed is not None else dir(module):
            value = getattr(module, attribute, None)
            if attribute.startswith("_") or inspect.ismodule(value):
                continue
            home = getattr(value, "__module__", None)
            # without __all__ whatever a module imports looks public; what comes from elsewhere is not its own
            # (a package's __init__ may well re-export its own)
            if listed is None and attribute not in own and not (
                    hasattr(module, "__path__") and str(home).split(".")[0] == package):
                continue
            members = []
            if inspect.isclass(value):
                members = [m for m in vars(value) if not m.startswith("_")]
            public[attribute] = members
        found[name] = public
print(json.dumps(found))
"""


def upstream_names(setup: str, packages: list[str]) -> dict[str, dict[str, list[str]]]:
    """Return {module: {name: [class members]}} of a real ROS 2 environment."""
    script = f'. "{setup}" >&2 && exec python3 - "$@"'
    done = subprocess.run(
        ["bash", "-c", script, "names", *packages],
        input=ENUMERATE,
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin", "HOME": str(Path.home())},
    )
    if done.returncode or not done.stdout:
        raise SystemExit(f"could not look at the ROS 2 of {setup}:\n{done.stderr}")
    sys.stderr.write("".join(f"{line}\n" for line in done.stderr.splitlines() if line.startswith("not in this")))
    found: dict[str, dict[str, list[str]]] = json.loads(done.stdout.splitlines()[-1])
    return found


def _instance_names(cls: type) -> set[str]:
    """Return the names that a class declares for its instances only."""
    names = {"name", "value"} if issubclass(cls, Enum) else set()
    for base in cls.__mro__:
        names |= {*getattr(base, "__annotations__", {}), *getattr(base, "__slots__", ())}
    return names


def verdict(module: str, name: str) -> str:
    """Say of a name (`Class` or `Class.member`) whether ros2_lite has it."""
    try:
        value = importlib.import_module(module)
    except ModuleNotFoundError as e:
        # a module that is not there names itself; one that fails on something else is broken
        return "refused" if str(e.name) and module.startswith(str(e.name)) else f"WRONG {e!r}"
    except Exception as e:
        return f"refused {e}" if module in str(e) else f"WRONG {e!r}"
    for part in name.split("."):
        if isinstance(value, type) and part in _instance_names(value):
            return "have"
        try:
            value = getattr(value, part)
        except Exception as e:
            return "refused" if part in str(e) else f"WRONG {e!r}"
    return "have"


def main() -> int:
    """Print one line a name and a count for each module."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("setup", help="setup.bash of a real ROS 2")
    parser.add_argument("packages", nargs="*", default=PACKAGES, help=f"default: {' '.join(PACKAGES)}")
    parser.add_argument("--missing", action="store_true", help="print only what ros2_lite does not have")
    parser.add_argument("--counts", action="store_true", help="print only the counts")
    arguments = parser.parse_args()

    words = set(re.findall(r"\w+", "\n".join(p.read_text() for p in TESTS.glob("*.py"))))
    totals: dict[str, list[int]] = {}
    wrong = 0
    for module, names in upstream_names(arguments.setup, arguments.packages).items():
        for name in [full for n, members in names.items() for full in (n, *(f"{n}.{m}" for m in members))]:
            said = verdict(module, name)
            tested = said == "have" and name.rpartition(".")[2] in words
            count = totals.setdefault(module.partition(".")[0], [0, 0, 0, 0])
            count[0 if tested else 1 if said == "have" else 2 if said.startswith("refused") else 3] += 1
            wrong += said.startswith("WRONG")
            if not arguments.counts and not (arguments.missing and said == "have"):
                print(f"{module}.{name}: {said}{' tested' if tested else ''}")
    print(f"{'package':22}{'have, tested':>14}{'have':>8}{'refused':>10}{'WRONG':>8}")
    for package, count in totals.items():
        print(f"{package:22}{count[0]:14}{count[1]:8}{count[2]:10}{count[3]:8}")
    return 1 if wrong else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BrokenPipeError:
        sys.exit(1)
