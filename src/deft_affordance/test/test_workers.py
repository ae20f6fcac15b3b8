"""Many jobs: in this process, in others, and on a Ray cluster started here."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from deft_affordance_jobs import die_once, refuse, square

from deft_affordance.workers import each_done
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
    with pytest.raises(DeftError, match="nothing known"):
        list(each_done(refuse, [(1,)], 1, "local"))


def test_no_cluster_is_a_clear_error() -> None:
    code = (
        "from deft_affordance.workers import each_done\n"
        "from deft_core.errors import DeftError\n"
        "try: list(each_done(print, [(1,)], 1, 'auto'))\n"
        "except DeftError as error: print(error)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60).stdout
    assert "--ray auto: no Ray cluster answers there" in told and "ray start --head" in told
