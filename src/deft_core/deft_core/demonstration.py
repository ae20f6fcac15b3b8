"""The post-grasp motion of one human demonstration: forty wrist displacements (paper, section 3.1).

Displacements are changes of wrist pose between adjacent time steps. They are written in the demonstration's
gravity-aligned frame: origin at the wrist at the moment of the grasp, axes parallel to base_link (z up). A robot
that grasped with another heading turns them about z by the twist of its wrist against the demonstrator's, so a held
object moves as it did in the demonstration, whatever the hand's hold on it.
"""

import hashlib
import itertools
import json
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import Field, model_validator
from scipy.spatial.transform import Rotation

from deft_core.config import Settings, validate
from deft_core.errors import ConfigError
from deft_core.geometry import Array, inverse, rot_z, transform, twist_about_z
from deft_core.sizes import Radians

DEMONSTRATIONS_DIR = Path(__file__).parent / "demonstrations"
STEPS = 40
# As far as an arm carries a thing across a table.
FURTHEST_M = 1.5


class Demonstration(Settings):
    """Forty wrist displacements.

    Attributes:
        task: the task it shows.
        frame: how displacements are expressed; see the module's text.
        dt_s: seconds between time steps, as demonstrated.
        grasp_rotvec: (3,) wrist rotation at the grasp, in base_link axes, axis-angle, radians.
        translations_m: (40, 3) changes of wrist position.
        rotations_rad: (40, 3) changes of wrist rotation, axis-angle; R_next = exp(rotation) R.
        source: where it came from (clip name, frames).
        clip_sha256: hash of the clip and pose file it was extracted from.
    """

    task: str
    frame: Literal["gravity_aligned_at_grasp"]
    dt_s: Annotated[float, Field(gt=0, le=1.0)]
    grasp_rotvec: tuple[Radians, Radians, Radians]
    translations_m: list[tuple[float, float, float]]
    rotations_rad: list[tuple[float, float, float]]
    source: str
    clip_sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]

    @model_validator(mode="after")
    def _check(self) -> "Demonstration":
        for name, most in (("translations_m", 0.2), ("rotations_rad", 1.0)):
            steps = np.array(getattr(self, name))
            if len(steps) != STEPS:
                raise ValueError(f"{name} needs {STEPS} steps, has {len(steps)}")
            largest = np.abs(steps).max(axis=1)
            if largest.max() > most:
                k = int(largest.argmax())
                raise ValueError(
                    f"{name}.{k}: {steps[k].tolist()} is no wrist displacement between frames: more than {most:g}"
                )
        way = np.abs(np.cumsum(self.translations_m, axis=0)).max()
        if way > FURTHEST_M:
            raise ValueError(f"translations_m: they lead {way:.2f} m from the grasp, further than {FURTHEST_M:g}")
        return self

    def wrist_poses(self, T_base_wrist: Array) -> Array:
        """Wrist poses (40, 4, 4) in base_link that follow from a grasp at T_base_wrist."""
        R_demo = Rotation.from_rotvec(self.grasp_rotvec).as_matrix()
        Z = rot_z(twist_about_z(T_base_wrist[:3, :3] @ R_demo.T))
        R, p = T_base_wrist[:3, :3].copy(), T_base_wrist[:3, 3].copy()
        poses = np.empty((STEPS, 4, 4))
        for k in range(STEPS):
            p = p + Z @ np.asarray(self.translations_m[k])
            R = Rotation.from_rotvec(Z @ np.asarray(self.rotations_rad[k])).as_matrix() @ R
            poses[k] = transform(R, p)
        return poses

    @property
    def sha256(self) -> str:
        """Hash of the displacements themselves."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()


def displacements(T_base_wrist: Array) -> tuple[Array, Array]:
    """Translations and rotations (n, 3) between adjacent wrist poses (n + 1, 4, 4), in base_link axes."""
    moves = [b @ inverse(a) for a, b in itertools.pairwise(T_base_wrist)]
    rotations = np.array([Rotation.from_matrix(M[:3, :3]).as_rotvec() for M in moves])
    return np.diff(T_base_wrist[:, :3, 3], axis=0), rotations


def load_demonstration(task: str, folder: Path = DEMONSTRATIONS_DIR) -> Demonstration:
    """Load the demonstration of a task (or from the path of a JSON file).

    Raises:
        ConfigError: missing or malformed; says which command makes one.
    """
    path = Path(task) if task.endswith(".json") else folder / f"{task}.json"
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(
            f"{path}: no demonstration. Make one with: ros2 run deft_affordance extract_demo CLIP POSES --out {path}"
        ) from None
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path}: not a demonstration: {error}") from error
    return validate(data, Demonstration, str(path))
