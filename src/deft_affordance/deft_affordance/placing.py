"""Where the wrist goes, given where to touch and how the fingers are shaped: the human's habit, then this hand's.

The paper ties contact and wrist by one constant. A wrap has its contact 80 mm from the wrist and a pinch 110 mm, and
how a person shapes the fingers tells which: a linear map from the hand pose, fitted to the training data, halves the
error of the constant. A robot's hand is not a person's either: where it wraps, the object belongs where this hand holds
best (`HandModel.seat_m`, measured by `calibrate_hand`); where it pinches, between its own fingertips, which then stand
where the person's do (`fingertips`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Annotated

import numpy as np
from pydantic import Field

from deft_affordance.fingertips import match_fingertips
from deft_affordance.retarget import retarget
from deft_core.config import Settings
from deft_core.errors import ConfigError
from deft_core.geometry import Array
from deft_core.hand import HandModel
from deft_core.mano import POSE_DIM, hand_points

Place = tuple[float, float, float]
# A MANO pose (45,) to the robot's wrist less the person's (3,), metres, and joints (16,), rad.
TipMatcher = Callable[[Array], tuple[Array, Array]]
RETARGETING = ("anatomical", "dex")
_RIDGE = 100.0  # weight of the penalty on standardised coefficients, against thousands of samples
# Thumb tip to the middle of index and middle fingertip, metres: a pinch below the first, a wrap above the second. In
# the training data 95 % of the holds on cups are wider than 77 mm, half of those on a drawer's bar narrower than 54 mm.
PINCH_M, WRAP_M = 0.055, 0.08
# Along the fingers from the wrist to the contact, metres: the palm holds up to the first, the tips from the second on.
# In the training data cups are held at 80 +- 8 mm, a drawer's bar at 123 +- 7 (checkpoints/README.md).
PALM_REACH_M, TIPS_REACH_M = 0.098, 0.112
_INDEX, _MIDDLE, _THUMB = 16, 17, 20  # tips among `hand_points`


class ContactMap(Settings):
    """Where, seen from the human's wrist (m), a hand of a given pose has its contact; linear, held to what was seen.

    Attributes:
        weights: POSE_DIM rows of three, metres per radian.
        offset: metres.
        low, high: range of the training data, metres.
    """

    weights: Annotated[list[Place], Field(min_length=POSE_DIM, max_length=POSE_DIM)]
    offset: Place
    low: Place
    high: Place

    def __call__(self, mano_pose: Array) -> Array:
        """Contact (3,) in the human's wrist frame, metres, of a MANO pose (45,)."""
        return np.asarray(np.clip(mano_pose @ np.array(self.weights) + self.offset, self.low, self.high))


def fit_contact_map(mano_poses: Array, contacts: Array) -> ContactMap:
    """Fit to poses (n, 45) and contacts (n, 3) of people, by ridge regression on standardised poses."""
    mean, spread = mano_poses.mean(axis=0), mano_poses.std(axis=0) + 1e-6
    scaled, middle = (mano_poses - mean) / spread, contacts.mean(axis=0)
    gram = scaled.T @ scaled + _RIDGE * np.eye(POSE_DIM)
    weights = np.linalg.solve(gram, scaled.T @ (contacts - middle)) / spread[:, None]
    return ContactMap(
        weights=weights.tolist(),
        offset=tuple((middle - mean @ weights).tolist()),
        low=tuple(contacts.min(axis=0).tolist()),
        high=tuple(contacts.max(axis=0).tolist()),
    )


@dataclass(frozen=True, eq=False)
class Standing:
    """How a robot's hand stands for a person's hold.

    Attributes:
        contact_in_wrist: (3,) metres, where the contact lies in the robot's wrist frame.
        joints: (16,) rad, within the hand's limits.
        wrap: 1 where the palm holds, 0 where the fingertips do.
    """

    contact_in_wrist: Array
    joints: Array
    wrap: float


def tip_matcher(name: str, hand: HandModel) -> TipMatcher:
    """What `stand` takes for a way of retargeting by name: "anatomical" or "dex".

    Raises:
        ConfigError: no such way.
        MissingRetargeting: dex-retargeting is not installed.
    """
    if name not in RETARGETING:
        raise ConfigError(f"retargeting is one of {', '.join(RETARGETING)}, not {name!r}")
    if name == "anatomical":
        return partial(match_fingertips, hand=hand)
    from deft_affordance.dex_fingertips import DexFingertips  # torch and more come with it

    return DexFingertips(hand)


def aperture(mano_pose: Array) -> float:
    """Thumb tip to the middle of index and middle fingertip, metres, of a MANO pose (45,)."""
    tips = hand_points(mano_pose)[[_INDEX, _MIDDLE, _THUMB]]
    return float(np.linalg.norm(tips[:2].mean(axis=0) - tips[2]))


def wrapped(mano_pose: Array, contact: Array) -> float:
    """Whether a person's hand of a pose (45,) wraps (1) or pinches (0) what it touches at (3,), metres, wrist frame.

    In a wrap the fingers stay apart from the thumb and the contact is near the palm.
    """
    apart = np.clip((aperture(mano_pose) - PINCH_M) / (WRAP_M - PINCH_M), 0.0, 1.0)
    return float(apart * np.clip((TIPS_REACH_M + contact[0]) / (TIPS_REACH_M - PALM_REACH_M), 0.0, 1.0))


def stand(mano_pose: Array, contact: Array, hand: HandModel, tips: TipMatcher | None = None) -> Standing:
    """Turn a person's hold into the robot's: seated in the palm where they wrap, tip on tip where they pinch.

    Args:
        mano_pose: (45,) rad, of the person.
        contact: (3,) metres, where the contact lies in the person's wrist frame.
        hand: the robot's.
        tips: another way to put tip on tip than `match_fingertips`, as `DexFingertips`.
    """
    wrap = wrapped(mano_pose, contact)
    # Wrist of the robot less that of the person, and joints: of a wrap, of a pinch.
    shift, joints = -np.array(hand.seat_m), retarget(mano_pose, hand)
    if wrap < 1.0:
        tip_shift, tip_joints = (tips or tip_matcher("anatomical", hand))(mano_pose)
        shift = wrap * shift + (1.0 - wrap) * tip_shift
        joints = wrap * joints + (1.0 - wrap) * tip_joints
    return Standing(contact - shift, joints, wrap)
