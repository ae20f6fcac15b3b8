"""Where the wrist goes: the map from hand pose to contact, and what a hand's own geometry changes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deft_affordance.calibrate_hand import Rig, best_seat, reference_cup
from deft_affordance.placing import ContactMap, fit_contact_map, seat_shift
from deft_affordance.retarget import mano_from_joints
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


def test_a_wrap_is_seated_and_a_pinch_is_not():
    """A hand open around something is given the hand's seat whole."""
    np.testing.assert_allclose(seat_shift(_bent(0.3, 0.95), HAND), HAND.seat_m)
    other = HAND.model_copy(update={"seat_m": (0.5, 0.0, 0.0)})
    closed = _closed_pose()
    np.testing.assert_allclose(seat_shift(closed, other), seat_shift(closed, HAND))


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
