"""How far the camera's calibration is off.

The robot believes the workcell file's camera pose; the twin's camera truly stands a little elsewhere, as after a real
hand-eye calibration with a printed board: 3 to 5 mm and half a degree, the accuracy that the paper's setup leaves to a
person with a checkerboard (issue's magnitude; of the size of the errors that comparative studies report on real
RGB-D data, e.g. Ali et al., "Methods for Simultaneous Robot-World-Hand-Eye Calibration", Sensors 19(12), 2019).
"""

import numpy as np
from scipy.spatial.transform import Rotation

from deft_core.geometry import Array, transform

OFFSET_M = (0.003, 0.005)
TILT_RAD = np.radians(0.5)


def true_camera_pose(T_base_camera: Array, rng: np.random.Generator) -> Array:
    """Draw where a camera that is believed at T_base_camera (4, 4) truly is.

    The optical centre is 3 to 5 mm off in a random direction. The view is turned by 0.5 degrees about a random axis
    through the middle of what it looks at (0.9 m away): a calibration that fits board views on the table errs little
    there.
    """
    direction = rng.normal(size=3)
    offset = direction / np.linalg.norm(direction) * rng.uniform(*OFFSET_M)
    axis = rng.normal(size=3)
    turn = Rotation.from_rotvec(axis / np.linalg.norm(axis) * TILT_RAD).as_matrix()
    pivot = np.array([0.0, 0.0, 0.9])
    error = transform(turn, pivot - turn @ pivot + offset)
    return T_base_camera @ error
