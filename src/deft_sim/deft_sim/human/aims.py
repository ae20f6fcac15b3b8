"""How a hand comes to each thing that is not a cup: an aim a task, for demonstrations and, mostly, for labels."""

from __future__ import annotations

import numpy as np

from deft_core.geometry import Array
from deft_sim.human.aiming import Aim
from deft_sim.human.grasping import FIST, PINCH

AIMS = {
    "open_drawer": Aim(0.1, 0.05, 1.5, (-0.130, -0.032, 0.0), 0.05, 0.35),
    "pick_spoon": Aim(0.38, 0.93, 1.0, (-0.080, -0.063, 0.006), 0.86, 0.46),
    "stir_spoon": Aim(0.086, 0.80, 0.62, (-0.113, -0.034, 0.020), 0.18, 0.0),
    "scoop_grape": Aim(-0.008, 0.707, 1.427, (-0.122, -0.033, 0.013), 0.0, 0.196),
    "pick_grape": Aim(0.6, np.radians(15), np.radians(40), (-0.105, -0.040, 0.0)),
    "flip_bagel": Aim(0.6, np.radians(15), np.radians(30), (-0.100, -0.030, 0.0)),
    "squeeze_lemon": Aim(0.6, np.radians(15), np.radians(15), (-0.115, -0.040, 0.0)),
}
# Where along the handle, from its end (0) to the neck (1).
HELD_AT = {"pick_spoon": 0.41, "stir_spoon": 0.225, "scoop_grape": 0.531}
# For labels, how a spoon is taken to be used, and where along its handle: what moves it least in the taking, and gives
# least when its bowl is pushed, of all ways to take drawn spoons. Rounded from searches that `ros2 run deft_affordance
# find_aim` now does; the scoop's heading was kept near -0.45, where its wrist is turned about the vertical as the
# demonstrator's: what follows the grasp is turned by that twist.
TO_STIR = (Aim(-0.31, 0.19, 0.52, (-0.108, -0.042, 0.012), 0.26, 0.32), 0.40)
TO_SCOOP = (Aim(-0.43, 0.14, 0.28, (-0.103, -0.039, 0.008), 0.27, 0.27), 0.42)


def closed(task: str) -> Array:
    """Where the fingers go when they meet nothing (len(HINGES),), rad."""
    return PINCH if task == "pick_spoon" else FIST
