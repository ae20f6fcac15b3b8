"""A single grape, off its bunch."""

from typing import Annotated

import mujoco
import numpy as np
from pydantic import Field

from deft_core.geometry import Array
from deft_sim.things.thing import RGB, Thing

_DENSITY = 1060.0  # kg/m^3: ripe juice is about 20 % sugar by weight
_FLESH = [0.015, 1.0]


class Grape(Thing):
    """A loose grape, a ball of metres radius; its frame is at its lowest point."""

    radius_m: Annotated[float, Field(gt=0.004, lt=0.02)]
    friction: Annotated[float, Field(gt=0.05, lt=2.0)]
    color: RGB

    @property
    def footprint_m(self) -> float:
        """Its radius."""
        return self.radius_m

    @property
    def symmetric(self) -> bool:
        """A ball is."""
        return True

    @property
    def handle_m(self) -> tuple[float, float, float]:
        """Its middle."""
        return (0.0, 0.0, self.radius_m)

    def centres(self, T: Array) -> Array:
        """Middle (n, 3) at poses (n, 4, 4)."""
        out: Array = T[:, :3, 3] + self.radius_m * T[:, :3, 2]
        return out

    def surface_point(self, rng: np.random.Generator) -> Array:
        """Anywhere on it."""
        out = rng.normal(size=3)
        return np.array([0.0, 0.0, self.radius_m]) + self.radius_m * out / np.linalg.norm(out)

    def add_to(self, spec: mujoco.MjSpec, name: str) -> mujoco.MjsBody:
        """Build the grape; it rolls with some resistance, as an oval berry does."""
        body = spec.worldbody.add_body(name=name)
        body.add_freejoint(name=name)
        body.add_geom(
            name=f"{name}_berry",
            type=mujoco.mjtGeom.mjGEOM_SPHERE,
            size=[self.radius_m, 0, 0],
            pos=[0, 0, self.radius_m],
            density=_DENSITY,
            rgba=(*self.color, 1.0),
            condim=6,
            friction=[self.friction, 0.005, 0.0004],
            solref=_FLESH,
        )
        return body
