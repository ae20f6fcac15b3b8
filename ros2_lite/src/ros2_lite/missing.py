"""The error for what upstream has and this package has not."""

from __future__ import annotations

# Names of upstream's modules that have no counterpart here, with the reason.
REASONS: dict[str, str] = {}


def missing(module: str, name: str) -> AttributeError:
    """Return the AttributeError for `module.name`."""
    reason = REASONS.get(f"{module}.{name}", "it is not part of ros2_lite; use ROS 2 itself where it is needed")
    return AttributeError(f"module '{module}' has no attribute '{name}': {reason}")
