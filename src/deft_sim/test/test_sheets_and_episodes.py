"""Contact sheets are drawn, and random episodes are counted."""

import json

import cv2
import pytest

from deft_sim.contact_sheet import main as sheet
from deft_sim.random_episodes import main as episodes


@pytest.mark.slow
def test_a_sheet_shows_two_episodes_from_two_sides(tmp_path, capsys) -> None:
    assert sheet(["--task", "open_drawer", "--tries", "1", "--out", str(tmp_path / "sheet.png")]) == 0
    image = cv2.imread(str(tmp_path / "sheet.png"))
    assert image is not None and image.shape[1] == 4 * 320
    told = capsys.readouterr().out
    assert "success" in told and "failure" in told


def test_a_sheet_of_an_unknown_task_is_one_line_and_a_bad_status(tmp_path, capsys) -> None:
    assert sheet(["--task", "juggle", "--out", str(tmp_path / "sheet.png")]) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_random_episodes_are_counted(capsys) -> None:
    assert episodes(["--tasks", "pick_cup,open_drawer", "--n", "4", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["n"] == 4 and result["diverged"] == result["not_finite"] == 0
    assert result["warnings"] == {}
