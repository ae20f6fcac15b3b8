"""An RGB-D sensor like the RealSense D435: colour and depth from two places, with the errors of active stereo."""

from dataclasses import dataclass

import cv2
import mujoco
import numpy as np
from numpy.typing import NDArray

from deft_core.geometry import Array, transform
from deft_sim.camera.pinhole import D435_COLOR, D435_DEPTH, Pinhole
from deft_sim.camera.renderer import SceneRenderer

# D400 series data sheet (337029): stereo baseline 50 mm; the colour imager sits 15 mm beside the left infrared
# imager, which is where depth is seen from.
BASELINE_M = 0.050
T_COLOR_DEPTH: Array = transform(None, [0.015, 0.0, 0.0])
# RMS disparity error in pixels. Intel's tuning guide for the D400 series gives  RMS depth error = distance^2 *
# subpixel / (focal length * baseline)  and a typical subpixel of 0.08 for textured, 0.05 for well projected surfaces:
# 0.06 is 1.8 to 2.8 mm at 0.75 to 0.95 m.
SUBPIXEL = 0.06
# The matcher's window (about 7 x 7) makes the error of neighbours alike.
_CORRELATION_PX = 1.5
DISPARITY_STEP = 1.0 / 32.0  # the D4 processor's disparity resolution (subpixel linearity white paper)
_EDGE_JUMP = 0.6  # pixels of disparity between neighbours that count as an edge
_EDGE_LOSS = 0.5  # share of pixels lost within the window of an edge
_SPECKLE_LOSS = 0.001
_COLOR_SIGMA = 2.0  # grey levels: a consumer CMOS imager indoors (EMVA 1288 read + shot noise of the class)


@dataclass(frozen=True, eq=False)
class RawFrame:
    """One exposure as the sensor streams it.

    Attributes:
        color: (H, W, 3) uint8 RGB, through `D435_COLOR`.
        depth_mm: (H, W) uint16, through `D435_DEPTH`, seen from the depth imager; 0 where lost.
        stamp_s: robot seconds.
    """

    color: NDArray[np.uint8]
    depth_mm: NDArray[np.uint16]
    stamp_s: float


class RgbdSensor:
    """Takes exposures of a model. Use it on the thread that made it.

    Args:
        model: what to look at.
        backend: see `SceneRenderer`.
        color, depth: intrinsics of the two imagers.
    """

    def __init__(
        self,
        model: mujoco.MjModel,
        backend: str | None = None,
        color: Pinhole = D435_COLOR,
        depth: Pinhole = D435_DEPTH,
    ) -> None:
        self.color, self.depth = color, depth
        self._renderer = SceneRenderer(model, backend)

    def expose(
        self,
        data: mujoco.MjData,
        T_base_camera: Array,
        rng: np.random.Generator,
        *,
        exposure: float = 1.0,
        stamp_s: float = 0.0,
    ) -> RawFrame:
        """Take one exposure with the colour imager truly at T_base_camera; `exposure` scales its brightness."""
        seen = self._renderer.shoot(data, T_base_camera, self.color, color=True).color
        measured = self._renderer.shoot(data, T_base_camera @ T_COLOR_DEPTH, self.depth, depth=True).depth_m
        assert seen is not None and measured is not None
        return RawFrame(noisy_color(seen, rng, exposure), noisy_depth(measured, rng, self.depth.focal_px), stamp_s)

    def close(self) -> None:
        """Free GL resources."""
        self._renderer.close()


def noisy_color(color: NDArray[np.uint8], rng: np.random.Generator, exposure: float) -> NDArray[np.uint8]:
    """Expose and add sensor noise."""
    noise = rng.standard_normal(color.shape[:2], dtype=np.float32)[..., None] * np.float32(_COLOR_SIGMA)
    return np.clip(color * np.float32(exposure) + noise, 0, 255).astype(np.uint8)


def noisy_depth(depth_m: NDArray[np.float32], rng: np.random.Generator, focal_px: float) -> NDArray[np.uint16]:
    """What active stereo makes of a depth image (H, W) in metres: uint16 millimetres, 0 where it sees nothing.

    Disparity gets correlated Gaussian noise and the matcher's resolution; what the second imager cannot see is lost,
    and so are half of the pixels within the matching window of a depth edge.
    """
    shape = depth_m.shape
    near = np.isfinite(depth_m) & (depth_m > 0.2)
    gain = np.float32(focal_px * BASELINE_M)
    disparity = np.where(near, gain / np.where(near, depth_m, 1.0), 0.0).astype(np.float32)
    lost = ~near | _occluded(disparity) | (rng.random(shape, dtype=np.float32) < _SPECKLE_LOSS)
    lost |= _edges(disparity) & (rng.random(shape, dtype=np.float32) < _EDGE_LOSS)
    noise = cv2.GaussianBlur(rng.standard_normal(shape, dtype=np.float32), (0, 0), _CORRELATION_PX)
    # Blurring white noise divides its deviation by this factor.
    noise = noise * np.float32(SUBPIXEL * 2.0 * np.sqrt(np.pi) * _CORRELATION_PX)
    step = np.float32(DISPARITY_STEP)
    measured = np.round((disparity + noise) / step) * step
    millimetres = np.where(lost | (measured <= step), 0.0, 1000.0 * gain / np.maximum(measured, step))
    return np.where(millimetres < 65535, np.round(millimetres), 0).astype(np.uint16)


def _occluded(disparity: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Pixels that the right imager does not see: something nearer covers their place there."""
    places = np.arange(disparity.shape[1], dtype=np.float32) - disparity
    nearest_to_the_right = np.minimum.accumulate(places[:, ::-1], axis=1)[:, ::-1]
    covered = np.zeros(disparity.shape, dtype=bool)
    covered[:, :-1] = nearest_to_the_right[:, 1:] < places[:, :-1]
    return covered


def _edges(disparity: NDArray[np.float32]) -> NDArray[np.bool_]:
    kernel = np.ones((3, 3), np.uint8)
    jump = cv2.dilate(disparity, kernel) - cv2.erode(disparity, kernel)
    edge: NDArray[np.uint8] = (jump > _EDGE_JUMP).astype(np.uint8)
    return cv2.dilate(edge, kernel).astype(bool)
