"""Bagels: rings of soft bread, crust up, with a pale underside."""

from typing import Annotated

import mujoco
import numpy as np
from pydantic import Field, model_validator

from deft_core.geometry import Array
from deft_sim.model.scene import COLLISION_GROUP
from deft_sim.things.thing import RGB, Thing

_PIECES = 14  # capsules round the ring: its outline is then true to a millimetre
# Bread under a fingertip gives a few millimetres and its ring keeps its shape: a soft spring at every contact.
_BREAD = [0.022, 1.0]


class Bagel(Thing):
    """A bagel that lies on its underside, a ring about z. Metres, kilograms.

    `ring_m` is the radius of the middle of the ring, `thick_m` the radius of its round section. `crust` is the colour
    of the upper side, `base` that of the underside. `friction` is the sliding coefficient of the hand's pads on it.
    """

    ring_m: Annotated[float, Field(gt=0.015, lt=0.08)]
    thick_m: Annotated[float, Field(gt=0.006, lt=0.04)]
    mass_kg: Annotated[float, Field(gt=0.01, lt=0.5)]
    friction: Annotated[float, Field(gt=0.05, lt=2.0)]
    crust: RGB
    base: RGB

    @model_validator(mode="after")
    def _check(self) -> "Bagel":
        if self.thick_m >= self.ring_m:
            raise ValueError("thick_m: a bagel has a hole, so its section is thinner than the ring is wide")
        return self

    @property
    def footprint_m(self) -> float:
        """Outer radius."""
        return self.ring_m + self.thick_m

    @property
    def symmetric(self) -> bool:
        """It is the same from all sides."""
        return True

    @property
    def handle_m(self) -> tuple[float, float, float]:
        """The near right side of the ring."""
        return (0.0, -self.ring_m, 0.010)

    @property
    def approach_rpy(self) -> tuple[float, float, float]:
        """Palm down and to the left, fingers forward and a little below the horizon."""
        return (-0.87, -0.26, 1.20)

    @property
    def preshape(self) -> tuple[float, ...]:
        """Fingers bent, thumb at the side."""
        return (0.05, 0.7, 1.0, 0.8, 0.0, 0.7, 1.0, 0.8, -0.05, 0.7, 1.0, 0.8, 0.7, 0.3, 0.5, 0.4)

    def surface_point(self, rng: np.random.Generator) -> Array:
        """On the upper half of the ring."""
        around, up = rng.uniform(0.0, 2 * np.pi), rng.uniform(0.0, np.pi)
        radius = self.ring_m + self.thick_m * np.cos(up)
        return np.array([radius * np.cos(around), radius * np.sin(around), self.thick_m * (1.0 + np.sin(up))])

    def lowest_points(self, T: Array) -> Array:
        """Height (n,) of its lowest point at poses (n, 4, 4), metres."""
        axis = T[:, 2, 2]
        centre = T[:, 2, 3] + self.thick_m * axis
        return centre - self.ring_m * np.sqrt(np.clip(1.0 - axis**2, 0.0, 1.0)) - self.thick_m

    def add_to(self, spec: mujoco.MjSpec, name: str) -> mujoco.MjsBody:
        """Build the ring as capsules to touch, and as a crust and an underside to look at."""
        body = spec.worldbody.add_body(name=name)
        body.add_freejoint(name=name)
        angles = 2 * np.pi * np.arange(_PIECES + 1) / _PIECES
        ring = self.ring_m * np.column_stack([np.cos(angles), np.sin(angles)])
        corners = np.column_stack([ring, np.full(len(angles), self.thick_m)])
        for k in range(_PIECES):
            body.add_geom(
                name=f"{name}_piece{k}",
                type=mujoco.mjtGeom.mjGEOM_CAPSULE,
                fromto=[*corners[k], *corners[k + 1]],
                size=[self.thick_m, 0, 0],
                mass=self.mass_kg / _PIECES,
                condim=4,
                priority=1,
                friction=[self.friction, 0.01, 0.0002],
                solref=_BREAD,
                group=COLLISION_GROUP,
            )
        # The crust reaches a little below the middle all round; the underside is the rest.
        below = 0.25
        for side, color, start, sweep in (
            ("crust", self.crust, -below, np.pi + 2 * below),
            ("base", self.base, np.pi + below, np.pi - 2 * below),
        ):
            _skin(spec, f"{name}_{side}", self.ring_m, self.thick_m, start, sweep)
            body.add_geom(
                name=f"{name}_{side}",
                type=mujoco.mjtGeom.mjGEOM_MESH,
                meshname=f"{name}_{side}",
                rgba=(*color, 1.0),
                contype=0,
                conaffinity=0,
                density=0.0,
            )
        return body


def _skin(spec: mujoco.MjSpec, name: str, ring: float, thick: float, start: float, sweep: float) -> None:
    """Add a part of a ring's skin: the section's angle runs from `start` over `sweep`; 0 is outside, pi / 2 on top."""
    around, across = 40, 14
    u = np.linspace(0, 2 * np.pi, around, endpoint=False)
    v = start + np.linspace(0, sweep, across)
    U, V = np.meshgrid(u, v)
    R = ring + thick * np.cos(V)
    vertices = np.column_stack([(R * np.cos(U)).ravel(), (R * np.sin(U)).ravel(), (thick * (1 + np.sin(V))).ravel()])
    faces = []
    for i in range(across - 1):
        for k in range(around):
            n = (k + 1) % around
            a, b, c, d = i * around + k, i * around + n, (i + 1) * around + k, (i + 1) * around + n
            faces += [(a, b, c), (b, d, c)]
    spec.add_mesh(
        name=name,
        uservert=vertices.ravel().tolist(),
        userface=np.array(faces, dtype=np.int32).ravel().tolist(),
        inertia=mujoco.mjtMeshInertia.mjMESH_INERTIA_SHELL,
    )
