"""The xArm6's shape as capsules, and how near the arm comes to itself.

The twin's bodies and the gate's rules are made from the same capsules, so that neither believes in another arm.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from deft_core.geometry import Array, inverse
from deft_core.hand import HandModel

# From, to and radius, metres.
Capsule = tuple[tuple[float, float, float], tuple[float, float, float], float]
# Each link's in its joint's frame, the base's in base_link. Radii after the data sheet's drawings, rounded.
BASE: tuple[Capsule, ...] = (((0, 0, 0.01), (0, 0, 0.075), 0.066), ((0, 0, 0.09), (0, 0, 0.165), 0.058))
LINKS: tuple[tuple[Capsule, ...], ...] = (
    (((0, 0, -0.08), (0, 0, 0.0), 0.058),),
    (((0, 0, 0), (0, -0.2845, 0), 0.05), ((0, -0.2845, 0), (0.0535, -0.2845, 0), 0.05)),
    (((0, 0, 0), (0.0775, 0.03, 0), 0.048), ((0.0775, 0.03, 0), (0.0775, 0.22, 0), 0.042)),
    (((0, 0, -0.09), (0, 0, 0.0), 0.04),),
    (((0, 0, 0), (0.076, 0.01, 0), 0.038), ((0.076, 0.01, 0), (0.076, 0.05, 0), 0.036)),
    (((0, 0, -0.024), (0, 0, 0), 0.0375),),
)
_NAMES = ("base", *(f"link {i + 1}" for i in range(6)), "hand")
# What is printed between flange and palm, metres.
ADAPTER_RADIUS_M = 0.032
_BASE_FRAME = np.eye(4)[None]
# Shorter than this (m, squared) is a point.
_POINT_M2 = 1e-18
# A joint holds neighbours together, and the next ones share a housing: they cannot meet.
_APART = 3


def hard_parts(hand: HandModel) -> tuple[Capsule, ...]:
    """What is hard about a hand, in the flange's frame: a capsule around its palm, and one from there to the flange.

    Soft fingers do not count, but the palm's capsule reaches over their roots.
    """
    centre, half = np.asarray(hand.palm_center_m), np.asarray(hand.palm_size_m) / 2
    front, back = centre[0] - half[0], centre[0] + half[0]
    T = inverse(hand.T_wrist_eef)

    def capsule(start: tuple[float, ...], end: tuple[float, ...], radius: float) -> Capsule:
        one, other = (np.array([start, end]) @ T[:3, :3].T + T[:3, 3]).tolist()
        return tuple(one), tuple(other), radius

    palm = capsule((front, *centre[1:]), (back, *centre[1:]), float(np.hypot(half[1], half[2])))
    return palm, capsule((back, 0.0, 0.0), (max(back, hand.T_wrist_eef[0, 3]), 0.0, 0.0), ADAPTER_RADIUS_M)


@dataclass(frozen=True, eq=False)
class SelfClearance:
    """How near the arm's links, its base and what is hard on its flange come to one another.

    Args:
        tool: capsules in the flange's frame (link_eef), such as a hand's `hard_parts`; none for a bare arm.
    """

    tool: tuple[Capsule, ...] = ()

    @cached_property
    def _parts(self) -> tuple[Array, Array, Array, Array]:
        """Of n capsules: frames (0 base, 1 to 6 links), ends there (n, 4, 2), radii, and bodies (7 is the hand)."""
        rows = [(0, 0, capsule) for capsule in BASE]
        rows += [(i + 1, i + 1, capsule) for i, capsules in enumerate(LINKS) for capsule in capsules]
        rows += [(6, 7, capsule) for capsule in self.tool]
        ends = np.array([[[*start, 1.0], [*end, 1.0]] for _, _, (start, end, _) in rows])
        return (
            np.array([frame for frame, _, _ in rows]),
            ends.transpose(0, 2, 1).copy(),
            np.array([capsule[2] for _, _, capsule in rows]),
            np.array([body for _, body, _ in rows]),
        )

    @cached_property
    def _pairs(self) -> tuple[Array, Array, Array]:
        """Which capsules may meet, and the distance of their axes when they touch."""
        _, _, radius, body = self._parts
        first, second = np.triu_indices(len(body), 1)
        riding = np.minimum(body, 6)  # the hand cannot reach the last links either
        apart = np.abs(riding[first] - riding[second]) >= _APART
        return first[apart], second[apart], (radius[first] + radius[second])[apart]

    def of_frames(self, frames: Array) -> tuple[float, str]:
        """Least distance of any two parts (m, negative where they overlap), and which two.

        Args:
            frames: (6, 4, 4) of the links in base_link, as `joint_frames` gives them.
        """
        frame, ends, _, body = self._parts
        first, second, touching = self._pairs
        axes = (np.concatenate([_BASE_FRAME, frames])[frame] @ ends)[:, :3]
        one, other = axes[first], axes[second]
        gaps = segment_distance(one[..., 0], one[..., 1], other[..., 0], other[..., 1]) - touching
        nearest = int(gaps.argmin())
        return float(gaps[nearest]), f"{_NAMES[body[second[nearest]]]} and {_NAMES[body[first[nearest]]]}"


def segment_distance(p: Array, p_end: Array, q: Array, q_end: Array) -> Array:
    """Distances (n,) between segments from p to p_end and from q to q_end, (n, 3) each; either may be a point.

    Closest points as in Ericson, "Real-Time Collision Detection" (2005), section 5.1.9.
    """
    u, v, w = p_end - p, q_end - q, p - q
    uu, vv, uv, uw, vw = (np.einsum("ni,ni->n", a, b) for a, b in ((u, u), (v, v), (u, v), (u, w), (v, w)))
    uu, vv = np.maximum(uu, _POINT_M2), np.maximum(vv, _POINT_M2)
    across = np.maximum(uu * vv - uv * uv, 1e-12 * uu * vv)  # where they are parallel, any point is as near as the next
    s = ((uv * vw - uw * vv) / across).clip(0.0, 1.0)
    t = ((uv * s + vw) / vv).clip(0.0, 1.0)
    s = ((uv * t - uw) / uu).clip(0.0, 1.0)
    apart = w + s[:, None] * u - t[:, None] * v
    return np.sqrt(np.einsum("ni,ni->n", apart, apart))
