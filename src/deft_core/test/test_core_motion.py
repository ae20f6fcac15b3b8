"""Kinematics, planning and the gate: what may reach a motor."""

from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from deft_core import geometry, kinematics
from deft_core.clearance import Clearance
from deft_core.demonstration import STEPS, Demonstration, displacements
from deft_core.errors import GateRefused, Unreachable
from deft_core.gate import arm_gate, hand_gate
from deft_core.grasp import GraspParameters
from deft_core.hand import load_hand
from deft_core.motion import ArmMove, HandShape, WristFollow, episode_motion
from deft_core.planner import ArmPlanner
from deft_core.workcell import load_workcell
from deft_core.wrist import rotation_from_rpy

CELL = load_workcell("twin")
HAND = load_hand(CELL.hand.model)
HOME = np.array(CELL.arm.home_rad)
PLANNER = ArmPlanner(CELL.arm, HAND)
FRESH = {"dt_s": 0.01, "command_age_s": 0.0, "state_age_s": 0.0}
CONTACT_IN_WRIST = np.array([-0.10, -0.05, 0.0])


def demo(lift_m: float = 0.1, turn_rad: float = 0.0, grasp_rotvec: np.ndarray | None = None) -> Demonstration:
    rotvec = Rotation.from_matrix(rotation_from_rpy([0, -0.6, 0])).as_rotvec() if grasp_rotvec is None else grasp_rotvec
    return Demonstration(
        task="pick_cup",
        frame="gravity_aligned_at_grasp",
        dt_s=0.1,
        grasp_rotvec=tuple(rotvec),
        translations_m=[(0.0, 0.0, lift_m / STEPS)] * STEPS,
        rotations_rad=[(turn_rad / STEPS, 0.0, 0.0)] * STEPS,
        source="test",
        clip_sha256="0" * 64,
    )


def test_the_flange_at_zero_is_where_the_vendor_says() -> None:
    T = kinematics.flange_pose(np.zeros(6))
    assert np.allclose(T[:3, 3], [0.207, 0.0, 0.112], atol=1e-9)
    assert np.allclose(T[:3, :3], np.diag([1, -1, -1]), atol=1e-9)


@given(st.lists(st.floats(-0.4, 0.4), min_size=6, max_size=6))
@settings(max_examples=40, deadline=None)
def test_inverse_kinematics_returns_to_the_pose(offset: list[float]) -> None:
    q = HOME + np.array(offset)
    T = kinematics.flange_pose(q)
    found = kinematics.flange_pose(kinematics.inverse_kinematics(T, HOME))
    assert np.allclose(found[:3, 3], T[:3, 3], atol=2e-4)
    assert geometry.rotation_angle(found[:3, :3].T @ T[:3, :3]) < 2e-3


def beside_singularity(joint5: float) -> np.ndarray:
    """Joint angles (6,) of an arm that reaches over the table, its wrist's axes in line where joint 5 is at zero."""
    return np.array([-0.1, 0.3, -1.1, 2.0, joint5, 0.5])


@given(st.floats(-0.05, 0.05), st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_near_a_wrist_singularity_a_way_gives_in_instead_of_spinning(joint5: float, seed: int) -> None:
    """A hand led along a tracked, so slightly trembling, demonstration past joint 5 at zero: no joint jumps."""
    rng = np.random.default_rng(seed)
    q = beside_singularity(joint5)
    T = PLANNER.wrist_pose(q)
    poses = np.tile(T, (20, 1, 1))
    poses[:, 2, 3] += np.linspace(0.0, 0.08, 20)
    poses[:, :3, :3] = Rotation.from_rotvec(0.02 * rng.normal(size=(20, 3))).as_matrix() @ T[:3, :3]
    way = PLANNER.follow(q, poses, 0.13 * np.arange(1, 21))
    assert np.abs(np.diff(way.knots_rad, axis=0)).max() <= 0.8
    for knot, pose in zip(way.knots_rad[1:], poses, strict=True):
        reached = PLANNER.wrist_pose(knot)
        assert np.linalg.norm(reached[:3, 3] - pose[:3, 3]) < 0.005
        assert geometry.rotation_angle(reached[:3, :3].T @ pose[:3, :3]) < 0.26


@given(st.floats(-0.05, 0.05), st.integers(0, 2**32 - 1))
@settings(max_examples=40, deadline=None)
def test_a_straight_move_ends_at_its_goal_unless_a_joint_would_spin_for_it(joint5: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    q = beside_singularity(joint5)
    goal = PLANNER.wrist_pose(q)
    goal[2, 3] += 0.05
    goal[:3, :3] = Rotation.from_rotvec(0.06 * rng.normal(size=3)).as_matrix() @ goal[:3, :3]
    try:
        way = PLANNER.move(q, goal, straight=True)
    except Unreachable:  # now and then there is no way at all, and the planner says so
        reject()
    reached = PLANNER.wrist_pose(way.knots_rad[-1])
    assert np.linalg.norm(reached[:3, 3] - goal[:3, 3]) < 0.005
    if geometry.rotation_angle(reached[:3, :3].T @ goal[:3, :3]) > 2e-3:
        before = way.sample(0.6 * way.duration_s)  # short of the knot before the last
        with suppress(Unreachable):  # no exact solution from there: as good a reason
            exact = kinematics.inverse_kinematics(goal @ PLANNER.T_wrist_eef, before)
            assert np.abs(exact - before).max() > 0.7  # a way that gives in earlier leaves 0.4 to 0.7


def test_away_from_singularities_a_way_is_exact() -> None:
    T = PLANNER.wrist_pose(HOME)
    poses = np.tile(T, (10, 1, 1))
    poses[:, 0, 3] += np.linspace(0.01, 0.1, 10)
    for knot, pose in zip(PLANNER.follow(HOME, poses, 0.1 * np.arange(1, 11)).knots_rad[1:], poses, strict=True):
        assert np.allclose(PLANNER.wrist_pose(knot)[:3], pose[:3], atol=2e-3)


def test_link_frames_are_the_chain_of_origins_and_turns() -> None:
    q = np.random.default_rng(1).uniform(kinematics.JOINT_LOWER, kinematics.JOINT_UPPER)
    T = np.eye(4)
    for origin, angle, frame in zip(kinematics.JOINT_ORIGINS, q, kinematics.joint_frames(q), strict=True):
        T = T @ origin @ geometry.transform(geometry.rot_z(angle))
        np.testing.assert_allclose(frame, T, atol=1e-14)


def test_jacobian_is_the_derivative() -> None:
    J, eps = kinematics.jacobian(HOME), 1e-6
    for j in range(6):
        dq = np.zeros(6)
        dq[j] = eps
        step = (kinematics.flange_pose(HOME + dq) - kinematics.flange_pose(HOME))[:3, 3] / eps
        assert np.allclose(step, J[:3, j], atol=1e-5)


def test_out_of_reach_says_how_far_off() -> None:
    with pytest.raises(Unreachable, match="mm and"):
        PLANNER.move(HOME, geometry.transform(rotation_from_rpy([0, -0.6, 0]), [1.5, 0, 0.1]), straight=False)


@pytest.mark.parametrize("x", [0.36, 0.5])
@pytest.mark.parametrize("y", [-0.08, 0.08])
@pytest.mark.parametrize("pitch", [-0.75, -0.3])
def test_every_step_of_a_pour_over_the_placement_box_passes_the_gate(x: float, y: float, pitch: float) -> None:
    contact = np.array([x, y, 0.07]) + rotation_from_rpy([0, pitch, 0.2]) @ CONTACT_IN_WRIST
    grasp = GraspParameters(contact, np.array([0, pitch, 0.2]), np.full(16, 0.5))
    motion = episode_motion(grasp, demo(0.17, 2.2), HAND, CONTACT_IN_WRIST, CELL)
    gate, q = arm_gate(CELL, HAND), HOME
    gate.open(q)
    for step in motion:
        if isinstance(step, HandShape):
            continue
        if isinstance(step, ArmMove):
            trajectory = PLANNER.move(q, step.T_base_wrist, step.straight)
        else:
            trajectory = PLANNER.follow(q, step.poses, step.times_s)
        for t in np.arange(0.01, trajectory.duration_s + 0.01, 0.01):
            q = gate.check(trajectory.sample(t), **FRESH)
    assert isinstance(step, WristFollow)
    reached = PLANNER.wrist_pose(q)
    assert np.linalg.norm(reached[:3, 3] - step.poses[-1][:3, 3]) < 1e-3
    assert geometry.rotation_angle(reached[:3, :3].T @ step.poses[-1][:3, :3]) < 5e-3


def test_where_the_full_approach_is_out_of_reach_the_hand_comes_from_nearer_by() -> None:
    grasp = GraspParameters(np.array([0.52, 0.318, 0.21]), np.array([-0.12, 0.19, 0.79]), np.full(16, 0.5))
    motion = episode_motion(grasp, demo(), HAND, CONTACT_IN_WRIST, CELL)
    above, before, at = (step.T_base_wrist for step in motion if isinstance(step, ArmMove))
    back = np.linalg.norm(at[:3, 3] - before[:3, 3])
    assert 0.5 * CELL.approach_m - 1e-6 < back < 0.9 * CELL.approach_m
    assert back / CELL.approach_m == pytest.approx((above[2, 3] - before[2, 3]) / CELL.lift_clearance_m, rel=1e-6)
    for T in (above, before, at):
        PLANNER.solve(T, HOME)
    full = at.copy()
    full[:3, 3] += (before[:3, 3] - at[:3, 3]) * CELL.approach_m / back
    full[2, 3] += CELL.lift_clearance_m
    with pytest.raises(Unreachable):
        PLANNER.solve(full, HOME)


def test_where_the_straight_way_down_needs_another_arm_configuration_the_hand_comes_from_nearer_by() -> None:
    """Both ends of a way within reach do not make it one: this pinch at a lying spoon was refused on the approach."""
    fingers = [0.35, 1.41, 0.67, 0.54, -0.07, 1.34, 0.58, 0.46, -0.35, 1.75, 0.31, 0.25, 1.1, -0.08, 0.29, 0.23]
    grasp = GraspParameters(np.array([0.508, 0.041, 0.031]), np.array([-0.4, 0.07, 0.18]), np.array(fingers))
    motion = episode_motion(grasp, demo(), HAND, [-0.0924, -0.0539, 0.0177], CELL)
    above, before, at = (step.T_base_wrist for step in motion if isinstance(step, ArmMove))
    off = np.linalg.norm(at[:3, 3] - before[:3, 3])
    assert 0.4 * CELL.approach_m < off < 0.9 * CELL.approach_m

    def come(*poses: np.ndarray) -> np.ndarray:
        q = PLANNER.solve(poses[0], HOME)
        for T in poses[1:]:
            q = PLANNER.way(q, T)[-1]
        return q

    assert np.allclose(PLANNER.wrist_pose(come(above, before, at)), at, atol=2e-3)
    full, high = before.copy(), above.copy()
    full[:3, 3] = at[:3, 3] + (before[:3, 3] - at[:3, 3]) * CELL.approach_m / off
    high[:3, 3] = full[:3, 3] + [0.0, 0.0, CELL.lift_clearance_m]
    come(high, full)
    with pytest.raises(Unreachable, match="another arm configuration"):
        come(high, full, at)


def test_going_home_unwinds_whatever_a_pour_wound_up() -> None:
    q = HOME + np.array([0.2, 0.1, -0.1, 0.4, 0.2, 2.4])
    trajectory = PLANNER.move(q, PLANNER.wrist_pose(HOME), straight=False)
    assert np.allclose(trajectory.sample(trajectory.duration_s), HOME, atol=1e-2)


def test_a_straight_move_is_straight() -> None:
    T0 = PLANNER.wrist_pose(HOME)
    T1 = T0 @ geometry.transform(Rotation.from_rotvec([0, 0.3, 0]).as_matrix(), [-0.1, 0.02, 0.03])
    trajectory = PLANNER.move(HOME, T1, straight=True)
    way = T1[:3, 3] - T0[:3, 3]
    for t in np.linspace(0, trajectory.duration_s, 50):
        off = np.cross(PLANNER.wrist_pose(trajectory.sample(t))[:3, 3] - T0[:3, 3], way / np.linalg.norm(way))
        assert np.linalg.norm(off) < 2e-3


@given(st.floats(-2.5, 2.5))
@settings(max_examples=20)
def test_a_demonstration_turns_with_the_robots_heading(heading: float) -> None:
    R = Rotation.from_rotvec(demo().grasp_rotvec).as_matrix()
    d = demo(0.0, 1.0).model_copy(update={"translations_m": [(0.002, 0.0, 0.001)] * STEPS})
    Z = geometry.rot_z(heading)
    straight, turned = d.wrist_poses(geometry.transform(R)), d.wrist_poses(geometry.transform(Z @ R))
    assert np.allclose(turned[:, :3, 3], straight[:, :3, 3] @ Z.T, atol=1e-9)
    assert np.allclose(turned[-1, :3, :3], Z @ straight[-1, :3, :3], atol=1e-9)


def test_displacements_and_wrist_poses_are_inverse() -> None:
    d = demo(0.12, 1.5)
    T0 = geometry.transform(Rotation.from_rotvec(d.grasp_rotvec).as_matrix(), [0.4, 0.1, 0.2])
    translations, rotations = displacements(np.concatenate([T0[None], d.wrist_poses(T0)]))
    assert np.allclose(translations, d.translations_m, atol=1e-12)
    assert np.allclose(rotations, d.rotations_rad, atol=1e-9)


@pytest.mark.parametrize("straight", [True, False])
def test_a_wrist_is_nowhere_faster_than_asked_for(straight: bool) -> None:
    T = PLANNER.wrist_pose(HOME)
    T[:3, 3] += [0.05, 0.2, -0.05]
    way = PLANNER.move(HOME, T, straight, speed_mps=0.02)
    t = np.arange(0.0, way.duration_s, 0.02)
    places = np.array([PLANNER.wrist_pose(q)[:3, 3] for q in way.sample(t)])
    fastest = np.linalg.norm(np.diff(places, axis=0), axis=1).max() / 0.02
    assert 0.015 < fastest < 0.0205


class TestGate:
    """Every rule refuses, names itself, and closes the gate."""

    def test_starts_closed(self) -> None:
        with pytest.raises(GateRefused, match="not enabled"):
            arm_gate(CELL, HAND).check(HOME, **FRESH)

    @pytest.mark.parametrize(
        ("command", "times", "match"),
        [
            (HOME[:5], {}, "shape"),
            (np.where(np.arange(6) == 2, np.nan, HOME), {}, "finite"),
            (HOME + 0.5, {}, "rad/s"),
            (np.where(np.arange(6) == 2, 0.5, HOME), {}, "outside"),
            (HOME, {"command_age_s": 1.5}, "command is 1.500 s old"),
            (HOME, {"command_age_s": -0.1}, "command is"),
            (HOME, {"state_age_s": 9.0}, "device state"),
            (HOME, {"state_age_s": float("nan")}, "device state"),
            (HOME, {"dt_s": 0.0}, "not above zero"),
            (HOME, {"dt_s": float("nan")}, "not above zero"),
        ],
    )
    def test_refuses_and_stays_closed(self, command: np.ndarray, times: dict[str, float], match: str) -> None:
        gate = arm_gate(CELL, HAND)
        gate.open(HOME)
        with pytest.raises(GateRefused, match=match):
            gate.check(command, **(FRESH | times))
        with pytest.raises(GateRefused, match="gate is closed"):
            gate.check(HOME, **FRESH)

    def test_refuses_to_lower_the_hand_into_the_table(self) -> None:
        gate, q = arm_gate(CELL, HAND), HOME
        T = geometry.transform(rotation_from_rpy([0, 0.2, 0]), [0.4, 0.0, 0.03])
        trajectory = PLANNER.move(q, T, straight=False)
        gate.open(q)
        with pytest.raises(GateRefused, match=r"table|workspace"):
            for t in np.arange(0.01, trajectory.duration_s + 0.01, 0.01):
                gate.check(trajectory.sample(t), **FRESH)

    def test_foresees_a_way_into_the_table_and_stays_open(self) -> None:
        gate = arm_gate(CELL, HAND)
        gate.open(HOME)
        low = geometry.transform(rotation_from_rpy([0, 0.2, 0]), [0.4, 0.0, 0.03])
        assert gate.foresee(PLANNER.move(HOME, low, straight=False).preview())
        high = geometry.transform(rotation_from_rpy([0, -0.6, 0]), [0.4, 0.0, 0.2])
        assert gate.foresee(PLANNER.move(HOME, high, straight=False).preview()) == ""
        assert gate.foresee(np.full((3, 6), np.nan)) and gate.closed_by == ""

    def test_a_hand_pushed_below_the_floor_may_only_be_led_back_up(self) -> None:
        gate = arm_gate(CELL, HAND)
        below = PLANNER.solve(geometry.transform(rotation_from_rpy([0, -0.6, 0]), [0.42, 0.0, 0.045]), HOME)
        T = PLANNER.wrist_pose(below)
        up, down = T.copy(), T.copy()
        up[2, 3] += 0.1
        down[2, 3] -= 0.005
        assert gate.foresee(PLANNER.move(below, up, straight=True).preview()) == ""
        assert "table" in gate.foresee(PLANNER.move(below, down, straight=True).preview())
        gate.open(below)
        trajectory = PLANNER.move(below, up, straight=True)
        for t in np.arange(0.0, trajectory.duration_s, 0.01):
            gate.check(trajectory.sample(t), **FRESH)
        with pytest.raises(GateRefused, match="table"):
            for t in np.arange(trajectory.duration_s, 0.0, -0.01):
                gate.check(trajectory.sample(t), **FRESH)

    def test_a_wrist_outside_the_workspace_may_not_be_led_into_the_table(self) -> None:
        """Each rule of place by itself: 12 cm outside the box are no leave to go 4 cm below the table."""
        gate = arm_gate(CELL, HAND)
        outside = PLANNER.solve(geometry.transform(rotation_from_rpy([0, -0.6, 0]), [0.3, 0.62, 0.3]), HOME)
        T = PLANNER.wrist_pose(outside)
        back, down = T.copy(), T.copy()
        back[1, 3] -= 0.2
        down[:3, 3] -= [0.0, 0.02, Clearance(HAND).of_joints(outside) + 0.04]
        assert "outside the workspace" in gate.foresee([outside, outside + 1e-3])
        assert gate.foresee(PLANNER.move(outside, back, straight=True).preview()) == ""
        trajectory = PLANNER.move(outside, down, straight=True)
        assert "table" in gate.foresee(trajectory.preview())
        gate.open(outside)
        with pytest.raises(GateRefused, match="table"):
            for t in np.arange(0.01, trajectory.duration_s + 0.01, 0.01):
                gate.check(trajectory.sample(t), **FRESH)

    def test_a_gate_closed_while_its_device_was_made_ready_stays_closed(self) -> None:
        gate = hand_gate(CELL, HAND)
        before = gate.closings
        gate.close("stopped by /deft/stop")
        with pytest.raises(GateRefused, match="stopped while"):
            gate.open(np.zeros(16), before)
        assert gate.closed_by
        gate.open(np.zeros(16), gate.closings)
        assert gate.closed_by == ""

    def test_a_stop_holds_until_opened_again(self) -> None:
        gate = hand_gate(CELL, HAND)
        gate.open(np.zeros(16))
        gate.check(np.full(16, 0.01), **FRESH)
        gate.close("stopped by /deft/stop")
        gate.close("another reason")
        with pytest.raises(GateRefused, match="/deft/stop"):
            gate.check(np.full(16, 0.02), **FRESH)
        gate.open(np.full(16, 0.01))
        assert gate.check(np.full(16, 0.02), **FRESH).shape == (16,)


def test_a_command_inside_the_workspace_costs_the_gate_one_forward_chain(monkeypatch: pytest.MonkeyPatch) -> None:
    gate = arm_gate(CELL, HAND)
    gate.open(HOME)
    asked: list[np.ndarray] = []
    chain = kinematics.joint_frames
    monkeypatch.setattr(kinematics, "joint_frames", lambda q: asked.append(q) or chain(q))
    gate.check(HOME, **FRESH)
    assert len(asked) == 1
