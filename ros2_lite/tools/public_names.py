#!/usr/bin/env python3
"""Account for each of upstream's public names: tested in both worlds, or refused by an error that names it.

Run it with the Python that has ros2_lite, and give it a real ROS 2 to look at:

    python ros2_lite/tools/public_names.py /opt/ros/jazzy/setup.bash
    python ros2_lite/tools/public_names.py /opt/ros/jazzy/setup.bash tf2_ros --list

A name is `tested` where test/upstream_api.txt has it as upstream writes it: test_upstream_api.py, which runs in both
worlds, checks that it is there, takes upstream's parameters and has upstream's value. `in tests` counts those of them
that another test, of their behaviour, calls by name. A name is `refused` where asking for it raises an error with that
name in it. Anything else is `UNACCOUNTED`, and the exit status is 1. --contract prints the lines for upstream_api.txt.
Members of a class are counted once, in the module that defines it.
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
    "launch_pytest",
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
CONTRACT = TESTS / "upstream_api.txt"
COLUMNS = ("tested", "in tests", "refused", "UNACCOUNTED")


def upstream_names(setup: str, packages: list[str]) -> dict[str, dict[str, str]]:
    """Return {module: {name: how upstream_api.txt writes it}} of a real ROS 2 environment."""
    look = Path(__file__).with_name("upstream_names.py")
    done = subprocess.run(
        ["bash", "-c", '. "$0" >&2 && exec python3 "$@"', setup, str(look), *packages],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin", "HOME": str(Path.home())},
    )
    if done.returncode or not done.stdout:
        raise SystemExit(f"could not look at the ROS 2 of {setup}:\n{done.stderr}")
    sys.stderr.write("".join(f"{line}\n" for line in done.stderr.splitlines() if line.startswith("not in this")))
    found: dict[str, dict[str, str]] = json.loads(done.stdout.splitlines()[-1])
    return found


def contract() -> set[tuple[str, str]]:
    """Return the (module, line) pairs of upstream_api.txt."""
    found, module = set(), ""
    for line in CONTRACT.read_text().splitlines():
        if line.startswith("["):
            module = line.strip("[]")
        elif line:
            found.add((module, line))
    return found


def _instance_names(cls: type) -> set[str]:
    """Return the names that a class declares for its instances only."""
    names = {"name", "value"} if issubclass(cls, Enum) else set()
    for base in cls.__mro__:
        names |= {*getattr(base, "__annotations__", {}), *getattr(base, "__slots__", ())}
    return names


def verdict(module: str, name: str) -> str:
    """Say of a name (`Class` or `Class.member`) whether ros2_lite has it: 'have', 'refused' or 'WRONG ...'."""
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
    """Print a count for each package, and the names asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("setup", help="setup.bash of a real ROS 2")
    parser.add_argument("packages", nargs="*", default=PACKAGES, help=f"default: {' '.join(PACKAGES)}")
    parser.add_argument("--list", action="store_true", help="print every name with what is said of it")
    parser.add_argument("--refused", action="store_true", help="print the names that are refused")
    parser.add_argument("--contract", action="store_true", help="print upstream_api.txt as it should be")
    arguments = parser.parse_args()

    listed = contract() if CONTRACT.exists() else set()
    words = set(re.findall(r"\w+", "\n".join(p.read_text() for p in TESTS.glob("test_*.py"))))
    totals: dict[str, list[int]] = {}
    for module, names in upstream_names(arguments.setup, arguments.packages).items():
        said = {name: verdict(module, name) for name in names}
        if arguments.contract:
            lines = [line for name, line in names.items() if said[name] == "have"]
            print("\n".join([f"[{module}]", *lines, ""]) if lines else "", end="\n" if lines else "")
            continue
        count = totals.setdefault(module.partition(".")[0], [0] * len(COLUMNS))
        for name, line in names.items():
            if said[name] == "have" and (module, line) in listed:
                kind = "tested"
                count[1] += name.rpartition(".")[2] in words
            else:
                kind = "refused" if said[name].startswith("refused") else "UNACCOUNTED"
            count[COLUMNS.index(kind)] += 1
            if arguments.list or kind == "UNACCOUNTED" or (arguments.refused and kind == "refused"):
                print(f"{module}.{line}: {kind}{'' if said[name] == 'have' else f' ({said[name]})'}")
    if arguments.contract:
        return 0
    sums = [sum(count[i] for count in totals.values()) for i in range(len(COLUMNS))]
    print(f"{'package':22}" + "".join(f"{column:>13}" for column in COLUMNS))
    for package, count in [*totals.items(), ("all", sums)]:
        print(f"{package:22}" + "".join(f"{number:13}" for number in count))
    return 1 if sums[COLUMNS.index("UNACCOUNTED")] else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BrokenPipeError:
        sys.exit(1)
