"""How the emulated controller's set-point follows a stream of servo commands (mode 1)."""

from collections import deque

import numpy as np

from deft_core.geometry import Array
from deft_sim.tick import TICK_S

# Commands further apart than this are no stream.
_LONGEST_PIECE_S = 0.25
# Commands whose pace is within this factor of the workcell's are its driver's.
_NEAR = 3.0
# Pieces of the way that may be known beyond now before a sender runs ahead of a late twin, and that are kept at most.
_AHEAD_PIECES = 1.6
_MOST_PIECES = 4
# A stream whose last command was faster than this did not mean to end there.
_STREAMING_RADPS = 0.05


class ServoFollower:
    """Mode 1: the set-point goes straight on from each command to the next.

    A command's piece of the way lasts as long as its sender means commands to be apart. One that comes early waits for
    the end of the piece before it, so that a stream is followed at its own speed in robot time however unevenly it
    comes in; of a flood only the last command counts. The pace is the workcell's where the commands keep near it, else
    what they have lately been apart. A first command is approached as fast as the limit allows.

    Args:
        q: (6,) rad, where the set-point stands.
        time_s: robot time.
        period_s: robot seconds between the commands of the workcell's own driver; 0 if it is not known.
    """

    def __init__(self, q: Array, time_s: float, period_s: float = 0.0) -> None:
        self._way: deque[tuple[float, Array]] = deque([(time_s, q.copy())])  # end of each piece, goal at its end
        self._sent_s = -np.inf
        self._period_s = period_s
        self._apart_s = period_s or TICK_S
        self._speed = 0.0
        self._held = False

    @property
    def _piece_s(self) -> float:
        known = self._period_s and self._period_s / _NEAR < self._apart_s < self._period_s * _NEAR
        return self._period_s if known else self._apart_s

    def command(self, q: Array, time_s: float, sent_s: float) -> None:
        """Take a new goal (6,), rad, at robot time `time_s`; `sent_s` is the same on the sender's own clock."""
        apart = sent_s - self._sent_s
        # A longer gap is a new stream, or a sender that was held up: the pace so far is still the best guess. One that
        # was made to wait for its answer shows no pace of its own.
        if apart <= _LONGEST_PIECE_S and not self._held:
            self._apart_s += 0.3 * (max(apart, TICK_S) - self._apart_s)
        self._sent_s = sent_s
        piece = self._piece_s
        end, before = self._way[-1]
        self._speed = float(np.abs(q - before).max()) / piece
        if len(self._way) > _MOST_PIECES:
            self._way[-1] = (end, q.copy())
        else:
            # Robot time goes by in ticks: a piece that ended within the last one is gone on from at its end.
            self._way.append(((end if time_s - end <= TICK_S else time_s) + piece, q.copy()))
        self._held = self.ahead(time_s)

    def ahead(self, time_s: float) -> bool:
        """Whether more of the way is known than a sender in step with robot time would have told."""
        return self._way[-1][0] - time_s > _AHEAD_PIECES * self._piece_s

    def hungry(self, time_s: float) -> bool:
        """Whether the set-point has come to the end of the last command in full motion, and none has followed."""
        return time_s >= self._way[-1][0] and self._speed > _STREAMING_RADPS

    def rest(self) -> None:
        """Take it that the stream has ended."""
        self._speed = 0.0

    def at(self, time_s: float, dt_s: float, q: Array, limit_radps: float) -> Array:
        """Set-point (6,) at a robot time, `dt_s` after the set-point q."""
        while len(self._way) > 1 and self._way[0][0] <= time_s - dt_s:
            self._way.popleft()
        end, goal = self._way[0]
        left = max(end - time_s + dt_s, dt_s)
        step = (goal - q) * (dt_s / left)
        return q + np.clip(step, -limit_radps * dt_s, limit_radps * dt_s)

    def arrived(self, q: Array) -> bool:
        """Whether a set-point is at the last goal."""
        return bool(np.abs(self._way[-1][1] - q).max() < 1e-9)
