"""Deprojection round-trips, segmentation finds what stands on a table, the software camera
aligns, the wire is checked.
"""

import contextlib
import json
import signal
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from deft_core.errors import PerceptionRefused, WorkcellError
from deft_core.observation import RGBDFrame
from deft_core.workcell import load_workcell
from deft_perception.deprojection import deproject, point_cloud, project
from deft_perception.segmentation import SegmentationSettings, segment_tabletop
from deft_perception.twin_camera import TwinCamera

SETTINGS = load_workcell("twin").camera
BLANK = (np.zeros((480, 640, 3), np.uint8), np.zeros((480, 640), np.uint16))
K = np.array([[615.0, 0, 320], [0, 615.0, 240], [0, 0, 1]])


def frame_of_boxes(
    boxes: list[tuple[float, float, float, float]], noise_mm: float = 2.0, tilt: float = 0.0
) -> RGBDFrame:
    """A table with upright boxes (x, y, half width, height), ray-cast; `tilt` (rad) is a calibration error."""
    rng = np.random.default_rng(0)
    T = SETTINGS.T_base_camera
    x, y = np.meshgrid(np.arange(640.0), np.arange(480.0))
    rays = np.stack([(x - 320) / 615, (y - 240) / 615, np.ones_like(x)], axis=-1) @ T[:3, :3].T
    depth = -T[2, 3] / rays[..., 2]
    for bx, by, half, height in boxes:
        low, high = np.array([bx - half, by - half, 0]), np.array([bx + half, by + half, height])
        near, far = (low - T[:3, 3]) / rays, (high - T[:3, 3]) / rays
        enter, leave = np.minimum(near, far).max(axis=-1), np.maximum(near, far).min(axis=-1)
        depth = np.where((enter < leave) & (enter > 0), np.minimum(depth, enter), depth)
    mm = (depth * 1e3 + rng.normal(0, noise_mm, depth.shape)).clip(0, 65535).astype(np.uint16)
    believed = T.copy()
    c, s = np.cos(tilt), np.sin(tilt)
    believed[:3, :3] = T[:3, :3] @ np.array([[1, 0, 0], [0, c, -s], [0, s, c]])
    return RGBDFrame(np.zeros((480, 640, 3), np.uint8), mm, K, np.zeros(5), believed, 1, 0.0)


@given(st.floats(50, 590), st.floats(50, 430), st.floats(0.3, 1.5), st.floats(-0.1, 0.1), st.floats(-0.002, 0.002))
def test_deprojection_and_projection_are_inverse(u: float, v: float, depth: float, k1: float, p1: float) -> None:
    distortion = np.array([k1, -k1 / 2, p1, -p1, 0.0])
    assert np.allclose(project(deproject([[u, v]], [depth], K, distortion), K, distortion), [[u, v]], atol=0.05)


def test_the_cloud_of_an_empty_table_is_the_table() -> None:
    cloud = point_cloud(frame_of_boxes([], noise_mm=0.0))
    assert np.nanmax(np.abs(cloud[..., 2])) < 2e-3


@pytest.mark.parametrize("tilt", [0.0, 0.009])  # 0.5 degrees of calibration error
def test_objects_are_found_in_spite_of_noise_and_calibration_error(tilt: float) -> None:
    boxes = [(0.5, -0.1, 0.035, 0.1), (0.58, 0.08, 0.02, 0.04)]
    found = segment_tabletop(frame_of_boxes(boxes, tilt=tilt))
    assert len(found) == 2
    for thing, (x, y, half, _) in zip(found, boxes, strict=True):
        assert np.linalg.norm(thing.center[:2] - [x, y]) < half + 0.012
        assert thing.mask[thing.box[1] : thing.box[1] + thing.box[3], thing.box[0] : thing.box[0] + thing.box[2]].any()


def test_table_seen_through_a_gap_is_no_part_of_a_thing() -> None:
    beside = [(0.5, -0.0165, 0.015, 0.015), (0.5, 0.0165, 0.015, 0.015)]  # 3 mm apart: closing joins them
    frame = frame_of_boxes(beside, noise_mm=0.5)
    found = segment_tabletop(frame)
    assert len(found) == 1
    assert point_cloud(frame)[found[0].mask][:, 2].min() > 0.005


def test_what_goes_on_outside_the_region_is_told() -> None:
    frame = frame_of_boxes([(0.5, 0.0, 0.035, 0.1), (0.55, 0.2, 0.03, 0.06)])
    whole, part = sorted(segment_tabletop(frame), key=lambda thing: thing.center[1])
    assert whole.beyond == 0.0 and 0.3 < part.beyond < 3.0
    wider = segment_tabletop(frame, SegmentationSettings(y_m=(-0.2, 0.3)))
    assert [thing.beyond for thing in wider] == [0.0, 0.0]
    assert max(thing.center[1] for thing in wider) == pytest.approx(0.2, abs=0.01)


def test_an_empty_table_and_a_blind_camera_are_refused() -> None:
    with pytest.raises(PerceptionRefused, match=r"nothing rises .* where .*: x 0\.38 to 0\.75, y -0\.2 to 0\.2 m"):
        segment_tabletop(frame_of_boxes([]))
    blind = frame_of_boxes([])
    blind.depth_mm[:] = 0
    with pytest.raises(PerceptionRefused, match="no depth"):
        segment_tabletop(blind)


class FakeTwin:
    """Serves raw bytes to one client on a free loopback port."""

    def __init__(self, payload: bytes) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(30)
        self.address = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, args=(payload,), daemon=True)
        self._thread.start()

    def _serve(self, payload: bytes) -> None:
        connection, _ = self._listener.accept()
        with connection, contextlib.suppress(ConnectionError):  # the client may leave first
            connection.sendall(payload)

    def close(self) -> None:
        self._thread.join(timeout=5)
        self._listener.close()


def message(number: int, color: np.ndarray, depth: np.ndarray, shift_m: float = 0.0) -> bytes:
    intrinsics = {
        "width": depth.shape[1],
        "height": depth.shape[0],
        "fx": 615.0,
        "fy": 615.0,
        "ppx": 320.0,
        "ppy": 240.0,
        "coeffs": [0.0] * 5,
    }
    T = np.eye(4)
    T[0, 3] = shift_m
    header = {"frame_number": number, "stamp_s": number / 6, "fps": 6, "color": intrinsics, "depth": intrinsics}
    text = json.dumps(header | {"T_color_depth": T.ravel().tolist()}).encode()
    return struct.pack(">I", len(text)) + text + color.tobytes() + depth.tobytes()


def test_depth_arrives_aligned_to_colour_by_librealsense() -> None:
    color, depth = np.zeros((480, 640, 3), np.uint8), np.full((480, 640), 700, np.uint16)
    color[100, 200] = [1, 2, 3]
    depth[200:280, 300:340] = 500
    twin = FakeTwin(b"".join(message(n, color, depth, shift_m=0.02) for n in range(1, 7)))
    try:
        with TwinCamera(SETTINGS.model_copy(update={"address": twin.address})) as camera:
            capture = camera.wait()
    finally:
        twin.close()
    assert capture.color[100, 200].tolist() == [1, 2, 3]
    columns = np.flatnonzero(capture.depth_mm[240] == 500)
    # 20 mm of baseline at 0.5 m moves the block by 615 * 0.02 / 0.5 = 24.6 pixels.
    assert abs(columns.min() - 324.6) < 2 and abs(columns.max() - 363.6) < 2
    assert np.allclose(capture.K, K)


@pytest.mark.parametrize(
    ("payload", "match"),
    [
        (b"", "closed"),
        (b"\xff\xff\xff\xff", "header of"),
        (struct.pack(">I", 4) + b"{{{{", "cannot be read"),
        (struct.pack(">I", 2) + b"{}", "cannot be read"),
        (
            message(1, *BLANK).replace(b"stamp_s", b"stamp_x"),
            "stamp_s",
        ),
        (message(1, *BLANK)[:5000], "closed"),
    ],
)
def test_a_hostile_camera_is_a_clear_error(payload: bytes, match: str) -> None:
    twin = FakeTwin(payload)
    try:
        with (
            TwinCamera(SETTINGS.model_copy(update={"address": twin.address})) as camera,
            pytest.raises(WorkcellError, match=match),
        ):
            camera.wait()
    finally:
        twin.close()


@pytest.mark.parametrize(
    ("size", "shift_m", "match"), [((240, 320), 0.0, "changed color"), ((480, 640), 0.01, "T_col")]
)
def test_a_camera_that_changes_is_refused(size: tuple[int, int], shift_m: float, match: str) -> None:
    images = [(np.zeros((*s, 3), np.uint8), np.full(s, 700, np.uint16)) for s in ((480, 640), size)]
    twin = FakeTwin(b"".join(message(n, *images[n > 3], shift_m=shift_m * (n > 3)) for n in range(1, 7)))
    try:
        with (
            TwinCamera(SETTINGS.model_copy(update={"address": twin.address})) as camera,
            pytest.raises(WorkcellError, match=match),
        ):
            for _ in range(6):
                assert camera.wait().color.shape == (480, 640, 3)
    finally:
        twin.close()


def test_no_camera_says_where_it_looked() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    settings = SETTINGS.model_copy(update={"address": address, "timeout_s": 0.2})
    with pytest.raises(WorkcellError, match=address), TwinCamera(settings):
        pass


class Film:
    """camera_node as a process, filming a twin that shows three frames and stays until it is closed."""

    def __init__(self, folder: Path) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(30)
        self._over, self.filming = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._show, daemon=True)
        self._thread.start()
        cell = load_workcell("twin").model_dump(mode="json")
        cell["camera"]["address"] = f"127.0.0.1:{self._listener.getsockname()[1]}"
        path = folder / "cell.yaml"
        path.write_text(yaml.safe_dump(cell))
        command = [sys.executable, "-m", "deft_perception.camera_node", "--ros-args", "-p", f"workcell:={path}"]
        self.node = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def _show(self) -> None:
        color, depth = np.zeros((480, 640, 3), np.uint8), np.full((480, 640), 700, np.uint16)
        connection, _ = self._listener.accept()
        with connection, contextlib.suppress(ConnectionError):
            for number in (1, 2, 3):
                connection.sendall(message(number, color, depth))
            self.filming.set()
            self._over.wait()

    def close(self) -> None:
        self._over.set()
        self._thread.join(timeout=5)
        self._listener.close()

    def ending(self) -> tuple[int, list[str]]:
        """How the node ended: status, and what it said beside its log."""
        _, said = self.node.communicate(timeout=20)
        return self.node.returncode, [line for line in said.splitlines() if "[INFO]" not in line]


@pytest.fixture
def film(tmp_path: Path) -> Iterator[Film]:
    film = Film(tmp_path)
    assert film.filming.wait(30)
    yield film
    film.close()
    if film.node.poll() is None:
        film.node.kill()
    film.node.communicate(timeout=10)


@pytest.mark.graph
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("order", ["twin, node", "node, twin", "node"])
def test_a_camera_node_ends_quietly_in_whatever_order_everything_is_stopped(
    film: Film, number: signal.Signals, order: str
) -> None:
    told = False
    for who in order.split(", "):
        if who == "node":
            film.node.send_signal(number)
            told = True
            continue
        film.close()
        if not told:
            with pytest.raises(subprocess.TimeoutExpired):  # it notices, and has not heard the signal yet
                film.node.wait(0.5)
    assert film.ending() == (0, [])


@pytest.mark.graph
def test_a_camera_node_whose_camera_is_lost_says_so_in_one_line(film: Film) -> None:
    film.close()
    assert film.ending() == (1, ["camera_node: the twin's camera closed the connection"])
