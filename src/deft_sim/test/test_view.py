"""Watching the twin: films of episodes, and which of window and film it is."""

from pathlib import Path

import imageio_ffmpeg
import numpy as np
import pytest

from deft_sim.tick import TICK_S
from deft_sim.view.film import FPS, FilmMaker
from deft_sim.view.onlooker import has_screen, onlooker
from deft_sim.workcell import TwinWorkcell


def frames_of(path: Path) -> tuple[int, tuple[int, int]]:
    """How many frames a film has, and their size."""
    reader = imageio_ffmpeg.read_frames(str(path))
    meta = next(reader)
    return sum(1 for _ in reader), meta["size"]


def live(twin: TwinWorkcell, maker: FilmMaker, seconds: float, *, moving: bool) -> None:
    """Let time pass before the film maker, with a finger that moves or not."""
    world = twin.world
    for k in range(round(seconds / TICK_S)):
        if moving:
            world.hand_servo.goal = np.full(12, 0.4 + 0.4 * np.sin(0.02 * k))
        world.tick()
        maker.tick(world)


def test_every_episode_becomes_a_film_as_long_as_what_moved(twin: TwinWorkcell, tmp_path: Path) -> None:
    told: list[str] = []
    maker = FilmMaker(tmp_path / "films", told.append)
    twin.reset("train", 1)
    live(twin, maker, 0.4, moving=True)  # nobody films yet
    maker.begin("pick_cup_train", twin.world)
    live(twin, maker, 1.0, moving=True)
    maker.begin("pick_cup_again", twin.world)  # the first one ends by itself
    live(twin, maker, 0.6, moving=True)
    maker.end()
    maker.close()
    films = sorted((tmp_path / "films").glob("*.mp4"))
    assert [film.name for film in films] == ["001_pick_cup_train.mp4", "002_pick_cup_again.mp4"]
    (first, size), (second, _) = map(frames_of, films)
    assert size == (640, 480)
    assert first == pytest.approx(1.0 * FPS, abs=2) and second == pytest.approx(0.6 * FPS, abs=2)
    assert len(told) == 2 and "001_pick_cup_train.mp4" in told[0]


def test_a_robot_that_waits_is_not_filmed(twin: TwinWorkcell, tmp_path: Path) -> None:
    maker = FilmMaker(tmp_path, lambda text: None)
    twin.reset("train", 1)
    maker.begin("still", twin.world)
    live(twin, maker, 4.0, moving=False)
    maker.close()
    assert frames_of(tmp_path / "001_still.mp4")[0] < 2 * FPS


def test_without_opengl_films_are_smaller(twin: TwinWorkcell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUJOCO_GL", "disable")
    maker = FilmMaker(tmp_path, lambda text: None)
    twin.reset("train", 1)
    maker.begin("cast", twin.world)
    live(twin, maker, 0.2, moving=True)
    maker.close()
    frames, size = frames_of(tmp_path / "001_cast.mp4")
    assert size == (320, 240) and frames > 2


def test_films_go_on_where_the_folder_left_off(twin: TwinWorkcell, tmp_path: Path) -> None:
    (tmp_path / "001_before.mp4").touch()
    told: list[str] = []
    maker = FilmMaker(tmp_path, told.append)
    twin.reset("train", 1)
    maker.begin("next", twin.world)
    live(twin, maker, 0.2, moving=True)
    maker.close()
    assert (tmp_path / "002_next.mp4").exists() and "002_next.mp4" in told[0]


def test_without_a_screen_it_films_and_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    assert not has_screen()
    told: list[str] = []
    eyes = onlooker(tmp_path, told.append)
    eyes.close()
    assert isinstance(eyes, FilmMaker) and str(tmp_path) in told[0]


def test_on_a_screen_that_is_not_there_it_films_and_says_why(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DISPLAY", ":4242")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    told: list[str] = []
    eyes = onlooker(tmp_path, told.append)
    eyes.close()
    assert isinstance(eyes, FilmMaker) and "GLFW" in told[0]
