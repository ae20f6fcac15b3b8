"""The in-process twin as a workcell: repeatable, honest about faults, judged by physics."""

import hashlib
import subprocess
import sys

import numpy as np
import pytest

from deft_core.errors import ConfigError, WorkcellError
from deft_core.geometry import Array, transform
from deft_core.grasp import GraspParameters
from deft_core.motion import ArmMove, EpisodeMotion, HandShape
from deft_core.task import Task
from deft_core.workcell import WorkcellConfig
from deft_core.wrist import rotation_from_rpy
from deft_sim.task_scene import TaskScene
from deft_sim.workcell import TwinWorkcell

GRASP = GraspParameters(np.zeros(3), np.zeros(3), np.zeros(16))
CURLED = np.array([0.0, 0.6, 0.7, 0.5] * 3 + [0.95, 0.1, 0.6, 0.5])


def to(xyz: list[float], rpy: list[float] | None = None, straight: bool = False) -> ArmMove:
    return ArmMove("move", transform(rotation_from_rpy(rpy or [0, -0.55, 0]), xyz), straight)


def reach_and_close(twin: TwinWorkcell) -> EpisodeMotion:
    x, y, _ = twin.world.pose("target")[:3, 3]
    near = to([x - 0.12, y - 0.02, 0.10], straight=True)
    return EpisodeMotion(GRASP, (to([x - 0.2, y - 0.05, 0.25]), near, HandShape("close", CURLED, 0.6)))


def trajectory(twin: TwinWorkcell, objects: str, seed: int) -> Array:
    twin.reset(objects, seed)
    twin.execute(reach_and_close(twin))
    return np.concatenate([twin.world.data.qpos, twin.world.data.qvel])


def test_the_same_seed_gives_the_same_trajectory_whatever_went_before(twin: TwinWorkcell) -> None:
    first = trajectory(twin, "train", 11)
    trajectory(twin, "train", 12)
    trajectory(twin, "test", 11)
    assert np.array_equal(first, trajectory(twin, "train", 11))


@pytest.mark.slow
def test_the_same_seed_gives_the_same_trajectory_in_another_process(twin: TwinWorkcell) -> None:
    code = (
        "import hashlib, test_twin_workcell as t; from deft_core.task import load_task;"
        "from deft_core.workcell import load_workcell; from deft_sim.workcell import TwinWorkcell;"
        "w = TwinWorkcell(load_task('pick_cup'), load_workcell('twin'), 3, 'raycast');"
        "print(hashlib.sha256(t.trajectory(w, 'train', 11).tobytes()).hexdigest())"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=__file__.rsplit("/", 1)[0], capture_output=True, text=True, timeout=120
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.strip() == hashlib.sha256(trajectory(twin, "train", 11).tobytes()).hexdigest()


def test_the_same_seed_gives_the_same_image(twin: TwinWorkcell) -> None:
    frames = []
    for _ in range(2):
        twin.reset("train", 4)
        frames.append(twin.look())
    assert np.array_equal(frames[0].color, frames[1].color)
    assert np.array_equal(frames[0].depth_mm, frames[1].depth_mm)
    assert frames[1].capture_id == frames[0].capture_id + 1


def test_the_robot_is_told_the_calibrated_pose_not_the_true_one(twin: TwinWorkcell, cell: WorkcellConfig) -> None:
    twin.reset("train", 4)
    assert np.array_equal(twin.look().T_base_camera, cell.camera.T_base_camera)


def test_scenes_cover_the_placement_and_every_yaw(twin: TwinWorkcell, pick_cup: Task) -> None:
    poses = [twin.scene.arrange("train", seed).poses["target"] for seed in range(300)]
    xy = np.array([T[:2, 3] for T in poses])
    yaw = np.array([np.arctan2(T[1, 0], T[0, 0]) for T in poses])
    for k, limits in enumerate((pick_cup.placement.x_m, pick_cup.placement.y_m)):
        assert limits[1] - limits[0] >= 0.15 - 1e-9
        assert xy[:, k].min() < limits[0] + 0.01 and xy[:, k].max() > limits[1] - 0.01
    assert np.ptp(yaw) > 6.0


def test_a_reset_cup_stands_where_it_was_put(twin: TwinWorkcell) -> None:
    twin.reset("test", 9)
    wanted = twin.scene.arrange("test", 9).poses["target"]
    assert np.allclose(twin.world.pose("target")[:3, 3], wanted[:3, 3], atol=2e-3)
    assert np.abs(twin.world.velocity("target")).max() < 1e-3


def test_touching_the_cup_is_rewarded_and_nothing_is_not(twin: TwinWorkcell) -> None:
    twin.reset("train", 2)
    twin.execute(EpisodeMotion(GRASP, (HandShape("close", CURLED, 0.6),)))
    assert twin.rate("judge").reward == 0.0
    twin.reset("train", 2)
    twin.execute(reach_and_close(twin))
    rating = twin.rate("judge")
    assert rating.reward > 0.0 and rating.details["touched"] == 1.0
    assert rating.success is False


def test_a_pose_out_of_reach_is_a_fault_of_the_grasp(twin: TwinWorkcell) -> None:
    twin.reset("train", 2)
    assert twin.execute(EpisodeMotion(GRASP, (to([1.5, 0, 0.3]),))).fault.startswith("unreachable")


def test_the_gate_refuses_a_wrist_that_leaves_the_workspace(twin: TwinWorkcell) -> None:
    twin.reset("train", 2)
    assert twin.execute(EpisodeMotion(GRASP, (to([0.45, -0.60, 0.3]),))).fault.startswith("refused")


def test_pushing_hard_on_the_table_trips_the_controller(twin: TwinWorkcell) -> None:
    twin.reset("train", 2)
    down = [0.0, 0.75, 0.0]  # fingers straight down: the palm stays above the table, the fingers do not
    steps = (to([0.35, -0.25, 0.35], down), to([0.35, -0.25, 0.10], down, straight=True))
    outcome = twin.execute(EpisodeMotion(GRASP, steps))
    assert outcome.fault.startswith("collision")


def test_raters_it_does_not_have_are_refused_by_name(twin: TwinWorkcell) -> None:
    twin.reset("train", 2)
    with pytest.raises(WorkcellError, match="r3m"):
        twin.rate("r3m")


def test_before_the_first_reset_there_is_nothing_to_see(pick_cup: Task, cell: WorkcellConfig) -> None:
    with pytest.raises(WorkcellError, match="reset"):
        TwinWorkcell(pick_cup, cell, 0).look()


@pytest.mark.parametrize(
    ("path", "value", "match"),
    [
        (("criterion", "kind"), "juggle", r"criterion.kind.*juggle.*pick_cup"),
        (("criterion", "parameters"), {"height": 1.0}, r"criterion.parameters.*height.*lift_m"),
        (("placement", "x_m"), [2.0, 2.2], r"placement.*x_m.*off the table"),
        (("placement", "x_m"), [0.0, 0.2], "robot's base"),
        (("placement",), {"x_m": [0.2, 0.5], "y_m": [-0.5, 0.5], "yaw_rad": [0.0, 0.0]}, "comes to 0.20 m of"),
        (("placement", "x_m"), [0.5, 0.8], r"x_m: \[0.5, 0.8\].*workspace.*allowed: 0.15 to 0.75"),
        (("train", "target", "parameters", "mass_kg"), 320.0, r"train.target.*mass_kg.*less than 2, got 320.0"),
        (("train", "target", "parameters", "profile"), [[0.0, 32.0], [1.0, 43.0]], r"profile.0.1.*0.15, got 32.0"),
        (("train", "target", "parameters", "color"), [200, 46, 36], r"color.0: .*got 200"),
        (("train", "target", "parameters", "rest_rpy_rad"), [0.0, 28.6, 0.0], r"rest_rpy_rad.1.*got 28.6"),
        (("train", "target", "kind"), "teapot", r"train.target.kind.*teapot"),
    ],
)
def test_a_task_that_cannot_be_is_refused_before_anything_starts(
    pick_cup: Task, cell: WorkcellConfig, hand, path: tuple[str, ...], value: object, match: str
) -> None:
    data = pick_cup.model_dump()
    inner = data
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    with pytest.raises(ConfigError, match=match):
        TaskScene(Task.model_validate(data), hand, arm=cell.arm)
