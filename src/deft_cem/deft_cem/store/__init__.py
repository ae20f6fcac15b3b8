"""The record of a run: what was tried, what it gave, and all it takes to redo it."""

from deft_cem.store.episode import Episode
from deft_cem.store.images import ImageWriter, NoImages
from deft_cem.store.record import RunInfo, RunRecord

__all__ = ["Episode", "ImageWriter", "NoImages", "RunInfo", "RunRecord"]
