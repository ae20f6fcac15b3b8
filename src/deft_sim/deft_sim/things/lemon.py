"""Half a lemon, cut face down, pulp that gives way to a reamer."""

from typing import Annotated

import mujoco
import numpy as np
from pydantic import Field

from deft_core.geometry import Array, transform
from deft_sim.model.scene import COLLISION_GROUP
from deft_sim.things.juicer import REAMER_HALF_ANGLE_RAD
from deft_sim.things.thing import RGB, Thing
from deft_sim.things.turned import turned_mesh

# Who meets whom: the rind meets hand, table and dish; the pulp meets reamers only (bit 8).
_RIND, _PULP = {"contype": 2, "conaffinity": 1}, {"contype": 0, "conaffinity": 8}
# A halved lemon on a reamer gives a few millimetres under a hand's push, and a press of the fingertips dents its rind:
# a soft spring each. Its outline stays a dome, so contacts carry the softness and no deformable mesh is needed.
_PULP_SPRING, _RIND_SPRING = [0.035, 1.0], [0.018, 1.0]
_PULP_FRICTION = 0.6
_DENSITY = 950.0  # kg/m^3
_CUT = (0.96, 0.93, 0.62, 1.0)
_RINGS, _AROUND, _PIP_M = (0.0025, 0.0125), 7, 0.006


class Lemon(Thing):
    """Half a lemon in its own frame: the cut face is the underside, the tip points up. Metres, kilograms.

    `radius_m` is that of the cut face, `height_m` reaches to the tip, whose nipple is `nipple` of the height.
    `mouth_m` is the radius of the hollow that the reamer has begun to make. `stands_at_m` is the height of the cut
    face where it starts, on the juicer. `friction` is the sliding coefficient of the hand's pads on the rind.
    """

    radius_m: Annotated[float, Field(gt=0.015, lt=0.06)]
    height_m: Annotated[float, Field(gt=0.015, lt=0.07)]
    nipple: Annotated[float, Field(ge=0.0, lt=0.4)] = 0.1
    mouth_m: Annotated[float, Field(gt=0.005, lt=0.03)]
    stands_at_m: Annotated[float, Field(ge=0.0, lt=0.15)]
    mass_kg: Annotated[float, Field(gt=0.01, lt=0.3)]
    friction: Annotated[float, Field(gt=0.05, lt=2.0)]
    color: RGB

    @property
    def outline(self) -> Array:
        """Heights and radii, (k, 2) metres, from cut face to tip."""
        angle = np.linspace(0.0, np.pi / 2, 9)
        dome = (1.0 - self.nipple) * self.height_m
        rows = np.column_stack([dome * np.sin(angle), self.radius_m * np.cos(angle)])
        if self.nipple:
            rows = np.vstack([rows[:-1], [dome, 0.2 * self.radius_m], [self.height_m, 0.1 * self.radius_m]])
        return rows

    @property
    def footprint_m(self) -> float:
        """Radius at the cut face."""
        return self.radius_m

    @property
    def rest_pose(self) -> Array:
        """On the juicer, cut face down."""
        return transform(None, [0.0, 0.0, self.stands_at_m])

    @property
    def symmetric(self) -> bool:
        """It is the same from all sides."""
        return True

    @property
    def handle_m(self) -> tuple[float, float, float]:
        """On the axis, a third up."""
        return (0.0, 0.0, 0.012)

    @property
    def approach_rpy(self) -> tuple[float, float, float]:
        """Palm down and to the left, fingers forward and a little below the horizon."""
        return (-0.87, -0.26, 1.20)

    @property
    def preshape(self) -> tuple[float, ...]:
        """Fingers bent, thumb at the side."""
        return (0.05, 1.0, 1.0, 0.8, 0.0, 1.0, 1.0, 0.8, -0.05, 1.0, 1.0, 0.8, 0.7, 0.3, 0.5, 0.4)

    def surface_point(self, rng: np.random.Generator) -> Array:
        """On the rind."""
        z, angle = rng.uniform(0.0, self.height_m), rng.uniform(0.0, 2 * np.pi)
        radius = float(np.interp(z, *self.outline.T))
        return np.array([radius * np.cos(angle), radius * np.sin(angle), z])

    def add_to(self, spec: mujoco.MjSpec, name: str) -> mujoco.MjsBody:
        """Build the rind as one convex dome and the pulp as two rings of soft knobs around the hollow."""
        body = spec.worldbody.add_body(name=name)
        body.add_freejoint(name=name)
        turned_mesh(spec, f"{name}_dome", self.outline)
        body.add_geom(
            name=f"{name}_rind",
            type=mujoco.mjtGeom.mjGEOM_MESH,
            meshname=f"{name}_dome",
            mass=self.mass_kg,
            rgba=(*self.color, 1.0),
            condim=4,
            priority=1,
            friction=[self.friction, 0.01, 0.0002],
            solref=_RIND_SPRING,
            **_RIND,
        )
        body.add_geom(
            name=f"{name}_face",
            type=mujoco.mjtGeom.mjGEOM_CYLINDER,
            size=[0.93 * self.radius_m, 0.0004, 0],
            density=0.0,
            rgba=_CUT,
            contype=0,
            conaffinity=0,
        )
        for i, height in enumerate(_RINGS):
            ring = self.mouth_m - height * np.tan(REAMER_HALF_ANGLE_RAD) + _PIP_M / np.cos(REAMER_HALF_ANGLE_RAD)
            for k in range(_AROUND):
                angle = 2 * np.pi * (k + 0.5 * i) / _AROUND
                body.add_geom(
                    name=f"{name}_pulp{i}_{k}",
                    type=mujoco.mjtGeom.mjGEOM_SPHERE,
                    size=[_PIP_M, 0, 0],
                    pos=[ring * np.cos(angle), ring * np.sin(angle), height],
                    density=0.0,
                    condim=3,
                    priority=2,
                    friction=[_PULP_FRICTION, 0.01, 0.0002],
                    solref=_PULP_SPRING,
                    solimp=[0.9, 0.9, 0.001, 0.5, 2.0],
                    group=COLLISION_GROUP,
                    **_PULP,
                )
        return body
