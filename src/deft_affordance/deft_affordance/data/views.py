"""Pictures of an object alone on a table, as the robot's camera would take them, with the label of a human grasp."""

from __future__ import annotations

from dataclasses import dataclass

import mujoco
import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from deft_affordance.contacts import fit_contact_points, nearest_on_mask
from deft_affordance.crop import Crop, box_of
from deft_affordance.data.human_grasps import HumanGrasp, place_frame
from deft_core.geometry import Array, apply, inverse, rot_z, transform
from deft_sim.camera.calibration import true_camera_pose
from deft_sim.camera.pinhole import D435_COLOR
from deft_sim.camera.renderer import SceneRenderer
from deft_sim.camera.sensor import noisy_color
from deft_sim.human.tracker import KEYPOINT_SIGMA_PX, Noise, compose
from deft_sim.model.scene import SceneLook, new_scene
from deft_sim.things.thing import Thing

# Where things may stand: around the tasks' placements, and a little beyond.
PLACE_X_M = (0.46, 0.65)
PLACE_Y_M = (-0.10, 0.10)
MIN_HEIGHT_M = 0.010
# A fingertip's patch of skin: each contact stands for a disc of this radius (pad of 12 mm, Serina et al. 1997).
PATCH_M = 0.006
# A contact this near to the surface that the camera sees is on the side that it sees.
SEEN_M = 0.012
_OBJECT = "object"


@dataclass(frozen=True, eq=False)
class Sample:
    """One labelled image.

    Attributes:
        crop: (S, S, 3) uint8 RGB.
        contacts: (k, 2) contact points in the crop's [0, 1] square, as labelled.
        wrist: (3,) wrist rotation in the camera's optical frame, axis-angle, as tracked.
        mano: (45,) hand pose, as tracked.
        wrist_true, mano_true, contacts_true: the same without the tracker's errors.
        contact_in_wrist: (3,) metres: the labelled contact, deprojected as the predictor does, seen from the human's
            wrist.
        side_px: the crop's side in the image, pixels.
    """

    crop: NDArray[np.uint8]
    contacts: Array
    wrist: Array
    mano: Array
    contacts_true: Array
    wrist_true: Array
    mano_true: Array
    contact_in_wrist: Array
    side_px: int


class Photographer:
    """Takes labelled pictures of one object; use it in a `with`.

    Args:
        thing: the object.
        T_base_camera: the workcell's calibrated camera.
        image_size: side of the crops, pixels.
        is_round: whether yaw changes nothing about how it is grasped.
    """

    def __init__(self, thing: Thing, T_base_camera: Array, image_size: int, is_round: bool) -> None:
        self._thing, self._T_base_camera = thing, T_base_camera
        self._size, self._round = image_size, is_round
        spec = new_scene()
        thing.add_to(spec, _OBJECT)
        self._model = spec.compile()
        self._data = mujoco.MjData(self._model)
        self._renderer = SceneRenderer(self._model)

    def __enter__(self) -> Photographer:
        return self

    def __exit__(self, *_: object) -> None:
        self._renderer.close()

    def shoot(self, grasp: HumanGrasp, rng: np.random.Generator) -> Sample | None:
        """Place the object anew, light the room anew, take a picture and label it with the grasp.

        None where the camera would see no contact.
        """
        x, y = rng.uniform(*PLACE_X_M), rng.uniform(*PLACE_Y_M)
        T_place = place_frame(x, y)
        yaw = rot_z(rng.uniform(-np.pi, np.pi)) if self._round else np.eye(3)
        mujoco.mj_resetData(self._model, self._data)
        T_object = T_place @ transform(yaw) @ self._thing.rest_pose
        self._thing.place(self._model, self._data, _OBJECT, T_object)
        look = SceneLook.draw(rng)
        look.apply(self._model)
        mujoco.mj_forward(self._model, self._data)
        T_camera = true_camera_pose(self._T_base_camera, rng)
        shot = self._renderer.shoot(self._data, T_camera, D435_COLOR, color=True, depth=True)
        assert shot.color is not None and shot.depth_m is not None
        mask = self._mask(shot.depth_m, T_camera, np.array([x, y]))
        jitter = rng.integers(-1, 2, size=4)
        box = tuple(int(v) for v in np.array(box_of(mask)) + jitter)
        crop = Crop.around((box[0], box[1], box[2], box[3]))
        T_wrist = T_place @ grasp.T_place_wrist
        pixels = self._contact_pixels(
            apply(T_place, grasp.contacts), grasp.normals @ T_place[:3, :3].T, T_camera, shot.depth_m
        )
        if pixels is None:
            return None
        true_points = fit_contact_points(pixels)
        noise = Noise.draw(rng)
        # A contact is found where a detector sees hand and object meet: it errs as a whole, and each point a little.
        slip = KEYPOINT_SIGMA_PX * rng.normal(size=(1, 2)) + KEYPOINT_SIGMA_PX * rng.normal(size=pixels.shape)
        points = fit_contact_points(pixels + slip)
        wrist = Rotation.from_matrix(T_camera[:3, :3].T @ T_wrist[:3, :3]).as_rotvec()
        contact = self._deproject(true_points.mean(axis=0), mask, shot.depth_m)
        return Sample(
            crop=crop.cut(noisy_color(shot.color, rng, look.exposure), self._size),
            contacts=crop.to_unit(points),
            wrist=compose(wrist, noise.wrist),
            mano=compose(grasp.mano_pose.reshape(15, 3), noise.joints.reshape(15, 3)).reshape(45),
            contacts_true=crop.to_unit(true_points),
            wrist_true=wrist,
            mano_true=grasp.mano_pose,
            contact_in_wrist=apply(inverse(T_wrist), contact),
            side_px=crop.side,
        )

    def _mask(self, depth_m: NDArray[np.float32], T_camera: Array, xy: Array) -> NDArray[np.bool_]:
        """Pixels of what rises above the table near the object."""
        points = apply(T_camera, D435_COLOR.rays() * np.where(np.isfinite(depth_m), depth_m, 9.0)[..., None])
        near = np.linalg.norm(points[..., :2] - xy, axis=-1) < 2.0 * self._thing.footprint_m
        return np.asarray(near & (points[..., 2] > MIN_HEIGHT_M))

    def _contact_pixels(
        self, contacts: Array, normals: Array, T_camera: Array, depth_m: NDArray[np.float32]
    ) -> Array | None:
        """Where skin is seen to meet the object: samples around each contact that the object itself does not hide.

        A detector on video finds contact where a visible hand overlaps the object; a fingertip behind it is not found.
        """
        centres = apply(inverse(T_camera), contacts)
        pixels = centres @ D435_COLOR.K.T
        u, v = np.rint(pixels[:, :2] / pixels[:, 2:]).astype(int).T
        faces = (normals * (T_camera[:3, 3] - contacts)).sum(axis=1) > 0
        seen = faces & (u >= 0) & (u < D435_COLOR.width) & (v >= 0) & (v < D435_COLOR.height)
        seen[seen] = np.abs(depth_m[v[seen], u[seen]] - centres[seen, 2]) < SEEN_M
        if not seen.any():
            return None
        points = (centres[seen, None] + PATCH_M * _SPHERE[None]).reshape(-1, 3) @ D435_COLOR.K.T
        return points[:, :2] / points[:, 2:]

    def _deproject(self, pixel: Array, mask: NDArray[np.bool_], depth_m: NDArray[np.float32]) -> Array:
        """The contact in base_link as the robot, which believes its calibration, would have it."""
        found = nearest_on_mask(pixel, mask)
        assert found is not None
        u, v = found
        ray = np.array(
            [(u - D435_COLOR.K[0, 2]) / D435_COLOR.focal_px, (v - D435_COLOR.K[1, 2]) / D435_COLOR.focal_px, 1.0]
        )
        return apply(self._T_base_camera, ray * float(depth_m[v, u]))


def _sphere_points(n: int = 10) -> Array:
    """Points spread over a unit sphere (golden spiral)."""
    k = np.arange(n) + 0.5
    polar, around = np.arccos(1 - 2 * k / n), np.pi * (1 + 5**0.5) * k
    return np.stack([np.cos(around) * np.sin(polar), np.sin(around) * np.sin(polar), np.cos(polar)], axis=1)


_SPHERE = _sphere_points()
