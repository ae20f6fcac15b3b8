"""The error of substitutions without a value."""

from __future__ import annotations


class SubstitutionFailure(RuntimeError):
    """Raised when a substitution has no value."""
