"""COCO's run-length masks: runs of 0 and 1 down the columns, as numbers or in COCO's text form."""

from __future__ import annotations

from typing import Any

import numpy as np

from deft_affordance.video.detectors.protocols import Mask


def _counts(text: str) -> list[int]:
    """Runs of the text form: groups of five bits, lowest first, offset by 48; from the third on, differences."""
    runs: list[int] = []
    value = shift = 0
    for character in text.encode("ascii"):
        code = character - 48
        if not 0 <= code < 64 or shift > 30:
            raise ValueError("no run-length text")
        value |= (code & 0x1F) << shift
        shift += 5
        if code & 0x20:
            continue
        if code & 0x10:
            value -= 1 << shift
        runs.append(value + runs[-2] if len(runs) > 2 else value)
        value = shift = 0
    if shift:
        raise ValueError("run-length text is cut short")
    return runs


def decode(segmentation: Any) -> Mask:
    """Mask (H, W) of a {"size": [H, W], "counts": text or numbers}.

    Raises:
        ValueError, KeyError, TypeError, OverflowError: it is none, or its runs do not fill it.
    """
    height, width = (int(v) for v in segmentation["size"])
    counts = segmentation["counts"]
    runs = np.asarray(_counts(counts) if isinstance(counts, str) else counts, dtype=np.int64)
    whole = height * width
    # One by one first: the sum of runs too large would wrap around.
    fine = min(height, width) >= 1 and whole <= 1 << 27 and runs.ndim == 1 and ((runs >= 0) & (runs <= whole)).all()
    if not fine or runs.sum() != whole:
        raise ValueError(f"runs do not fill {height} x {width} pixels")
    flat = np.repeat(np.arange(len(runs)) % 2 == 1, runs)
    return flat.reshape(width, height).T


def encode(mask: Mask) -> dict[str, Any]:
    """The text form of a mask (H, W); inverse of `decode`."""
    flat = np.asarray(mask, dtype=bool).T.ravel()
    edges = np.flatnonzero(np.diff(flat)) + 1
    runs = [int(r) for r in np.diff(np.concatenate([[0], edges, [flat.size]]))]
    if flat.size and flat[0]:
        runs.insert(0, 0)
    out = bytearray()
    for i, run in enumerate(runs):
        value = run - runs[i - 2] if i > 2 else run
        while True:
            code, value = value & 0x1F, value >> 5
            more = value != (-1 if code & 0x10 else 0)
            out.append((code | 0x20 if more else code) + 48)
            if not more:
                break
    return {"size": [int(mask.shape[0]), int(mask.shape[1])], "counts": out.decode("ascii")}
