"""What is known of one frame: its pose in its parent over time, or for good."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from dataclasses import dataclass

from .exceptions import ExtrapolationException

Vector = tuple[float, float, float]
Quaternion = tuple[float, float, float, float]  # x, y, z, w


@dataclass(frozen=True, slots=True)
class Pose:
    """A frame in its parent at one time."""

    translation: Vector
    rotation: Quaternion
    parent: str
    stamp: int  # ns


def multiply(a: Quaternion, b: Quaternion) -> Quaternion:
    """Return the rotation b followed by a."""
    ax, ay, az, aw = a
    bx, by, bz, bw = b
    return (
        aw * bx + ax * bw + ay * bz - az * by,
        aw * by + ay * bw + az * bx - ax * bz,
        aw * bz + az * bw + ax * by - ay * bx,
        aw * bw - ax * bx - ay * by - az * bz,
    )


def conjugate(q: Quaternion) -> Quaternion:
    """Return the inverse of a unit quaternion."""
    return (-q[0], -q[1], -q[2], q[3])


def rotate(q: Quaternion, v: Vector) -> Vector:
    """Return the vector turned by the unit quaternion."""
    x, y, z, w = q
    # v + 2 w (u x v) + 2 u x (u x v) with u the vector part
    cx, cy, cz = y * v[2] - z * v[1], z * v[0] - x * v[2], x * v[1] - y * v[0]
    return (
        v[0] + 2 * (w * cx + y * cz - z * cy),
        v[1] + 2 * (w * cy + z * cx - x * cz),
        v[2] + 2 * (w * cz + x * cy - y * cx),
    )


def add(a: Vector, b: Vector) -> Vector:
    """Return the sum."""
    return (a[0] + b[0], a[1] + b[1], a[2] + b[2])


def slerp(a: Quaternion, b: Quaternion, t: float) -> Quaternion:
    """Interpolate on the shorter arc."""
    dot = sum(p * q for p, q in zip(a, b, strict=True))
    sign = -1.0 if dot < 0 else 1.0
    angle = math.acos(min(1.0, abs(dot) / math.sqrt(sum(p * p for p in a) * sum(q * q for q in b))))
    if angle < 1e-12:
        return a
    s = math.sin(angle)
    f, g = math.sin((1 - t) * angle) / s, sign * math.sin(t * angle) / s
    return (a[0] * f + b[0] * g, a[1] * f + b[1] * g, a[2] * f + b[2] * g, a[3] * f + b[3] * g)


def seconds(stamp: int) -> str:
    """Spell a time as upstream's messages do."""
    return f"{stamp * 1e-9:.6f}"


class StaticHistory:
    """A pose that holds at all times."""

    oldest = latest = 0

    def __init__(self) -> None:
        self.pose: Pose | None = None

    def __len__(self) -> int:
        return 0 if self.pose is None else 1

    def insert(self, pose: Pose) -> bool:
        """Replace the pose."""
        self.pose = pose
        return True

    def at(self, time: int) -> Pose | None:
        """Return the pose, whatever the time."""
        return self.pose

    def newest(self) -> Pose | None:
        """Return the pose; its stamp is 0, which stands for always."""
        return self.pose

    def clear(self) -> None:
        """Static poses stay, as upstream has it: they are sent once only."""


class MovingHistory:
    """Poses by time, as far back as the buffer's cache time."""

    def __init__(self, cache_ns: int) -> None:
        self.cache_ns = cache_ns
        self.stamps: list[int] = []
        self.poses: list[Pose] = []

    def __len__(self) -> int:
        return len(self.stamps)

    @property
    def latest(self) -> int:
        """Return the time of the newest pose, 0 when there is none."""
        return self.stamps[-1] if self.stamps else 0

    @property
    def oldest(self) -> int:
        """Return the time of the oldest pose, 0 when there is none."""
        return self.stamps[0] if self.stamps else 0

    def insert(self, pose: Pose) -> bool:
        """Put a pose in its place; False when it is older than the cache reaches."""
        limit = self.latest - self.cache_ns
        stale = bisect_left(self.stamps, limit)
        if stale:
            del self.stamps[:stale], self.poses[:stale]
        if self.stamps and pose.stamp < limit:
            return False
        first, last = bisect_left(self.stamps, pose.stamp), bisect_right(self.stamps, pose.stamp)
        if pose not in self.poses[first:last]:
            self.stamps.insert(last, pose.stamp)
            self.poses.insert(last, pose)
        return True

    def newest(self) -> Pose | None:
        """Return the newest pose."""
        return self.poses[-1] if self.poses else None

    def at(self, time: int) -> Pose | None:
        """Return the pose at a time (ns; 0 for the newest), interpolated; None when there is none at all.

        Raises:
            ExtrapolationException: the time lies outside the data.
        """
        if not self.stamps:
            return None
        if time == 0 or time == self.latest:
            return self.poses[-1]
        if len(self.stamps) == 1:
            raise ExtrapolationException(
                f"Lookup would require extrapolation at time {seconds(time)}, but only time "
                f"{seconds(self.latest)} is in the buffer"
            )
        if time > self.latest:
            raise ExtrapolationException(
                "Lookup would require extrapolation into the future.  Requested time "
                f"{seconds(time)} but the latest data is at time {seconds(self.latest)}"
            )
        if time < self.oldest:
            raise ExtrapolationException(
                "Lookup would require extrapolation into the past.  Requested time "
                f"{seconds(time)} but the earliest data is at time {seconds(self.oldest)}"
            )
        if time == self.oldest:
            return self.poses[0]
        i = bisect_right(self.stamps, time) - 1
        one, two = self.poses[i], self.poses[i + 1]
        if one.parent != two.parent or one.stamp == two.stamp:
            return one
        t = (time - one.stamp) / (two.stamp - one.stamp)
        a, b = one.translation, two.translation
        return Pose(
            (a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t, a[2] + (b[2] - a[2]) * t),
            slerp(one.rotation, two.rotation, t),
            one.parent,
            time,
        )

    def clear(self) -> None:
        """Forget everything."""
        self.stamps.clear()
        self.poses.clear()
