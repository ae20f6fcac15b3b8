"""Spoons: an arched, flat-sided handle and a hollow bowl, of small boxes."""

from typing import Annotated, Any

import mujoco
import numpy as np
from pydantic import Field
from scipy.spatial.transform import Rotation

from deft_core.geometry import Array, apply, transform
from deft_sim.model.poses import set_pose
from deft_sim.things.thing import RGB, Thing

Length = Annotated[float, Field(gt=0.001, lt=0.4)]
_BOX = mujoco.mjtGeom.mjGEOM_BOX
_HANDLE_PIECES, _BOWL_PIECES = 7, 12


class Spoon(Thing):
    """A spoon that lies along x, its bowl at +x. Metres, kilograms.

    The frame is below the middle of the handle. The handle is `handle_length_m` long and rises `arch_m` above the
    table in its middle, as a spoon's does: it can be gripped. The bowl is an oval dish.
    """

    handle_length_m: Length
    handle_width_m: Length
    handle_thick_m: Length
    arch_m: Annotated[float, Field(ge=0.0, lt=0.05)]
    bowl_length_m: Length
    bowl_width_m: Length
    bowl_depth_m: Length
    wall_m: Annotated[float, Field(gt=0.0005, lt=0.01)] = 0.002
    mass_kg: Annotated[float, Field(gt=0.005, lt=1.0)]
    friction: Annotated[float, Field(gt=0.05, lt=2.0)]
    color: RGB
    bowl_color: RGB

    @property
    def footprint_m(self) -> float:
        """From the middle of the handle to the bowl's tip."""
        return self.handle_length_m / 2 + self.bowl_length_m

    @property
    def handle_m(self) -> tuple[float, float, float]:
        """Where the hand must expect the contact for its fingertips to meet at the top of the arch."""
        return (0.006, -0.054, self.arch_m + self.handle_thick_m / 2 + 0.029)

    @property
    def approach_rpy(self) -> tuple[float, float, float]:
        """Palm down, so that fingers and thumb hang on the two sides of the handle."""
        return (-1.0, -0.3, 0.0)

    @property
    def preshape(self) -> tuple[float, ...]:
        """Fingertips against the thumb's tip."""
        return (*(0.0, 1.3, 0.62, 0.5) * 3, 1.01, -0.17, 0.56, 0.45)

    @property
    def bowl_centre(self) -> Array:
        """Middle of the bowl's rim plane, thing frame (3,)."""
        return np.array([self.handle_length_m / 2 + self.bowl_length_m / 2, 0.0, self.bowl_depth_m])

    def along_handle(self, share: float) -> Array:
        """Middle of the handle (3,) at a share of its length, from its end (0) to the neck (1), thing frame."""
        spine = self._spine()
        x = (share - 0.5) * self.handle_length_m
        return np.array([x, 0.0, np.interp(x, spine[:, 0], spine[:, 2])])

    def _spine(self) -> Array:
        """Middle line of the handle, (k, 3), from its end to the neck: an arch that lands on the bowl's rim."""
        u = np.linspace(0.0, 1.0, _HANDLE_PIECES + 1)
        x = (u - 0.5) * self.handle_length_m
        ends = self.handle_thick_m / 2 + u * (self.bowl_depth_m - self.handle_thick_m)
        return np.column_stack([x, np.zeros_like(x), ends + self.arch_m * np.sin(np.pi * u)])

    @property
    def corners(self) -> Array:
        """Points (k, 3) on its outside, thing frame, of which one is its lowest in any pose."""
        spine = self._spine()
        half = np.array([0.0, self.handle_width_m / 2, 0.0])
        thick = np.array([0.0, 0.0, self.handle_thick_m / 2])
        handle = np.concatenate([spine + a * half + b * thick for a in (-1, 1) for b in (-1, 1)])
        angles = np.linspace(0, 2 * np.pi, 12, endpoint=False)
        oval = np.column_stack([np.cos(angles) * self.bowl_length_m / 2, np.sin(angles) * self.bowl_width_m / 2])
        rim = np.column_stack([oval, np.zeros(12)]) + self.bowl_centre
        base = np.column_stack([0.5 * oval, np.full(12, -self.bowl_depth_m)]) + self.bowl_centre
        return np.concatenate([handle, rim, base])

    def add_to(self, spec: mujoco.MjSpec, name: str) -> mujoco.MjsBody:
        """Build the spoon; the bowl weighs as much as the handle."""
        body = spec.worldbody.add_body(name=name)
        body.add_freejoint(name=name)
        contact: dict[str, Any] = {
            "condim": 4,
            "priority": 1,
            "friction": [self.friction, 0.008, 0.0002],
            "solref": [0.01, 1.0],
        }
        spine = self._spine()
        for k in range(_HANDLE_PIECES):
            a, b = spine[k], spine[k + 1]
            pitch = -np.arctan2(b[2] - a[2], b[0] - a[0])
            geom = body.add_geom(
                name=f"{name}_handle{k}",
                type=_BOX,
                size=[
                    np.linalg.norm(b - a) / 2 + 0.2 * self.handle_thick_m,
                    self.handle_width_m / 2,
                    self.handle_thick_m / 2,
                ],
                rgba=(*self.color, 1.0),
                mass=0.5 * self.mass_kg / _HANDLE_PIECES,
                **contact,
            )
            set_pose(geom, transform(Rotation.from_euler("y", pitch).as_matrix(), (a + b) / 2))
        self._add_bowl(body, name, contact)
        return body

    def _add_bowl(self, body: mujoco.MjsBody, name: str, contact: dict[str, Any]) -> None:
        """A floor and a ring of leaning walls between two ovals: the floor's, half the size, and the rim's."""
        mass = 0.5 * self.mass_kg / (_BOWL_PIECES + 1)
        rgba = (*self.bowl_color, 1.0)
        centre = self.bowl_centre - [0, 0, self.bowl_depth_m]
        half = np.array([self.bowl_length_m / 2, self.bowl_width_m / 2])
        body.add_geom(
            name=f"{name}_bowl",
            type=mujoco.mjtGeom.mjGEOM_ELLIPSOID,
            size=[0.6 * half[0], 0.6 * half[1], self.wall_m / 2],
            pos=centre + np.array([0, 0, self.wall_m / 2]),
            rgba=rgba,
            mass=mass,
            **contact,
        )
        step = 2 * np.pi / _BOWL_PIECES
        for k in range(_BOWL_PIECES):
            angle = (k + 0.5) * step
            low = np.append(0.5 * half * [np.cos(angle), np.sin(angle)], self.wall_m / 2)
            high = np.append(half * [np.cos(angle), np.sin(angle)], self.bowl_depth_m)
            along = np.append(half * [-np.sin(angle), np.cos(angle)], 0.0)
            width = float(np.linalg.norm(along)) * np.tan(step / 2)
            y = along / np.linalg.norm(along)
            z = (high - low) / np.linalg.norm(high - low)
            x = np.cross(y, z)
            x /= np.linalg.norm(x)
            geom = body.add_geom(
                name=f"{name}_bowl{k}",
                type=_BOX,
                size=[self.wall_m / 2, width, float(np.linalg.norm(high - low)) / 2],
                rgba=rgba,
                mass=mass,
                **contact,
            )
            set_pose(geom, transform(np.column_stack([x, np.cross(z, x), z]), centre + (low + high) / 2))

    def surface_point(self, rng: np.random.Generator) -> Array:
        """Somewhere along the handle."""
        point: Array = self._spine()[rng.integers(_HANDLE_PIECES + 1)]
        return point


def lowest_points(spoon: Spoon, T: Array) -> Array:
    """Height (n,) of a spoon's lowest point at poses (n, 4, 4)."""
    corners = spoon.corners
    return np.array([apply(pose, corners)[:, 2].min() for pose in T])
