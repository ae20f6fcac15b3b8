"""kill -9 of the orchestrator at random instants of a run over the graph: it resumes with the same residuals."""

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("rclpy")
pytest.importorskip("deft_msgs.msg")

import rclpy
from deft_cem_graph import DEADLINE_S, HERE, Graph
from rclpy.action import ActionClient
from rclpy.executors import SingleThreadedExecutor

from deft_cem.store import RunRecord
from deft_cem.store.database import holds_run
from deft_msgs.action import FineTune

# A minute's worth; DEFT_KILLS=50 for the long way.
KILLS = int(os.environ.get("DEFT_KILLS", "6"))
EPISODES, TRIALS = 14, 1


class Orchestrators:
    """Makes orchestrators, one at a time."""

    def __init__(self, graph: Graph) -> None:
        options = ["--ros-args", "-p", "policy_options:='{\"steps\": 100}'"]
        self._factory = graph.start(
            "orchestrators",
            str(HERE / "deft_cem_orchestrators.py"),
            *options,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._pid = 0

    def start(self) -> None:
        self._factory.stdin.write(b"\n")
        self._factory.stdin.flush()
        self._pid = int(self._factory.stdout.readline())

    def kill(self) -> None:
        if self._pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGKILL)
            deadline, pause = time.monotonic() + 10.0, threading.Event()
            while Path(f"/proc/{self._pid}").exists():
                assert time.monotonic() < deadline, "a killed process is still there"
                pause.wait(0.005)
        self._pid = 0

    def close(self) -> None:
        self.kill()
        self._factory.stdin.close()


class Client:
    """Sends goals to whichever orchestrator is alive."""

    def __init__(self, graph: Graph) -> None:
        self._context = rclpy.Context()
        rclpy.init(context=self._context)
        self._node = rclpy.create_node("client", context=self._context)
        self._executor = SingleThreadedExecutor(context=self._context)
        self._executor.add_node(self._node)
        self._action = ActionClient(self._node, FineTune, "/deft/fine_tune")

    def attempt(self, out: Path, patience_s: float) -> Any:
        """Begin or resume the run in a folder; its result, or None if patience ends first."""
        deadline = time.monotonic() + patience_s
        goal = FineTune.Goal(task="pick_cup", seed=3, episodes=EPISODES, trials=TRIALS, out=str(out))
        goal.resume = (out / "run.sqlite").exists() and holds_run(out)
        sent: list[Any] = []
        # DDS takes seconds to notice that a process was killed: a goal may have gone to the one before. It is sent
        # again; the one alive takes the first that comes and refuses the others.
        while not (accepted := [f.result() for f in sent if f.done() and f.result().accepted]):
            if time.monotonic() > deadline:
                return None
            sent.append(self._action.send_goal_async(goal))
            self._spin(sent[-1], min(deadline, time.monotonic() + 0.5))
        answer = accepted[0].get_result_async()
        self._spin(answer, deadline)
        return answer.result().result if answer.done() else None

    def _spin(self, future: Any, deadline: float) -> None:
        self._executor.spin_until_future_complete(future, max(0.0, deadline - time.monotonic()))

    def close(self) -> None:
        self._executor.shutdown()
        self._node.destroy_node()
        rclpy.try_shutdown(context=self._context)


def stage(out: Path) -> str:
    """What a run that was killed was about."""
    if not ((out / "run.sqlite").exists() and holds_run(out)):
        return "before the record"
    with RunRecord.read(out) as record:
        if record.count("finetune") < EPISODES:
            return "tries"
        return "trials" if record.policy() else "fit"


def assert_same(unbroken: Path, broken: Path) -> None:
    with RunRecord.read(unbroken) as one, RunRecord.read(broken) as two:
        assert len(one.episodes()) == EPISODES + 4 * TRIALS
        for a, b in zip(one.episodes(), two.episodes(), strict=True):
            assert a.key == b.key
            assert a.reward == pytest.approx(b.reward, abs=1e-9)
            np.testing.assert_array_equal(a.residual, b.residual, err_msg=str(a.key))
        policies = one.policy(), two.policy()
        assert all(policies) and len({policy["sha256"] for policy in policies if policy}) == 1


@pytest.mark.graph
@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_killed_at_random_instants_it_resumes_with_the_same_residuals(graph: Graph, tmp_path: Path) -> None:
    graph.robot()
    orchestrators, client = Orchestrators(graph), Client(graph)
    rng = np.random.default_rng(0)
    try:
        orchestrators.start()
        began = time.monotonic()
        result = client.attempt(tmp_path / "unbroken", 3 * DEADLINE_S)
        assert result is not None and result.success, result
        whole_s = time.monotonic() - began
        runs, killed = 0, Counter[str]()
        while killed.total() < KILLS:
            out, result, attempts = tmp_path / f"broken{runs}", None, 0
            while result is None:
                orchestrators.kill()
                orchestrators.start()
                last, began, attempts = killed.total() >= KILLS, time.monotonic(), attempts + 1
                result = client.attempt(out, 3 * DEADLINE_S if last else float(rng.uniform(0.0, whole_s)))
                assert result is not None or not last, "the last run did not end"
                if result is None:
                    orchestrators.kill()
                    killed[stage(out)] += 1
            if attempts == 1:  # the machine has become faster: kill sooner
                whole_s = min(whole_s, time.monotonic() - began)
            assert result.success, result.message
            assert_same(tmp_path / "unbroken", out)
            runs += 1
        print(f"{killed.total()} kills in {runs} runs: {dict(killed)}; an unbroken one took {whole_s:.1f} s")
    finally:
        client.close()
        orchestrators.close()
