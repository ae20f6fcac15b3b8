"""A run killed with SIGKILL goes on as if nothing had happened."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from deft_cem.store import RunRecord

FAKE = Path(__file__).parent / "deft_cem_fakes.py"
# What may differ between two runs that are the same: the clock.
CLOCKED = ("timings", "finished_at", "initial_capture_id", "final_capture_id")

# A minute's worth; DEFT_KILLS=50 for the long way.
KILLS = int(os.environ.get("DEFT_KILLS", "6"))


def start(folder: Path, *more: str) -> subprocess.Popen:
    environment = os.environ | {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"}
    environment["PYTHONPATH"] = os.pathsep.join(p for p in sys.path if p)
    return subprocess.Popen([sys.executable, str(FAKE), str(folder), *more], env=environment)


def finish(folder: Path, *more: str) -> int:
    return start(folder, *more).wait(timeout=120)


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory) -> dict[str, Path]:
    folders = {}
    for name in ("cem", "cmaes", "preference"):
        folders[name] = tmp_path_factory.mktemp(name) / "run"
        assert finish(folders[name], "--optimizer", name) == 0
    return folders


def assert_same(a: Path, b: Path) -> None:
    with RunRecord.read(a) as one, RunRecord.read(b) as two:
        for x, y in zip(one.episodes(), two.episodes(), strict=True):
            for field in x.__dataclass_fields__:
                if field not in CLOCKED:
                    assert np.array_equal(getattr(x, field), getattr(y, field)), (x.key, field)
        assert one.optimizer_state(14) == two.optimizer_state(14)
        assert one.policy()["sha256"] == two.policy()["sha256"]
    assert (a / "policy.safetensors").read_bytes() == (b / "policy.safetensors").read_bytes()


@pytest.mark.parametrize("optimizer", ["cem", "cmaes", "preference"])
@pytest.mark.parametrize("instant", ["append:12"])
def test_killed_inside_a_transaction(instant, optimizer, unbroken, tmp_path):
    assert finish(tmp_path, "--optimizer", optimizer, "--die", instant) == -signal.SIGKILL
    with RunRecord.read(tmp_path) as record:
        assert record.count("finetune") == 11
    assert finish(tmp_path, "--optimizer", optimizer, "--resume") == 0
    assert_same(unbroken[optimizer], tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("instant", ["reset:12", "look:1", "execute:12", "rate:13", "fit:1", "policy:1", "execute:20"])
def test_killed_anywhere_else(instant, unbroken, tmp_path):
    assert finish(tmp_path, "--die", instant) == -signal.SIGKILL
    assert finish(tmp_path, "--resume") == 0
    assert_same(unbroken["cem"], tmp_path)


@pytest.mark.parametrize(("relabel", "instant"), [("12", "look:25"), ("14", "fit:2")])
def test_killed_after_a_label_was_corrected(relabel, instant, tmp_path):
    """Before the next try is proposed; before the policy is fitted again."""
    assert finish(tmp_path / "whole", "--relabel", relabel) == 0
    assert finish(tmp_path / "broken", "--relabel", relabel, "--die", instant) == -signal.SIGKILL
    with RunRecord.read(tmp_path / "broken") as record:
        assert record.episodes("finetune")[int(relabel) - 1].reward == 1.0
    assert finish(tmp_path / "broken", "--resume") == 0
    assert_same(tmp_path / "whole", tmp_path / "broken")


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_killed_at_random_instants(unbroken, tmp_path):
    rng = np.random.default_rng(0)
    kills = runs = 0
    while kills < KILLS:
        folder = tmp_path / f"run{runs}"
        runs += 1
        while not (folder / "summary.json").exists():
            more = ["--resume"] if (folder / "run.sqlite").exists() and _begun(folder) else []
            process = start(folder, *more)
            deadline = time.monotonic() + 60
            while not (folder / "run.lock").exists() and process.poll() is None and time.monotonic() < deadline:
                os.sched_yield()
            try:
                process.wait(timeout=float(rng.uniform(0.0, 4.0)) if kills < KILLS else 120.0)
                assert process.returncode == 0
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                kills += 1
        assert_same(unbroken["cem"], folder)


def _begun(folder: Path) -> bool:
    from deft_cem.store.database import holds_run

    return holds_run(folder)
