"""Where the wrist goes: the map from hand pose to contact, and what a hand's own geometry changes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deft_affordance.calibrate_hand import Rig, best_seat, reference_cup
from deft_affordance.fingertips import human_fingers, match_fingertips
from deft_affordance.placing import ContactMap, fit_contact_map, stand
from deft_affordance.retarget import mano_from_joints, retarget
from deft_core.hand import load_hand

HAND = load_hand()


def _people(n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    poses = 0.3 * rng.normal(size=(n, 45))
    contacts = np.array([-0.1, -0.05, 0.02]) + poses[:, :3] * [0.02, 0.01, 0.005]
    return poses, contacts


@given(st.integers(0, 2**32 - 1))
def test_a_linear_habit_is_found_again(seed):
    """A habit that is linear in the pose is found to a fraction of the spread that it explains."""
    rng = np.random.default_rng(seed)
    poses, contacts = _people(3000, rng)
    fitted = fit_contact_map(poses, contacts)
    held_poses, held = _people(50, rng)
    error = np.linalg.norm([fitted(pose) for pose in held_poses] - held, axis=1)
    assert error.mean() < 0.15 * np.linalg.norm(held - contacts.mean(axis=0), axis=1).mean()


def test_a_strange_pose_stays_within_what_people_did():
    poses, contacts = _people(500, np.random.default_rng(0))
    fitted = fit_contact_map(poses, contacts)
    far = fitted(np.full(45, 3.0))
    assert (far >= contacts.min(axis=0)).all() and (far <= contacts.max(axis=0)).all()


def test_a_map_survives_its_file():
    poses, contacts = _people(500, np.random.default_rng(1))
    fitted = fit_contact_map(poses, contacts)
    again = ContactMap.model_validate_json(fitted.model_dump_json())
    np.testing.assert_allclose(again(poses[0]), fitted(poses[0]))


def _bent(fingers: float, thumb_side: float) -> np.ndarray:
    """A human pose with every finger bent alike and the thumb across the palm."""
    joints = np.tile([0.0, fingers, fingers, 0.5 * fingers], (4, 1))
    joints[3] = [thumb_side, 0.2, 0.2, 0.2]
    return mano_from_joints(joints.reshape(16))


def test_a_wrap_is_seated_and_keeps_its_shape():
    """A hand open around something near the palm is given the hand's seat whole."""
    pose, contact = _bent(0.3, 0.95), np.array([-0.08, -0.07, 0.02])
    standing = stand(pose, contact, HAND)
    assert standing.wrap == 1.0
    np.testing.assert_allclose(standing.contact_in_wrist, contact + HAND.seat_m)
    np.testing.assert_allclose(standing.joints, retarget(pose, HAND))


def test_what_is_held_with_the_tips_is_not_seated():
    """Neither a closed hand's hold, nor a wide one's at the fingers' ends, depends on where the hand seats a wrap."""
    other = HAND.model_copy(update={"seat_m": (0.5, 0.0, 0.0)})
    for pose, reach in ((_closed_pose(), -0.08), (_bent(0.3, 0.95), -0.12)):
        contact = np.array([reach, -0.05, 0.02])
        a, b = stand(pose, contact, HAND), stand(pose, contact, other)
        assert a.wrap == 0.0
        np.testing.assert_allclose(a.contact_in_wrist, b.contact_in_wrist)


def test_a_pinch_brings_the_robots_tips_to_the_persons():
    """The tips come to within millimetres of a person's, where copied angles leave them centimetres off."""
    pose = _closed_pose()
    goal = human_fingers(pose)[:, 3]
    shift, joints = match_fingertips(pose, HAND)
    matched = np.linalg.norm(HAND.finger_points(joints)[:, 3] + shift - goal, axis=1)
    copied = np.linalg.norm(HAND.finger_points(retarget(pose, HAND))[:, 3] - goal, axis=1)
    assert matched[[0, 1, 3]].max() < 0.006
    assert matched.mean() < 0.5 * copied.mean()


@given(st.lists(st.floats(0.05, 0.95), min_size=16, max_size=16))
def test_matched_joints_stay_within_the_limits(shares):
    pose = mano_from_joints(HAND.lower + np.array(shares) * (HAND.upper - HAND.lower))
    shift, joints = match_fingertips(pose, HAND)
    assert (joints >= HAND.lower).all() and (joints <= HAND.upper).all()
    assert np.abs(shift).max() <= 0.1


def _closed_pose() -> np.ndarray:
    """The pose with the least distance between thumb tip and fingertips among many."""
    from deft_core.mano import hand_points

    rng = np.random.default_rng(0)
    poses = [mano_from_joints(rng.uniform(HAND.lower, HAND.upper)) for _ in range(3000)]
    tips = [hand_points(pose)[[16, 17, 20]] for pose in poses]
    gaps = [np.linalg.norm(t[:2].mean(axis=0) - t[2]) for t in tips]
    assert min(gaps) < 0.03
    return poses[int(np.argmin(gaps))]


def test_the_least_shift_that_is_strong_enough_is_taken():
    strengths = {(0.0, 0.0, 0.0): 3.0, (0.02, 0.0, 0.0): 8.5, (0.03, 0.0, 0.0): 8.6, (0.05, 0.0, 0.0): 10.0}
    assert best_seat(strengths) == (0.02, 0.0, 0.0)


@pytest.mark.slow
def test_the_shipped_seat_holds_better_than_a_persons_place():
    """On cups of two widths the hand at its seat withstands a quarter more, at least, than at a person's place."""
    for radius in (0.034, 0.044):
        rig = Rig(reference_cup(0.14, radius), HAND)
        assert rig.strength(np.array(HAND.seat_m)) > 1.25 * rig.strength(np.zeros(3))
