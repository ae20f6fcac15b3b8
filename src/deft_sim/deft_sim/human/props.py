"""What a demonstrator has before them: their own things, none of them an object of a task."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from deft_sim.things.thing import Thing


@dataclass(frozen=True)
class Props:
    """A scene to demonstrate in.

    Attributes:
        target: what is taken in the hand.
        others: what else stands there, by name.
        place: x, y (metres) and yaw (radians) in base_link.
    """

    target: Thing
    others: Mapping[str, Thing] = field(default_factory=dict)
    place: tuple[float, float, float] = (0.55, 0.0, 0.4)
