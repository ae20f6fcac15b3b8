"""The human hand: MANO's kinematics, grasps that hold, a tracker that errs as published ones do."""

import mujoco
import numpy as np
import pytest

from deft_core.geometry import apply, inverse
from deft_core.mano import hand_points
from deft_sim.human.demonstrate import DEMO_CUP
from deft_sim.human.grasping import shake, take_hold
from deft_sim.human.hand_model import HINGES, mano_pose
from deft_sim.human.natural import STYLES, reach_cup
from deft_sim.human.scene import HumanStage
from deft_sim.human.tracker import PUBLISHED_ERROR_M, Noise, VideoNoise, compose


@pytest.fixture(scope="module")
def stage():
    return HumanStage(DEMO_CUP)


def test_bodies_stand_where_mano_puts_its_joints(stage):
    hand = stage.place(0.55, 0.0, 0.0)
    rng = np.random.default_rng(0)
    angles = hand.low + rng.random(len(HINGES)) * (hand.high - hand.low)
    hand.teleport(hand.wrist_pose(), angles)
    expected = apply(hand.wrist_pose(), hand_points(mano_pose(angles)))
    seen = np.array([stage.data.body(f"human_{j}").xpos for j in range(15)])
    np.testing.assert_allclose(seen, expected[1:16], atol=1e-6)
    np.testing.assert_allclose(hand.mano_pose(), mano_pose(angles), atol=1e-9)


def test_the_wrist_goes_where_it_is_told(stage):
    hand = stage.place(0.55, 0.0, 0.0)
    goal = hand.wrist_pose()
    goal[:3, 3] += [0.05, 0.02, 0.1]
    hand.move(0.5, wrist=goal)
    hand.move(0.2)
    np.testing.assert_allclose(hand.wrist_pose(), goal, atol=2e-3)


def test_most_natural_grasps_of_a_cup_hold_it_under_shaking(stage):
    rng = np.random.default_rng(0)
    held = []
    for _ in range(6):
        hand = stage.place(0.55, 0.0, 0.0)
        reach, _ = reach_cup(DEMO_CUP, stage.object_pose(), STYLES["pick"], rng)
        hold = take_hold(hand, stage.object_body, reach)
        held.append(shake(hand, stage.object_body, hold).holds())
    assert sum(held) >= 4


def test_a_hand_that_does_not_grip_drops_the_cup(stage):
    hand = stage.place(0.55, 0.0, 0.0)
    reach, _ = reach_cup(DEMO_CUP, stage.object_pose(), STYLES["pick"], np.random.default_rng(0))
    hold = take_hold(hand, stage.object_body, reach)
    hand.set_strength(0.001)
    assert not shake(hand, stage.object_body, hold).holds()


def test_touch_normals_point_from_the_object_to_the_hand(stage):
    hand = stage.place(0.55, 0.0, 0.0)
    reach, _ = reach_cup(DEMO_CUP, stage.object_pose(), STYLES["pick"], np.random.default_rng(0))
    touch = take_hold(hand, stage.object_body, reach).touch
    radial = touch.points[:, :2] / np.linalg.norm(touch.points[:, :2], axis=1, keepdims=True)
    assert len(touch.points) >= 3 and ((touch.normals[:, :2] * radial).sum(axis=1) > 0).mean() > 0.7


def test_the_tracker_errs_by_what_is_published(stage):
    rng = np.random.default_rng(0)
    pose = mano_pose(np.array([0.5 * (h.low + h.high) for h in HINGES])).reshape(15, 3)
    errors = []
    for _ in range(300):
        noise = Noise.draw(rng)
        points = hand_points(compose(pose, noise.joints.reshape(15, 3)).reshape(45)) @ _rotation(noise.wrist).T
        errors.append(_aligned_error(points, hand_points(pose.reshape(45))))
    low, high = PUBLISHED_ERROR_M
    assert low < np.mean(errors) < high


def test_video_noise_is_as_large_as_image_noise():
    rng = np.random.default_rng(0)
    drawn = [VideoNoise(rng).next().wrist for _ in range(2000)]
    single = [Noise.draw(rng).wrist for _ in range(2000)]
    np.testing.assert_allclose(np.std(drawn), np.std(single), rtol=0.1)


def _rotation(rotvec):
    out = np.zeros(9)
    quaternion = np.zeros(4)
    angle = np.linalg.norm(rotvec)
    mujoco.mju_axisAngle2Quat(quaternion, rotvec / angle, angle)
    mujoco.mju_quat2Mat(out, quaternion)
    return out.reshape(3, 3)


def _aligned_error(points, truth):
    """Mean joint error after rigid (Procrustes) alignment, as the published figures are."""
    a, b = points - points.mean(axis=0), truth - truth.mean(axis=0)
    u, _, vt = np.linalg.svd(a.T @ b)
    sign = np.diag([1, 1, np.sign(np.linalg.det(u @ vt))])
    return np.linalg.norm(a @ (u @ sign @ vt) - b, axis=1).mean()


def test_object_pose_round_trips(stage):
    stage.place(0.5, 0.05, 0.3)
    T = stage.object_pose()
    np.testing.assert_allclose(inverse(T) @ T, np.eye(4), atol=1e-12)
    assert T[2, 3] == pytest.approx(DEMO_CUP.rest_pose[2, 3])
