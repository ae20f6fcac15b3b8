"""How near the arm comes to itself, and what keeps it from coming nearer."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.optimize import lsq_linear

from deft_core.arm_shape import SelfClearance, hard_parts, segment_distance
from deft_core.demonstration import load_demonstration
from deft_core.errors import GateRefused
from deft_core.gate import arm_gate
from deft_core.geometry import inverse, transform
from deft_core.grasp import GraspParameters
from deft_core.hand import load_hand
from deft_core.kinematics import JOINT_LOWER, JOINT_UPPER, joint_frames
from deft_core.motion import ArmMove, episode_motion
from deft_core.planner import ArmPlanner
from deft_core.workcell import load_workcell
from deft_core.wrist import approach_direction, rotation_from_rpy

CELL = load_workcell("twin")
HAND = load_hand(CELL.hand.model)
HOME = np.array(CELL.arm.home_rad)
PLANNER = ArmPlanner(CELL.arm, HAND)
ITSELF = SelfClearance(hard_parts(HAND))
FRESH = {"dt_s": 0.01, "command_age_s": 0.0, "state_age_s": 0.0}
CONTACT_IN_WRIST = np.array([-0.10, -0.05, 0.0])


def gap(q: np.ndarray) -> float:
    return ITSELF.of_frames(joint_frames(q))[0]


def clear_and_folded() -> tuple[np.ndarray, np.ndarray]:
    """Joint angles with a hand's breadth between links 1 and 4, and with the forearm drawn in against the column."""
    pitched = rotation_from_rpy([0.0, -0.9, 0.0])
    clear, folded = (transform(pitched, at) for at in ([0.34, 0.0, 0.15], [0.22, 0.0, 0.136]))
    return PLANNER.solve(clear, HOME), PLANNER.solve(folded, HOME)


@given(arrays(float, (4, 3), elements=st.integers(-8, 8).map(lambda n: n / 8)))
@settings(deadline=None)
def test_segments_are_as_far_apart_as_a_solver_says(ends: np.ndarray) -> None:
    p, p_end, q, q_end = ends
    ways = np.column_stack([p_end - p, q - q_end])
    nearest = lsq_linear(ways, q - p, bounds=(0.0, 1.0 + 1e-12), method="bvls")
    ours = segment_distance(*(point[None] for point in ends))
    assert ours[0] == pytest.approx(np.linalg.norm(ways @ nearest.x - (q - p)), abs=1e-6)


@pytest.mark.parametrize("name", ["dash", "leap"])
def test_the_palm_is_inside_its_capsule(name: str) -> None:
    hand = load_hand(name)
    start, end, radius = hard_parts(hand)[0]
    signs = np.stack(np.meshgrid(*[[-1, 1]] * 3), axis=-1).reshape(-1, 3)
    corners = np.asarray(hand.palm_center_m) + signs * np.asarray(hand.palm_size_m) / 2
    T = inverse(hand.T_wrist_eef)
    corners = corners @ T[:3, :3].T + T[:3, 3]
    axis = [np.tile(np.asarray(e)[None], (len(corners), 1)) for e in (start, end)]
    assert (segment_distance(corners, corners, *axis) <= radius + 1e-9).all()


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=50)
def test_a_hand_only_takes_room_and_turning_the_base_changes_nothing(seed: int) -> None:
    q = np.random.default_rng(seed).uniform(np.maximum(JOINT_LOWER, -np.pi), np.minimum(JOINT_UPPER, np.pi))
    assert gap(q) <= SelfClearance().of_frames(joint_frames(q))[0]
    turned = q + np.array([1.0, 0.0, 0.0, 0.0, 0.0, 0.0])
    assert gap(turned) == pytest.approx(gap(q), abs=1e-9)


def test_the_gate_refuses_to_fold_the_arm_and_says_what_would_touch() -> None:
    clear, folded = clear_and_folded()
    gate = arm_gate(CELL, HAND)
    gate.open(clear)
    trajectory = PLANNER.move_joints(clear, folded)
    foreseen = gate.foresee(trajectory.preview())
    assert "fold onto itself: link 4 and link 1" in foreseen and "at least 5 mm" in foreseen
    nearest = np.inf
    with pytest.raises(GateRefused, match="fold onto itself"):
        for t in np.arange(0.01, trajectory.duration_s + 0.01, 0.01):
            nearest = min(nearest, gap(gate.check(trajectory.sample(t), **FRESH)))
    assert nearest >= CELL.self_clearance_m - 1e-6


def test_a_folded_arm_may_only_be_unfolded() -> None:
    clear, folded = clear_and_folded()
    assert gap(folded) < 0.0 < gap(clear)
    gate = arm_gate(CELL, HAND)
    gate.open(folded)
    trajectory = PLANNER.move_joints(folded, clear)
    for t in np.arange(0.0, trajectory.duration_s, 0.01):
        gate.check(trajectory.sample(t), **FRESH)
    assert "fold" in gate.foresee([folded, folded + 0.01 * (folded - clear)])


def test_a_grasp_near_the_base_is_come_to_from_where_the_arm_is_clear_of_itself() -> None:
    rpy = np.array([0.0, -0.9, 0.0])
    T = transform(rotation_from_rpy(rpy), [0.36, 0.0, 0.15])
    grasp = GraspParameters(T[:3, :3] @ CONTACT_IN_WRIST + T[:3, 3], rpy, np.full(16, 0.5))
    motion = episode_motion(grasp, load_demonstration("pick_cup"), HAND, CONTACT_IN_WRIST, CELL)
    above, before, at = (step.T_base_wrist for step in motion if isinstance(step, ArmMove))
    np.testing.assert_allclose(at, T, atol=1e-9)
    back = float(np.linalg.norm(at[:3, 3] - before[:3, 3]))
    assert 0.5 * CELL.approach_m - 1e-6 < back < 0.9 * CELL.approach_m
    gate, q = arm_gate(CELL, HAND), HOME
    for goal, straight in ((above, False), (before, True), (at, True)):
        way = PLANNER.move(q, goal, straight).preview()
        assert gate.foresee(way) == ""
        q = way[-1]
    full = before.copy()  # from as far off as others are come to, the gate would not let it
    full[:3, 3] -= (CELL.approach_m - back) * approach_direction(at[:3, :3], CONTACT_IN_WRIST)
    full[2, 3] += CELL.lift_clearance_m
    assert "fold" in gate.foresee(PLANNER.move(HOME, full, straight=False).preview())
