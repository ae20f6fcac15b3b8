"""BufferCore: the tree of frames over time, and transforms between any two of them.

What it accepts, refuses and says follows upstream's C++ core.
"""

from __future__ import annotations

import math
import threading
from typing import Any

from geometry_msgs.msg import TransformStamped
from rclpy.duration import Duration
from rclpy.time import Time

from .exceptions import (
    ConnectivityException,
    ExtrapolationException,
    InvalidArgumentException,
    LookupException,
    TransformException,
)
from .history import MovingHistory, Pose, Quaternion, StaticHistory, Vector, add, conjugate, multiply, rotate, seconds

_DEFAULT_CACHE = Duration(seconds=10)
_MAX_DEPTH = 1000
_IDENTITY: tuple[Vector, Quaternion] = ((0.0, 0.0, 0.0), (0.0, 0.0, 0.0, 1.0))
_UNSUPPORTED = ("lookupVelocityCore", "lookupVelocityFullCore", "_allFramesAsDot", "_chain")


def nanoseconds_of(time: Any) -> int:
    """Return a time message's, `Time`'s or `Duration`'s nanoseconds."""
    if hasattr(time, "sec") and hasattr(time, "nanosec"):
        return int(time.sec) * 10**9 + int(time.nanosec)
    if hasattr(time, "nanoseconds"):
        return int(time.nanoseconds)
    raise TypeError("time must have sec and nanosec, or nanoseconds.")


def canonical(q: Quaternion) -> Quaternion:
    """Return the unit quaternion of the same rotation with the sign that upstream's matrices give it."""
    n = math.sqrt(sum(c * c for c in q))
    x, y, z, w = (c / n for c in q)
    lead = w if w * w > 0.25 else max((x, y, z), key=abs)
    return (-x, -y, -z, -w) if lead < 0 else (x, y, z, w)


class BufferCore:
    """Stores transforms and looks up what follows from them; safe to use from several threads."""

    def __init__(self, cache_time: Duration = _DEFAULT_CACHE) -> None:
        """Create an empty buffer that remembers `cache_time` of every moving frame."""
        self._cache_ns = nanoseconds_of(cache_time)
        self._histories: dict[str, MovingHistory | StaticHistory] = {}
        self._frames: dict[str, None] = {}  # every name seen, parents too, in order
        self._authorities: dict[str, str] = {}
        self._lock = threading.RLock()

    def __getattr__(self, name: str) -> Any:
        if name in _UNSUPPORTED:
            raise NotImplementedError(f"tf2_py.BufferCore.{name} is not part of ros2_lite")
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def set_transform(self, transform: TransformStamped, authority: str) -> None:
        """Add a transform at its time; a bad one is ignored with an error in the log."""
        self._set(transform, authority, False)

    def set_transform_static(self, transform: TransformStamped, authority: str) -> None:
        """Add a transform that holds at all times."""
        self._set(transform, authority, True)

    def _set(self, message: TransformStamped, authority: str, static: bool) -> None:
        t, r = message.transform.translation, message.transform.rotation
        parent, child = message.header.frame_id.removeprefix("/"), message.child_frame_id.removeprefix("/")
        stamp = nanoseconds_of(message.header.stamp)
        values = (t.x, t.y, t.z, r.x, r.y, r.z, r.w)
        wrong = self._fault(parent, child, values, authority)
        if wrong:
            _log().error(wrong)
            return
        with self._lock:
            self._frames.setdefault(child)
            self._frames.setdefault(parent)
            history = self._histories.get(child)
            if history is None or isinstance(history, StaticHistory) != static:
                history = self._histories[child] = StaticHistory() if static else MovingHistory(self._cache_ns)
            if history.insert(Pose(values[:3], canonical(values[3:]), parent, 0 if static else stamp)):
                self._authorities[child] = authority
                return
        _log().warning(
            f"TF_OLD_DATA ignoring data from the past for frame {child} at time {seconds(stamp)} according "
            f"to authority {authority}"
        )

    @staticmethod
    def _fault(parent: str, child: str, values: tuple[float, ...], authority: str) -> str | None:
        if child == parent:
            return (
                f'TF_SELF_TRANSFORM: Ignoring transform from authority "{authority}" with frame_id and  '
                f'child_frame_id "{child}" because they are the same'
            )
        if not child:
            return (
                f'TF_NO_CHILD_FRAME_ID: Ignoring transform from authority "{authority}" because child_frame_id not set'
            )
        if not parent:
            return (
                f'TF_NO_FRAME_ID: Ignoring transform with child_frame_id "{child}"  from authority "{authority}" '
                "because frame_id not set"
            )
        # a quaternion of length nought turns into NaN on upstream's way through a matrix; any other is normalised there
        if any(math.isnan(v) for v in values) or not any(values[3:]):
            return (
                f'TF_NAN_INPUT: Ignoring transform for child_frame_id "{child}" from authority "{authority}" '
                f"because of a nan value in the transform {values}"
            )
        return None

    def clear(self) -> None:
        """Forget all moving transforms."""
        with self._lock:
            for history in self._histories.values():
                history.clear()

    def lookup_transform_core(self, target_frame: str, source_frame: str, time: Any) -> TransformStamped:
        """Return the transform that takes coordinates in `source_frame` to `target_frame`.

        Args:
            target_frame: the frame to transform into.
            source_frame: the frame of the data.
            time: when; 0 for the latest time at which it is known.

        Raises:
            LookupException, ConnectivityException, ExtrapolationException, InvalidArgumentException: there is none.
        """
        with self._lock:
            translation, rotation, stamp = self._lookup(target_frame, source_frame, nanoseconds_of(time))
        return _message(target_frame, source_frame, translation, rotation, stamp)

    def lookup_transform_full_core(
        self, target_frame: str, target_time: Any, source_frame: str, source_time: Any, fixed_frame: str
    ) -> TransformStamped:
        """Return the transform between frames at two times, by way of a frame that does not move meanwhile."""
        with self._lock:
            for name, frame in (("target", target_frame), ("source", source_frame), ("fixed", fixed_frame)):
                self._require(f"lookupTransform argument {name}_frame", frame)
            v1, q1, _ = self._lookup(fixed_frame, source_frame, nanoseconds_of(source_time))
            v2, q2, stamp = self._lookup(target_frame, fixed_frame, nanoseconds_of(target_time))
        return _message(target_frame, source_frame, add(rotate(q2, v1), v2), multiply(q2, q1), stamp)

    def can_transform_core(self, target_frame: str, source_frame: str, time: Any) -> tuple[int, str]:
        """Return whether `lookup_transform_core` would succeed (1 or 0), and if not, why."""
        at = nanoseconds_of(time)
        if target_frame == source_frame:
            return 1, ""
        try:
            with self._lock:
                self._require("canTransform argument target_frame", target_frame, can=True)
                self._require("canTransform argument source_frame", source_frame, can=True)
                self._lookup(target_frame, source_frame, at)
        except TransformException as e:
            return 0, str(e)
        return 1, ""

    def can_transform_full_core(
        self, target_frame: str, target_time: Any, source_frame: str, source_time: Any, fixed_frame: str
    ) -> tuple[int, str]:
        """Return whether `lookup_transform_full_core` would succeed (1 or 0), and if not, why."""
        try:
            with self._lock:
                for name, frame in (("target", target_frame), ("source", source_frame), ("fixed", fixed_frame)):
                    self._require(f"canTransform argument {name}_frame", frame, can=True)
                self._lookup(target_frame, fixed_frame, nanoseconds_of(target_time))
                self._lookup(fixed_frame, source_frame, nanoseconds_of(source_time))
        except TransformException as e:
            return 0, str(e)
        return 1, ""

    def get_latest_common_time(self, target_frame: str, source_frame: str) -> Time:
        """Return the latest time at which the transform is known (0 when it always is)."""
        with self._lock:
            self._require("get_latest_common_time", target_frame)
            self._require("get_latest_common_time", source_frame)
            try:
                return Time(nanoseconds=self._common_time(target_frame, source_frame))
            except TransformException as e:
                raise TransformException(str(e)) from None

    def all_frames_as_string(self) -> str:
        """Return one line for every frame and its parent."""
        with self._lock:
            newest = {f: h.newest() for f, h in self._histories.items()}
            return "".join(
                f"Frame {f} exists with parent {newest[f].parent if newest[f] else 'NO_PARENT'}.\n"  # type: ignore[union-attr]
                for f in self._frames
                if f in newest
            )

    def all_frames_as_yaml(self) -> str:
        """Return the tree as YAML, as `tf2_tools view_frames` reads it."""
        with self._lock:
            if not self._frames:
                return "[]"
            text = []
            for frame in self._frames:
                history = self._histories.get(frame)
                pose = history.newest() if history else None
                if history is None or pose is None:
                    continue
                span = max(history.latest - history.oldest, 100_000)
                text.append(
                    f"{frame}: \n  parent: '{pose.parent}'\n"
                    f"  broadcaster: '{self._authorities.get(frame, 'no recorded authority')}'\n"
                    f"  rate: {len(history) * 1e9 / span:.3f}\n"
                    f"  most_recent_transform: {seconds(history.latest)}\n"
                    f"  oldest_transform: {seconds(history.oldest)}\n"
                    f"  buffer_length: {(history.latest - history.oldest) * 1e-9:.3f}\n"
                )
            return "".join(text)

    def _frameExists(self, frame: str) -> bool:
        return frame in self._frames

    def _getFrameStrings(self) -> list[str]:
        return list(self._frames)

    def _require(self, where: str, frame: str, can: bool = False) -> None:
        """Raise unless the frame is known; the two phrasings are upstream's for lookups and for questions."""
        reason = (
            "in tf2 frame_ids cannot be empty"
            if not frame
            else "in tf2 frame_ids cannot start with a '/'"
            if frame.startswith("/")
            else None
        )
        if reason or (can and frame not in self._frames):
            raise InvalidArgumentException(
                f'Invalid {"frame ID" if can else "argument"} "{frame}" passed to {where} - '
                f"{reason or 'frame does not exist'}"
            )
        if frame not in self._frames:
            raise LookupException(f'"{frame}" passed to {where} does not exist. ')

    def _lookup(self, target: str, source: str, time: int) -> tuple[Vector, Quaternion, int]:
        if target == source:
            history = self._histories.get(target)
            return *_IDENTITY, history.latest if time == 0 and history else time
        self._require("lookupTransform argument target_frame", target)
        self._require("lookupTransform argument source_frame", source)
        if time == 0:
            time = self._common_time(target, source)
        ups, end, early = self._walk(source, target, time)
        if end == target:
            return *_accumulate(ups), time
        downs, other, late = self._walk(target, source, time, stop=end)
        if other == source:
            return *_inverse(_accumulate(downs)), time
        if other != end:
            if late or early:
                e = late or early
                raise type(e)(f"{e}, when looking up transform from frame [{source}] to frame [{target}]")  # type: ignore[misc]
            raise self._unconnected(target, source)
        v1, q1 = _accumulate(ups)
        v2, q2 = _inverse(_accumulate(downs))
        return add(rotate(q2, v1), v2), multiply(q2, q1), time

    def _walk(
        self, frame: str, goal: str, time: int, stop: str | None = None
    ) -> tuple[list[Pose], str, TransformException | None]:
        """Climb from a frame to `goal`, `stop`, the root, or where data ends.

        Returns the poses passed, the frame reached, and why the climb ended when data for that time were lacking.
        """
        poses: list[Pose] = []
        while frame not in (goal, stop):
            history = self._histories.get(frame)
            if history is None:
                break
            try:
                pose = history.at(time)
            except TransformException as e:
                return poses, frame, e
            if pose is None:
                return poses, frame, ExtrapolationException(f"no data for frame {frame}")
            poses.append(pose)
            frame = pose.parent
            if len(poses) > _MAX_DEPTH:
                raise self._loop()
        return poses, frame, None

    def _common_time(self, target: str, source: str) -> int:
        """Return the latest time at which every frame on the way is known, 0 when all of them are static."""
        if target == source:
            history = self._histories.get(source)
            return history.latest if history else 0
        ups, end = self._climb(source, target)
        if end == target:
            return min((p.stamp for p in ups if p.stamp), default=0)
        downs, end = self._climb(target, source)
        if end == source:
            return min((p.stamp for p in downs if p.stamp), default=0)
        reached = {p.parent: i for i, p in enumerate(ups)}
        for i, pose in enumerate(downs):
            if pose.parent in reached:
                way = downs[: i + 1] + ups[: reached[pose.parent] + 1]
                return min((p.stamp for p in way if p.stamp), default=0)
        raise self._unconnected(target, source)

    def _climb(self, frame: str, goal: str) -> tuple[list[Pose], str]:
        poses: list[Pose] = []
        while frame != goal:
            history = self._histories.get(frame)
            pose = history.newest() if history else None
            if pose is None:
                break
            poses.append(pose)
            frame = pose.parent
            if len(poses) > _MAX_DEPTH:
                raise self._loop()
        return poses, frame

    def _loop(self) -> LookupException:
        return LookupException(f"The tf tree is invalid because it contains a loop.\n{self.all_frames_as_string()}\n")

    @staticmethod
    def _unconnected(target: str, source: str) -> ConnectivityException:
        return ConnectivityException(
            f"Could not find a connection between '{target}' and '{source}' because they are "
            "not part of the same tree.Tf has two or more unconnected trees."
        )


def _accumulate(poses: list[Pose]) -> tuple[Vector, Quaternion]:
    """Chain poses from a frame upwards."""
    v, q = _IDENTITY
    for pose in poses:
        v, q = add(rotate(pose.rotation, v), pose.translation), multiply(pose.rotation, q)
    return v, q


def _inverse(transform: tuple[Vector, Quaternion]) -> tuple[Vector, Quaternion]:
    v, q = transform
    back = conjugate(q)
    return rotate(back, (-v[0], -v[1], -v[2])), back


def _message(target: str, source: str, v: Vector, q: Quaternion, stamp: int) -> TransformStamped:
    message = TransformStamped(child_frame_id=source)
    message.header.frame_id = target
    message.header.stamp.sec, message.header.stamp.nanosec = divmod(stamp, 10**9)
    t, r = message.transform.translation, message.transform.rotation
    t.x, t.y, t.z = v
    r.x, r.y, r.z, r.w = canonical(q)
    return message


def _log() -> Any:
    from rclpy.logging import get_logger

    return get_logger("tf2")
