"""Filming a demonstration: what was seen is written, whatever ends it, and straightened."""

from collections.abc import Iterator
from pathlib import Path
from typing import Self

import cv2
import numpy as np
import pytest

from deft_core.clip import RGBDClip
from deft_core.errors import WorkcellError
from deft_core.workcell import load_workcell
from deft_perception import record_clip
from deft_perception.capture import Capture
from deft_perception.deprojection import project

K = np.array([[615.0, 0, 320], [0, 615.0, 240], [0, 0, 1]])

FRAMES = 6


class Six:
    """A camera that gives six frames, a sixth of a second apart, one of them twice, and fails, or does when stopped."""

    def __init__(self, failure: Exception | None = None, stopping: Exception | None = None) -> None:
        self._failure, self._stopping = failure or WorkcellError("the cable is out"), stopping
        shown = [1, 2, 2, 3, 4, 5, 6]
        self._captures = [
            Capture(np.full((48, 64, 3), 10 * k, np.uint8), np.full((48, 64), 700, np.uint16), K, np.zeros(5), k / 6)
            for k in shown
        ]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._stopping is not None:
            raise self._stopping

    def wait(self) -> Capture:
        if not self._captures:
            raise self._failure
        return self._captures.pop(0)


@pytest.fixture(autouse=True)
def camera(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record_clip, "open_camera", lambda settings: Six())


def run(out: Path, *more: str) -> int:
    return record_clip.main(["--workcell", "twin", "--out", str(out), "--delay", "0", *more])


def test_a_clip_and_its_images_are_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path / "mug", "--seconds", "0.4") == 0
    clip = RGBDClip.load(tmp_path / "mug.npz")
    assert clip.color[:, 0, 0, 0].tolist() == [10, 20, 30] and np.diff(clip.stamps_s) == pytest.approx([1 / 6] * 2)
    assert (clip.depth_mm == 700).all() and np.allclose(clip.K, K)
    assert np.allclose(clip.T_base_camera, load_workcell("twin").camera.T_base_camera)
    images = sorted((tmp_path / "mug").iterdir())
    assert [image.name for image in images] == ["00001.jpg", "00002.jpg", "00003.jpg"]
    assert abs(int(cv2.imread(str(images[1]))[24, 32, 0]) - 20) <= 2
    assert "3 frames" in capsys.readouterr().out
    assert run(tmp_path / "mug") == 1  # nothing is written over
    assert "there already" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("failing", "seconds", "frames"),
    [
        (Six(), 30, FRAMES),
        (Six(RuntimeError("the cable is out")), 30, FRAMES),
        (Six(stopping=RuntimeError("the cable is out")), 0.4, 3),
    ],
)
def test_a_camera_that_fails_costs_no_frame_it_gave(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    failing: Six,
    seconds: float,
    frames: int,
) -> None:
    monkeypatch.setattr(record_clip, "open_camera", lambda settings: failing)
    assert run(tmp_path / "mug", "--seconds", str(seconds)) == 1
    assert len(RGBDClip.load(tmp_path / "mug.npz").color) == frames
    assert "the cable is out" in capsys.readouterr().err


def test_ctrl_c_keeps_what_was_filmed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    filmed = record_clip.film

    def stopped(camera: object, seconds: float) -> Iterator[Capture]:
        for number, capture in enumerate(filmed(camera, seconds), start=1):
            yield capture
            if number == 2:
                raise KeyboardInterrupt

    monkeypatch.setattr(record_clip, "film", stopped)
    assert run(tmp_path / "mug") == 0
    assert len(RGBDClip.load(tmp_path / "mug.npz").color) == 2


@pytest.mark.parametrize("wrong", [("--seconds", "0"), ("--seconds", "nan"), ("--delay", "-1"), ("--workcell", "moon")])
def test_what_is_wrong_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str], wrong: tuple[str, str]) -> None:
    assert run(tmp_path / "mug", *wrong) == 1
    assert capsys.readouterr().err.startswith("record_clip: ") and not (tmp_path / "mug.npz").exists()


def test_a_bent_image_is_straightened() -> None:
    lens = np.array([0.12, -0.05, 0.002, -0.001, 0.0])
    point = np.array([[0.25, -0.18, 0.7]])
    (u, v), (x, y) = (np.rint(project(point, K, d)[0]).astype(int) for d in (lens, np.zeros(5)))
    assert np.hypot(u - x, v - y) > 3
    color, depth = np.zeros((480, 640, 3), np.uint8), np.full((480, 640), 900, np.uint16)
    color[v - 2 : v + 3, u - 2 : u + 3], depth[v - 2 : v + 3, u - 2 : u + 3] = 255, 700
    clip = record_clip.as_clip([Capture(color, depth, K, lens, 0.0)], np.eye(4))
    assert clip.color[0, y, x, 0] > 200 and clip.depth_mm[0, y, x] == 700
    assert set(np.unique(clip.depth_mm)) <= {0, 700, 900}
