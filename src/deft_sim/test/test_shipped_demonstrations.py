"""The demonstrations that ship are what the person in the twin does today: made again, they come out the same."""

import re

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from deft_core.demonstration import load_demonstration
from deft_core.geometry import inverse
from deft_sim.human.demonstrate import DEMONSTRATIONS, PROPS
from deft_sim.human.record import FPS
from deft_sim.human.scene import HumanStage


@pytest.mark.slow
@pytest.mark.parametrize("task", sorted(DEMONSTRATIONS))
def test_it_is_what_the_hand_does(task: str) -> None:
    """Without the camera: the true wrist, at the frames that the file names, moves as the file says."""
    props, wrist, steps = PROPS[task], [], [0]

    def on_step() -> None:
        steps[0] += 1
        if steps[0] % round(1.0 / FPS / stage.model.opt.timestep) == 0:
            wrist.append(hand.wrist_pose())

    stage = HumanStage(props.target, table_looks=1, on_step=on_step, others=props.others)
    hand = stage.place(*props.place)
    DEMONSTRATIONS[task](stage, hand, np.random.default_rng(0))
    shipped = load_demonstration(task)
    found = re.search(r"frames (\d+) to (\d+) by (\d+)", shipped.source)
    assert found is not None
    first, last, stride = map(int, found.groups())
    poses = np.array(wrist[first : last + 1 : stride])
    moved = poses[1:, :3, 3] - poses[0, :3, 3]
    # The camera loses the palm of a hand that pours: there the tracked wrist is up to 6 cm off.
    tolerance_m = 0.03 if task == "pour_cup" else 0.015
    assert np.linalg.norm(np.cumsum(shipped.translations_m, axis=0) - moved, axis=1).mean() < tolerance_m
    turned = Rotation.from_matrix((poses[-1] @ inverse(poses[0]))[:3, :3])
    claimed = Rotation.identity()
    for step in shipped.rotations_rad:
        claimed = Rotation.from_rotvec(step) * claimed
    assert (claimed.inv() * turned).magnitude() < 0.3
    assert (Rotation.from_rotvec(shipped.grasp_rotvec).inv() * Rotation.from_matrix(poses[0][:3, :3])).magnitude() < 0.4
