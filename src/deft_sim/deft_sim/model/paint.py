"""Textures painted by program: wood, cloth and stone for tables, printed sleeves for cups."""

import colorsys

import mujoco
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
RGB = tuple[float, float, float]


def _smooth_noise(rng: np.random.Generator, height: int, width: int, cells: tuple[int, int]) -> NDArray[np.float64]:
    """Noise in [0, 1] that varies over `cells` (rows, columns) and wraps around."""
    grid = rng.random(cells)
    rows = np.linspace(0, cells[0], height, endpoint=False)
    columns = np.linspace(0, cells[1], width, endpoint=False)
    r0, c0 = rows.astype(int), columns.astype(int)
    fr, fc = (rows - r0)[:, None], (columns - c0)[None, :]
    fr, fc = fr * fr * (3 - 2 * fr), fc * fc * (3 - 2 * fc)
    r1, c1 = (r0 + 1) % cells[0], (c0 + 1) % cells[1]
    top = grid[np.ix_(r0, c0)] * (1 - fc) + grid[np.ix_(r0, c1)] * fc
    bottom = grid[np.ix_(r1, c0)] * (1 - fc) + grid[np.ix_(r1, c1)] * fc
    return top * (1 - fr) + bottom * fr


def _tint(base: RGB, shade: NDArray[np.float64]) -> Image:
    return (np.clip(np.asarray(base) * shade[..., None], 0.0, 1.0) * 255).astype(np.uint8)


def wood(rng: np.random.Generator, size: int = 256) -> Image:
    """Planks with grain, (size, size, 3)."""
    hue = rng.uniform(0.06, 0.10)
    base = colorsys.hsv_to_rgb(hue, rng.uniform(0.35, 0.6), rng.uniform(0.55, 0.8))
    warp = _smooth_noise(rng, size, size, (4, 4))
    rows = np.linspace(0, 1, size)[:, None]
    grain = np.sin((rows * rng.uniform(18, 30) + warp * 2.0) * 2 * np.pi)
    shade = 0.93 + 0.05 * grain + 0.08 * (_smooth_noise(rng, size, size, (64, 6)) - 0.5)
    planks = (np.arange(size) * 4 // size)[:, None]
    shade = shade * (0.95 + 0.1 * rng.random(4)[planks])
    shade[:: size // 4] *= 0.8
    return _tint(base, shade)


def cloth(rng: np.random.Generator, size: int = 256) -> Image:
    """A woven table cloth."""
    base = colorsys.hsv_to_rgb(rng.random(), rng.uniform(0.05, 0.35), rng.uniform(0.45, 0.72))
    k = np.arange(size)
    weave = 0.97 + 0.03 * np.where((k[:, None] // 2 + k[None, :] // 2) % 2, 1.0, -1.0)
    return _tint(base, weave * (0.95 + 0.1 * _smooth_noise(rng, size, size, (6, 6))))


def stone(rng: np.random.Generator, size: int = 256) -> Image:
    """A speckled worktop."""
    base = colorsys.hsv_to_rgb(rng.random(), rng.uniform(0.0, 0.12), rng.uniform(0.35, 0.65))
    shade = 0.85 + 0.2 * _smooth_noise(rng, size, size, (12, 12)) + 0.1 * (rng.random((size, size)) - 0.5)
    return _tint(base, shade)


TABLE_PAINTS = (wood, cloth, stone)


def sleeve(color: RGB, accent: RGB, pattern: str, height: int = 128, width: int = 256) -> Image:
    """What is printed around a cup; rows run from rim to base, columns around it. Every pattern shows the cup's yaw.

    Args:
        color: ground colour, RGB in [0, 1].
        accent: print colour.
        pattern: "badge" (a round mark on one side), "stripe" (one upright band), "label" (a broad printed field).
    """
    image = np.tile((np.asarray(color) * 255).astype(np.uint8), (height, width, 1))
    v, u = np.mgrid[0:height, 0:width]
    u, v = (u + 0.5) / width, (v + 0.5) / height
    if pattern == "badge":
        mask = ((u - 0.5) / 0.13) ** 2 + ((v - 0.5) / 0.28) ** 2 < 1
    elif pattern == "stripe":
        mask = np.abs(u - 0.5) < 0.06
    elif pattern == "label":
        mask = (np.abs(u - 0.5) < 0.22) & (np.abs(v - 0.5) < 0.27)
    else:
        raise ValueError(f"unknown pattern {pattern!r}; choose badge, stripe or label")
    image[mask] = (np.asarray(accent) * 255).astype(np.uint8)
    if pattern == "label":  # lines of print
        lines = mask & (np.abs(u - 0.5) < 0.17) & ((v * 16).astype(int) % 2 == 0) & (np.abs(v - 0.5) < 0.2)
        image[lines] = (np.asarray(color) * 255).astype(np.uint8)
    return image


def add_texture(
    spec: mujoco.MjSpec, name: str, image: Image, repeat: tuple[float, float] = (1.0, 1.0), **material: float
) -> str:
    """Add an image as texture and material of the same name; return the name."""
    height, width, _ = image.shape
    texture = spec.add_texture(name=name, type=mujoco.mjtTexture.mjTEXTURE_2D, width=width, height=height, nchannel=3)
    texture.data = image.tobytes()
    added = spec.add_material(name=name, texrepeat=list(repeat), **material)
    added.textures[mujoco.mjtTextureRole.mjTEXROLE_RGB] = name
    return name
