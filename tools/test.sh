#!/usr/bin/env bash
# The whole check: style, types, tests. `--quick` leaves out what is marked slow or graph; other arguments go to pytest.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
quick=
if [ "${1:-}" = --quick ]; then shift; quick="not slow and "; fi
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
[ $# -gt 0 ] && exec python -m pytest ${quick:+-m "${quick}not graph"} "$@"
status=0
# Tests that bring up no graph share the cores, a file at a time; a graph has them to itself.
python -m pytest -n logical --maxprocesses 4 --dist loadfile -m "${quick}not graph" src || status=$?
[ -n "$quick" ] || python -m pytest -m graph src launch || status=$?
# A run of its own: ROS 2's Python checks every message's fields above, here it is as it comes.
python -m pytest -m "${quick}not graph" ros2_lite/test || status=$?
exit $status
