"""What can go wrong here, each error saying what was wrong and what to do."""

from __future__ import annotations

from deft_core.errors import DeftError


class LearningError(DeftError):
    """Root of every error this package raises on purpose."""


class RewardError(LearningError, ValueError):
    """A reward is not a number in [0, 1]."""


class OptimizerError(LearningError, ValueError):
    """An optimiser was made, told or restored with something it cannot use."""


class PolicyError(LearningError, ValueError):
    """A policy cannot be fitted, loaded or asked with what it was given."""


class RecordError(LearningError):
    """A run folder cannot be opened, written or resumed."""


class RecordLockedError(RecordError):
    """Another process is writing this run."""


class RecordExistsError(RecordError):
    """The folder already holds a run and resuming was not asked for."""


class RecordMismatchError(RecordError):
    """The folder holds a run that was begun with another configuration."""


class RecordVersionError(RecordError):
    """The record was written by a newer version of this code."""


class RunStoppedError(LearningError):
    """The run was stopped on request; finished episodes are kept."""


class RelabelError(LearningError):
    """A label cannot be corrected any more, or not by this rater."""


class BagError(LearningError):
    """A bag cannot be used to fit a policy."""
