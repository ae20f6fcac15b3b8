"""A pinch at what lies flat: people's, raised over the table, or the hand's own way."""

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deft_affordance.calibrate_pinch import SCALES, Trials, flat_pinch, main
from deft_affordance.calibrate_pinch import numbers as numbers_of
from deft_affordance.flat_pinch import above_table, depth_in_table, over_table, tips_meet
from deft_affordance.retarget import mano_from_joints
from deft_core.grasp import GraspParameters
from deft_core.hand import FlatPinch, load_hand
from deft_core.wrist import wrist_pose

HAND = load_hand()
PEOPLE = HAND.model_copy(update={"flat": None})
CONTACT_IN_WRIST = np.array([-0.09, -0.05, 0.02])
TABLE_Z_M = 0.0
# A pinch at a lying spoon as the prior has it: fingertips nearly met, beside and under the handle.
JOINTS = np.array([0.35, 1.41, 0.67, 0.54, -0.07, 1.34, 0.58, 0.46, -0.35, 1.75, 0.31, 0.25, 1.1, -0.08, 0.29, 0.23])


def _pinch(height_m: float, yaw: float = 0.2) -> GraspParameters:
    return GraspParameters(np.array([0.5, 0.0, height_m]), np.array([-0.4, 0.07, yaw]), JOINTS)


def _deep(depth_m: float, yaw: float = 0.2) -> GraspParameters:
    """The pinch with its deepest finger so deep in the table."""
    return _pinch(0.1 + depth_in_table(_pinch(0.1, yaw), CONTACT_IN_WRIST, HAND, TABLE_Z_M) - depth_m, yaw)


def _over(grasp: GraspParameters, hand=HAND, meet: float = 1.0) -> GraspParameters:
    return over_table(grasp, CONTACT_IN_WRIST, hand, TABLE_Z_M, meet)


def _meeting(grasp: GraspParameters) -> np.ndarray:
    T = wrist_pose(grasp, CONTACT_IN_WRIST)
    tips = HAND.finger_points(grasp.joints)[:, 3] @ T[:3, :3].T + T[:3, 3]
    return 0.5 * tips[3] + 0.25 * (tips[0] + tips[1])


def test_a_pinch_at_something_that_stands_is_left_alone():
    grasp = _deep(-0.031)
    np.testing.assert_allclose(_over(grasp).vector, grasp.vector)


@given(st.floats(0.001, 0.04), st.floats(-3.0, 3.0))
def test_without_a_way_of_its_own_a_hand_is_raised_by_what_is_missing(depth, yaw):
    grasp = _deep(depth, yaw)
    for raised in (_over(grasp, PEOPLE), _over(grasp, meet=0.0)):
        np.testing.assert_allclose(raised.contact - grasp.contact, [0.0, 0.0, depth], atol=1e-9)
        np.testing.assert_allclose(raised.vector[3:], grasp.vector[3:])


@given(st.floats(-0.04, 0.04), st.floats(-3.0, 3.0))
def test_no_finger_is_told_to_go_deeper_than_it_gives(depth, yaw):
    done = _over(_deep(depth, yaw))
    assert depth_in_table(done, CONTACT_IN_WRIST, HAND, TABLE_Z_M) <= HAND.flat.give_m + 1e-9
    assert (done.joints >= HAND.lower).all() and (done.joints <= HAND.upper).all()


@given(st.floats(-0.04, 0.02))
def test_between_a_person_s_way_and_the_hand_s_there_is_no_step(depth):
    a, b = _over(_deep(depth)), _over(_deep(depth + 1e-5))
    assert np.abs(a.vector - b.vector).max() < 2e-3


@given(st.floats(-3.0, 3.0))
def test_thumb_and_fingers_meet_where_a_person_s_do_but_for_the_shift(yaw):
    """Turning and bending move the wrist, not the place of the pinch; the shift turns with the hand's heading."""
    flat = HAND.flat.model_copy(update={"shift_m": (0.01, 0.02, 0.3), "give_m": 0.0})
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
    flat = flat_pinch(np.array(numbers), HAND)
    assert FlatPinch.model_validate(flat.model_dump(mode="json")) == flat
    assert flat_pinch(numbers_of(flat, HAND), HAND).joints_rad == pytest.approx(flat.joints_rad, abs=2e-3)


@pytest.mark.slow
def test_low_spoons_are_lifted_more_often_in_the_hand_s_own_way():
    """On drawn spoons that had no part in its choice."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        trials = Trials(pool, "dash", seed=11)
        cases = trials.cases(spoons=8, scenes=1)
        assert len(cases) >= 6
        (_, raised), (_, own) = trials.worth([None, HAND.flat], cases)
    assert own > raised + 0.2


def test_a_wrong_number_of_spoons_is_refused(capsys):
    with pytest.raises(SystemExit):
        main(["--spoons", "0"])
    assert "at least 1" in capsys.readouterr().err
