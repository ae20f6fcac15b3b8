"""Where to stand and where to look."""

import numpy as np

from deft_core.geometry import Array, transform


def look_at(eye: Array, at: Array) -> Array:
    """T_base_camera (4, 4) of an optical frame at `eye` that looks at a point, upright; metres."""
    z = (at - eye) / np.linalg.norm(at - eye)
    x = np.cross(z, [0.0, 0.0, 1.0])
    x /= np.linalg.norm(x)
    return transform(np.column_stack([x, np.cross(z, x), z]), eye)
