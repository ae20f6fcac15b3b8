"""Frames, wrist chain and human hand: everything with an inverse round-trips."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial.transform import Rotation

from deft_core import geometry, mano, wrist
from deft_core.grasp import GRASP_DIM, GraspParameters
from deft_core.hand import load_hand

unit = st.floats(-1.0, 1.0, allow_nan=False)


def vectors(size: int, scale: float = 1.0) -> st.SearchStrategy[np.ndarray]:
    return arrays(float, size, elements=unit).map(lambda v: v * scale)


@given(vectors(3, 3.0), vectors(3, 3.0))
def test_transform_and_quaternion_round_trip(rotvec: np.ndarray, p: np.ndarray) -> None:
    T = geometry.transform(Rotation.from_rotvec(rotvec).as_matrix(), p)
    assert np.allclose(T @ geometry.inverse(T), np.eye(4), atol=1e-12)
    assert np.allclose(geometry.from_quaternion(*geometry.to_quaternion(T)), T, atol=1e-12)


@pytest.mark.parametrize("quaternion", [[0, 0, 0, 0], [0, 0, 0, 2], [np.nan, 0, 0, 1]])
def test_a_bad_quaternion_is_refused(quaternion: list[float]) -> None:
    with pytest.raises(ValueError, match=r"quaternion|finite"):
        geometry.from_quaternion([0, 0, 0], quaternion)


@given(st.floats(-3.1, 3.1), st.floats(-1.2, 1.2))
def test_twist_about_z_finds_the_heading_whatever_the_tilt(heading: float, tilt: float) -> None:
    R = geometry.rot_z(heading) @ Rotation.from_euler("x", tilt).as_matrix()
    assert geometry.twist_about_z(R) == pytest.approx(heading, abs=1e-9)


@given(st.floats(-3.1, 3.1), st.floats(-1.5, 1.5), st.floats(-3.1, 3.1))
def test_yaw_and_tilt_of_a_frame_that_leans_forward(heading: float, pitch: float, other: float) -> None:
    T = geometry.transform(geometry.rot_z(heading) @ Rotation.from_euler("y", pitch).as_matrix())
    assert geometry.yaw_of(T) == pytest.approx(heading, abs=1e-9)
    assert geometry.tilt(geometry.transform(geometry.rot_z(other)), T) == pytest.approx(abs(pitch), abs=1e-6)


@given(vectors(3, 1.4))
def test_wrist_angles_round_trip_away_from_the_singularity(rpy: np.ndarray) -> None:
    assert np.allclose(wrist.rpy_from_rotation(wrist.rotation_from_rpy(rpy)), rpy, atol=1e-9)


def test_zero_wrist_angles_point_the_fingers_forward_and_down_with_the_palm_to_the_left() -> None:
    R = wrist.rotation_from_rpy([0, 0, 0])
    assert np.linalg.det(R) == pytest.approx(1.0)
    assert np.allclose(R @ [-1, 0, 0], np.array([1, 0, -1]) / np.sqrt(2))
    assert np.allclose(R @ [0, -1, 0], [0, 1, 0])
    assert (R @ [0, 0, 1])[2] > 0.7


@given(vectors(3), vectors(3, 1.4), vectors(3, 0.2))
def test_contact_to_wrist_and_back(contact: np.ndarray, rpy: np.ndarray, in_wrist: np.ndarray) -> None:
    grasp = GraspParameters(contact, rpy, np.zeros(16))
    T = wrist.wrist_pose(grasp, in_wrist)
    assert np.allclose(geometry.apply(T, in_wrist), contact, atol=1e-12)
    assert np.allclose(wrist.grasp_from_wrist_pose(T, in_wrist, np.zeros(16)).vector, grasp.vector, atol=1e-9)


@given(vectors(3, 3.0), vectors(3, 3.0))
def test_camera_rotation_round_trips(camera: np.ndarray, turn: np.ndarray) -> None:
    T = geometry.transform(Rotation.from_rotvec(camera).as_matrix())
    R = wrist.rotation_from_camera(turn, T)
    assert np.allclose(wrist.rotation_from_camera(wrist.rotation_to_camera(R, T), T), R, atol=1e-9)


@given(arrays(float, (15, 3), elements=st.floats(-1.4, 1.4)))
@settings(max_examples=50)
def test_mano_pose_and_anatomical_angles_round_trip(angles: np.ndarray) -> None:
    pose = mano.pose_from_angles(angles)
    assert np.allclose(mano.angles_from_pose(pose), angles, atol=1e-8)
    assert np.allclose(mano.mirror_pose(mano.mirror_pose(pose)), pose)


def test_bending_closes_every_human_finger_towards_the_palm() -> None:
    angles = np.zeros((15, 3))
    angles[:, 2] = 0.6
    flat, bent = mano.hand_points(np.zeros(45)), mano.hand_points(mano.pose_from_angles(angles))
    assert (bent[16:20, 1] < flat[16:20, 1] - 0.01).all()
    assert bent[20, 2] < flat[20, 2] - 0.01  # the thumb closes across the palm
    assert np.linalg.norm(flat[17]) == pytest.approx(mano.LENGTH_M)


def test_robot_fingers_bend_to_the_palm_and_motors_drive_coupled_joints() -> None:
    hand = load_hand("dash")
    joints = np.tile([0.0, 0.5, 0.5, 0.4], 4)
    assert (hand.finger_points(joints)[:3, 3, 1] < -0.03).all()
    assert np.allclose(hand.joints_from_motors(hand.motors_from_joints(joints)), joints, atol=0.05)


@given(arrays(float, 12, elements=st.floats(0, 1.2)))
def test_motor_angles_survive_the_way_through_the_joints(motors: np.ndarray) -> None:
    hand = load_hand("dash")
    assert np.allclose(hand.motors_from_joints(hand.joints_from_motors(motors)), motors, atol=1e-12)


@pytest.mark.parametrize("bad", [np.zeros(21), np.full(GRASP_DIM, np.nan), np.zeros((2, 11))])
def test_grasp_parameters_refuse_wrong_shapes_and_nan(bad: np.ndarray) -> None:
    with pytest.raises(ValueError, match="grasp parameters"):
        GraspParameters.from_vector(bad)
