"""dex-retargeting as another way to a pinch, and the URDF it is given."""

import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deft_affordance.errors import MissingRetargeting
from deft_affordance.fingertips import human_fingers
from deft_affordance.placing import stand, tip_matcher
from deft_affordance.retarget import mano_from_joints
from deft_core.errors import ConfigError
from deft_core.grasp import FINGERS, JOINT_NAMES
from deft_core.hand import load_hand
from deft_core.hand_urdf import hand_urdf

HAND = load_hand()
SEEDS = st.integers(0, 2**32 - 1)


def pinch(bend: float) -> np.ndarray:
    """A MANO pose: fingers bent alike, the thumb across the palm."""
    joints = np.tile([0.0, bend, bend, 0.5 * bend], (4, 1))
    joints[3] = [0.9, 0.2, 0.2, 0.2]
    return mano_from_joints(joints.reshape(16))


def test_an_unknown_way_names_those_there_are():
    with pytest.raises(ConfigError, match="anatomical, dex"):
        tip_matcher("magic", HAND)


def test_without_the_library_it_says_what_to_type(monkeypatch):
    monkeypatch.setitem(sys.modules, "dex_retargeting.retargeting_config", None)
    with pytest.raises(MissingRetargeting, match="pip install"):
        tip_matcher("dex", HAND)


@pytest.mark.parametrize("hand", [HAND, load_hand("leap")], ids=["dash", "leap"])
@given(SEEDS)
@settings(max_examples=40, deadline=None)
def test_the_urdf_is_the_hand_s_own_kinematics(hand, seed):
    pinocchio = pytest.importorskip("pinocchio")
    model = pinocchio.buildModelFromXML(hand_urdf(hand))
    data = model.createData()
    joints = np.random.default_rng(seed).uniform(hand.lower, hand.upper)
    q = np.zeros(model.nq)
    for name, angle in zip(JOINT_NAMES, joints, strict=True):
        q[model.joints[model.getJointId(name)].idx_q] = angle
    pinocchio.forwardKinematics(model, data, q)
    pinocchio.updateFramePlacements(model, data)
    for finger, points in zip(FINGERS, hand.finger_points(joints), strict=True):
        first = hand.fingers[finger].chain[0].joint
        for link, point in zip((first, "pip", "dip", "tip"), points, strict=True):
            found = data.oMf[model.getFrameId(f"{finger}_{link}", pinocchio.BODY)].translation
            np.testing.assert_allclose(found, point, atol=1e-9)


@pytest.fixture(scope="module")
def dex():
    pytest.importorskip("dex_retargeting")
    return tip_matcher("dex", HAND)


class TestDex:
    @pytest.mark.parametrize("bend", [0.3, 0.7, 1.0])
    def test_tips_come_where_the_person_s_are(self, dex, bend):
        shift, joints = dex(pinch(bend))
        off = np.linalg.norm((HAND.finger_points(joints) + shift - human_fingers(pinch(bend)))[:, 3], axis=-1)
        assert off.max() < 0.02
        assert (joints >= HAND.lower).all() and (joints <= HAND.upper).all()

    def test_an_answer_does_not_depend_on_what_was_asked_before(self, dex):
        first = dex(pinch(0.7))
        dex(pinch(0.2))
        for a, b in zip(first, dex(pinch(0.7)), strict=True):
            np.testing.assert_array_equal(a, b)

    def test_a_hold_stands_as_it_says(self, dex):
        pose, contact = pinch(0.9), np.array([-0.125, -0.05, 0.02])
        standing = stand(pose, contact, HAND, dex)
        shift, joints = dex(pose)
        assert standing.wrap == 0.0
        np.testing.assert_allclose(standing.contact_in_wrist, contact - shift)
        np.testing.assert_allclose(standing.joints, joints)
