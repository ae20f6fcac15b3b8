"""Files are checked where they enter: the error names file, field and what is allowed."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import yaml

from deft_core.config import misspelt, short_name, whole_name
from deft_core.demonstration import DEMONSTRATIONS_DIR, load_demonstration
from deft_core.errors import ConfigError
from deft_core.hand import HANDS_DIR, load_hand
from deft_core.observation import Rating
from deft_core.task import PAPER_TASKS, TASKS_DIR, load_task
from deft_core.workcell import WORKCELLS_DIR, load_workcell, scene_seed


def test_an_unknown_task_lists_those_that_exist_and_the_nine_names() -> None:
    with pytest.raises(ConfigError) as error:
        load_task("juggle")
    assert "pour_cup" in str(error.value)
    assert all(name in str(error.value) for name in PAPER_TASKS)


def test_a_task_s_file_names_its_demonstration_from_where_it_lies(tmp_path: Path, monkeypatch) -> None:
    text = (TASKS_DIR / "pick_cup.yaml").read_text()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "pick_mug.yaml").write_text(
        text.replace("demonstration: pick_cup", "demonstration: shown.json")
    )
    monkeypatch.chdir(tmp_path)
    whole = whole_name("mine/pick_mug.yaml")
    assert whole == str(tmp_path / "mine" / "pick_mug.yaml") and short_name(whole) == "pick_mug"
    assert whole_name("pick_cup") == short_name("pick_cup") == "pick_cup"
    monkeypatch.chdir("/")
    assert load_task(whole).demonstration == str(tmp_path / "mine" / "shown.json")
    assert load_task("pick_cup").demonstration == "pick_cup"


def test_a_workcell_s_file_names_its_hand_s_from_where_it_lies(tmp_path: Path, monkeypatch) -> None:
    data = yaml.safe_load((WORKCELLS_DIR / "lab.yaml").read_text())
    data["hand"]["model"] = "hands/mine.yaml"
    (tmp_path / "hands").mkdir()
    (tmp_path / "hands" / "mine.yaml").write_text((HANDS_DIR / "dash.yaml").read_text())
    (tmp_path / "cell.yaml").write_text(yaml.safe_dump(data))
    monkeypatch.chdir(tmp_path)
    cell = load_workcell("cell.yaml", 1.0)
    monkeypatch.chdir("/")
    model = load_workcell(str(tmp_path / "cell.yaml")).hand.model
    assert load_hand(model).name == load_hand("dash").name and Path(cell.hand.model).name == "mine.yaml"


def expect_refusal(load: Callable[[str], object], file: Path, text: str, said: str) -> None:
    """A settings file is refused for what is wrong in it, and named."""
    file.write_text(text)
    with pytest.raises(ConfigError, match=said) as error:
        load(str(file))
    assert str(file) in str(error.value)


@pytest.mark.parametrize("name", ["twin", "lab", "cluttered"])
def test_shipped_workcells_load(name: str) -> None:
    assert load_workcell(name).name == name


@pytest.mark.parametrize("name", PAPER_TASKS)
def test_shipped_tasks_and_demonstrations_load(name: str) -> None:
    assert load_demonstration(load_task(name).demonstration).task == name


def test_a_real_workcell_refuses_to_live_faster_than_the_clock() -> None:
    with pytest.raises(ConfigError, match="time_scale"):
        load_workcell("lab", time_scale=2.0)
    assert load_workcell("twin", time_scale=2.0).time_scale == 2.0


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"kind": "moon"}, "kind"),
        ({"tabel_z_m": 0.0}, "tabel_z_m"),
        ({"objects_y_m": [0.2, -0.2]}, "objects_y_m: the first must be below the second"),
        ({"time_scale": float("nan")}, "time_scale"),
        ({"arm": {"host": "127.0.0.1"}}, "arm.home_rad"),
    ],
)
def test_a_wrong_workcell_field_is_named(tmp_path: Path, change: dict, match: str) -> None:
    data = yaml.safe_load((WORKCELLS_DIR / "twin.yaml").read_text()) | change
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(data))
    with pytest.raises(ConfigError, match=match):
        load_workcell(str(path))


@pytest.mark.parametrize(
    ("part", "field", "value"),
    [
        ("arm", "home_rad", [-54.0, -23.0, -36.0, 163.0, 49.0, 11.0]),  # degrees
        ("arm", "workspace_upper_m", [750.0, 550.0, 700.0]),  # millimetres
        ("arm", "max_command_age_s", 1e9),
        ("arm", "host", ""),
        ("camera", "xyz_m", [120.0, 260.0, 700.0]),
        ("camera", "rotation_rpy_rad", [-143.0, 0.0, -121.0]),
        ("camera", "source", "realsense"),
        ("hand", "model", "lep"),
        ("hand", "baud", 1),
    ],
)
def test_a_value_of_another_unit_or_that_is_none_is_named(tmp_path: Path, part: str, field: str, value) -> None:
    data = yaml.safe_load((WORKCELLS_DIR / "twin.yaml").read_text())
    data[part][field] = value
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump(data))
    with pytest.raises(ConfigError, match=field):
        load_workcell(str(path))


def test_a_field_given_twice_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text((WORKCELLS_DIR / "twin.yaml").read_text() + "\ntable_z_m: 0.1\n")
    with pytest.raises(ConfigError, match="'table_z_m' is given twice"):
        load_workcell(str(path))


def test_a_slip_in_an_argument_s_name_is_seen_and_others_are_let_be() -> None:
    names = ("task", "episodes", "optimizer", "workcell")
    assert "optimizer" in misspelt(["task:=pour_cup", "optimiser:=bayes"], names)
    assert "workcell" in misspelt(["workcel:=mine.yaml"], names)
    assert misspelt(["task:=pour_cup", "my_robot:=left", "debug"], names) == ""


@pytest.mark.parametrize("text", ["", "- a\n- b\n", "a: [1,\n", "\x00"])
def test_a_file_that_is_not_settings_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "broken.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=r"broken\.yaml"):
        load_workcell(str(path))


def test_a_hand_with_two_motors_on_one_id_is_refused(tmp_path: Path) -> None:
    data = yaml.safe_load((HANDS_DIR / "dash.yaml").read_text())
    data["fingers"]["index"]["motor_ids"] = [1, 1, 3]
    path = tmp_path / "hand.yaml"
    path.write_text(yaml.safe_dump(data))
    with pytest.raises(ConfigError, match="motor_ids"):
        load_hand(str(path))


NO_LENGTH = {"links_m": [0.05, 0.0, 0.02], "hinges": None, "tip_xyz_m": None}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"curl_ratio": [1.0, 0.8]}, "curl_ratio is for hands of twelve motors"),
        ({"fingers.index.links_m": [0.05, 0.03, 0.02]}, "either links_m, or hinges"),
        ({"fingers.index.tip_xyz_m": None}, "either links_m, or hinges"),
        ({"fingers.index.tip_xyz_m": [0.0, 0.0, 0.0]}, "the last link has no length"),
        (
            {f"fingers.index.{key}": value for key, value in NO_LENGTH.items()},
            r"links_m.1: .*greater than 0, got 0.0",
        ),
        ({"fingers.index.motor_ids": [0, 1, 2]}, "twelve or sixteen"),
        ({"fingers.thumb.hinges.0.axis": [1.0, 1.0, 0.0]}, "not a unit vector"),
        ({"fingers.thumb.hinges.1.joint": "side"}, "each of side, forward, pip, dip once"),
        ({"fingers.index.limits_rad.pip": [-6.0, 106.0]}, r"limits_rad.pip.1: .*3.14.*, got 106.0"),  # degrees
        ({"fingers.index.limits_rad.pip": [1.0, 0.5]}, r"limits_rad.pip: lower 1.0 is not below upper 0.5"),
        ({"fingers.index.motor_ids": [0, 1, 2, 300]}, r"motor_ids \[0, 1, 2, 300, .*in 0..252"),
        ({"fingers.index.motor_ids": [0, 1, 2, 4]}, r"motor_ids \[0, 1, 2, 4, 4, .*different"),
        ({"fingers.index.base_xyz_m": [-93.0, 0.0, 45.4]}, r"base_xyz_m.0: .*-0.5, got -93.0"),  # millimetres
        ({"T_wrist_eef_rpy_rad": [0.0, 90.0, 180.0]}, r"T_wrist_eef_rpy_rad.1: .*got 90.0"),
        ({"motors.goal_current_a": 550}, r"motors.goal_current_a: .*10, got 550"),  # milliamperes
        ({"motors.goal_current_a": 0.00055}, r"motors.goal_current_a: .*0.02, got 0.00055"),
        ({"motors.goal_current_a": 2.5}, r"motors: .*goal_current_a 2.5 is above current_limit_a 1.8"),
        ({"palm_size_m": [0.1, -0.047, 0.07]}, r"palm_size_m.1: .*greater than 0, got -0.047"),
        ({"mass_kg": 600}, r"mass_kg: .*5, got 600"),
        ({"seat_m": [30.0, 0.0, 0.0]}, r"seat_m.0: .*got 30.0"),
    ],
)
def test_a_hand_that_is_no_hand_is_refused(tmp_path: Path, change: dict[str, object], said: str) -> None:
    data = yaml.safe_load((HANDS_DIR / "leap.yaml").read_text())
    for where, value in change.items():
        at = data
        *path, last = where.split(".")
        for key in path:
            at = at[int(key) if key.isdigit() else key]
        at[last] = value
    expect_refusal(load_hand, tmp_path / "hand.yaml", yaml.safe_dump(data), said)


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("criterion.parameters", {"lift_m": 0}, r"criterion: .*parameters.lift_m: 0.0 is not from 0.001 to 1"),
        ("criterion.parameters", {"lift_m": -0.1}, "parameters.lift_m: -0.1"),
        ("criterion.parameters", {"lift_m": 100}, "parameters.lift_m: 100.0"),  # millimetres
        ("criterion.parameters", {"angle_deg": 3.14}, "parameters.angle_deg: 3.14 is not from 10 to 360"),  # radians
        ("criterion.parameters", {"press_n": 0.0}, "parameters.press_n: 0.0 is not from 0.01 to 100"),
        ("criterion.parameters", {"lift_m": float("nan")}, "lift_m: .*finite"),
        ("placement.x_m", [475, 635], "placement.x_m.0: .*3, got 475"),
        ("placement.x_m", [0.6, 0.5], "x_m: 0.6 is above 0.5"),
        ("placement.yaw_rad", [-180, 180], "placement.yaw_rad.0: .*got -180"),
    ],
)
def test_a_task_of_other_units_is_refused(tmp_path: Path, field: str, value: object, said: str) -> None:
    data = yaml.safe_load((TASKS_DIR / "pick_cup.yaml").read_text())
    part, name = field.split(".")
    data[part][name] = value
    expect_refusal(load_task, tmp_path / "mug.yaml", yaml.safe_dump(data), said)


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("translations_m", [[0.0, 0.0, 0.01]] * 39, "translations_m needs 40 steps, has 39"),
        ("translations_m", [[0.0, 0.0, 5.0]] * 40, r"translations_m.0: \[0.0, 0.0, 5.0\]"),  # millimetres
        ("translations_m", [[0.0, 0.0, 0.1]] * 40, "translations_m: they lead 4.00 m from the grasp"),
        ("translations_m", [[0.0, 0.0, float("nan")]] * 40, "translations_m.0.2: .*finite"),
        ("rotations_rad", [[0.0, 0.0, 4.5]] * 40, r"rotations_rad.0: \[0.0, 0.0, 4.5\]"),  # degrees
        ("grasp_rotvec", [0.0, 90.0, 0.0], "grasp_rotvec.1: .*got 90.0"),
    ],
)
def test_a_demonstration_of_other_units_is_refused(tmp_path: Path, field: str, value: object, said: str) -> None:
    data = json.loads((DEMONSTRATIONS_DIR / "pick_cup.json").read_text()) | {field: value}
    expect_refusal(load_demonstration, tmp_path / "mug.json", json.dumps(data), said)


def test_a_missing_demonstration_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="extract_demo"):
        load_demonstration("pour_cup", tmp_path)
    (tmp_path / "pour_cup.json").write_text(json.dumps({"task": "pour_cup"}))
    with pytest.raises(ConfigError, match="translations_m"):
        load_demonstration("pour_cup", tmp_path)


@pytest.mark.parametrize("reward", [-0.1, 1.1, float("nan"), float("inf")])
def test_a_reward_outside_zero_to_one_is_refused(reward: float) -> None:
    with pytest.raises(ValueError, match="operator"):
        Rating(reward, True, "operator")


def test_scene_seeds_differ_by_place_and_repeat() -> None:
    seeds = {scene_seed(s, p, o, i) for s in (0, 1) for p in ("a", "b") for o in ("train", "test") for i in range(5)}
    assert len(seeds) == 40
    assert scene_seed(3, "finetune", "train", 7) == scene_seed(3, "finetune", "train", 7) > 0


def test_a_ratings_success_is_a_plain_bool() -> None:
    assert type(Rating(0.5, np.bool_(True), "judge").success) is bool
    assert Rating(0.5, None, "r3m").success is None
