"""An RGB-D clip and the hand poses tracked in it, as files: what a demonstration is recorded as.

Both are NumPy archives (`.npz`, no pickles). A clip holds `color` (T, H, W, 3) uint8 RGB, `depth_mm` (T, H, W) uint16
aligned to colour (0: no measurement), `stamps_s` (T,), `K` (3, 3) and `T_base_camera` (4, 4). A pose file holds what a
hand tracker says of each frame of it: `mano` (T, 48): wrist rotation in the camera's optical frame (axis-angle) and
MANO hand pose relative to the flat hand; `keypoints_px` (T, 21, 2): 16 joints and 5 tips in the order of
`deft_core.mano`; `side`: "left" or "right".
"""

import hashlib
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from deft_core.errors import ConfigError
from deft_core.geometry import Array


@dataclass(frozen=True, eq=False)
class RGBDClip:
    """Colour and aligned depth over time, from a camera that stands still."""

    color: NDArray[np.uint8]
    depth_mm: NDArray[np.uint16]
    stamps_s: Array
    K: Array
    T_base_camera: Array

    def save(self, path: Path | str) -> None:
        """Write the clip."""
        np.savez_compressed(
            path,
            color=self.color,
            depth_mm=self.depth_mm,
            stamps_s=self.stamps_s,
            K=self.K,
            T_base_camera=self.T_base_camera,
        )

    @classmethod
    def load(cls, path: Path | str) -> "RGBDClip":
        """Read a clip; raises ConfigError naming what is wrong with it."""
        data = _read(path, ("color", "depth_mm", "stamps_s", "K", "T_base_camera"))
        color = data["color"]
        if color.ndim != 4 or color.shape[3] != 3 or len(color) == 0 or color.dtype != np.uint8:
            raise ConfigError(f"{path}: color must be (T, H, W, 3) uint8, is {color.shape} {color.dtype}")
        frames = len(color)
        expected = {"depth_mm": data["color"].shape[:3], "stamps_s": (frames,), "K": (3, 3), "T_base_camera": (4, 4)}
        _check_shapes(path, data, expected)
        if frames > 1 and not (np.diff(data["stamps_s"]) > 0).all():
            raise ConfigError(f"{path}: stamps_s must increase")
        K, T = data["K"], data["T_base_camera"]
        if not (np.isfinite(K).all() and K[0, 0] > 0 and K[1, 1] > 0 and K[2, 2] == 1):
            raise ConfigError(f"{path}: K must be a pinhole's matrix in pixels, is {K.tolist()}")
        R = T[:3, :3]
        rigid = np.isfinite(T).all() and np.allclose(T[3], [0, 0, 0, 1])
        if not (rigid and np.allclose(R @ R.T, np.eye(3), atol=1e-3) and np.linalg.det(R) > 0):
            raise ConfigError(f"{path}: T_base_camera must be rotation and metres over a row 0 0 0 1, is {T.tolist()}")
        return cls(**data)


@dataclass(frozen=True, eq=False)
class HandTrack:
    """What a hand tracker saw of one hand, frame by frame. Frames without a hand hold NaN."""

    mano: Array
    keypoints_px: Array
    side: str

    def save(self, path: Path | str) -> None:
        """Write the track."""
        np.savez_compressed(path, mano=self.mano, keypoints_px=self.keypoints_px, side=np.array(self.side))

    @classmethod
    def load(cls, path: Path | str) -> "HandTrack":
        """Read a track; raises ConfigError naming what is wrong with it."""
        data = _read(path, ("mano", "keypoints_px", "side"))
        frames = data["mano"].shape[0] if data["mano"].ndim else 0
        _check_shapes(path, data, {"mano": (frames, 48), "keypoints_px": (frames, 21, 2), "side": ()})
        side = str(data["side"])
        if side not in ("left", "right"):
            raise ConfigError(f"{path}: side must be 'left' or 'right', is {side!r}")
        return cls(data["mano"].astype(float), data["keypoints_px"].astype(float), side)


def file_hash(*paths: Path | str) -> str:
    """SHA-256 (hex) over the bytes of files, in this order."""
    digest = hashlib.sha256()
    for path in paths:
        digest.update(Path(path).read_bytes())
    return digest.hexdigest()


def _read(path: Path | str, fields: tuple[str, ...]) -> dict[str, np.ndarray]:
    try:
        archive = np.load(path, allow_pickle=False)
        if not isinstance(archive, np.lib.npyio.NpzFile):
            raise ConfigError(f"{path}: is one array (.npy), not a clip or pose archive (.npz)")
        with archive:
            missing = [name for name in fields if name not in archive]
            if missing:
                raise ConfigError(f"{path}: lacks {', '.join(missing)}")
            return {name: archive[name] for name in fields}
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file") from None
    except (OSError, ValueError, zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, MemoryError) as error:
        # MemoryError: of an array that says to be huge.
        raise ConfigError(f"{path}: not a readable clip or pose archive (.npz): {error}") from error


def _check_shapes(path: Path | str, data: dict[str, np.ndarray], expected: dict[str, tuple[int, ...]]) -> None:
    for name, shape in expected.items():
        if data[name].shape != shape:
            raise ConfigError(f"{path}: {name} must be {shape}, is {data[name].shape}")
        if data[name].dtype.kind not in "biuf" and name != "side":
            raise ConfigError(f"{path}: {name} must be numbers, is {data[name].dtype}")
