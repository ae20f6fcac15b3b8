"""Launch a system of processes as a pytest fixture."""

from . import actions, tools
from .fixture import fixture

__all__ = ["actions", "fixture", "tools"]
