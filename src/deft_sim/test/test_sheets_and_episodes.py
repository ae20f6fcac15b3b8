"""Contact sheets are drawn, and random episodes are counted."""

import json

import cv2
import pytest

from deft_sim.contact_sheet import main as sheet
from deft_sim.gallery import main as gallery
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


@pytest.mark.slow
def test_a_gallery_shows_each_task_three_times(tmp_path) -> None:
    out = tmp_path / "docs" / "gallery.png"
    assert gallery(["--tasks", "open_drawer,pick_cup", "--tries", "1", "--out", str(out)]) == 0
    image = cv2.imread(str(out))
    assert image is not None and image.shape[1] > 2 * 3 * 208
    assert image[40:, :624].std() > 20 and (image[:, -200:] == 255).all()  # two cells; the third is left empty


def test_a_gallery_of_an_unknown_task_is_one_line_and_a_bad_status(tmp_path, capsys) -> None:
    assert gallery(["--tasks", "juggle", "--out", str(tmp_path / "gallery.png")]) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_random_episodes_are_counted(capsys) -> None:
    assert episodes(["--tasks", "pick_cup,open_drawer", "--n", "4", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["n"] == 4 and result["diverged"] == result["not_finite"] == 0
    assert result["warnings"] == {}
