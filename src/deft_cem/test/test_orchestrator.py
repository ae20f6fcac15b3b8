"""The orchestrator and its client over a node graph without robot (deft_cem_fake_graph.py)."""

import json
import shutil
import signal
import subprocess

import numpy as np
import pytest

pytest.importorskip("rclpy")
pytest.importorskip("deft_msgs.msg")

from deft_cem_graph import DEADLINE_S

from deft_cem.store import RunRecord
from deft_core.demonstration import DEMONSTRATIONS_DIR
from deft_core.task import TASKS_DIR

pytestmark = [pytest.mark.graph, pytest.mark.timeout(240)]


def test_a_run_from_goal_to_table(graph):
    graph.robot()
    orchestrator = graph.orchestrator()
    assert graph.client().wait(timeout=DEADLINE_S * 2) == 0, graph.text("client")
    shown = graph.text("client")
    assert "up: affordance_node" in shown
    assert shown.count("episode ") == 12
    rated = [line for line in graph.text("robot").splitlines() if line.startswith("rated: ")]
    assert rated[11:14] == ["rated: finetune 12", "rated: evaluation 1", "rated: evaluation 1"]
    assert "prior alone" in shown and "tuned" in shown
    summary = json.loads((graph.out / "summary.json").read_text())
    assert len(summary["rewards"]) == 12
    assert summary["wall_s"]["setup"] > 0
    assert graph.client().wait(timeout=DEADLINE_S) == 1  # the folder holds a run now
    assert "resume:=true" in graph.text("client")
    orchestrator.send_signal(signal.SIGINT)
    assert orchestrator.wait(timeout=20) == 0


def test_a_task_of_one_s_own_is_a_file_with_its_demonstration_beside_it(graph, tmp_path):
    text = (TASKS_DIR / "pick_cup.yaml").read_text().replace("pick_cup", "pick_mug")
    (tmp_path / "pick_mug.yaml").write_text(text.replace("demonstration: pick_mug", "demonstration: shown.json"))
    shutil.copy(DEMONSTRATIONS_DIR / "pick_cup.json", tmp_path / "shown.json")
    graph.robot()
    graph.orchestrator()
    client = graph.client("--task", str(tmp_path / "pick_mug.yaml"), episodes=2)
    assert client.wait(timeout=DEADLINE_S) == 0, graph.text("client")
    assert "pick_mug, seed 0: success" in graph.text("client")
    with RunRecord.read(graph.out) as record:
        assert record.info.run_id.startswith("pick_mug-0-") and record.count("finetune") == 2


def test_killed_in_episode_12_it_resumes_with_the_residuals_of_an_unbroken_run(graph, tmp_path):
    graph.robot()
    orchestrator = graph.orchestrator()
    client = graph.client(episodes=15, trials=0)
    graph.until(lambda: graph.finished() >= 11, "eleven episodes")
    orchestrator.kill()
    assert client.wait(timeout=30) == 1
    assert "the orchestrator is gone" in graph.text("client")
    kept = graph.finished()
    assert 11 <= kept < 15
    graph.orchestrator()
    assert graph.client("--resume", episodes=15, trials=0).wait(timeout=DEADLINE_S) == 0
    broken = graph.out
    graph.out = tmp_path / "unbroken"
    assert graph.client(episodes=15, trials=0).wait(timeout=DEADLINE_S) == 0
    with RunRecord.read(broken) as one, RunRecord.read(graph.out) as two:
        for a, b in zip(one.episodes("finetune"), two.episodes("finetune"), strict=True):
            assert a.reward == pytest.approx(b.reward, abs=1e-9)
            np.testing.assert_array_equal(a.residual, b.residual)


def test_interrupting_the_client_stops_robot_and_run(graph):
    graph.robot(hold_arm_s=0.3)
    graph.orchestrator()
    client = graph.client(episodes=30)
    graph.until(lambda: graph.finished() >= 1, "an episode")
    client.send_signal(signal.SIGINT)
    assert client.wait(timeout=30) == 130
    assert "ros2 run deft_cem finetune --task=pick_cup" in graph.text("client") and "--resume" in graph.text("client")
    graph.until(lambda: "stopped" in graph.text("robot"), "the robot's stop")
    assert 1 <= graph.finished() < 30


def test_a_stop_ends_a_run_that_recovers_from_every_collision_by_itself(graph):
    graph.robot(arm_fault="collision")
    graph.orchestrator()
    client = graph.client(episodes=300)
    graph.until(lambda: graph.finished() >= 2, "two episodes")
    stop = ("topic", "pub", "--once", "/deft/stop", "std_msgs/msg/Empty")
    graph.start("person", "-c", "import sys; from ros2cli.cli import main; sys.exit(main())", *stop)
    assert client.wait(timeout=DEADLINE_S) == 1
    assert "stopped by /deft/stop" in graph.text("client")
    kept = graph.finished()
    assert 2 <= kept < 300
    graph.client("--resume", episodes=300)  # a new run is a person's word that it may move again
    graph.until(lambda: graph.finished() > kept, "another episode")


@pytest.mark.parametrize("asked", ["enable", "goal", "motion"])
def test_a_stop_that_the_arm_hears_first_is_the_reason_all_the_same(graph, asked):
    graph.robot(arm_fault="collision", hears_first=asked)
    graph.orchestrator()
    assert graph.client(episodes=300).wait(timeout=DEADLINE_S) == 1
    assert "stopped by /deft/stop" in graph.text("client"), graph.text("client")
    assert 1 <= graph.finished() < 300


def test_a_grasp_out_of_reach_is_an_episode_and_a_broken_arm_is_not(graph):
    robot = graph.robot(arm_fault="unreachable")
    graph.orchestrator()
    assert graph.client(episodes=2, trials=0).wait(timeout=DEADLINE_S) == 0, graph.text("client")
    with RunRecord.read(graph.out) as record:
        assert all(e.fault.startswith("unreachable") and e.reward == 0.0 for e in record.episodes())
    robot.send_signal(signal.SIGINT)
    robot.wait(timeout=20)
    graph.out = graph.folder / "broken"
    graph.robot(arm_fault="device")
    assert graph.client(episodes=2, trials=0).wait(timeout=DEADLINE_S) == 1
    assert "failed (device): as told" in graph.text("client")
    assert graph.finished() == 0


def test_a_person_rates_resets_and_takes_a_label_back(graph):
    """The hardware path of the README, to its end, with a robot that is not there."""
    graph.robot(operated=True)
    graph.start("orchestrator", "-m", "deft_cem.orchestrator_node", "--ros-args", "-p", "success_rater:=operator")
    person = graph.start("person", "-m", "deft_cem.operator_node", stdin=subprocess.PIPE)
    client = graph.client("--reward", "operator", episodes=2, trials=1)

    def asked() -> int:
        shown = graph.text("person")
        return shown.count("Enter = done") + shown.count("how was it?")

    answers = ["", "0.3 n", "u", "0.9 y", "", "0.5 y", ""]  # put back, rate, undo, rate again, put back, rate, ...
    answers += ["n", ""] * 4
    for number, answer in enumerate(answers[:-1], start=1):
        graph.until(lambda number=number: asked() >= number, f"question {number}")
        person.stdin.write(f"{answer}\n".encode())
        person.stdin.flush()
    assert client.wait(timeout=DEADLINE_S) == 0, graph.text("client") + graph.text("person")
    with RunRecord.read(graph.out) as record:
        tries, trials = record.episodes("finetune"), record.episodes("evaluation")
        assert [(e.reward, e.success, e.rater, e.success_source) for e in tries] == [
            (0.9, True, "operator", "operator"),
            (0.5, True, "operator", "operator"),
        ]
        assert "reward 0.3 -> 0.9 (operator)" in dict(record.events())["relabelled"]
    assert [e.success for e in trials] == [False] * 4
    person.send_signal(signal.SIGINT)
    assert person.wait(timeout=20) == 0


def test_what_is_not_up_is_named(graph):
    graph.orchestrator()
    assert graph.client("--timeout", "4").wait(timeout=30) == 1
    assert "affordance_node, arm_node, hand_node" in graph.text("client")
