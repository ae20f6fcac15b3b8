"""What the judge sees of a trial: poses and contact forces of every thing, fifty times a second."""

from dataclasses import dataclass, field

import numpy as np

from deft_core.geometry import Array
from deft_sim.tick import TICK_S
from deft_sim.world import Touching, World

SAMPLE_S = 0.02
_EVERY = round(SAMPLE_S / TICK_S)


@dataclass(frozen=True, eq=False)
class ThingTrack:
    """One thing over a trial of n samples.

    Attributes:
        T: (n, 4, 4) T_base_thing.
        T_wrist: (n, 4, 4) T_wrist_thing: still while the thing is held fast.
        room, hand, fingers, thumb, palm, things, squeeze: (n,) forces, newtons; see `deft_sim.world.Touching`.
        joint: (n,) position of a fixed thing's own joint (a drawer's), metres; zeros otherwise.
        state: (n, k) what the thing's kind reports beside that; see its `state`.
        opposed: (n,) newtons, thumb against fingers.
    """

    T: Array
    T_wrist: Array
    room: Array
    hand: Array
    fingers: Array
    thumb: Array
    palm: Array
    things: Array
    squeeze: Array
    joint: Array
    state: Array
    opposed: Array = field(default_factory=lambda: np.zeros(0))


@dataclass(frozen=True, eq=False)
class Trial:
    """A whole trial: sample times (n,), robot seconds, and every thing's track by name."""

    time_s: Array
    tracks: dict[str, ThingTrack]


class Recorder:
    """Collects samples from a world; call `tick` after every control tick."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.start()

    def start(self) -> None:
        """Begin a new trial."""
        self._count = 0
        self._times: list[float] = []
        self._wrist: list[Array] = []
        self._poses: dict[str, list[Array]] = {name: [] for name in self._world.things}
        self._touch: dict[str, list[Touching]] = {name: [] for name in self._world.things}
        self._joint: dict[str, list[float]] = {name: [] for name in self._world.things}
        self._state: dict[str, list[Array]] = {name: [] for name in self._world.things}
        self._sample()

    def tick(self) -> None:
        """Count a control tick; every fifth is a sample."""
        self._count += 1
        if self._count % _EVERY == 0:
            self._sample()

    def _sample(self) -> None:
        world = self._world
        self._times.append(world.time_s)
        self._wrist.append(world.wrist_pose())
        poses, touches = world.poses(), world.touches()
        for name in world.things:
            self._poses[name].append(poses[name])
            self._touch[name].append(touches[name])
            self._joint[name].append(world.things[name].joint_m(world.model, world.data, name))
            self._state[name].append(world.things[name].state(world.model, world.data, name))

    def trial(self) -> Trial:
        """Everything since `start`."""
        wrist_inverse = np.linalg.inv(np.array(self._wrist))
        tracks = {}
        for name in self._world.things:
            poses, touch = np.array(self._poses[name]), self._touch[name]
            forces = {
                key: np.array([getattr(t, key) for t in touch])
                for key in ("room", "hand", "fingers", "thumb", "palm", "things", "squeeze", "opposed")
            }
            own = {"joint": np.array(self._joint[name]), "state": np.array(self._state[name])}
            tracks[name] = ThingTrack(poses, wrist_inverse @ poses, **own, **forces)
        return Trial(np.array(self._times), tracks)
