import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deft_affordance.fingertips import human_fingers, match_fingertips
from deft_affordance.retarget import human_joints, mano_from_joints, retarget
from deft_core.hand import load_hand
from deft_core.mano import mirror_pose

HAND, LEAP = load_hand(), load_hand("leap")
angle = st.floats(-1.4, 1.4)


@given(st.lists(st.floats(0.0, 1.0), min_size=16, max_size=16))
def test_joints_within_limits_round_trip(fractions):
    joints = HAND.lower + np.array(fractions) * (HAND.upper - HAND.lower)
    joints = joints.reshape(4, 4)
    joints[:, 0] = np.clip(joints[:, 0], -1.5, 1.5)  # spread of half a turn has no unique angles
    joints = joints.reshape(16)
    np.testing.assert_allclose(retarget(mano_from_joints(joints), HAND), joints, atol=1e-9)


@given(st.lists(st.floats(-3.0, 3.0), min_size=45, max_size=45))
def test_joints_never_leave_the_limits(pose):
    joints = retarget(np.array(pose), HAND)
    assert (joints >= HAND.lower).all() and (joints <= HAND.upper).all()


@given(st.lists(angle, min_size=16, max_size=16))
def test_a_left_hand_is_mirrored(values):
    pose = mano_from_joints(np.array(values))
    np.testing.assert_allclose(retarget(mirror_pose(pose), HAND, side="left"), retarget(pose, HAND), atol=1e-9)


@given(st.lists(st.floats(0.0, 1.0), min_size=16, max_size=16))
def test_fingers_of_a_leap_hand_round_trip_and_its_thumb_is_opposed(fractions):
    """Its fingers spread the other way about their axis; its thumb's joints are no person's."""
    joints = LEAP.lower + np.array(fractions) * (LEAP.upper - LEAP.lower)
    found = retarget(mano_from_joints(LEAP.human_signs * joints), LEAP)
    np.testing.assert_allclose(found[:12], joints[:12], atol=1e-9)
    assert tuple(found[12:]) == LEAP.thumb_rad


@pytest.mark.parametrize("bend", [0.3, 0.7, 1.0])
def test_a_leap_hand_s_tips_come_where_a_person_s_are(bend):
    joints = np.tile([0.0, bend, bend, 0.5 * bend], (4, 1))
    joints[3] = [0.9, 0.2, 0.2, 0.2]
    pose = mano_from_joints(joints.reshape(16))
    shift, found = match_fingertips(pose, LEAP)
    off = np.linalg.norm((LEAP.finger_points(found) + shift - human_fingers(pose))[:, 3], axis=-1)
    assert off.max() < 0.006


def test_each_finger_bends_alone():
    for finger, root in enumerate((0, 3, 9, 12)):
        joints = np.zeros(16)
        joints[4 * finger + 1] = 0.7
        pose = mano_from_joints(joints).reshape(15, 3)
        assert np.flatnonzero(np.abs(pose).sum(axis=1) > 1e-9).tolist() == [root]
        np.testing.assert_allclose(human_joints(pose.reshape(45)), joints, atol=1e-9)


def test_pinky_and_twist_are_dropped():
    pose = np.zeros((15, 3))
    pose[6:9] = 0.8
    np.testing.assert_array_equal(retarget(pose.reshape(45), HAND), HAND.clip(np.zeros(16)))


def test_bad_input_is_named():
    with pytest.raises(ValueError, match="MANO pose"):
        retarget(np.full(45, np.nan), HAND)
    with pytest.raises(ValueError, match="side"):
        retarget(np.zeros(45), HAND, side="both")
