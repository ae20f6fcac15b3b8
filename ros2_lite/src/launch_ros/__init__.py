"""Actions and substitutions for launching ROS nodes."""

from . import actions, descriptions, substitutions

__all__ = ["actions", "descriptions", "substitutions"]
