"""Solid bodies of revolution as meshes: what a lathe turns, optionally fluted."""

import mujoco
import numpy as np

from deft_core.geometry import Array


def turned_mesh(
    spec: mujoco.MjSpec, name: str, profile: Array, columns: int = 32, flutes: int = 0, depth: float = 0.0
) -> None:
    """Add a solid of revolution about z.

    Args:
        profile: (k, 2) heights and radii, metres, from below to above; ends of a radius above zero are closed.
        columns: facets around.
        flutes: grooves around, for show; each as deep as `depth` times the radius.
    """
    rows = [(float(z), float(r)) for z, r in profile]
    if rows[0][1] > 0.0:
        rows = [(rows[0][0], 0.0), *rows]
    if rows[-1][1] > 0.0:
        rows = [*rows, (rows[-1][0], 0.0)]
    angles = np.linspace(0, 2 * np.pi, columns, endpoint=False)
    swell = 1.0 - depth * (0.5 - 0.5 * np.cos(flutes * angles)) if flutes else np.ones(columns)
    ring = np.column_stack([swell * np.cos(angles), swell * np.sin(angles)])
    vertices = np.concatenate([np.column_stack([r * ring, np.full(columns, z)]) for z, r in rows])
    faces = []
    for i in range(len(rows) - 1):
        a, b = i * columns, (i + 1) * columns
        for k in range(columns):
            n = (k + 1) % columns
            if rows[i][1] > 0.0:
                faces.append((a + k, a + n, b + k))
            if rows[i + 1][1] > 0.0:
                faces.append((a + n, b + n, b + k))
    used, index = np.unique(np.array(faces).ravel(), return_inverse=True)
    spec.add_mesh(
        name=name,
        uservert=vertices[used].ravel().tolist(),
        userface=index.astype(np.int32).tolist(),
        inertia=mujoco.mjtMeshInertia.mjMESH_INERTIA_CONVEX,
    )
