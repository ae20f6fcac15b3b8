"""Pictures without OpenGL: one ray a pixel, Lambert's law for shade."""

import mujoco
import numpy as np
from numpy.typing import NDArray

from deft_core.geometry import Array
from deft_sim.camera.pinhole import Pinhole
from deft_sim.model.scene import COLLISION_GROUP

_BACKGROUND = np.array([0.55, 0.57, 0.60])


def cast(
    model: mujoco.MjModel,
    data: mujoco.MjData,
    T_base_camera: Array,
    pinhole: Pinhole,
    *,
    color: bool,
    depth: bool,
    ids: bool,
) -> tuple[NDArray[np.uint8] | None, NDArray[np.float32] | None, NDArray[np.int32] | None]:
    """Colour, depth (m, inf where nothing) and geom ids (-1 where nothing) as asked; None for the others."""
    rays = pinhole.rays()
    lengths = np.linalg.norm(rays, axis=-1)
    directions = (rays / lengths[..., None]) @ T_base_camera[:3, :3].T
    count = pinhole.width * pinhole.height
    geom = np.full(count, -1, dtype=np.int32)
    distance = np.zeros(count)
    normal = np.zeros((count, 3))
    groups = np.ones(6, dtype=np.uint8)
    groups[COLLISION_GROUP] = 0
    mujoco.mj_multiRay(
        model,
        data,
        np.ascontiguousarray(T_base_camera[:3, 3]),
        np.ascontiguousarray(directions.reshape(-1)),
        groups,
        1,
        -1,
        geom,
        distance,
        normal.reshape(-1) if color else None,
        count,
        mujoco.mjMAXVAL,
    )
    shape = (pinhole.height, pinhole.width)
    geom, distance = geom.reshape(shape), distance.reshape(shape)
    depth_m = np.where(geom >= 0, distance / lengths, np.inf).astype(np.float32)
    rgb = _shade(model, data, geom, normal.reshape(*shape, 3), directions) if color else None
    return rgb, depth_m if depth else None, geom if ids else None


def _shade(
    model: mujoco.MjModel, data: mujoco.MjData, geom: NDArray[np.int32], normal: Array, directions: Array
) -> NDArray[np.uint8]:
    albedo = np.vstack([geom_colors(model), _BACKGROUND])[geom]
    facing = np.where((normal * directions).sum(-1, keepdims=True) > 0, -normal, normal)
    light = np.full((*geom.shape, 3), 1.0) * (
        np.asarray(model.vis.headlight.ambient)
        + np.asarray(model.vis.headlight.diffuse) * np.clip(-(facing * directions).sum(-1, keepdims=True), 0, 1)
    )
    for k in range(model.nlight):
        towards = -data.light_xdir[k]
        light += model.light_diffuse[k] * np.clip(facing @ towards, 0, 1)[..., None]
    lit = np.where((geom >= 0)[..., None], albedo * light, albedo)
    return (np.clip(lit, 0, 1) * 255).astype(np.uint8)


def geom_colors(model: mujoco.MjModel) -> Array:
    """Mean colour of each geom (ngeom, 3) in [0, 1]: its own, its material's, or its texture's mean."""
    colors = model.geom_rgba[:, :3].copy()
    role = int(mujoco.mjtTextureRole.mjTEXROLE_RGB)
    for g, material in enumerate(model.geom_matid):
        if material < 0:
            continue
        colors[g] = model.mat_rgba[material, :3]
        texture = model.mat_texid[material, role]
        if texture >= 0:
            start = model.tex_adr[texture]
            size = model.tex_height[texture] * model.tex_width[texture] * model.tex_nchannel[texture]
            pixels = model.tex_data[start : start + size].reshape(-1, model.tex_nchannel[texture])
            colors[g] *= pixels[:, :3].mean(0) / 255
    return colors
