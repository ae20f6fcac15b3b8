"""Bunches of grapes: loose berries, each on a stem that breaks when it is pulled too hard."""

import colorsys
from functools import cached_property
from typing import Annotated

import mujoco
import numpy as np
from pydantic import Field, model_validator

from deft_core.geometry import Array, apply, transform
from deft_sim.model.poses import qpos_of
from deft_sim.model.scene import COLLISION_GROUP
from deft_sim.things.thing import RGB, Thing
from deft_sim.tick import TICK_S

BERRY_DENSITY = 1060.0  # kg/m^3: ripe juice is about 20 % sugar by weight
# Who meets whom: stalk and berries meet hand and table, but not each other; berries meet each other as smooth balls.
_OUTSIDE, _NEIGHBOURS = {"contype": 2, "conaffinity": 1}, {"contype": 4, "conaffinity": 4}
# Skin over flesh gives a little; so does a stem, which swings freely.
_FLESH, _STEM = [0.015, 1.0], [0.016, 1.0]
# N m s/rad (N s/m): enough to stop a swinging or spinning berry within a few hundredths of a second.
_STEM_DAMPING = 1e-5
# Over how long a pull must last to tear a stem: flesh tears, it does not snap.
_TEAR_S = 0.03
_STALK_KG = 0.012
_STEM_COLOR = (0.46, 0.47, 0.22, 1.0)


class Bunch(Thing):
    """A bunch that lies on the table, its main stalk along x. Metres, kilograms, newtons.

    `whorls` lists how many berries (1 to 6) sit around the stalk, one entry every `spacing_m`, from the end at +x to
    the peduncle at -x. `stem_n` gives the weakest and the strongest stem; the others lie between, in no visible order.
    Ripe table grapes part from their stems at 3.4 N and less (Crimson Seedless: "Impact of different advanced ripening
    stages on berry texture properties", Scientia Horticulturae 160, 2013, p. 313). `friction` is the sliding
    coefficient of the hand's pads on the skin.
    """

    berry_radius_m: Annotated[float, Field(gt=0.004, lt=0.02)]
    whorls: Annotated[list[Annotated[int, Field(ge=1, le=6)]], Field(min_length=1, max_length=8)]
    spacing_m: Annotated[float, Field(gt=0.005, lt=0.04)]
    peduncle_m: Annotated[float, Field(gt=0.0, lt=0.1)] = 0.03
    stalk_radius_m: Annotated[float, Field(gt=0.0005, lt=0.005)] = 0.0022
    stem_n: tuple[Annotated[float, Field(le=20.0)], Annotated[float, Field(le=20.0)]]
    friction: Annotated[float, Field(gt=0.05, lt=2.0)]
    color: RGB

    @model_validator(mode="after")
    def _check(self) -> "Bunch":
        if not 0.0 < self.stem_n[0] <= self.stem_n[1]:
            raise ValueError("stem_n: the weakest stem holds more than nothing and no more than the strongest")
        return self

    @cached_property
    def count(self) -> int:
        """How many berries."""
        return sum(self.whorls)

    @property
    def mass_kg(self) -> float:
        """Berries and stalk."""
        return self.count * BERRY_DENSITY * 4 / 3 * np.pi * self.berry_radius_m**3 + _STALK_KG

    @cached_property
    def stems_n(self) -> Array:
        """(count,) newtons at which each stem breaks."""
        rank = np.argsort(np.argsort((np.arange(self.count) * 0.6180339887) % 1.0))  # scattered, the same every time
        return self.stem_n[0] + (self.stem_n[1] - self.stem_n[0]) * rank / max(self.count - 1, 1)

    def _ring(self, count: int) -> float:
        """How far the berries of a whorl sit from the stalk, so that they just touch each other."""
        return self.berry_radius_m / np.sin(np.pi / count) if count > 2 else 1.15 * self.berry_radius_m

    @property
    def stalk_height_m(self) -> float:
        """Height of the stalk over the underside."""
        return max(self._ring(count) for count in self.whorls) + self.berry_radius_m

    @cached_property
    def layout(self) -> tuple[Array, Array]:
        """Centres of the berries and ends of their stems, (count, 3) each, in the bunch's frame."""
        centres, stems = [], []
        half = self.spacing_m * (len(self.whorls) - 1) / 2
        for w, count in enumerate(self.whorls):
            foot = np.array([half - w * self.spacing_m, 0.0, self.stalk_height_m])
            for k in range(count):
                angle = 2 * np.pi * (k + 0.5 * (w % 2)) / count - np.pi / 2
                out = np.array([0.0, np.cos(angle), np.sin(angle)])
                centres.append(foot + self._ring(count) * out)
                stems.append(foot + (self._ring(count) - self.berry_radius_m) * out)
        return np.array(centres), np.array(stems)

    @property
    def footprint_m(self) -> float:
        """Radius of the circle it lies in."""
        return self.spacing_m * (len(self.whorls) - 1) / 2 + self.berry_radius_m + self.peduncle_m

    @property
    def handle_m(self) -> tuple[float, float, float]:
        """Its middle, low enough for the fingers to come under it."""
        return (0.0, 0.0, 0.015)

    @property
    def approach_rpy(self) -> tuple[float, float, float]:
        """Palm down and to the left, fingers forward and a little below the horizon."""
        return (-0.87, -0.26, 1.20)

    @property
    def preshape(self) -> tuple[float, ...]:
        """Fingers bent, thumb at the side."""
        return (0.05, 0.7, 1.0, 0.8, 0.0, 0.7, 1.0, 0.8, -0.05, 0.7, 1.0, 0.8, 0.7, 0.3, 0.5, 0.4)

    def surface_point(self, rng: np.random.Generator) -> Array:
        """On a berry, on its outside."""
        centre = self.layout[0][rng.integers(self.count)]
        out = centre * [0.0, 1.0, 1.0] - [0.0, 0.0, self.stalk_height_m]
        return centre + self.berry_radius_m * out / np.linalg.norm(out)

    def add_to(self, spec: mujoco.MjSpec, name: str) -> mujoco.MjsBody:
        """Build the stalk as body `name` and every berry as `name/berryK` on its stem `name/stemK`."""
        stalk = spec.worldbody.add_body(name=name)
        stalk.add_freejoint(name=name)
        centres, stems = self.layout
        stalk.explicitinertial, stalk.mass = True, _STALK_KG
        half, z = self.spacing_m * (len(self.whorls) - 1) / 2, self.stalk_height_m
        stalk.ipos, stalk.inertia = [0.0, 0.0, z], [_STALK_KG * (half + 0.01) ** 2] * 3
        contact = {"condim": 4, "priority": 1, "friction": [self.friction, 0.01, 0.0002], "solref": _FLESH, **_OUTSIDE}
        end = -half - self.berry_radius_m - self.peduncle_m
        # Inside the bunch berries shield the stalk; only the peduncle is ever touched.
        _twig(stalk, np.array([half, 0, z]), np.array([-half, 0, z]), self.stalk_radius_m, contype=0, conaffinity=0)
        _twig(stalk, np.array([-half, 0, z]), np.array([end, 0, z]), self.stalk_radius_m, **contact)
        for k, (centre, stem) in enumerate(zip(centres, stems, strict=True)):
            foot = np.array([centre[0], 0.0, z])
            if np.linalg.norm(stem - foot) > 1e-3:
                _twig(stalk, foot, stem, 0.5 * self.stalk_radius_m, contype=0, conaffinity=0)
            berry = spec.worldbody.add_body(name=f"{name}/berry{k}", pos=centre)
            swing = berry.add_freejoint(name=f"{name}/berry{k}")
            swing.damping = [_STEM_DAMPING, 0, 0]
            berry.add_geom(
                type=mujoco.mjtGeom.mjGEOM_SPHERE,
                size=[self.berry_radius_m, 0, 0],
                density=BERRY_DENSITY,
                rgba=(*_shade(self.color, k), 1.0),
                **contact,
            )
            berry.add_geom(
                type=mujoco.mjtGeom.mjGEOM_SPHERE,
                size=[self.berry_radius_m, 0, 0],
                density=0.0,
                condim=1,
                solref=_FLESH,
                group=COLLISION_GROUP,
                **_NEIGHBOURS,
            )
            joined = spec.add_equality(name=f"{name}/stem{k}", type=mujoco.mjtEq.mjEQ_CONNECT)
            joined.objtype = mujoco.mjtObj.mjOBJ_BODY
            joined.name1, joined.name2 = name, f"{name}/berry{k}"
            data = joined.data.copy()
            data[:3] = stem
            joined.data = data
            joined.solref = _STEM
        # Where in the simulation's own memory the lasting pull on every stem is kept.
        numeric = spec.add_numeric(name=f"{name}/pull")
        numeric.size, numeric.data = 1, [float(spec.nuserdata)]
        spec.nuserdata += self.count
        return stalk

    def place(self, model: mujoco.MjModel, data: mujoco.MjData, name: str, T_base_thing: Array) -> None:
        """Put the bunch at a pose, every berry on its stem."""
        super().place(model, data, name, T_base_thing)
        for k, centre in enumerate(self.layout[0]):
            address = model.joint(f"{name}/berry{k}").qposadr[0]
            data.qpos[address : address + 7] = qpos_of(T_base_thing @ transform(None, centre))
        data.eq_active[self._stems(model, name)] = 1
        address = int(model.numeric(f"{name}/pull").data[0])
        data.userdata[address : address + self.count] = 0.0

    def after_tick(self, model: mujoco.MjModel, data: mujoco.MjData, name: str) -> None:
        """Break the stem that is pulled hardest, if harder than it holds.

        What counts is the pull along the stem, off the berry, that lasts: a berry pushed towards its stem or aside
        bends it, and a knock that is over in a few milliseconds does not tear it.
        """
        stems = self._stems(model, name)
        mine = (data.efc_id[: data.ne] >= stems.start) & (data.efc_id[: data.ne] < stems.stop)
        force = np.zeros((self.count, 3))
        held = data.eq_active[stems].astype(bool)
        force[held] = data.efc_force[: data.ne][mine].reshape(-1, 3)
        first = model.body(f"{name}/berry0").id
        turned = data.xmat[first : first + self.count].reshape(-1, 3, 3)
        pull = np.einsum("kj,kij,ki->k", self._stem_axes, turned, force)
        address = int(model.numeric(f"{name}/pull").data[0])
        lasting = data.userdata[address : address + self.count]
        lasting += (pull - lasting) * (TICK_S / _TEAR_S)
        over = np.where(held, lasting - self.stems_n, -1.0)
        if over.max() > 0.0:
            data.eq_active[stems.start + int(over.argmax())] = 0

    @cached_property
    def _stem_axes(self) -> Array:
        """Unit vectors (count, 3) from each stem's end to its berry's centre, in the berry's frame."""
        centres, stems = self.layout
        return (centres - stems) / self.berry_radius_m

    def state(self, model: mujoco.MjModel, data: mujoco.MjData, name: str) -> Array:
        """(2 count,): height of every berry's lowest point, base_link, metres; then 1 where its stem still holds."""
        first = model.body(f"{name}/berry0").id
        lowest = data.xpos[first : first + self.count, 2] - self.berry_radius_m
        return np.concatenate([lowest, data.eq_active[self._stems(model, name)]])

    def _stems(self, model: mujoco.MjModel, name: str) -> slice:
        first = model.equality(f"{name}/stem0").id
        return slice(first, first + self.count)

    def berries(self, T_base_thing: Array) -> Array:
        """Centres (count, 3) in base_link of an undisturbed bunch."""
        return apply(T_base_thing, self.layout[0])


def _twig(body: mujoco.MjsBody, start: Array, end: Array, radius: float, **contact: object) -> None:
    body.add_geom(
        type=mujoco.mjtGeom.mjGEOM_CAPSULE,
        fromto=[*start, *end],
        size=[radius, 0, 0],
        density=400.0,
        rgba=_STEM_COLOR,
        **contact,
    )


def _shade(color: RGB, k: int) -> RGB:
    """Berries of one bunch differ a little in tone."""
    h, s, v = colorsys.rgb_to_hsv(*color)
    return colorsys.hsv_to_rgb(h, s, float(np.clip(v * (0.88 + 0.24 * ((k * 0.7548776662) % 1.0)), 0.0, 1.0)))
