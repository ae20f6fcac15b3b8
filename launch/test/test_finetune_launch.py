"""The whole node graph: a short run from one launch line, an interrupted one, and what a user does wrong."""

import json
import os
import re
import shlex
import signal
import socket
import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest
import yaml

from deft_cem.config import RunConfig
from deft_cem.optimizers import make_optimizer
from deft_cem.store import RunRecord

pytestmark = [pytest.mark.graph, pytest.mark.slow, pytest.mark.timeout(400)]
DEADLINE_S = 280.0
Launch = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def launch(ros_environment: dict[str, str], workcell: Path, tmp_path: Path) -> Iterator[Launch]:
    """Start `ros2 launch deft finetune.launch.py` with a workcell of its own; nothing survives the test."""
    started: list[subprocess.Popen[str]] = []

    def start(**arguments: object) -> subprocess.Popen[str]:
        given = {"workcell": workcell, "out": tmp_path / "run"} | arguments
        command = ["ros2", "launch", "deft", "finetune.launch.py", *(f"{k}:={v}" for k, v in given.items())]
        with (tmp_path / f"screen{len(started)}").open("w") as screen:
            process = subprocess.Popen(
                command, env=ros_environment, stdout=screen, stderr=subprocess.STDOUT, text=True, cwd=tmp_path
            )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(timeout=30)
            except subprocess.TimeoutExpired:
                process.kill()


def screen(tmp_path: Path) -> str:
    return "\n".join(p.read_text() for p in sorted(tmp_path.glob("screen*")))


def finish(process: subprocess.Popen[str], tmp_path: Path) -> int:
    try:
        return process.wait(timeout=DEADLINE_S)
    except subprocess.TimeoutExpired:
        pytest.fail(f"no end after {DEADLINE_S} s:\n{screen(tmp_path)}")


def until(
    condition: Callable[[], bool], what: str, tmp_path: Path, launched: subprocess.Popen[str] | None = None
) -> None:
    """Wait for a condition, no longer than the deadline or than the launch it depends on lives."""
    deadline = time.monotonic() + DEADLINE_S
    pause = threading.Event()
    while not condition():
        if time.monotonic() > deadline:
            pytest.fail(f"{what} did not happen in {DEADLINE_S} s:\n{screen(tmp_path)}")
        if launched is not None and launched.poll() is not None and not condition():
            pytest.fail(f"the launch ended before {what}:\n{screen(tmp_path)}")
        pause.wait(0.1)


def left_running(marker: Path) -> list[str]:
    """Command lines of processes that still belong to a test, found by its folder in their arguments."""
    found = []
    for process in psutil.process_iter(["cmdline", "pid"]):
        line = " ".join(process.info["cmdline"] or [])
        if str(marker) in line and process.info["pid"] != os.getpid():
            found.append(line)
    return found


def kill(node: str, launched: subprocess.Popen[str]) -> None:
    """Kill -9 one node of a launch."""
    family = psutil.Process(launched.pid).children(recursive=True)
    next(p for p in family if node in " ".join(p.cmdline())).kill()


def episodes(folder: Path) -> int:
    database = folder / "run.sqlite"
    if not database.exists():
        return 0
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as db:
        try:
            return int(db.execute("SELECT count(*) FROM episode").fetchone()[0])
        except sqlite3.OperationalError:
            return 0


def test_three_episodes_from_one_line(launch: Launch, tmp_path: Path) -> None:
    process = launch(task="pour_cup", episodes=3, trials=1)
    assert finish(process, tmp_path) == 0, screen(tmp_path)
    folder = tmp_path / "run"
    summary = json.loads((folder / "summary.json").read_text())
    assert {"task", "seed", "episodes", "trials", "success", "rewards", "wall_s", "versions"} <= set(summary)
    assert summary["episodes"] == 3 and len(summary["rewards"]) == 3
    assert set(summary["success"]) == {"prior", "tuned"}
    assert all(0.0 <= reward <= 1.0 for reward in summary["rewards"])
    assert (folder / "policy.safetensors").stat().st_size > 0
    assert list(folder.glob("*.png")) and list((folder / "bag").glob("*.mcap"))
    assert episodes(folder) >= 3
    until(lambda: not left_running(tmp_path), "the end of every process", tmp_path)


def test_an_interrupted_run_keeps_its_episodes_and_resumes(launch: Launch, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    process = launch(task="pick_cup", episodes=4, trials=0, record="false")
    until(lambda: episodes(folder) >= 1, "the first episode", tmp_path, process)
    process.send_signal(signal.SIGINT)
    finish(process, tmp_path)
    assert "resume" in screen(tmp_path)
    kept = episodes(folder)
    assert 1 <= kept < 4
    until(lambda: not left_running(tmp_path), "the end of every process", tmp_path)
    assert finish(launch(task="pick_cup", episodes=4, trials=0, record="false", resume="true"), tmp_path) == 0
    assert episodes(folder) == 4


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"task": "juggle"}, "pour_cup"),
        ({"task": "pour_cup", "episodes": "none"}, "episodes:=none"),
        ({"task": "pour_cup", "resume": "maybe"}, "resume:=maybe"),
        ({"task": "pour_cup", "record": "maybe"}, "record:=maybe"),
        ({"task": "pour_cup", "episode": "3"}, "did you mean episodes:="),
        ({"task": "pour_cup", "seed": str(2**63)}, "below 2**63"),
        ({"task": "pour_cup", "resume": "true"}, "no run"),
        ({"task": "pour_cup", "prior": "/nowhere.safetensors"}, "/nowhere.safetensors"),
        ({"task": "pour_cup", "sam_checkpoint": "/nowhere.pth"}, "/nowhere.pth"),
        ({"task": "pour_cup", "retargeting": "loose"}, "anatomical, dex"),
        ({"task": "pour_cup", "time_scale": "-1"}, "time_scale"),
    ],
)
def test_a_wrong_argument_is_one_line_and_starts_nothing(
    launch: Launch, tmp_path: Path, arguments: dict[str, str], expected: str
) -> None:
    assert finish(launch(**arguments), tmp_path) != 0
    assert expected in screen(tmp_path)
    assert "process started" not in screen(tmp_path)


def test_a_folder_that_holds_a_run_is_refused(launch: Launch, tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    with sqlite3.connect(tmp_path / "run" / "run.sqlite") as db:
        db.execute("CREATE TABLE run (id)")
    assert finish(launch(task="pour_cup"), tmp_path) != 0
    assert "resume:=true" in screen(tmp_path)


def test_a_corrupt_checkpoint_ends_the_launch(launch: Launch, tmp_path: Path) -> None:
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(b"\xff" * 100)
    assert finish(launch(task="pour_cup", prior=broken), tmp_path) != 0
    assert "broken.safetensors" in screen(tmp_path)
    until(lambda: not left_running(tmp_path), "the end of every process", tmp_path)


@pytest.mark.parametrize("device", ["arm", "camera"])
def test_a_taken_port_is_one_line_and_ends_everything(
    launch: Launch, tmp_path: Path, workcell: Path, device: str
) -> None:
    cell = yaml.safe_load(workcell.read_text())
    if device == "arm":
        host, port = cell["arm"]["host"], cell["arm"]["control_port"]
    else:
        host, port = cell["camera"]["address"].split(":")
    with socket.create_server((host, int(port))):
        assert finish(launch(task="pour_cup"), tmp_path) != 0
    assert str(port) in screen(tmp_path)
    until(lambda: not left_running(tmp_path), "the end of every process", tmp_path)


def test_killed_in_episode_12_it_resumes_as_if_unbroken(launch: Launch, tmp_path: Path) -> None:
    folder, arguments = tmp_path / "run", {"task": "pour_cup", "trials": 0, "episodes": 14, "record": "false"}
    process = launch(**arguments)
    until(lambda: episodes(folder) >= 11, "the eleventh episode", tmp_path, process)
    kill("orchestrator_node", process)
    assert finish(process, tmp_path) != 0
    assert "resume:=true" in screen(tmp_path)
    with RunRecord.read(folder) as record:
        before = record.episodes("finetune")
    assert 11 <= len(before) < 14
    until(lambda: not left_running(tmp_path), "the end of every process", tmp_path)
    told = re.search(r"go on with: ros2 launch deft finetune.launch.py (.*)", screen(tmp_path))
    assert told, screen(tmp_path)
    again = dict(word.split(":=", 1) for word in shlex.split(told[1]))
    assert again.items() >= {"task": "pour_cup", "episodes": "14", "trials": "0", "resume": "true"}.items()
    assert finish(launch(**again), tmp_path) == 0, screen(tmp_path)
    with RunRecord.read(folder) as record:
        after = record.episodes("finetune")
    for kept, first in zip(after, before, strict=False):
        assert kept.reward == first.reward
        np.testing.assert_array_equal(kept.residual, first.residual)
    # An unbroken run given the same rewards: one optimiser, told everything in order, never saved.
    config = RunConfig(task="pour_cup", episodes=14, trials=0)
    unbroken = make_optimizer(config.optimizer, config.generator("optimizer"), {})
    for episode in after:
        np.testing.assert_array_equal(unbroken.ask(), episode.residual)
        unbroken.tell(episode.residual, episode.reward)


@pytest.mark.parametrize("victim", ["hand_node", "camera_node"])
def test_a_node_that_dies_ends_the_run_and_loses_nothing(launch: Launch, tmp_path: Path, victim: str) -> None:
    folder = tmp_path / "run"
    process = launch(task="pour_cup", episodes=30, trials=0, record="false")
    until(lambda: episodes(folder) >= 1, "the first episode", tmp_path, process)
    kill(victim, process)
    assert finish(process, tmp_path) != 0
    assert victim in screen(tmp_path) and "resume:=true" in screen(tmp_path)
    assert episodes(folder) >= 1
    until(lambda: not left_running(tmp_path), "the end of every process", tmp_path)


def test_a_bag_that_dies_is_told_of_and_the_run_goes_on(launch: Launch, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    process = launch(task="pick_cup", episodes=3, trials=0)
    until(lambda: episodes(folder) >= 1, "the first episode", tmp_path, process)
    kill("bag record", process)
    assert finish(process, tmp_path) == 0, screen(tmp_path)
    assert "the bag ended (exit status -9), the run goes on without it" in screen(tmp_path)
    assert episodes(folder) == 3
