"""Drawers: a cabinet that stands fast on the table, and a drawer that slides out of it."""

from typing import Annotated, Any, Literal

import mujoco
import numpy as np
from pydantic import Field, model_validator
from scipy.spatial.transform import Rotation

from deft_core.geometry import Array, transform
from deft_sim.model.poses import wxyz
from deft_sim.things.thing import RGB, Thing

Length = Annotated[float, Field(gt=0.001, lt=0.6)]
_BOX, _CAPSULE = mujoco.mjtGeom.mjGEOM_BOX, mujoco.mjtGeom.mjGEOM_CAPSULE


class Drawer(Thing):
    """A chest with one drawer that opens towards -x. Metres, kilograms, newtons.

    The thing is the sliding drawer: forces on the cabinet are the room's. `open_m` is how far it stands open at the
    start, `drag_n` what its runners take to slide. A "bar" stands upright on two posts, a "fin" is an upright plate:
    `handle_m` is its height, `reach_m` how far it stands out, `thick_m` its thickness.
    """

    width_m: Length
    depth_m: Length
    height_m: Length
    board_m: Annotated[float, Field(gt=0.002, lt=0.03)] = 0.008
    travel_m: Length = 0.14
    open_m: Annotated[float, Field(ge=0.0, lt=0.1)]
    drag_n: Annotated[float, Field(gt=0.0, lt=20.0)]
    mass_kg: Annotated[float, Field(gt=0.05, lt=5.0)]
    friction: Annotated[float, Field(gt=0.05, lt=2.0)]
    handle: Literal["bar", "fin"]
    handle_height_m: Length
    handle_reach_m: Length
    handle_thick_m: Length
    color: RGB
    front: RGB
    metal: RGB

    @model_validator(mode="after")
    def _check(self) -> "Drawer":
        if self.handle_height_m >= self.height_m:
            raise ValueError(f"handle_height_m {self.handle_height_m} is not below height_m {self.height_m}")
        if not self.open_m < self.travel_m < self.depth_m:
            raise ValueError("open_m must be below travel_m, and travel_m below depth_m")
        return self

    @property
    def footprint_m(self) -> float:
        """Half the diagonal."""
        return float(np.hypot(self.width_m, self.depth_m) / 2)

    @property
    def rest_pose(self) -> Array:
        """The place drawn is the shut front's middle, where the task is: the cabinet stands behind it."""
        return transform(None, [self.depth_m / 2, 0.0, 0.0])

    @property
    def handle_m(self) -> tuple[float, float, float]:
        """Where the hand must expect the contact for fingers and thumb to meet around the handle."""
        x, _, z = self.grip
        return (x - 0.012, -0.030, z - 0.009)

    @property
    def grip(self) -> tuple[float, float, float]:
        """The handle's outermost middle."""
        return (-self.depth_m / 2 - self.handle_reach_m, 0.0, self.height_m / 2)

    @property
    def approach_rpy(self) -> tuple[float, float, float]:
        """Fingers a little below level, palm to the left and a little down."""
        return (-0.386, -0.23, 0.0)

    @property
    def preshape(self) -> tuple[float, ...]:
        """Fingers around behind the handle, the thumb before it."""
        curl = (0.38, 0.95, 0.76)
        return (-0.20, *curl, 0.0, *curl, 0.20, *curl, 0.89, 0.04, 0.47, 0.38)

    def add_to(self, spec: mujoco.MjSpec, name: str) -> mujoco.MjsBody:
        """Build the cabinet (body `cabinet_of_NAME`) and the drawer."""
        cabinet = spec.worldbody.add_body(name=f"cabinet_of_{name}")
        for part, size, pos, color in self._cabinet_boards():
            cabinet.add_geom(name=f"{name}_cabinet_{part}", type=_BOX, size=size, pos=pos, rgba=(*color, 1.0))
        body = spec.worldbody.add_body(name=name)
        body.add_joint(
            name=name,
            type=mujoco.mjtJoint.mjJNT_SLIDE,
            axis=[-1, 0, 0],
            range=[0.0, self.travel_m],
            limited=mujoco.mjtLimited.mjLIMITED_TRUE,
            frictionloss=self.drag_n,
            damping=3.0,
            solref_friction=[0.01, 1.0],
        )
        contact: dict[str, Any] = {
            "condim": 3,
            "priority": 1,
            "friction": [self.friction, 0.01, 0.0002],
            "solref": [0.01, 1.0],
        }
        boards = self._drawer_boards()
        share = self.mass_kg / (len(boards) + 1)
        for part, size, pos, color in boards:
            body.add_geom(
                name=f"{name}_{part}", type=_BOX, size=size, pos=pos, rgba=(*color, 1.0), mass=share, **contact
            )
        self._add_handle(body, name, share, contact)
        spec.add_exclude(bodyname1=f"cabinet_of_{name}", bodyname2=name)
        return body

    def _cabinet_boards(self) -> list[tuple[str, list[float], list[float], RGB]]:
        w, d, h, b = self.width_m / 2, self.depth_m / 2, self.height_m, self.board_m / 2
        return [
            ("top", [d, w, b], [0, 0, h - b], self.color),
            ("bottom", [d, w, b], [0, 0, b], self.color),
            ("left", [d, b, h / 2 - 2 * b], [0, w - b, h / 2], self.color),
            ("right", [d, b, h / 2 - 2 * b], [0, -w + b, h / 2], self.color),
            ("back", [b, w - 2 * b, h / 2 - 2 * b], [d - b, 0, h / 2], self.color),
        ]

    def _drawer_boards(self) -> list[tuple[str, list[float], list[float], RGB]]:
        w, d, h, b = self.width_m / 2, self.depth_m / 2, self.height_m, self.board_m / 2
        gap = 0.002
        inner = w - 2 * b - gap  # half the width that fits in
        low, high = 2 * b + gap, h - 2 * b - gap
        side = (high - low) / 2 - 0.006
        length = d - 2 * b - gap
        return [
            ("front", [b, inner, (high - low) / 2], [-d + b, 0, (low + high) / 2], self.front),
            ("floor", [length, inner, b / 2], [0, 0, low + b / 2], self.color),
            ("side0", [length, b / 2, side], [0, inner - b / 2, low + side], self.color),
            ("side1", [length, b / 2, side], [0, -inner + b / 2, low + side], self.color),
            ("rear", [b / 2, inner, side], [length - b, 0, low + side], self.color),
        ]

    def _add_handle(self, body: mujoco.MjsBody, name: str, mass: float, contact: dict[str, Any]) -> None:
        x, _, z = self.grip
        face, half = -self.depth_m / 2, self.handle_height_m / 2
        rgba = (*self.metal, 1.0)
        if self.handle == "fin":
            body.add_geom(
                name=f"{name}_handle",
                type=_BOX,
                size=[self.handle_reach_m / 2, self.handle_thick_m / 2, half],
                pos=[face - self.handle_reach_m / 2, 0, z],
                rgba=rgba,
                mass=mass,
                **contact,
            )
            return
        radius = self.handle_thick_m / 2
        ends = ((x, z - half), (x, z + half))
        for k, (a, b) in enumerate(((ends[0], ends[1]), (ends[0], (face, ends[0][1])), (ends[1], (face, ends[1][1])))):
            body.add_geom(
                name=f"{name}_handle{k or ''}",
                type=_CAPSULE,
                fromto=[a[0], 0, a[1], b[0], 0, b[1]],
                size=[radius, 0, 0],
                rgba=rgba,
                mass=mass / 3,
                **contact,
            )

    def surface_point(self, rng: np.random.Generator) -> Array:
        """On the handle or the front."""
        y, z = rng.uniform(-0.4, 0.4) * self.width_m, rng.uniform(0.2, 0.8) * self.height_m
        return np.array([-self.depth_m / 2 - rng.uniform(0.0, self.handle_reach_m), y, z])

    def place(self, model: mujoco.MjModel, data: mujoco.MjData, name: str, T_base_thing: Array) -> None:
        """Stand the cabinet there, with the drawer a little open."""
        quat = wxyz(Rotation.from_matrix(T_base_thing[:3, :3]).as_quat())
        for body in (name, f"cabinet_of_{name}"):
            index = model.body(body).id
            model.body_pos[index], model.body_quat[index] = T_base_thing[:3, 3], quat
        joint = model.joint(name)
        data.qpos[joint.qposadr[0]], data.qvel[joint.dofadr[0]] = self.open_m, 0.0

    def joint_m(self, model: mujoco.MjModel, data: mujoco.MjData, name: str) -> float:
        """How far it is open, metres."""
        return float(data.qpos[model.joint(name).qposadr[0]])
