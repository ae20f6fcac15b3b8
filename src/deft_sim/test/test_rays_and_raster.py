"""Images without OpenGL: ray-cast depth and ids are the rasteriser's, and they stand in where no OpenGL works."""

import cv2
import mujoco
import numpy as np
import pytest

from deft_core.task import load_task
from deft_core.workcell import WorkcellConfig
from deft_sim.camera.gl import choose_backend
from deft_sim.camera.pinhole import D435_COLOR, Pinhole
from deft_sim.camera.renderer import SceneRenderer
from deft_sim.workcell import TwinWorkcell

SMALL = Pinhole(160, 120, 150.0)


@pytest.fixture(scope="module")
def scene(twin: TwinWorkcell):
    twin.reset("train", 5)
    return twin.world


def away_from_edges(depth_m: np.ndarray, ids: np.ndarray) -> np.ndarray:
    """Pixels (H, W) whose neighbours are of the same geom and at a like depth."""
    kernel = np.ones((5, 5), np.uint8)
    near = np.where(np.isfinite(depth_m), depth_m, 99.0)
    smooth = cv2.dilate(near, kernel) - cv2.erode(near, kernel) < 0.03
    one = cv2.dilate(ids.astype(np.float32), kernel) == cv2.erode(ids.astype(np.float32), kernel)
    return smooth & one


@pytest.mark.skipif(choose_backend() == "disable", reason="no GL")
@pytest.mark.parametrize("task_name", ["pick_cup", "open_drawer", "scoop_grape"])
def test_rays_and_raster_agree(cell: WorkcellConfig, task_name: str) -> None:
    task_twin = TwinWorkcell(load_task(task_name), cell, 0)
    task_twin.reset("train", 5)
    world = task_twin.world
    shots = []
    for backend in ("raycast", "gl"):
        with SceneRenderer(world.model, backend) as renderer:
            T = cell.camera.T_base_camera
            shots.append(renderer.shoot(world.data, T, D435_COLOR, color=True, depth=True, ids=True))
    rays, raster = shots
    inside = away_from_edges(raster.depth_m, rays.ids) & np.isfinite(raster.depth_m)
    assert inside.mean() > 0.6
    difference = np.abs(rays.depth_m - raster.depth_m)[inside]
    assert np.quantile(difference, 0.999) < 2e-3
    assert (rays.ids == raster.ids)[inside].all()
    assert (rays.ids == raster.ids).mean() > 0.999
    assert set(np.unique(rays.ids)) == set(np.unique(raster.ids))  # no ids that edges were blended to
    assert np.abs(rays.color.astype(int) - raster.color)[inside].mean() < 60  # no texture, no shadow


def test_where_no_opengl_works_images_are_ray_cast_and_it_says_so(
    scene, cell: WorkcellConfig, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise ImportError("no driver of this test")

    monkeypatch.setattr(mujoco, "Renderer", broken)
    monkeypatch.delenv("MUJOCO_GL", raising=False)
    monkeypatch.setattr("deft_sim.camera.renderer.choose_backend", lambda: "egl")
    with SceneRenderer(scene.model) as renderer:
        shot = renderer.shoot(scene.data, cell.camera.T_base_camera, SMALL, color=True, depth=True, ids=True)
        assert renderer.backend == "raycast"
    assert shot.color is not None and shot.color.std() > 10 and np.isfinite(shot.depth_m).mean() > 0.8
    assert "no driver of this test" in caplog.text and "ray-cast" in caplog.text
    with SceneRenderer(scene.model, "gl") as renderer, pytest.raises(ImportError, match="no driver of this test"):
        renderer.shoot(scene.data, cell.camera.T_base_camera, SMALL, color=True)


def test_opengl_can_be_switched_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUJOCO_GL", "Off")
    assert choose_backend() == "disable"
    monkeypatch.setenv("MUJOCO_GL", "")
    monkeypatch.setattr("ctypes.util.find_library", lambda name: None)
    assert choose_backend() == "disable"
