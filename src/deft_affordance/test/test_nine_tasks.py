"""The shipped prior on the objects of all nine tasks: it sees them, and touches where people hold them."""

import numpy as np
import pytest

from deft_affordance.predictor import AffordancePredictor
from deft_core.demonstration import load_demonstration
from deft_core.geometry import Array, apply, inverse
from deft_core.hand import load_hand
from deft_core.motion import episode_motion
from deft_core.task import PAPER_TASKS, load_task
from deft_core.workcell import load_workcell
from deft_core.wrist import rotation_from_camera, rotation_from_rpy
from deft_sim.things.bagel import Bagel
from deft_sim.things.bunch import Bunch
from deft_sim.things.cup import Cup
from deft_sim.things.drawer import Drawer
from deft_sim.things.lemon import Lemon
from deft_sim.things.spoon import Spoon
from deft_sim.things.thing import Thing
from deft_sim.workcell import TwinWorkcell

# A calibration is 3 to 5 mm and half a degree off, and a network's contact a centimetre.
SLACK_M = 0.02


@pytest.fixture(scope="module")
def predictor():
    return AffordancePredictor()


def gap(thing: Thing, point: Array) -> float:
    """How far (metres) a point of the thing's frame is from where people hold such a thing."""
    around = float(np.hypot(*point[:2]))
    if isinstance(thing, Cup):
        return max(around - thing.footprint_m, point[2] - thing.height_m, -point[2], 0.0)
    if isinstance(thing, Drawer):
        x, _, z = thing.grip
        half = thing.handle_height_m / 2
        off_axis = float(np.hypot(np.hypot(point[0] - x, point[1]), max(abs(point[2] - z) - half, 0.0)))
        return off_axis - thing.handle_thick_m / 2
    if isinstance(thing, Spoon):
        off_axis = min(float(np.linalg.norm(point - thing.along_handle(s))) for s in np.linspace(0, 1, 21))
        return off_axis - thing.handle_width_m / 2
    if isinstance(thing, Bagel):
        return max(abs(around - thing.ring_m) - thing.thick_m, abs(point[2] - thing.thick_m) - thing.thick_m, 0.0)
    if isinstance(thing, Bunch):
        return min(float(np.linalg.norm(point - centre)) for centre in thing.layout[0]) - thing.berry_radius_m
    assert isinstance(thing, Lemon)
    return max(around - thing.radius_m, point[2] - thing.height_m, -point[2], 0.0)


@pytest.mark.slow
@pytest.mark.parametrize("task", PAPER_TASKS)
def test_contacts_lie_where_people_hold_things(task, predictor):
    loaded = load_task(task)
    cell, gaps = TwinWorkcell(loaded, load_workcell("twin"), seed=1), []
    try:
        for objects in ("train", "test"):
            for seed, text in enumerate((loaded.instruction, *loaded.paraphrases), 300):
                cell.reset(objects, seed)
                seen = predictor.predict(cell.look(), text)
                thing = cell.world.things["target"]
                contacts = apply(inverse(cell.world.pose("target")), seen.contacts_base)
                gaps.append(np.median([gap(thing, contact) for contact in contacts]))
                person = rotation_from_camera(seen.wrist_rotation_camera, cell.cell.camera.T_base_camera)
                for hand, ahead in ((person, 0.3), (rotation_from_rpy(seen.prior.wrist_rpy), 0.1)):
                    fingers = -hand[:, 0]
                    assert fingers[0] > ahead and fingers[2] < 0.3  # away from the robot, and not up
    finally:
        cell.close()
    # A contact a few pixels beside a thin bar is on what is behind it, which befalls the train drawer's in a quarter of
    # the pictures; every other task's contacts lie well in all but one.
    forgiven = 4 if task == "open_drawer" else 1
    assert sorted(gaps)[-1 - forgiven] < SLACK_M


@pytest.mark.slow
def test_a_leap_hand_takes_a_cup_by_the_same_prior():
    """Sixteen motors, another size, another thumb: only the workcell's `hand.model` differs."""
    twin = load_workcell("twin")
    cell = twin.model_copy(update={"hand": twin.hand.model_copy(update={"model": "leap"})})
    task, hand = load_task("pick_cup"), load_hand("leap")
    predictor, demonstration = AffordancePredictor(hand=hand), load_demonstration("pick_cup")
    workcell, taken = TwinWorkcell(task, cell, seed=0), 0
    try:
        for seed in range(4):
            workcell.reset("train", seed)
            grasp = predictor.predict(workcell.look(), task.instruction).prior
            motion = episode_motion(grasp, demonstration, hand, predictor.contact_in_wrist, cell)
            taken += not workcell.execute(motion).fault and workcell.verdict().success
    finally:
        workcell.close()
    assert taken >= 3
