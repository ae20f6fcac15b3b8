"""A pinch: people's, or the hand's own way; raised over the table, or reaching under what lies flat."""

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from deft_affordance.calibrate_pinch import SCALES, main, way
from deft_affordance.calibrate_pinch import numbers as numbers_of
from deft_affordance.own_pinch import above_table, depth_in_table, own_way, tips_meet
from deft_affordance.pinch_trials import Trials
from deft_affordance.retarget import mano_from_joints
from deft_core.grasp import GraspParameters
from deft_core.hand import Pinch, load_hand
from deft_core.wrist import wrist_pose

HAND = load_hand()
PEOPLE = HAND.model_copy(update={"flat": None, "pinch": None, "give_m": 0.0})
CONTACT_IN_WRIST = np.array([-0.09, -0.05, 0.02])
TABLE_Z_M = 0.0
# A pinch at a lying spoon as the prior has it: fingertips nearly met, beside and under the handle.
JOINTS = np.array([0.35, 1.41, 0.67, 0.54, -0.07, 1.34, 0.58, 0.46, -0.35, 1.75, 0.31, 0.25, 1.1, -0.08, 0.29, 0.23])


def _pinch(height_m: float, yaw: float = 0.2) -> GraspParameters:
    return GraspParameters(np.array([0.5, 0.0, height_m]), np.array([-0.4, 0.07, yaw]), JOINTS)


def _deep(depth_m: float, yaw: float = 0.2) -> GraspParameters:
    """The pinch with its deepest finger so deep in the table."""
    return _pinch(0.1 + depth_in_table(_pinch(0.1, yaw), CONTACT_IN_WRIST, HAND, TABLE_Z_M) - depth_m, yaw)


def _over(grasp: GraspParameters, hand=HAND, meet: float = 1.0, tips: float = 1.0) -> GraspParameters:
    return own_way(grasp, CONTACT_IN_WRIST, hand, TABLE_Z_M, tips, meet)


def _meeting(grasp: GraspParameters) -> np.ndarray:
    T = wrist_pose(grasp, CONTACT_IN_WRIST)
    tips = HAND.finger_points(grasp.joints)[:, 3] @ T[:3, :3].T + T[:3, 3]
    return 0.5 * tips[3] + 0.25 * (tips[0] + tips[1])


def test_what_the_palm_holds_is_left_alone():
    grasp = _deep(-0.031)
    np.testing.assert_allclose(_over(grasp, tips=0.0).vector, grasp.vector)


@given(st.floats(-3.0, 3.0))
def test_a_pinch_at_something_that_stands_is_the_hand_s_own(yaw):
    """Its bends are the YAML's, and its tips meet where a person's do but for the shift, in the wrist frame."""
    grasp = _deep(-0.08, yaw)
    pinch = Pinch(turn_rad=(0.1, -0.2, 0.3), shift_m=(0.01, -0.005, 0.002), joints_rad=(0.05,) * 16)
    own = _over(grasp, HAND.model_copy(update={"pinch": pinch}))
    np.testing.assert_allclose(own.joints, HAND.clip(grasp.joints + 0.05))
    before, after = (wrist_pose(g, CONTACT_IN_WRIST) for g in (grasp, own))
    np.testing.assert_allclose(before[:3, :3].T @ (_meeting(own) - _meeting(grasp)), pinch.shift_m, atol=1e-9)
    turned = Rotation.from_matrix(before[:3, :3].T @ after[:3, :3]).as_rotvec()
    np.testing.assert_allclose(turned, pinch.turn_rad, atol=1e-9)


def test_a_hand_that_has_no_way_of_its_own_pinches_as_a_person_does():
    grasp = _deep(-0.031)
    np.testing.assert_allclose(_over(grasp, PEOPLE).vector, grasp.vector)


@given(st.floats(0.001, 0.04), st.floats(-3.0, 3.0))
def test_without_a_way_of_its_own_a_hand_is_raised_by_what_is_missing(depth, yaw):
    grasp = _deep(depth, yaw)
    for raised in (_over(grasp, PEOPLE), _over(grasp, PEOPLE, meet=0.0)):
        np.testing.assert_allclose(raised.contact - grasp.contact, [0.0, 0.0, depth], atol=1e-9)
        np.testing.assert_allclose(raised.vector[3:], grasp.vector[3:])


@given(st.floats(-0.04, 0.04), st.floats(-3.0, 3.0))
def test_no_finger_is_told_to_go_deeper_than_it_gives(depth, yaw):
    done = _over(_deep(depth, yaw))
    assert depth_in_table(done, CONTACT_IN_WRIST, HAND, TABLE_Z_M) <= HAND.give_m + 1e-9
    assert (done.joints >= HAND.lower).all() and (done.joints <= HAND.upper).all()


@given(st.floats(-0.04, 0.02))
def test_between_a_person_s_way_and_the_hand_s_there_is_no_step(depth):
    a, b = _over(_deep(depth)), _over(_deep(depth + 1e-5))
    assert np.abs(a.vector - b.vector).max() < 2e-3


@given(st.floats(-3.0, 3.0))
def test_thumb_and_fingers_meet_where_a_person_s_do_but_for_the_shift(yaw):
    """Turning and bending move the wrist, not the place of the pinch; the shift turns with the hand's heading."""
    flat = HAND.flat.model_copy(update={"shift_m": (0.01, 0.02, 0.3)})
    hand = HAND.model_copy(update={"flat": flat})
    grasp = _deep(0.012, yaw)
    moved = _meeting(_over(grasp, hand)) - _meeting(grasp)
    fingers = -wrist_pose(grasp, CONTACT_IN_WRIST)[:2, 0]
    ahead = fingers / np.linalg.norm(fingers)
    left = np.array([-ahead[1], ahead[0]])
    np.testing.assert_allclose([moved[:2] @ ahead, moved[:2] @ left, moved[2]], [0.01, 0.02, 0.3], atol=1e-9)


def test_only_tips_that_nearly_meet_count_as_a_pinch_at_something_flat():
    apart = mano_from_joints(np.tile([0.0, 0.3, 0.3, 0.15], 4))
    assert tips_meet(apart) == 0.0


def test_a_raise_goes_by_the_table_s_height():
    grasp = _pinch(0.02)
    low, high = (above_table(grasp, CONTACT_IN_WRIST, HAND, z) for z in (0.0, 0.03))
    assert high.contact[2] - low.contact[2] == pytest.approx(0.03)


@given(st.lists(st.floats(-3.0, 3.0), min_size=len(SCALES), max_size=len(SCALES)))
def test_whatever_the_search_asks_is_a_way_that_a_yaml_takes(numbers):
    pinch = way(np.array(numbers), HAND)
    assert Pinch.model_validate(pinch.model_dump(mode="json")) == pinch
    again = way(numbers_of(pinch, HAND), HAND)
    assert again.joints_rad == pytest.approx(pinch.joints_rad, abs=2e-3)
    assert again.shift_m == pytest.approx(pinch.shift_m, abs=2e-4)


@pytest.mark.slow
@pytest.mark.parametrize(("which", "things", "enough", "gain"), [("flat", 8, 6, 0.2), ("pinch", 6, 15, 0.05)])
def test_drawn_things_are_held_more_often_in_the_hand_s_own_way(which, things, enough, gain):
    """On things that had no part in its choice."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        trials = Trials(pool, which, "dash", seed=11)
        cases = trials.cases(things, scenes=1)
        assert len(cases) >= enough
        people, own = trials.worth([None, getattr(HAND, which)], cases).mean(axis=1)
    assert own[1] > people[1] + gain


def test_a_wrong_number_of_things_is_refused(capsys):
    with pytest.raises(SystemExit):
        main(["--things", "0"])
    assert "at least 1" in capsys.readouterr().err
