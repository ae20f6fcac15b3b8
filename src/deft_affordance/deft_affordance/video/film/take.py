"""One take: a human-proportioned hand reaches for a thing, closes around it and does what is done with it.

Before a swaying camera.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from deft_affordance.contacts import fit_contact_points
from deft_affordance.data.human_grasps import closed_hand, try_hold
from deft_affordance.data.objects import KINDS
from deft_affordance.data.tabletop import Tabletop
from deft_affordance.video.film.acts import ACTS, LIFT_M, Act
from deft_core.geometry import Array, apply, inverse, transform
from deft_core.workcell import load_workcell
from deft_sim.camera.pinhole import Pinhole
from deft_sim.camera.renderer import SceneRenderer
from deft_sim.human.grasping import Hold, Reach, steadiness, take_hold
from deft_sim.human.hand_driver import HumanHand
from deft_sim.human.scene import OBJECT, HumanStage
from deft_sim.human.tracker import VideoNoise, observe
from deft_sim.model.scene import SceneLook

FPS = 15.0
# The camera sits on a head: it sways by about this much within a few seconds.
SWAY_M, SWAY_RAD = 0.006, 0.010
LOOK_S = 0.5
PACE = 1.2
MISS_M = 0.09  # how far short of the thing a hand stops that touches nothing
WAYS = 8  # of taking one thing, until one holds


@dataclass(frozen=True, eq=False)
class Take:
    """What was filmed, what a tracker says of it, and what is true.

    Attributes:
        color: (T, H, W, 3) uint8 RGB.
        depth_m: (T, H, W) metres, inf where there is nothing.
        hand, thing: (T, H, W) masks of what is seen of hand (with forearm) and thing (a drawer with its cabinet).
        mano: (T, 48) tracked wrist rotation in the camera's frame and pose; keypoints: (T, 21, 2) tracked pixels.
        touching: (T,) whether the hand touches the thing.
        K: (3, 3) intrinsics.
        fps: frames a second.
        contact: first frame of lasting touch, -1 for none.
        contacts_px: (k, 2) the labels that a perfect builder would give: true touch points that the camera sees,
            projected into the first frame; empty without a hold.
        all_contacts_px: (n, 2) every true touch point there.
        range_m: distance of the touch points along the optical axis in the first frame.
        wrist_true, mano_true: (3,), (45,) at the hold, in the camera's frame of that moment.
        held_frame: frame of the hold.
    """

    color: NDArray[np.uint8]
    depth_m: NDArray[np.float32]
    hand: NDArray[np.bool_]
    thing: NDArray[np.bool_]
    mano: Array
    keypoints: Array
    touching: NDArray[np.bool_]
    K: Array
    fps: float
    contact: int
    contacts_px: Array
    all_contacts_px: Array
    range_m: float
    wrist_true: Array
    mano_true: Array
    held_frame: int


class _Film:
    """Records what the stage shows, a frame every 1 / FPS of its seconds."""

    def __init__(self, tabletop: Tabletop, pinhole: Pinhole, rng: np.random.Generator) -> None:
        drawn = tabletop.drawn
        self.stage = HumanStage(drawn.target, table_looks=2, on_step=self._step, others=drawn.others)
        self.pinhole, self.rng = pinhole, rng
        self.every = round(1.0 / FPS / self.stage.model.opt.timestep)
        self.steps = 0
        self.camera = load_workcell("twin").camera.T_base_camera
        self.look = SceneLook.draw(rng, tables=2)
        self.look.apply(self.stage.model)
        self.noise = VideoNoise(rng)
        self.cameras: list[Array] = []
        self.poses: list[tuple[Array, Array]] = []
        self.touching: list[bool] = []
        self.images: list[tuple[NDArray, NDArray, NDArray, NDArray]] = []
        self.tracks: list[tuple[Array, Array]] = []
        self.hand: HumanHand | None = None
        self.renderer: SceneRenderer | None = None
        model = self.stage.model
        self._of_hand = np.array([model.body(int(b)).name.startswith("human_") for b in model.geom_bodyid])
        # What a segmenter would outline as one: a bunch's berries are bodies of their own, named NAME/part.
        whole = (OBJECT, f"cabinet_of_{OBJECT}")
        roots = [model.body(int(model.body_rootid[b])).name.split("/")[0] for b in model.geom_bodyid]
        self._of_thing = np.array([root in whole for root in roots])
        self._phase = rng.uniform(0, 2 * np.pi, size=(2, 6))

    def roll(self, hand: HumanHand, renderer: SceneRenderer) -> None:
        """Begin to record."""
        self.hand, self.renderer, self.steps = hand, renderer, 0

    def _view(self) -> Array:
        """The camera's pose now: slow sums of sines about the workcell's camera."""
        t = len(self.cameras) / FPS
        wave = (np.sin(0.9 * t + self._phase[0]) + 0.5 * np.sin(2.1 * t + self._phase[1])) / 1.1
        turn = Rotation.from_rotvec(SWAY_RAD * wave[3:]).as_matrix()
        return self.camera @ transform(turn, SWAY_M * wave[:3])

    def _step(self) -> None:
        self.steps += 1
        if self.steps % self.every or self.hand is None or self.renderer is None:
            return
        T = self._view()
        shot = self.renderer.shoot(self.stage.data, T, self.pinhole, color=True, depth=True, ids=True)
        assert shot.color is not None and shot.depth_m is not None and shot.ids is not None
        ids = np.where(shot.ids >= 0, shot.ids, 0)
        seen = shot.ids >= 0
        self.images.append((shot.color, shot.depth_m, seen & self._of_hand[ids], seen & self._of_thing[ids]))
        wrist, pose = self.hand.wrist_pose(), self.hand.mano_pose()
        self.tracks.append(observe(wrist, pose, T, self.pinhole.K, self.noise.next()))
        self.poses.append((wrist, pose))
        self.cameras.append(T)
        self.touching.append(len(self.hand.touch(self.stage.object_body).points) > 0)


def film_take(
    kind: str, tabletop: Tabletop, verb: str, pinhole: Pinhole, rng: np.random.Generator, miss: bool = False
) -> Take | None:
    """Film one take; None where the kind's hold must be proven and no way of taking this thing held.

    Args:
        kind: of the thing.
        tabletop: it, and what stands beside it.
        verb: what the person means to do.
        pinhole: the camera.
        rng: everything random.
        miss: the hand stops short and closes on nothing.
    """
    how, act = KINDS[kind], ACTS[kind]
    film = _Film(tabletop, pinhole, rng)
    stage = film.stage
    place = (rng.uniform(*act.place_x_m), rng.uniform(-0.06, 0.06), rng.uniform(-how.yaw_rad, how.yaw_rad))
    # What leans on something is put as it came to rest on it.
    poses = tabletop.poses if tabletop.drawn.others else None
    proven = act.proven and not miss
    for _ in range(WAYS if proven else 1):
        hand = stage.place(*place, poses)
        reach, _ = how.reach(stage.thing, stage.object_pose(), verb, rng)
        if not proven:
            break
        _come(hand, reach, act, miss)
        if try_hold(stage, hand, how, reach, PACE) is not None:
            break
    else:
        return None
    hand = stage.place(*place, poses)
    start = stage.object_pose()
    with SceneRenderer(stage.model) as renderer:
        film.roll(hand, renderer)
        _come(hand, reach, act, miss)
        hold: Hold | None = None
        if miss:
            hand.move(1.2, angles=hand.angles() + 0.3 * (hand.high - hand.angles()))
        else:
            hold = take_hold(hand, stage.object_body, reach, PACE, closed_hand(how))
        touched, held = stage.object_pose(), len(film.cameras) - 1
        act.do(hand, stage)
    if hold is not None and proven and not steadiness(hand, stage.object_body, hold).holds(how.loose):
        return None
    lasts = proven or stage.object_pose()[2, 3] - start[2, 3] > 0.5 * LIFT_M
    return _take(film, hold, lasts, touched if how.loose else start, held)


def _come(hand: HumanHand, reach: Reach, act: Act, miss: bool) -> None:
    """Into the picture, to where the hand will reach from."""
    hand.move(LOOK_S)
    away = reach.T_base_wrist.copy()
    away[:3, 3] -= 0.10 * reach.direction
    far = away.copy()
    far[:3, 3] += act.from_m
    hand.teleport(far, reach.open_angles)
    if miss:
        away[:3, 3] -= (MISS_M - 0.10 + 0.05) * reach.direction
    hand.move(act.approach_s, wrist=away)


def _take(film: _Film, hold: Hold | None, lasts: bool, T_base_thing: Array, held: int) -> Take:
    """What was filmed, and what is true of it.

    Touch points are where they were on the thing before the hand moved it; loose parts swing: where they were touched.
    """
    first = inverse(film.cameras[0])
    seen, everywhere, range_m = np.zeros((0, 2)), np.zeros((0, 2)), np.nan
    if hold is not None and len(hold.touch.points) and lasts:
        points = apply(first @ T_base_thing, hold.touch.points)
        normals = hold.touch.normals @ (first @ T_base_thing)[:3, :3].T
        facing = (normals * -points).sum(axis=1) > 0  # towards the camera, which is the origin
        pixels = points @ film.pinhole.K.T
        everywhere = pixels[:, :2] / pixels[:, 2:]
        seen = fit_contact_points(everywhere[facing] if facing.any() else everywhere)
        range_m = float(points[:, 2].mean())
    touching = np.array(film.touching)
    # The first touch after which the hand touches for most of the next third of a second.
    ahead = round(FPS / 3)
    lasting = [k for k in np.flatnonzero(touching) if touching[k : k + ahead].mean() > 0.7]
    color, depth, hand, thing = (np.array(column) for column in zip(*film.images, strict=True))
    mano, keypoints = (np.array(column) for column in zip(*film.tracks, strict=True))
    wrist, pose = film.poses[held]
    turned = inverse(film.cameras[held])[:3, :3] @ wrist[:3, :3]
    return Take(
        color=color,
        depth_m=depth,
        hand=hand,
        thing=thing,
        mano=mano,
        keypoints=keypoints,
        touching=touching,
        K=film.pinhole.K,
        fps=FPS,
        contact=int(lasting[0]) if lasting else -1,
        contacts_px=seen,
        all_contacts_px=everywhere,
        range_m=range_m,
        wrist_true=Rotation.from_matrix(turned).as_rotvec(),
        mano_true=pose if hold is None else hold.mano_pose,
        held_frame=held,
    )


def knuckle_box(keypoints: Array, margin: float = 0.12) -> tuple[float, float, float, float]:
    """A detector's box around a hand: its 21 points and some flesh."""
    low, high = keypoints.min(axis=0), keypoints.max(axis=0)
    grow = margin * (high - low).max()
    return float(low[0] - grow), float(low[1] - grow), float(high[0] + grow), float(high[1] + grow)
