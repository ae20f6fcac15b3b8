"""The living twin from one line: an episode is done, judged and filmed; what a user does wrong is one line."""

import os
import signal
import subprocess
from pathlib import Path

import pytest

pytestmark = [pytest.mark.graph, pytest.mark.slow, pytest.mark.timeout(300)]


def launched(environment: dict[str, str], folder: Path, **arguments: object) -> tuple[int, str]:
    """Exit status and output of `ros2 launch deft twin.launch.py`."""
    command = ["ros2", "launch", "deft", "twin.launch.py", *(f"{k}:={v}" for k, v in arguments.items())]
    environment = {k: v for k, v in environment.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY")}
    process = subprocess.Popen(
        command,
        env=environment,
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        output, _ = process.communicate(timeout=200)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        output, _ = process.communicate()
        pytest.fail(f"no end after 200 s:\n{output}")
    return process.returncode, output


def test_an_episode_is_done_judged_and_filmed(ros_environment: dict[str, str], workcell: Path, tmp_path: Path) -> None:
    films = tmp_path / "films"
    given = {"task": "pick_cup", "view": "true", "films": films, "workcell": workcell, "time_scale": 3.0}
    status, screen = launched(ros_environment, tmp_path, **given)
    assert status == 0, screen
    assert "episode 1: success" in screen
    assert f"film: {films / '001_pick_cup_train.mp4'}" in screen
    assert (films / "001_pick_cup_train.mp4").stat().st_size > 10_000


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"task": "juggle"}, "pour_cup"),
        ({"grasp": "firm"}, "no_thumb"),
        ({"view": "maybe"}, "view:=maybe"),
        ({"episodes": "-1"}, "episodes:=-1"),
        ({"workcell": "lab"}, "of kind lab"),
    ],
)
def test_a_wrong_argument_is_one_line_and_starts_nothing(
    ros_environment: dict[str, str], tmp_path: Path, wrong: dict[str, str], told: str
) -> None:
    status, screen = launched(ros_environment, tmp_path, **({"task": "pick_cup"} | wrong))
    assert status != 0
    assert told in screen and "process started" not in screen
