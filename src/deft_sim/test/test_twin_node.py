"""twin_node on the graph: it resets, judges, reports, ends cleanly; a second one on its addresses does not start."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from deft_core.workcell import load_workcell
from deft_ros.spinning import Spinner

rclpy = pytest.importorskip("rclpy")
pytestmark = pytest.mark.graph


@pytest.fixture(scope="module")
def environment(free_domain: Callable[[], int]) -> dict[str, str]:
    """Of the twin that the tests share."""
    ours = {"ROS_DOMAIN_ID": str(free_domain()), "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST"}
    return dict(os.environ | ours)


@pytest.fixture(scope="module")
def workcell(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("workcell")
    data = load_workcell("twin").model_dump(mode="json")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        data["camera"]["address"] = f"127.0.0.1:{free.getsockname()[1]}"
    data["arm"]["host"] = f"127.8.{os.getpid() % 250}.1"
    data["hand"]["port"] = str(folder / "hand")
    path = folder / "cell.yaml"
    path.write_text(yaml.safe_dump(data))
    return path


def start(workcell: Path, environment: dict[str, str], *more: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "deft_sim.twin_node", "--ros-args", "-p", f"workcell:={workcell}", "-p", "seed:=3"]
    command += [word for parameter in more for word in ("-p", parameter)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


@pytest.fixture(scope="module")
def graph(workcell: Path, environment: dict[str, str]):
    from rclpy.executors import SingleThreadedExecutor

    node_process = start(workcell, environment)
    context = rclpy.Context()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", environment["ROS_AUTOMATIC_DISCOVERY_RANGE"])
        rclpy.init(context=context, domain_id=int(environment["ROS_DOMAIN_ID"]))
        node = rclpy.create_node("twin_node_test", context=context)
    executor = SingleThreadedExecutor(context=context)
    executor.add_node(node)
    spinner = Spinner(executor, context=context)
    spinner.start()
    yield node, node_process
    if node_process.poll() is None:
        node_process.kill()
    node_process.wait(10)
    spinner.end()
    node.destroy_node()
    rclpy.try_shutdown(context=context)


def ask(node: Any, kind: Any, name: str, goal: Any) -> Any:
    """Send a goal and wait for its result."""
    from rclpy.action import ActionClient

    client = ActionClient(node, kind, name)
    assert client.wait_for_server(timeout_sec=30.0), f"{name} is not served"
    done = threading.Event()
    results: list[Any] = []

    def on_result(future: Any) -> None:
        results.append(future.result().result)
        done.set()

    def on_goal(future: Any) -> None:
        assert future.result().accepted
        future.result().get_result_async().add_done_callback(on_result)

    client.send_goal_async(goal).add_done_callback(on_goal)
    assert done.wait(30.0), f"{name} gave no result"
    client.destroy()
    return results[0]


def test_a_scene_is_reset_and_judged(graph) -> None:
    from deft_msgs.action import RateEpisode, ResetScene

    node, _ = graph
    answer = ask(node, ResetScene, "/scene/reset", ResetScene.Goal(task="pick_cup", objects="test", seed=5))
    assert answer.success, answer.message
    rating = ask(node, RateEpisode, "/judge/rate_episode", RateEpisode.Goal(task="pick_cup"))
    assert rating.rated and rating.success_known and not rating.success
    assert rating.reward == 0.0 and rating.rater == "judge"


def test_an_unknown_task_is_refused_with_the_names_there_are(graph) -> None:
    from deft_msgs.action import ResetScene

    node, _ = graph
    answer = ask(node, ResetScene, "/scene/reset", ResetScene.Goal(task="juggle", objects="train", seed=5))
    assert not answer.success and "pick_cup" in answer.message
    answer = ask(node, ResetScene, "/scene/reset", ResetScene.Goal(task="pick_cup", objects="both", seed=5))
    assert not answer.success and "train" in answer.message


def test_faults_are_put_into_devices_and_taken_out_by_a_service(graph, workcell: Path) -> None:
    import dynamixel_sdk as sdk

    from deft_core.hand import load_hand
    from deft_msgs.srv import InjectFault

    node, _ = graph
    client = node.create_client(InjectFault, "/twin/inject_fault")
    assert client.wait_for_service(timeout_sec=30.0)
    motor = load_hand("dash").motor_ids[2]

    def inject(device: str, fault: str, value: float = 0.0) -> Any:
        done = threading.Event()
        future = client.call_async(InjectFault.Request(device=device, fault=fault, value=value, motor_id=motor))
        future.add_done_callback(lambda _: done.set())
        assert done.wait(20.0)
        return future.result()

    port, dxl = sdk.PortHandler(str(workcell.parent / "hand")), sdk.PacketHandler(2.0)
    assert port.openPort() and port.setBaudRate(4_000_000)

    def hears() -> list[bool]:
        return [dxl.read4ByteTxRx(port, motor, 132)[1] == sdk.COMM_SUCCESS for _ in range(30)]

    assert any(hears())
    assert inject("hand", "drop", 1.0).success
    assert not any(hears())
    assert inject("hand", "clear").success
    assert inject("hand", "error", float(0x20)).success
    errors = [dxl.read1ByteTxRx(port, motor, 70)[0] for _ in range(10)]
    assert 0x20 in errors  # hardware error status: overload
    for device, fault, told in (("leg", "drop", "arm or hand"), ("arm", "heat", "emergency_stop")):
        answer = inject(device, fault)
        assert not answer.success and told in answer.message
    assert inject("all", "clear").success
    port.closePort()
    node.destroy_client(client)


def test_diagnostics_tell_the_pace(graph) -> None:
    from diagnostic_msgs.msg import DiagnosticArray

    node, _ = graph
    heard = threading.Event()
    messages: list[Any] = []

    def on_message(message: Any) -> None:
        messages.append(message)
        heard.set()

    subscription = node.create_subscription(DiagnosticArray, "/diagnostics", on_message, 10)
    assert heard.wait(20.0)
    node.destroy_subscription(subscription)
    assert messages[0].status[0].name == "twin_node: physics"
    assert "time scale reached" in [value.key for value in messages[0].status[0].values]


@pytest.mark.parametrize(
    ("parameter", "said"),
    [("seed:=-1", "seed -1"), ("seed:=99999999999999999999", "'seed'"), ("time_scale:=-2.0", "time_scale.*got -2.0")],
)
def test_a_parameter_that_cannot_be_is_said_in_one_line(
    workcell: Path, environment: dict[str, str], parameter: str, said: str
) -> None:
    process = start(workcell, environment, parameter)
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert re.fullmatch(f"twin_node: .*{said}.*", output.strip())


def test_a_second_twin_on_the_same_addresses_says_so_in_one_line(
    graph, workcell: Path, environment: dict[str, str]
) -> None:
    second = start(workcell, environment)
    output, _ = second.communicate(timeout=60)
    assert second.returncode != 0
    lines = [line for line in output.splitlines() if line.strip()]
    assert len(lines) == 1 and "127.8." in lines[0] and lines[0].startswith("twin_node:")


def test_an_interrupt_ends_it_cleanly_and_leaves_nothing(graph, workcell: Path) -> None:
    _, process = graph
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=20) == 0
    assert time.monotonic() - began < 15
    assert not Path(workcell.parent / "hand").exists()
