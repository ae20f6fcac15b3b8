"""Cups: hollow bodies of revolution with a printed sleeve."""

from itertools import pairwise
from typing import Annotated, Any, Literal

import mujoco
import numpy as np
from pydantic import Field, model_validator

from deft_core.geometry import Array
from deft_core.sizes import Fraction
from deft_sim.model.paint import add_texture, sleeve
from deft_sim.model.scene import COLLISION_GROUP
from deft_sim.things.lathe import add_staves, add_visual, shell_mesh, stave_volume
from deft_sim.things.thing import RGB, Thing

# The foot ring that a cup stands on: a few points of contact do what a whole ring would, at a fraction of the cost.
_FEET = 8
_FOOT_M = 0.002


class Cup(Thing):
    """A cup without a handle. Metres, kilograms.

    `profile` gives outer radii from base to rim as (fraction of the height, radius in metres). `friction` is the
    sliding coefficient of the hand's pads on it.
    """

    height_m: Annotated[float, Field(gt=0.03, lt=0.25)]
    profile: Annotated[list[tuple[Fraction, Annotated[float, Field(gt=0.0, lt=0.15)]]], Field(min_length=2)]
    wall_m: Annotated[float, Field(gt=0.001, lt=0.01)] = 0.003
    floor_m: Annotated[float, Field(gt=0.001, lt=0.03)] = 0.005
    mass_kg: Annotated[float, Field(gt=0.01, lt=2.0)]
    friction: Annotated[float, Field(gt=0.05, lt=2.0)]
    color: RGB
    accent: RGB
    pattern: Literal["badge", "stripe", "label"]

    @model_validator(mode="after")
    def _check(self) -> "Cup":
        fractions = [f for f, _ in self.profile]
        if (fractions[0], fractions[-1]) != (0.0, 1.0) or any(b <= a for a, b in pairwise(fractions)):
            raise ValueError("profile: height fractions must rise from 0 to 1")
        if min(r for _, r in self.profile) <= 2 * self.wall_m:
            raise ValueError("profile: a radius is too small for the wall")
        return self

    @property
    def outline(self) -> Array:
        """Heights and outer radii, (k, 2) metres."""
        return np.array([(f * self.height_m, r) for f, r in self.profile])

    @property
    def footprint_m(self) -> float:
        """Radius at the widest place."""
        return max(r for _, r in self.profile)

    @property
    def symmetric(self) -> bool:
        """A cup without a handle is the same from all sides."""
        return True

    @property
    def handle_m(self) -> tuple[float, float, float]:
        """On the axis, half way up."""
        return (0.0, 0.0, 0.5 * self.height_m)

    @property
    def approach_rpy(self) -> tuple[float, float, float]:
        """Fingers a little below the horizon, palm to the cup."""
        return (0.0, -0.55, 0.0)

    def surface_point(self, rng: np.random.Generator) -> Array:
        """On the wall, anywhere around and up it."""
        z, angle = rng.uniform(0.0, self.height_m), rng.uniform(0.0, 2 * np.pi)
        radius = float(np.interp(z, self.outline[:, 0], self.outline[:, 1]))
        return np.array([radius * np.cos(angle), radius * np.sin(angle), z])

    def add_to(self, spec: mujoco.MjSpec, name: str) -> mujoco.MjsBody:
        """Build shell, staves and floor; wall and floor share the mass by their volumes."""
        outline = self.outline
        body = spec.worldbody.add_body(name=name)
        body.add_freejoint(name=name)
        contact: dict[str, Any] = {
            "condim": 3,
            "priority": 1,
            "friction": [self.friction, 0.01, 0.0002],
            "solref": [0.01, 1.0],
        }
        wall = outline.copy()
        wall[0, 0] = _FOOT_M  # the wall ends a hair above the table; the cup stands on its foot
        floor_radius, floor_height = outline[0, 1] - self.wall_m, self.floor_m - _FOOT_M / 2
        volume = stave_volume(wall, self.wall_m) + np.pi * floor_radius**2 * floor_height
        density = self.mass_kg / volume
        add_staves(body, name, wall, self.wall_m, density, **contact)
        for k in range(_FEET):
            angle = 2 * np.pi * k / _FEET
            ring = outline[0, 1] - _FOOT_M
            body.add_geom(
                name=f"{name}_foot{k}",
                type=mujoco.mjtGeom.mjGEOM_SPHERE,
                size=[_FOOT_M, 0, 0],
                pos=[ring * np.cos(angle), ring * np.sin(angle), _FOOT_M],
                density=0.0,
                group=COLLISION_GROUP,
                **contact,
            )
        body.add_geom(
            name=f"{name}_floor",
            type=mujoco.mjtGeom.mjGEOM_CYLINDER,
            size=[floor_radius, floor_height / 2, 0],
            pos=[0, 0, self.floor_m - floor_height / 2],
            density=density,
            group=COLLISION_GROUP,
            **contact,
        )
        shell_mesh(spec, f"{name}_shell", outline, self.wall_m, self.floor_m)
        add_texture(spec, f"{name}_sleeve", sleeve(self.color, self.accent, self.pattern), specular=0.3, shininess=0.4)
        add_visual(body, name, f"{name}_shell", f"{name}_sleeve")
        return body
