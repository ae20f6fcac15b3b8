#!/usr/bin/env bash
# The whole check: style, types, tests. `--quick` leaves out what is marked slow or graph; other arguments go to pytest.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
mark=()
if [ "${1:-}" = --quick ]; then shift; mark=(-m "not slow and not graph"); fi
if [ $# -eq 0 ]; then
  ruff check src launch ros2_lite benchmarks
  ruff format --check src launch ros2_lite benchmarks
  # numpy 1, which ROS 2 Jazzy's messages need, annotates too coarsely to check against.
  if python -c 'import numpy, sys; sys.exit(numpy.__version__.startswith("1."))'; then
    bash tools/types.sh
  else
    echo "types: not checked beside numpy 1; they are where no ROS 2 is sourced" >&2
  fi
fi
[ $# -gt 0 ] && exec python -m pytest "${mark[@]}" "$@"
# Two runs: ROS 2's Python in the first one checks every message's fields, in the second one is as it comes.
status=0
python -m pytest "${mark[@]}" src launch || status=$?
python -m pytest "${mark[@]}" ros2_lite/test || status=$?
exit $status
