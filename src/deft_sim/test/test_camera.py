"""The twin's camera: what it sees is true up to the errors of a real sensor, and aligned as librealsense aligns."""

import struct

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from deft_core.geometry import inverse, rotation_angle, transform
from deft_core.workcell import WorkcellConfig
from deft_sim.camera.align import align_depth
from deft_sim.camera.calibration import true_camera_pose
from deft_sim.camera.gl import choose_backend
from deft_sim.camera.pinhole import D435_COLOR, D435_DEPTH, Pinhole
from deft_sim.camera.renderer import SceneRenderer
from deft_sim.camera.sensor import BASELINE_M, T_COLOR_DEPTH, RgbdSensor, noisy_depth
from deft_sim.workcell import TwinWorkcell

BACKENDS = ["raycast", pytest.param("gl", marks=pytest.mark.skipif(choose_backend() == "disable", reason="no GL"))]
SMALL = Pinhole(160, 120, 150.0)


@pytest.fixture(scope="module")
def scene(twin: TwinWorkcell):
    twin.reset("train", 5)
    return twin.world


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_point_of_the_depth_image_lies_on_the_table(scene, cell: WorkcellConfig, backend: str) -> None:
    T = cell.camera.T_base_camera
    with SceneRenderer(scene.model, backend) as renderer:
        shot = renderer.shoot(scene.data, T, SMALL, depth=True, ids=True)
    assert shot.depth_m is not None and shot.ids is not None
    table = shot.ids == scene.model.geom("table").id
    points = (SMALL.rays() * shot.depth_m[..., None])[table] @ T[:3, :3].T + T[:3, 3]
    # Pixels that blend table and something else are the rasteriser's.
    assert np.median(np.abs(points[:, 2])) < 1e-3
    assert np.quantile(np.abs(points[:, 2]), 0.99) < 5e-3


def test_the_object_can_be_told_from_the_table_by_ids(scene, cell: WorkcellConfig) -> None:
    with SceneRenderer(scene.model, "raycast") as renderer:
        ids = renderer.shoot(scene.data, cell.camera.T_base_camera, D435_COLOR, ids=True).ids
    seen = ids == scene.model.geom("target_visual").id
    assert seen.sum() > 500
    v, u = np.argwhere(seen).mean(axis=0)
    p = inverse(cell.camera.T_base_camera) @ np.append(scene.pose("target")[:3, 3] + [0, 0, 0.05], 1.0)
    expected = D435_COLOR.K @ (p[:3] / p[2])
    assert np.hypot(u - expected[0], v - expected[1]) < 12


def test_depth_noise_on_a_plane_is_one_to_three_millimetres() -> None:
    rng = np.random.default_rng(0)
    for distance_m, low, high in ((0.75, 1.0, 2.5), (0.95, 1.5, 3.2)):
        depth = noisy_depth(np.full((480, 640), distance_m, np.float32), rng, D435_DEPTH.focal_px)
        error = depth[depth > 0].astype(float) - 1000 * distance_m
        assert low < np.sqrt(np.mean(error**2)) < high
        assert abs(error.mean()) < 0.5
        assert (depth == 0).mean() < 0.005


def test_depth_is_lost_beside_edges_and_in_the_shadow_of_near_things() -> None:
    flat = np.full((480, 640), 0.9, np.float32)
    flat[200:300, 300:400] = 0.7
    lost = noisy_depth(flat, np.random.default_rng(0), D435_DEPTH.focal_px) == 0
    shadow = D435_DEPTH.focal_px * BASELINE_M * (1 / 0.7 - 1 / 0.9)
    left = lost[210:290, 300 - round(shadow) : 300].mean()
    assert left > 0.9  # the second imager does not see it
    assert 0.2 < lost[210:290, 400:402].mean() < 0.9
    assert lost[350:450, 50:600].mean() < 0.005


def test_nothing_is_measured_where_there_is_nothing() -> None:
    assert (noisy_depth(np.full((8, 8), np.inf, np.float32), np.random.default_rng(0), 385.0) == 0).all()


def test_alignment_is_librealsenses() -> None:
    rs = pytest.importorskip("pyrealsense2")
    rng = np.random.default_rng(2)
    depth = (850 + 40 * np.sin(np.arange(640) / 40)[None] + np.arange(480)[:, None] / 4).astype(np.uint16)
    depth[100:200, 250:330] = 640
    depth[rng.random(depth.shape) < 0.02] = 0
    ours = align_depth(depth, D435_DEPTH, D435_COLOR, T_COLOR_DEPTH)
    theirs = _librealsense_align(rs, depth)
    assert (ours == theirs).mean() > 0.995


def test_alignment_of_a_turned_sensor_keeps_the_nearest_of_each_pixels_rectangles() -> None:
    depth_eye, color_eye = Pinhole(24, 18, 14.0), Pinhole(32, 24, 31.0)
    T = transform(Rotation.from_euler("xyz", [0.05, -0.1, 0.2]).as_matrix(), [0.02, -0.01, 0.005])
    rng = np.random.default_rng(4)
    depth = rng.integers(400, 900, (18, 24)).astype(np.uint16)
    depth[rng.random(depth.shape) < 0.2] = 0
    expected = np.zeros((24, 32), np.uint16)
    for v, u in np.argwhere(depth):
        z = depth[v, u] * 0.001
        corners = []
        for shift in (-0.5, 0.5):
            ray = [(u + shift - depth_eye.K[0, 2]) / 14.0, (v + shift - depth_eye.K[1, 2]) / 14.0, 1.0]
            x, y, far = T[:3, :3] @ (np.array(ray) * z) + T[:3, 3]
            corners.append((round(x / far * 31.0 + color_eye.K[0, 2]), round(y / far * 31.0 + color_eye.K[1, 2])))
        (u0, v0), (u1, v1) = corners
        here = expected[max(v0, 0) : max(v1 + 1, 0), max(u0, 0) : max(u1 + 1, 0)]
        here[(here == 0) | (here > depth[v, u])] = depth[v, u]
    np.testing.assert_array_equal(align_depth(depth, depth_eye, color_eye, T), expected)
    assert 0 < (expected > 0).sum() < expected.size


def _librealsense_align(rs, depth: np.ndarray) -> np.ndarray:
    device = rs.software_device()
    profiles, sensors = {}, {}
    for name, pinhole, stream, fmt, bpp in (
        ("depth", D435_DEPTH, rs.stream.depth, rs.format.z16, 2),
        ("color", D435_COLOR, rs.stream.color, rs.format.rgb8, 3),
    ):
        i = rs.intrinsics()
        i.width, i.height, i.fx, i.fy = pinhole.width, pinhole.height, pinhole.focal_px, pinhole.focal_px
        i.ppx, i.ppy, i.model, i.coeffs = pinhole.K[0, 2], pinhole.K[1, 2], rs.distortion.brown_conrady, [0.0] * 5
        video = rs.video_stream()
        video.type, video.uid, video.fmt, video.bpp, video.fps = stream, bpp, fmt, bpp, 6
        video.width, video.height, video.intrinsics = pinhole.width, pinhole.height, i
        sensors[name] = device.add_sensor(name)
        profiles[name] = sensors[name].add_video_stream(video)
    extrinsics = rs.extrinsics()
    extrinsics.rotation, extrinsics.translation = np.eye(3).ravel().tolist(), T_COLOR_DEPTH[:3, 3].tolist()
    profiles["depth"].register_extrinsics_to(profiles["color"], extrinsics)
    sensors["depth"].add_read_only_option(rs.option.depth_units, 0.001)
    device.create_matcher(rs.matchers.dlr_c)
    syncer, align = rs.syncer(), rs.align(rs.stream.color)
    for name, sensor in sensors.items():
        sensor.open(profiles[name])
        sensor.start(syncer)
    try:
        for number in range(1, 30):
            for name, pixels in (("depth", depth), ("color", np.zeros((480, 640, 3), np.uint8))):
                frame = rs.software_video_frame()
                frame.pixels, frame.bpp, frame.stride = pixels, 2 if name == "depth" else 3, pixels.strides[0]
                frame.timestamp, frame.frame_number = number * 1000 / 6, number
                frame.domain, frame.profile = (
                    rs.timestamp_domain.hardware_clock,
                    profiles[name].as_video_stream_profile(),
                )
                if name == "depth":
                    frame.depth_units = 0.001
                sensors[name].on_video_frame(frame)
            matched, frames = syncer.try_wait_for_frames(200)
            if matched and frames.size() == 2:
                return np.asanyarray(align.process(frames).get_depth_frame().get_data()).copy()
    finally:
        for sensor in sensors.values():
            sensor.stop()
            sensor.close()
    raise AssertionError("librealsense's syncer matched nothing")


def test_calibration_is_off_by_millimetres_and_half_a_degree(cell: WorkcellConfig) -> None:
    believed = cell.camera.T_base_camera
    for seed in range(20):
        true = true_camera_pose(believed, np.random.default_rng(seed))
        assert rotation_angle(believed[:3, :3].T @ true[:3, :3]) == pytest.approx(np.radians(0.5), abs=1e-6)
        middle = transform(None, [0, 0, 0.9])
        error = (true @ middle)[:3, 3] - (believed @ middle)[:3, 3]
        assert 0.003 <= np.linalg.norm(error) <= 0.005 + 1e-9
    assert np.array_equal(
        true_camera_pose(believed, np.random.default_rng(1)), true_camera_pose(believed, np.random.default_rng(1))
    )


def test_an_exposure_is_colour_and_depth_of_the_same_scene(scene, cell: WorkcellConfig) -> None:
    sensor = RgbdSensor(scene.model, "raycast")
    frame = sensor.expose(scene.data, cell.camera.T_base_camera, np.random.default_rng(0), stamp_s=1.5)
    sensor.close()
    assert frame.color.shape == (480, 640, 3) and frame.depth_mm.shape == (480, 640)
    assert frame.depth_mm.dtype == np.uint16 and frame.stamp_s == 1.5
    assert (frame.depth_mm > 0).mean() > 0.8


def test_a_camera_message_carries_what_a_client_needs() -> None:
    import json

    from deft_sim.camera.sensor import RawFrame
    from deft_sim.devices.camera_server import message

    frame = RawFrame(np.full((480, 640, 3), 7, np.uint8), np.full((480, 640), 900, np.uint16), 0.0)
    data = message(frame, 3, 0.5, 6)
    (size,) = struct.unpack(">I", data[:4])
    header = json.loads(data[4 : 4 + size])
    assert header["frame_number"] == 3 and header["fps"] == 6 and header["stamp_s"] == 0.5
    assert header["color"]["fx"] == 615.0 and header["depth"]["fx"] == 385.0
    assert np.reshape(header["T_color_depth"], (4, 4))[0, 3] == pytest.approx(0.015)
    assert len(data) == 4 + size + 480 * 640 * 5
