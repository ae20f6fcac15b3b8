"""Citrus juicers: a dish with a reamer in its middle."""

from typing import Annotated, Any

import mujoco
import numpy as np
from pydantic import Field, model_validator

from deft_core.geometry import Array
from deft_sim.model.scene import COLLISION_GROUP
from deft_sim.things.lathe import add_staves, shell_mesh
from deft_sim.things.thing import RGB, Thing
from deft_sim.things.turned import turned_mesh

# Steepness of a reamer's flank against its axis; lemons are hollowed by the same.
REAMER_HALF_ANGLE_RAD = 0.62
_FLUTES = 10


class Juicer(Thing):
    """A round dish on the table, a cone rising from its middle. Metres, kilograms.

    `rim_m` is the height of the dish's wall, `floor_m` the thickness of its floor, `reamer_m` the height of the
    reamer's tip above the table.
    """

    radius_m: Annotated[float, Field(gt=0.03, lt=0.12)]
    rim_m: Annotated[float, Field(gt=0.005, lt=0.06)]
    floor_m: Annotated[float, Field(gt=0.002, lt=0.06)]
    reamer_m: Annotated[float, Field(gt=0.02, lt=0.12)]
    mass_kg: Annotated[float, Field(gt=0.05, lt=3.0)]
    color: RGB

    @model_validator(mode="after")
    def _check(self) -> "Juicer":
        if not self.floor_m < self.rim_m < self.reamer_m:
            raise ValueError("floor_m, rim_m and reamer_m must rise in this order")
        if self.reamer_radius_m > 0.7 * self.radius_m:
            raise ValueError(f"the reamer is {self.reamer_radius_m:.3f} m wide at its foot: too wide for the dish")
        return self

    @property
    def reamer_radius_m(self) -> float:
        """Radius of the reamer at the dish's floor."""
        return float((self.reamer_m - self.floor_m) * np.tan(REAMER_HALF_ANGLE_RAD))

    @property
    def footprint_m(self) -> float:
        """Radius of the dish."""
        return self.radius_m

    def reamer_tip(self, T_base_thing: Array) -> Array:
        """Where the reamer's tip is (..., 3), at poses (..., 4, 4)."""
        return T_base_thing[..., :3, 3] + self.reamer_m * T_base_thing[..., :3, 2]

    def surface_point(self, rng: np.random.Generator) -> Array:
        """On the dish's wall."""
        z, angle = rng.uniform(0.0, self.rim_m), rng.uniform(0.0, 2 * np.pi)
        return np.array([self.radius_m * np.cos(angle), self.radius_m * np.sin(angle), z])

    def add_to(self, spec: mujoco.MjSpec, name: str) -> mujoco.MjsBody:
        """Build dish and reamer; the reamer is a convex cone."""
        body = spec.worldbody.add_body(name=name)
        body.add_freejoint(name=name)
        wall = 0.004
        outline = np.array([(0.0, self.radius_m), (self.rim_m, self.radius_m)])
        shell_mesh(spec, f"{name}_dish", outline, wall, self.floor_m)
        body.add_geom(
            name=f"{name}_visual",
            type=mujoco.mjtGeom.mjGEOM_MESH,
            meshname=f"{name}_dish",
            contype=0,
            conaffinity=0,
            density=0.0,
            rgba=(*self.color, 1.0),
        )
        touch: dict[str, Any] = {"condim": 4, "friction": [0.9, 0.01, 0.0002], "solref": [0.01, 1.0]}
        solid = touch | {"group": COLLISION_GROUP}
        raised = np.array([(0.002, self.radius_m), (self.rim_m, self.radius_m)])  # it stands on its floor alone
        add_staves(body, name, raised, wall, 10.0, **touch)
        body.add_geom(
            name=f"{name}_floor",
            type=mujoco.mjtGeom.mjGEOM_CYLINDER,
            size=[self.radius_m - wall, self.floor_m / 2, 0],
            pos=[0, 0, self.floor_m / 2],
            mass=self.mass_kg,
            **solid,
        )
        cone = np.array([(0.0, self.reamer_radius_m), (self.reamer_m - self.floor_m, 0.0)])
        cone[1] = (cone[1, 0] - 0.003, 0.003 * np.tan(REAMER_HALF_ANGLE_RAD))  # a blunt tip
        turned_mesh(spec, f"{name}_cone", cone, columns=20)
        turned_mesh(spec, f"{name}_reamer", cone, columns=60, flutes=_FLUTES, depth=0.12)
        at = {"type": mujoco.mjtGeom.mjGEOM_MESH, "pos": [0, 0, self.floor_m], "density": 0.0}
        body.add_geom(name=f"{name}_cone", meshname=f"{name}_cone", contype=8, conaffinity=1, **(solid | at))
        body.add_geom(
            name=f"{name}_reamer", meshname=f"{name}_reamer", contype=0, conaffinity=0, rgba=(*self.color, 1.0), **at
        )
        return body
