"""A camera that falls silent, is unplugged or is interrupted says so, and soon."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from deft_core.errors import WorkcellError
from deft_core.workcell import CameraSettings, load_workcell
from deft_perception import realsense
from deft_perception.camera import open_camera
from deft_perception.capture import Camera

PATIENT_S = 60.0


class Pipeline:
    """librealsense's pipeline, with a camera that was unplugged once `lost`; no frame comes from it."""

    def __init__(self) -> None:
        self.lost, self.began = False, threading.Event()

    def start(self, _: Any) -> None:
        pass

    def try_wait_for_frames(self, timeout_ms: int) -> tuple[bool, None]:
        self.began.set()
        if self.lost:
            raise RuntimeError("try_wait_for_frames cannot be called before start()")
        threading.Event().wait(timeout_ms / 1000.0)
        return False, None

    def stop(self) -> None:
        if self.lost:
            raise RuntimeError("stop() cannot be called before start()")


@pytest.fixture
def pipeline(monkeypatch: pytest.MonkeyPatch) -> Pipeline:
    pipeline = Pipeline()
    monkeypatch.setattr(realsense.rs, "pipeline", lambda: pipeline)
    return pipeline


def settings(**changed: Any) -> CameraSettings:
    return load_workcell("lab").camera.model_copy(update=changed)


def test_a_realsense_that_falls_silent_is_a_clear_error(pipeline: Pipeline) -> None:
    with pytest.raises(WorkcellError, match=r"delivered nothing for 0\.3 s"), open_camera(settings(timeout_s=0.3)) as c:
        c.wait()


def test_a_realsense_that_is_unplugged_is_a_clear_error(pipeline: Pipeline) -> None:
    with pytest.raises(WorkcellError, match=r"the camera is lost: .*is its USB plug in"), open_camera(settings()) as c:
        pipeline.lost = True
        c.wait()


@contextlib.contextmanager
def silent_realsense() -> Iterator[tuple[Camera, Callable[[], object]]]:
    with pytest.MonkeyPatch.context() as patch:
        pipeline = Pipeline()
        patch.setattr(realsense.rs, "pipeline", lambda: pipeline)
        yield open_camera(settings(timeout_s=PATIENT_S)), lambda: pipeline.began.wait(10)


@contextlib.contextmanager
def silent_twin() -> Iterator[tuple[Camera, Callable[[], object]]]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(10)
        address = f"127.0.0.1:{listener.getsockname()[1]}"
        kept: list[Any] = []
        yield (
            open_camera(settings(source="twin", address=address, timeout_s=PATIENT_S)),
            lambda: kept.append(listener.accept()),
        )


@contextlib.contextmanager
def absent_twin() -> Iterator[tuple[Camera, Callable[[], object]]]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        address = f"127.0.0.1:{listener.getsockname()[1]}"
    yield open_camera(settings(source="twin", address=address, timeout_s=PATIENT_S)), lambda: None


@pytest.mark.parametrize("silent", [silent_realsense, silent_twin, absent_twin])
@pytest.mark.parametrize("when", ["before", "amid"])
def test_an_interrupted_camera_waits_no_longer(silent: Any, when: str) -> None:
    raised: list[Exception] = []

    def film(camera: Camera) -> None:
        try:
            with camera:
                camera.wait()
        except WorkcellError as error:
            raised.append(error)

    with silent() as (camera, waits):
        thread = threading.Thread(target=film, args=(camera,), daemon=True)
        if when == "before":
            camera.interrupt()
            thread.start()
        else:
            thread.start()
            waits()
            camera.interrupt()
        thread.join(timeout=PATIENT_S / 4)
        assert not thread.is_alive() and len(raised) == 1
