"""What is drawn of a labelled clip on the page of examples, kept when it is labelled: nothing is detected twice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from deft_affordance.video.label import Label


@dataclass(frozen=True)
class Marks:
    """Places in pixels of the film, as JSON has them.

    Attributes:
        frame: of the first contact.
        label_frame: where hand and object were read off.
        hand, box: of the hand and the object there, corners.
        keypoints: the tracked hand's 21 points there, where the tracker tells them.
        window: left, top and side of the object's crop in the initial frame.
        contacts: the contact points there.
    """

    frame: int
    label_frame: int
    hand: list[float]
    box: list[float]
    keypoints: list[list[float]] | None
    window: list[int]
    contacts: list[list[float]]

    @classmethod
    def of(cls, label: Label) -> Marks:
        """A label's, to the tenth of a pixel."""
        contact, window, points = label.contact, label.window, label.pose.keypoints
        return cls(
            contact.frame,
            contact.label_frame,
            _tenths(contact.hand.box),
            _tenths(contact.box),
            None if points is None else _tenths(points),
            [window.left, window.top, window.side],
            _tenths(label.contacts_px),
        )


def _tenths(numbers: Any) -> Any:
    return np.round(np.asarray(numbers, dtype=float), 1).tolist()
