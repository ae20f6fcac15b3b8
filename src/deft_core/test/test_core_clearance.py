"""What keeps the palm and the arm's last links out of the table."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from deft_core.clearance import MOST_LIFT_M, Clearance, lifted, lifted_along, opened
from deft_core.gate import arm_gate
from deft_core.geometry import transform
from deft_core.hand import load_hand
from deft_core.kinematics import JOINT_LOWER, JOINT_UPPER
from deft_core.planner import ArmPlanner
from deft_core.workcell import load_workcell
from deft_core.wrist import rotation_from_rpy

CELL = load_workcell("twin")
HAND = load_hand(CELL.hand.model)
HOME = np.array(CELL.arm.home_rad)
FLOOR = CELL.table_z_m + CELL.table_clearance_m


def test_the_palms_corners_count() -> None:
    pitched = transform(rotation_from_rpy([0.0, -0.6, 0.0]), [0.5, 0.0, 0.1])
    middle = pitched[:3, :3] @ HAND.palm_center_m + pitched[:3, 3]
    assert Clearance(HAND).of_hand(pitched) < middle[2] - 0.5 * min(HAND.palm_size_m)


@given(st.floats(0.42, 0.62), st.floats(-0.1, 0.1), st.floats(0.0, 0.2), st.floats(-0.9, 0.0), st.floats(-0.4, 0.4))
@settings(max_examples=60, deadline=None)
def test_a_low_pose_is_raised_just_over_the_table(x: float, y: float, z: float, pitch: float, yaw: float) -> None:
    T = transform(rotation_from_rpy([0.0, pitch, yaw]), [x, y, z])
    up = lifted(T, HAND, CELL)
    rise = up[2, 3] - T[2, 3]
    assert 0.0 <= rise <= MOST_LIFT_M
    np.testing.assert_array_equal(up[:3, :3], T[:3, :3])
    np.testing.assert_array_equal(up[:2, 3], T[:2, 3])
    lowest = Clearance(HAND).of_hand(up)
    assert lowest >= FLOOR or rise == 0.0
    assert rise == 0.0 or lowest <= FLOOR + MOST_LIFT_M


def test_a_raised_grasp_passes_the_gate_that_refuses_the_one_asked_for() -> None:
    planner, gate = ArmPlanner(CELL.arm, HAND), arm_gate(CELL, HAND)
    T = transform(rotation_from_rpy([0.0, -0.5, 0.1]), [0.5, 0.05, 0.05])
    assert "table ends" in gate.foresee([HOME, planner.solve(T, HOME)])
    assert gate.foresee([HOME, planner.solve(lifted(T, HAND, CELL), HOME)]) == ""


def test_a_way_that_dips_into_the_table_is_led_along_it() -> None:
    """Only what dips is raised, so that a demonstration from a slightly lower grasp is not lost."""
    planner, gate = ArmPlanner(CELL.arm, HAND), arm_gate(CELL, HAND)
    heights = 0.12 - 0.07 * np.sin(np.linspace(0.0, np.pi, 20))
    way = np.array([transform(rotation_from_rpy([0.0, -0.5, 0.1]), [0.5, 0.05, z]) for z in heights])
    times = np.linspace(0.1, 2.0, len(way))
    start = planner.solve(way[0], HOME)
    assert "table ends" in gate.foresee(planner.follow(start, way, times).preview())
    led = lifted_along(way, HAND, CELL)
    assert gate.foresee(planner.follow(start, led, times).preview()) == ""
    np.testing.assert_array_equal(led[[0, -1]], way[[0, -1]])
    np.testing.assert_array_equal(led[:, :2], way[:, :2])


def test_no_guarded_link_hangs_further_below_the_wrist_than_is_looked_for() -> None:
    rng = np.random.default_rng(0)
    clearance, planner = Clearance(HAND), ArmPlanner(CELL.arm, HAND)
    for q in rng.uniform(np.maximum(JOINT_LOWER, -np.pi), np.minimum(JOINT_UPPER, np.pi), size=(2000, 6)):
        wrist = planner.wrist_pose(q)
        assert wrist[2, 3] - clearance.of_joints(q) < 0.30 or clearance.of_joints(q) == clearance.of_hand(wrist)


ANGLES = st.lists(st.floats(0.0, 1.0), min_size=16, max_size=16)


@given(st.floats(0.02, 0.3), st.floats(-0.9, 0.4), st.floats(-0.6, 0.6), ANGLES)
@settings(max_examples=60, deadline=None)
def test_no_finger_comes_deeper_than_it_will_close(z: float, pitch: float, roll: float, shares: list[float]) -> None:
    T = transform(rotation_from_rpy([roll, pitch, 0.1]), [0.5, 0.0, z])
    joints = HAND.lower + np.array(shares) * (HAND.upper - HAND.lower)
    heights = HAND.finger_heights(T, opened(T, joints, HAND, CELL))
    assert (heights >= np.minimum(HAND.finger_heights(T, joints), CELL.table_z_m) - 0.0051).all()


def test_over_the_table_the_hand_comes_wide_open() -> None:
    T = transform(rotation_from_rpy([0.0, -0.5, 0.1]), [0.5, 0.0, 0.4])
    joints = HAND.clip(np.full(16, 0.6))
    np.testing.assert_allclose(opened(T, joints, HAND, CELL), HAND.open_posture(joints))


def test_finger_heights_are_of_the_flesh() -> None:
    """A hand held level has its fingers' lowest flesh a radius under the lowest joint."""
    T = transform(rotation_from_rpy([0.0, -np.pi / 4, 0.0]), [0.5, 0.0, 0.2])
    lowest = (HAND.finger_points(np.zeros(16)) @ T[:3, :3].T + T[:3, 3])[..., 2].min(axis=1)
    radii = [finger.radius_m for finger in HAND.fingers.values()]
    np.testing.assert_allclose(HAND.finger_heights(T, np.zeros(16)), lowest - radii)
