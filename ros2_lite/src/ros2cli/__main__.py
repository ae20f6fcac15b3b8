"""Run as ``python -m ros2cli``."""

import sys

from .cli import main

sys.exit(main())
