"""Bodies of revolution: a smooth mesh to look at, and staves of boxes to touch."""

from typing import Any

import mujoco
import numpy as np
from scipy.spatial.transform import Rotation

from deft_core.geometry import Array
from deft_sim.model.scene import COLLISION_GROUP, VISUAL_GROUP

STAVES = 14


def shell_mesh(
    spec: mujoco.MjSpec, name: str, profile: Array, wall_m: float, floor_m: float, columns: int = 40
) -> None:
    """Add the mesh of a cup-like shell: outer wall, rim, inner wall, inner floor, underside.

    Args:
        profile: (k, 2) heights and outer radii in metres, heights rising from 0.
        wall_m, floor_m: thickness of wall and floor.
    """
    z, r = profile[:, 0], profile[:, 1]
    height = z[-1]
    zi = np.concatenate([[floor_m], z[z > floor_m + 1e-6]])
    ri = np.interp(zi, z, r) - wall_m
    # Rows of (radius, height, texture v) from the underside's centre, up the outside, over the rim, down the inside.
    rows = [(0.0, 0.0, 0.999), (r[0], 0.0, 0.999)]
    rows += [(r[0], 0.0, 0.99)] + [(b, a, 0.99 - 0.98 * a / height) for a, b in zip(z[1:], r[1:], strict=True)]
    rows += [(r[-1], height, 0.005), (ri[-1], height, 0.005)]  # doubled rows keep the rim's edges crisp
    rows += [(b, a, 0.005) for a, b in zip(zi[::-1], ri[::-1], strict=True)]
    rows += [(0.0, floor_m, 0.005)]
    angles = np.linspace(0, 2 * np.pi, columns + 1)
    ring = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    vertices = np.concatenate([np.column_stack([radius * ring, np.full(columns + 1, h)]) for radius, h, _ in rows])
    uv = np.concatenate([np.column_stack([angles / (2 * np.pi), np.full(columns + 1, v)]) for _, _, v in rows])
    faces = []
    for i in range(len(rows) - 1):
        a, b = i * (columns + 1), (i + 1) * (columns + 1)
        for k in range(columns):
            if rows[i][0] > 1e-9:
                faces.append((a + k, a + k + 1, b + k))
            if rows[i + 1][0] > 1e-9:
                faces.append((a + k + 1, b + k + 1, b + k))
    spec.add_mesh(
        name=name,
        uservert=vertices.ravel().tolist(),
        usertexcoord=uv.ravel().tolist(),
        userface=np.array(faces, dtype=np.int32).ravel().tolist(),
        inertia=mujoco.mjtMeshInertia.mjMESH_INERTIA_SHELL,
    )


def add_staves(
    body: mujoco.MjsBody,
    name: str,
    profile: Array,
    wall_m: float,
    density: float,
    staves: int = STAVES,
    **contact: Any,
) -> None:
    """Add the wall as boxes that touch the profile's outside: `staves` around, one row for each stretch of it."""
    step = 2 * np.pi / staves
    for i in range(len(profile) - 1):
        (z0, r0), (z1, r1) = profile[i], profile[i + 1]
        slope = np.arctan2(r1 - r0, z1 - z0)
        length = np.hypot(r1 - r0, z1 - z0)
        radius = (r0 + r1) / 2 - wall_m / 2 / np.cos(slope)
        half_width = max(r0, r1) * np.tan(step / 2)
        for k in range(staves):
            turn = Rotation.from_euler("z", (k + 0.5) * step) * Rotation.from_euler("y", slope)
            centre = Rotation.from_euler("z", (k + 0.5) * step).apply([radius, 0, (z0 + z1) / 2])
            body.add_geom(
                name=f"{name}_wall{i}_{k}",
                type=mujoco.mjtGeom.mjGEOM_BOX,
                size=[wall_m / 2, half_width, length / 2],
                pos=centre.tolist(),
                quat=np.roll(turn.as_quat(), 1).tolist(),
                density=density,
                group=COLLISION_GROUP,
                **contact,
            )


def stave_volume(profile: Array, wall_m: float, staves: int = STAVES) -> float:
    """Volume of the boxes that `add_staves` adds, m^3 (they overlap a little at their edges)."""
    length = np.hypot(np.diff(profile[:, 0]), np.diff(profile[:, 1]))
    width = 2 * np.maximum(profile[1:, 1], profile[:-1, 1]) * np.tan(np.pi / staves)
    return float((length * width * wall_m * staves).sum())


def add_visual(body: mujoco.MjsBody, name: str, mesh: str, material: str) -> None:
    """Show a mesh without touching or weighing anything."""
    body.add_geom(
        name=f"{name}_visual",
        type=mujoco.mjtGeom.mjGEOM_MESH,
        meshname=mesh,
        material=material,
        contype=0,
        conaffinity=0,
        density=0.0,
        group=VISUAL_GROUP,
    )
