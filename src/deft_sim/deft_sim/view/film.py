"""Films of a living twin: MP4 files, drawn from states that were kept while it moved."""

import copy
import queue
import threading
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path

import imageio_ffmpeg
import mujoco
import numpy as np
from numpy.typing import NDArray

from deft_core.geometry import Array
from deft_sim.camera.gl import choose_backend
from deft_sim.camera.look import look_at
from deft_sim.camera.pinhole import Pinhole
from deft_sim.camera.renderer import SceneRenderer
from deft_sim.tick import TICK_S
from deft_sim.world import World

FPS = 25  # frames a robot second
# Of a twin that lives faster than this, fewer: drawing a frame takes 20 to 40 ms on a processor core.
FAST, FAST_FPS = 2.0, 10
VIEW = Pinhole(640, 480, 560.0)
CAST_VIEW = Pinhole(320, 240, 280.0)  # where rays draw it, which takes a fifth of a second for the larger one
# Beside the table, on the left of somebody behind the robot: hand and object are seen, the arm is not in the way.
T_BASE_VIEW = look_at(np.array([0.10, 0.78, 0.46]), np.array([0.47, 0.0, 0.10]))
# Nobody wants to see a robot wait: after half a second in which nothing moves by this much no frame is kept.
_STILL, _STILL_S = 1e-3, 0.5
_MOST_S = 120.0


class Mp4:
    """An H.264 film that is being written.

    Args:
        path: of the file; its folder is made.
        pinhole: whose size the frames have.
        fps: frames a second.
    """

    def __init__(self, path: Path, pinhole: Pinhole = VIEW, fps: float = FPS) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        size = (pinhole.width, pinhole.height)
        self.path, self.frames = path, 0
        self._sink: Generator[None, object, None] = imageio_ffmpeg.write_frames(
            str(path), size, fps=fps, codec="libx264", quality=7, ffmpeg_log_level="error"
        )
        self._sink.send(None)

    def add(self, frame: NDArray[np.uint8]) -> None:
        """Append a frame (H, W, 3), RGB."""
        self._sink.send(np.ascontiguousarray(frame))
        self.frames += 1

    def close(self) -> None:
        """Finish the file."""
        self._sink.close()


@dataclass(frozen=True, eq=False)
class _Scene:
    """What a film shows: a model of its own, since cameras move in theirs and the next scene repaints the world's."""

    path: Path
    model: mujoco.MjModel


class FilmMaker:
    """Films every episode between `begin` and `end`; draws on a thread of its own, as fast as it gets to.

    Args:
        folder: where the films go: 001_NAME.mp4, 002_NAME.mp4, ...
        report: told of every finished film.
        fps: frames a robot second.
    """

    def __init__(self, folder: Path, report: Callable[[str], object], fps: int = FPS) -> None:
        self._folder, self._report, self._fps = folder, report, fps
        self._every = round(1.0 / (fps * TICK_S))
        self._work: queue.Queue[_Scene | Array | str] = queue.Queue()
        self._filmed: World | None = None
        self._ticks = self._kept = self._still = 0
        self._last: Array = np.zeros(0)
        self._number = len(list(folder.glob("*.mp4"))) if folder.is_dir() else 0
        self._thread = threading.Thread(target=self._run, name="film", daemon=True)
        self._thread.start()

    def begin(self, name: str, world: World) -> None:
        """Begin a film of a world; one that is still being made ends."""
        self.end()
        self._number += 1
        self._work.put(_Scene(self._folder / f"{self._number:03d}_{name}.mp4", copy.copy(world.model)))
        self._ticks = self._kept = self._still = 0
        self._filmed = world

    def end(self) -> None:
        """End the film, if there is one."""
        if self._filmed is not None:
            self._filmed = None
            self._work.put("end")

    def close(self) -> None:
        """Draw what is left, and stop."""
        self.end()
        self._work.put("close")
        self._thread.join(timeout=60.0)

    def tick(self, world: World) -> None:
        """Keep a state now and then while something moves."""
        self._ticks += 1
        if world is not self._filmed or self._ticks % self._every or self._kept >= _MOST_S * self._fps:
            return
        qpos = world.data.qpos.copy()
        moved = qpos.shape != self._last.shape or bool(np.abs(qpos - self._last).max() > _STILL)
        self._still = 0 if moved else self._still + 1
        if self._still <= _STILL_S * self._fps:
            self._last = qpos
            self._kept += 1
            self._work.put(qpos)

    def _run(self) -> None:
        while not isinstance(job := self._work.get(), str) or job != "close":
            if isinstance(job, _Scene):
                try:
                    self._make(job)
                except (OSError, RuntimeError) as error:  # a disk that is full, say: the twin goes on unseen
                    self._report(f"film: {job.path} given up: {error}")

    def _make(self, scene: _Scene) -> None:
        """Draw one film, to its end."""
        view = CAST_VIEW if choose_backend() == "disable" else VIEW
        data, film = mujoco.MjData(scene.model), Mp4(scene.path, view, self._fps)
        try:
            with SceneRenderer(scene.model) as renderer:
                while not isinstance(qpos := self._work.get(), str | _Scene):
                    data.qpos[:] = qpos
                    mujoco.mj_kinematics(scene.model, data)
                    mujoco.mj_comPos(scene.model, data)
                    mujoco.mj_camlight(scene.model, data)
                    color = renderer.shoot(data, T_BASE_VIEW, view, color=True).color
                    assert color is not None
                    film.add(color)
        finally:
            film.close()
        self._report(f"film: {film.path} ({film.frames / self._fps:.1f} s of robot time)")
