"""Images of a MuJoCo model from any pose: colour, metric depth, geom ids.

With OpenGL (EGL or OSMesa, as MUJOCO_GL says) images are rasterised; where none works they are ray-cast and simply
shaded, and a warning says so once.

    renderer = SceneRenderer(model)
    shot = renderer.shoot(data, T_base_camera, D435_COLOR, color=True, depth=True, ids=True)
"""

import functools
import logging
from dataclasses import dataclass
from types import TracebackType

import mujoco
import numpy as np
from numpy.typing import NDArray

from deft_core.geometry import Array
from deft_sim.camera.gl import choose_backend
from deft_sim.camera.pinhole import Pinhole
from deft_sim.camera.raycast import cast
from deft_sim.model.poses import OPTICAL_TO_MUJOCO, set_camera_pose
from deft_sim.model.scene import CAMERA, COLLISION_GROUP

_log = logging.getLogger(__name__)


@functools.cache
def _say_why(reason: str) -> None:
    _log.warning("no OpenGL (%s): images are ray-cast; Debian's libegl1 or libosmesa6 would make them faster", reason)


@dataclass(frozen=True, eq=False)
class Shot:
    """What was asked for, None where not.

    Attributes:
        color: (H, W, 3) uint8 RGB.
        depth_m: (H, W) float32 along the optical axis, metres; inf where there is nothing.
        ids: (H, W) int32 geom ids, -1 where there is nothing.
    """

    color: NDArray[np.uint8] | None
    depth_m: NDArray[np.float32] | None
    ids: NDArray[np.int32] | None


class SceneRenderer:
    """Takes pictures of one model. Holds GL resources: close it, or use it in a `with`.

    Args:
        model: compiled from a scene of `deft_sim.model.scene.new_scene`.
        backend: "gl" or "raycast"; by default GL where one works.
        shadows: draw shadows (GL only).
    """

    def __init__(self, model: mujoco.MjModel, backend: str | None = None, shadows: bool = True) -> None:
        if backend not in (None, "gl", "raycast"):
            raise ValueError(f"backend {backend!r}: choose 'gl' or 'raycast'")
        self.backend, self._may_cast = backend or "gl", backend is None
        if choose_backend() == "disable" and self._may_cast:
            self._do_without("MUJOCO_GL is disable, or there is no libEGL and no libOSMesa")
        self._model = model
        self._camera = model.camera(CAMERA).id
        self._shadows = shadows
        self._renderers: dict[tuple[int, int], mujoco.Renderer] = {}
        self._option = mujoco.MjvOption()
        self._option.geomgroup[:] = 1
        self._option.geomgroup[COLLISION_GROUP] = 0
        self._option.sitegroup[:] = 0

    def shoot(
        self,
        data: mujoco.MjData,
        T_base_camera: Array,
        pinhole: Pinhole,
        *,
        color: bool = False,
        depth: bool = False,
        ids: bool = False,
    ) -> Shot:
        """Take a picture from the optical frame T_base_camera. `data` must be forwarded (mj_forward or mj_step)."""
        renderer = self._renderer(pinhole) if self.backend == "gl" else None
        if renderer is None:
            return Shot(*cast(self._model, data, T_base_camera, pinhole, color=color, depth=depth, ids=ids))
        set_camera_pose(self._model, data, self._camera, T_base_camera @ OPTICAL_TO_MUJOCO, pinhole.fovy_deg)
        rgb = depth_m = geom_ids = None
        if color:
            self._update(renderer, data)
            rgb = renderer.render()
        if depth:
            renderer.enable_depth_rendering()
            self._update(renderer, data)
            depth_m = renderer.render()
            renderer.disable_depth_rendering()
            depth_m[depth_m > 0.99 * self._far] = np.inf
        if ids:
            renderer.enable_segmentation_rendering()
            self._update(renderer, data)
            number, kind = np.moveaxis(renderer.render(), -1, 0)
            renderer.disable_segmentation_rendering()
            geom_ids = np.where(kind == int(mujoco.mjtObj.mjOBJ_GEOM), number, -1).astype(np.int32)
        return Shot(rgb, depth_m, geom_ids)

    @property
    def _far(self) -> float:
        return float(self._model.vis.map.zfar * self._model.stat.extent)

    def _do_without(self, reason: str) -> None:
        self.backend = "raycast"
        _say_why(reason)

    def _renderer(self, pinhole: Pinhole) -> mujoco.Renderer | None:
        size = (pinhole.height, pinhole.width)
        if size not in self._renderers:
            try:
                renderer = mujoco.Renderer(self._model, *size)
            except Exception as error:  # a driver that is missing shows in many ways: ImportError, AttributeError, ...
                if not self._may_cast:
                    raise
                self._do_without(" ".join(str(error).split())[:160])
                return None
            renderer.scene.flags[mujoco.mjtRndFlag.mjRND_REFLECTION] = False
            self._renderers[size] = renderer
        return self._renderers[size]

    def _update(self, renderer: mujoco.Renderer, data: mujoco.MjData) -> None:
        renderer.update_scene(data, camera=self._camera, scene_option=self._option)
        renderer.scene.flags[mujoco.mjtRndFlag.mjRND_SHADOW] = self._shadows

    def close(self) -> None:
        """Free GL resources."""
        for renderer in self._renderers.values():
            renderer.close()
        self._renderers.clear()

    def __enter__(self) -> "SceneRenderer":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
