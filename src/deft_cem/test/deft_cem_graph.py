"""Processes of a fine-tuning over the graph without robot (deft_cem_fake_graph.py), for tests."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from deft_cem.store import RunRecord
from deft_cem.store.database import holds_run

HERE = Path(__file__).parent
DEADLINE_S = 60.0


class Graph:
    """Processes of one test, on its domain."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.out = folder, folder / "run"
        path = os.pathsep.join([str(HERE), *(p for p in sys.path if p)])
        self.environment = os.environ | {
            "OMP_NUM_THREADS": "1",
            "OMP_WAIT_POLICY": "PASSIVE",
            "PYTHONPATH": path,
            "PYTHONUNBUFFERED": "1",
        }
        self.processes: list[subprocess.Popen] = []

    def start(self, name: str, *command: str, stdin: int | None = None, stdout: int | None = None) -> subprocess.Popen:
        log = (self.folder / f"{name}.log").open("a")
        process = subprocess.Popen(
            [sys.executable, *command], env=self.environment, stdin=stdin, stdout=stdout or log, stderr=log
        )
        self.processes.append(process)
        return process

    def robot(self, **parameters: object) -> subprocess.Popen:
        flags = [flag for k, v in parameters.items() for flag in ("-p", f"{k}:={v}")]
        return self.start("robot", str(HERE / "deft_cem_fake_graph.py"), "--ros-args", *flags)

    def orchestrator(self) -> subprocess.Popen:
        return self.start("orchestrator", "-m", "deft_cem.orchestrator_node")

    def client(self, *more: str, episodes: int = 12, trials: int = 1) -> subprocess.Popen:
        return self.start(
            "client",
            "-m",
            "deft_cem.finetune_node",
            "--task",
            "pick_cup",
            "--episodes",
            str(episodes),
            "--trials",
            str(trials),
            "--out",
            str(self.out),
            *more,
        )

    def text(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text()

    def finished(self) -> int:
        if not holds_run(self.out):
            return 0
        with RunRecord.read(self.out) as record:
            return record.count("finetune")

    def until(self, condition: Callable[[], bool], what: str) -> None:
        deadline, pause = time.monotonic() + DEADLINE_S, threading.Event()
        while not condition():
            logs = "\n".join(f.read_text() for f in self.folder.glob("*.log"))
            assert time.monotonic() < deadline, f"{what} did not happen:\n{logs}"
            pause.wait(0.05)


@contextmanager
def open_graph(folder: Path) -> Iterator[Graph]:
    """A graph without processes yet; what was started is ended."""
    graph = Graph(folder)
    yield graph
    for process in graph.processes:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
    for process in graph.processes:
        try:
            process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            process.kill()
