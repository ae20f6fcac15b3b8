"""Pictures of what stands on a table, as the robot's camera would take them, with the label of a human grasp."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from deft_affordance.contacts import fit_contact_points, nearest_on_mask
from deft_affordance.crop import Crop
from deft_affordance.data.human_grasps import HumanGrasp, place_frame
from deft_affordance.data.objects import Kind
from deft_affordance.data.tabletop import Tabletop
from deft_core.errors import PerceptionRefused
from deft_core.geometry import Array, apply, inverse, rot_z, transform
from deft_core.observation import RGBDFrame
from deft_perception.deprojection import deproject
from deft_perception.segmentation import segment_tabletop
from deft_sim.camera.calibration import true_camera_pose
from deft_sim.camera.pinhole import D435_COLOR
from deft_sim.camera.renderer import SceneRenderer
from deft_sim.camera.sensor import noisy_color, noisy_depth
from deft_sim.human.tracker import KEYPOINT_SIGMA_PX, Noise, compose
from deft_sim.model.scene import SceneLook

# Where things may stand across: around the tasks' placements, and a little beyond.
PLACE_Y_M = (-0.10, 0.10)
# A fingertip's patch of skin: each contact stands for a disc of this radius (pad of 12 mm, Serina et al. 1997).
PATCH_M = 0.006
# A contact this near to the surface that the camera sees is on the side that it sees.
SEEN_M = 0.012


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
    """Takes labelled pictures of one tabletop; use it in a `with`.

    Args:
        tabletop: what stands there.
        kind: of its target.
        T_base_camera: the workcell's calibrated camera.
        image_size: side of the crops, pixels.
    """

    def __init__(self, tabletop: Tabletop, kind: Kind, T_base_camera: Array, image_size: int) -> None:
        self._tabletop, self._kind, self._T_base_camera, self._size = tabletop, kind, T_base_camera, image_size
        self._renderer = SceneRenderer(tabletop.model)

    def __enter__(self) -> Photographer:
        return self

    def __exit__(self, *_: object) -> None:
        self._renderer.close()

    def shoot(self, grasp: HumanGrasp, rng: np.random.Generator) -> Sample | None:
        """Place everything anew, light the room anew, take a picture and label it with the grasp.

        The picture is cut as the predictor cuts it: by the depth that a stereo camera would have measured. None where
        the camera would see no contact, or the predictor nothing to grasp.
        """
        T_place = self._place(rng, grasp)
        look = SceneLook.draw(rng)
        look.apply(self._tabletop.model)
        T_camera = true_camera_pose(self._T_base_camera, rng)
        shot = self._renderer.shoot(self._tabletop.data, T_camera, D435_COLOR, color=True, depth=True)
        assert shot.color is not None and shot.depth_m is not None
        pixels = self._contact_pixels(
            apply(T_place, grasp.contacts), grasp.normals @ T_place[:3, :3].T, T_camera, shot.depth_m
        )
        frame = RGBDFrame(
            noisy_color(shot.color, rng, look.exposure),
            noisy_depth(shot.depth_m, rng, D435_COLOR.focal_px),
            D435_COLOR.K,
            np.zeros(5),
            self._T_base_camera,
            1,
            0.0,
        )
        if pixels is None:
            return None
        try:
            target = segment_tabletop(frame)[0]
        except PerceptionRefused:
            return None
        crop = Crop.around(target.box)
        true_points = fit_contact_points(pixels)
        unit = crop.to_unit(true_points)
        contact = deproject_contact(true_points.mean(axis=0), target.mask, frame)
        if contact is None or unit.min() < 0.0 or unit.max() > 1.0:
            return None
        T_wrist = T_place @ grasp.T_place_wrist
        noise = Noise.draw(rng)
        # A contact is found where a detector sees hand and object meet: it errs as a whole, and each point a little.
        slip = KEYPOINT_SIGMA_PX * rng.normal(size=(1, 2)) + KEYPOINT_SIGMA_PX * rng.normal(size=pixels.shape)
        points = fit_contact_points(pixels + slip)
        wrist = Rotation.from_matrix(T_camera[:3, :3].T @ T_wrist[:3, :3]).as_rotvec()
        return Sample(
            crop=crop.cut(frame.color, self._size),
            contacts=crop.to_unit(points),
            wrist=compose(wrist, noise.wrist),
            mano=compose(grasp.mano_pose.reshape(15, 3), noise.joints.reshape(15, 3)).reshape(45),
            contacts_true=unit,
            wrist_true=wrist,
            mano_true=grasp.mano_pose,
            contact_in_wrist=apply(inverse(T_wrist), contact),
            side_px=crop.side,
        )

    def _place(self, rng: np.random.Generator, grasp: HumanGrasp) -> Array:
        """Put the things somewhere; returns the frame (4, 4) that the hand comes in (see `Kind.turn`)."""
        x, y, limit = rng.uniform(*self._kind.place_x_m), rng.uniform(*PLACE_Y_M), self._kind.yaw_rad
        if self._kind.turn == "leads":
            T_place = transform(rot_z(rng.uniform(-limit, limit)), [x, y, 0.0])
            self._tabletop.place(T_place)
            return T_place
        T_place = place_frame(x, y)
        yaw = rng.uniform(-limit, limit) if self._kind.turn == "spins" else grasp.yaw_rad
        self._tabletop.place(T_place @ transform(rot_z(yaw)))
        return T_place

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


def deproject_contact(pixel: Array, mask: NDArray[np.bool_], frame: RGBDFrame) -> Array | None:
    """The contact (3,) in base_link as the robot, which believes its calibration, would have it."""
    found = nearest_on_mask(pixel, mask & (frame.depth_mm > 0))
    if found is None:
        return None
    u, v = found
    depth_m = np.array([frame.depth_mm[v, u] / 1000.0])
    return apply(frame.T_base_camera, deproject(np.array([found]), depth_m, frame.K, frame.distortion))[0]


def _sphere_points(n: int = 10) -> Array:
    """Points spread over a unit sphere (golden spiral)."""
    k = np.arange(n) + 0.5
    polar, around = np.arccos(1 - 2 * k / n), np.pi * (1 + 5**0.5) * k
    return np.stack([np.cos(around) * np.sin(polar), np.sin(around) * np.sin(polar), np.cos(polar)], axis=1)


_SPHERE = _sphere_points()
