"""The robot's body in the twin: the maker's kinematics, joints that obey, fingers that give."""

import mujoco
import numpy as np
import pytest

from deft_core.arm_shape import SelfClearance, hard_parts
from deft_core.clearance import Clearance
from deft_core.hand import HandModel, load_hand
from deft_core.kinematics import JOINT_LOWER, JOINT_UPPER, flange_pose, joint_frames
from deft_sim.model.arm import add_arm
from deft_sim.model.poses import pose_of
from deft_sim.model.scene import new_scene
from deft_sim.tick import TICK_S
from deft_sim.world import World

Q = np.array([0.4, -0.5, -0.9, 0.3, 1.1, -0.2])


@pytest.fixture(scope="module")
def world(hand: HandModel) -> World:
    return World(hand, {})


@pytest.fixture(scope="module", params=["dash", "leap"])
def either(request: pytest.FixtureRequest) -> World:
    """A hand of twelve motors, or one of sixteen whose fingers bend before they spread."""
    return World(load_hand(request.param), {})


def live(world: World, seconds: float) -> None:
    for _ in range(round(seconds / TICK_S)):
        world.tick()


def test_the_flange_stands_where_the_maker_says() -> None:
    spec = new_scene(table_looks=0)
    add_arm(spec)
    model = spec.compile()
    data = mujoco.MjData(model)
    mujoco.mj_forward(model, data)
    T = pose_of(data.body("link6").xpos, data.body("link6").xmat)
    assert np.allclose(T[:3, 3], [0.207, 0, 0.112], atol=1e-6)
    assert np.allclose(T[:3, :3], np.diag([1.0, -1.0, -1.0]), atol=1e-6)


def test_bodies_follow_the_same_kinematics_as_the_planner(world: World, hand: HandModel) -> None:
    rng = np.random.default_rng(1)
    for q in rng.uniform([-2, -1.5, -2.5, -2, -1, -2], [2, 1.5, 0, 2, 2.5, 2], size=(5, 6)):
        world.arm_servo.reset(world.data, q)
        mujoco.mj_kinematics(world.model, world.data)
        body = world.data.body("link6")
        assert np.allclose(pose_of(body.xpos, body.xmat), flange_pose(q), atol=1e-9)
        assert np.allclose(world.wrist_pose() @ hand.T_wrist_eef, flange_pose(q), atol=1e-9)


def test_the_arm_reaches_its_target_no_faster_than_its_top_speed_and_holds_it(world: World) -> None:
    world.reset(Q, np.zeros(12), {})
    world.arm_servo.target = Q + np.array([0.5, 0, 0, 0, 0, 0])
    fastest = 0.0
    for _ in range(150):
        world.tick()
        fastest = max(fastest, float(np.abs(world.arm_servo.qd(world.data)).max()))
    assert fastest < 1.2 * 3.14
    assert np.allclose(world.arm_servo.q(world.data), world.arm_servo.target, atol=2e-3)


def test_fingers_bend_as_the_hand_model_says(either: World) -> None:
    world, motors = either, len(either.hand.motor_ids)
    wanted = np.tile([0.1, 0.5, 0.6, 0.48], 4)
    world.reset(Q, np.zeros(motors), {})
    world.hand_servo.command(world.hand.motors_from_joints(wanted), np.full(motors, 1.0), np.ones(motors, dtype=bool))
    live(world, 1.5)
    fingers = world.hand_servo.joints(world.data)[:12]  # the thumb meets the palm first
    assert np.allclose(fingers, wanted[:12], atol=0.1)


def test_finger_bodies_agree_with_the_hand_models_points(either: World) -> None:
    world, hand = either, either.hand
    world.reset(Q, hand.motors_from_joints(np.tile([0.1, 0.5, 0.6, 0.48], 4)), {})
    points = hand.finger_points(world.hand_servo.joints(world.data))
    T = np.linalg.inv(world.wrist_pose())
    for f, finger in enumerate(hand.fingers):
        first = "base" if len(hand.motor_kinds) == 4 else "proximal"
        for k, part in enumerate((first, "middle", "distal")):
            place = (T @ np.append(world.data.body(f"{finger}_{part}").xpos, 1))[:3]
            assert np.allclose(place, points[f, k], atol=1e-3), (finger, part)


def test_motor_current_never_exceeds_its_limit_and_stays_at_it_in_a_stall(world: World) -> None:
    world.reset(Q, np.zeros(12), {})
    world.hand_servo.command(np.full(12, 3.0), np.full(12, 0.3), np.ones(12, bool))  # far past every joint's end
    peak = 0.0
    for _ in range(400):
        world.tick()
        peak = max(peak, float(np.abs(world.hand_servo.current).max()))
    assert peak <= 0.3 + 1e-9
    assert np.abs(world.hand_servo.current).max() == pytest.approx(0.3)
    assert np.abs(world.hand_servo.shaft).max() < 2.9


def test_a_motor_without_torque_pulls_nothing(world: World) -> None:
    world.reset(Q, np.zeros(12), {})
    world.hand_servo.command(np.full(12, 0.8), np.full(12, 1.0), np.zeros(12, bool))
    live(world, 0.5)
    assert np.abs(world.hand_servo.current).max() == 0.0
    assert np.abs(world.hand_servo.shaft).max() < 0.05


def test_slack_in_the_tendons_leaves_the_joints_behind_the_way_they_came_from(world: World, hand: HandModel) -> None:
    world.reset(Q, np.zeros(12), {})
    settled = []
    for goal in (0.5, 0.9, 0.5):
        world.hand_servo.command(np.full(12, goal), np.full(12, 1.0), np.ones(12, bool))
        live(world, 1.0)
        settled.append(world.hand_servo.joints(world.data) - goal)
    behind = (settled[2] - settled[0])[[1, 5, 9]]  # knuckles, coming from below and from above
    assert (behind > 0.0).all()
    assert (behind < 4 * hand.motors.backlash_rad).all()


def test_the_hand_cannot_pass_through_the_table(world: World, hand: HandModel) -> None:
    low = np.array([0.0, 0.75, -1.2, 0.0, 0.4, 0.0])  # the planner would refuse; the physics must too
    world.reset(Q, np.zeros(12), {})
    world.arm_servo.target = low
    live(world, 2.0)
    reached = world.arm_servo.q(world.data)
    assert np.isfinite(reached).all()
    deepest = min(world.data.contact.dist, default=0.0)
    assert deepest > -0.02
    assert np.abs(world.arm_servo.external(world.data)).max() > 5.0


def test_what_the_gate_keeps_off_the_table_bounds_the_palm_and_the_last_links(hand: HandModel) -> None:
    world = World(hand, {})
    model, data, clearance = world.model, world.data, Clearance(hand)
    joints = [model.joint(f"joint{i}").qposadr[0] for i in range(1, 7)]
    rng = np.random.default_rng(2)
    for _ in range(50):
        q = rng.uniform(np.maximum(JOINT_LOWER, -np.pi), np.minimum(JOINT_UPPER, np.pi))
        data.qpos[joints] = q
        mujoco.mj_kinematics(model, data)
        lowest = []
        for name in ("link5_0", "link5_1"):
            geom = model.geom(name).id
            radius, half = model.geom_size[geom, :2]
            lowest.append(data.geom_xpos[geom, 2] - half * abs(data.geom_xmat[geom, 8]) - radius)
        palm = model.geom("palm").id
        lowest.append(data.geom_xpos[palm, 2] - np.abs(data.geom_xmat[palm, 6:9]) @ model.geom_size[palm])
        assert clearance.of_joints(q) <= min(lowest) + 1e-6


@pytest.mark.parametrize("name", ["dash", "leap"])
def test_what_keeps_the_arm_off_itself_is_as_big_as_what_collides_and_hardly_bigger(name: str) -> None:
    hand = load_hand(name)
    world = World(hand, {})
    model, data = world.model, world.data
    joints = [model.joint(f"joint{i}").qposadr[0] for i in range(1, 7)]
    bodies = [model.body(n).id for n in ("link_base", *(f"link{i}" for i in range(1, 7)), "palm")]
    parts = [[g for g in range(model.ngeom) if model.geom_bodyid[g] == body] for body in bodies]
    pairs = [(a, b) for i in range(8) for j in range(i + 3, 8) if i < 4 for a in parts[i] for b in parts[j]]
    rng = np.random.default_rng(3)
    slack = []
    for _ in range(60):
        q = rng.uniform(np.maximum(JOINT_LOWER, -np.pi), np.minimum(JOINT_UPPER, np.pi))
        data.qpos[joints] = q
        mujoco.mj_kinematics(model, data)
        apart = min(mujoco.mj_geomDistance(model, data, a, b, 1.0, None) for a, b in pairs)
        gap, which = SelfClearance(hard_parts(hand)).of_frames(joint_frames(q))
        if apart > 0.0:  # how deep shapes that overlap are is reckoned differently
            assert gap <= apart + 1e-6, (q, which)
            slack.append(apart - gap)
    assert np.median(slack) < 0.02 and len(slack) > 20
