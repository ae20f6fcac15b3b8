"""How a node's process ends: quietly for a signal at any moment, with one line for what a person can mend."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.graph
TOY = Path(__file__).with_name("toy_node.py")


def run(what: str, where: str, **more: str) -> subprocess.CompletedProcess[str]:
    env = os.environ | {
        "TOY": f"{what}:{where}",
    }
    return subprocess.run([sys.executable, TOY], env=env | more, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("what", ["SIGINT", "SIGTERM"])
@pytest.mark.parametrize("where", ["before", "making", "connecting", "serving", "spinning", "closing"])
def test_a_signal_ends_it_quietly_at_any_moment(what: str, where: str) -> None:
    ended = run(what, where)
    assert ended.returncode == 0, ended.stderr
    assert "Traceback" not in ended.stderr and "toy_node:" not in ended.stderr, ended.stderr
    # The device is let go of where it was reached, whatever comes between.
    assert ("closed" in ended.stdout) == (where in ("serving", "spinning", "closing"))


@pytest.mark.parametrize("what", ["SIGINT", "SIGTERM"])
@pytest.mark.parametrize("where", ["making", "connecting", "spinning"])
def test_a_node_that_outlives_signals_is_still_heard_when_it_says_goodbye(what: str, where: str) -> None:
    ended = run(what, where, LINGERS="1")
    assert ended.returncode == 0, ended.stderr
    assert "Traceback" not in ended.stderr and "toy_node:" not in ended.stderr, ended.stderr
    assert ended.stdout.splitlines() == ["goodbye, heard: True", "closed"]


@pytest.mark.parametrize(
    ("what", "where", "line"),
    [
        ("lost", "spinning", "is lost"),
        ("mendable", "making", "reached"),
        ("mendable", "connecting", "reached"),
        ("mendable", "spinning", "reached"),
    ],
)
@pytest.mark.parametrize("lingers", [{}, {"LINGERS": "1"}])
def test_what_a_person_can_mend_is_one_line_and_a_failing_exit(
    what: str, where: str, line: str, lingers: dict[str, str]
) -> None:
    ended = run(what, where, **lingers)
    said = [text for text in ended.stderr.splitlines() if text.startswith("toy_node:")]
    assert ended.returncode == 1 and len(said) == 1 and line in said[0], ended.stderr
    assert "Traceback" not in ended.stderr and ("closed" in ended.stdout) == (where == "spinning")


@pytest.mark.parametrize("where", ["connecting", "spinning"])
def test_a_device_that_goes_just_before_the_signal_is_no_failure(where: str) -> None:
    ended = run("gone", where)
    assert ended.returncode == 0, ended.stderr
    assert "Traceback" not in ended.stderr and "toy_node:" not in ended.stderr, ended.stderr


@pytest.mark.parametrize("where", ["making", "serving", "spinning"])
@pytest.mark.parametrize("lingers", [{}, {"LINGERS": "1"}])
def test_a_defect_is_not_taken_for_an_end(where: str, lingers: dict[str, str]) -> None:
    ended = run("defect", where, **lingers)
    assert ended.returncode != 0 and "nobody foresaw this" in ended.stderr
    assert ("closed" in ended.stdout) == (where != "making")
