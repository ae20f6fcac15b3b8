"""Many jobs: in this process, in others, and on a Ray cluster started here."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from deft_affordance_jobs import die_once, refuse, square

from deft_affordance.data import generate
from deft_affordance.video.film import film_synthetic
from deft_affordance.workers import each_done, on_ray, start_on_ray
from deft_core.errors import DeftError

ray = pytest.importorskip("ray")


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let worker processes find this module."""
    here = os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])
    monkeypatch.setenv("PYTHONPATH", here)


@pytest.mark.parametrize("workers", [1, 2])
def test_every_job_is_done_in_processes(workers: int) -> None:
    done = list(each_done(square, [(n,) for n in range(5)], workers))
    assert sorted(value for value, _ in done) == [0, 1, 4, 9, 16]


@pytest.mark.slow
def test_every_job_is_done_on_ray_by_other_processes_even_if_one_is_lost(tmp_path: Path) -> None:
    done = list(each_done(square, [(n,) for n in range(5)], 2, "local"))
    assert sorted(value for value, _ in done) == [0, 1, 4, 9, 16]
    assert os.getpid() not in {process for _, process in done}
    assert list(each_done(die_once, [(tmp_path / "mark",)], 1, "local")) == [True]
    with pytest.raises(DeftError, match=r"^nothing known$"):
        list(each_done(refuse, [(1,)], 1, "local"))


@pytest.mark.slow
def test_a_job_on_ray_finds_relative_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with on_ray("local", 1) as cluster:
        monkeypatch.chdir(tmp_path)
        assert cluster.get(start_on_ray(cluster, os.getcwd)) == str(tmp_path)


def test_no_cluster_is_a_clear_error() -> None:
    code = (
        "from deft_affordance.workers import each_done\n"
        "from deft_core.errors import DeftError\n"
        "try: list(each_done(print, [(1,)], 1, 'auto'))\n"
        "except DeftError as error: print(error)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60).stdout
    assert "--ray auto: no Ray cluster to join there" in told and "ray start --head" in told


@pytest.mark.parametrize("address", ["127.0.0.1:1", "ray://127.0.0.1:1"])
def test_a_machine_that_does_not_answer_is_said_at_once(address: str) -> None:
    with pytest.raises(DeftError, match=f"--ray {address}: nothing answers there .*refused.*ray start --head"):
        list(each_done(square, [(1,)], 1, address))


@pytest.mark.parametrize("command", [generate, film_synthetic])
def test_ctrl_c_ends_a_command_with_a_line(
    command: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stopped(*_: object) -> Iterator[int]:
        raise KeyboardInterrupt
        yield

    monkeypatch.setattr(command, "each_done", stopped)
    where = "--out" if command is generate else "--root"
    with pytest.raises(SystemExit, match="stopped; run again to go on"):
        command.main([where, str(tmp_path)])
