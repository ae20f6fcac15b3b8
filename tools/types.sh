#!/usr/bin/env bash
# mypy, one room at a time: each package is checked from its own folder, as colcon sees it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# mypy does not see through editable installs: tell it where the rooms are.
MYPYPATH="$PWD/ros2_lite/src$(printf ":$PWD/%s" src/deft_*)"
export MYPYPATH
for package in src/deft_*/; do
  name="$(basename "$package")"
  [ -d "$package/$name" ] || continue
  (cd "$package" && mypy --config-file ../../pyproject.toml --cache-dir ../../.mypy_cache/src "$name") || exit 1
done
(cd ros2_lite/src && MYPYPATH= mypy --config-file ../../pyproject.toml --cache-dir ../../.mypy_cache/ros2_lite ros2_lite rclpy)
