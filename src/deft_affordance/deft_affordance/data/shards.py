"""Samples on disk: NumPy shards (no pickles) and a manifest that says what they are."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
import zlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from deft_core.errors import DeftError

MANIFEST = "manifest.json"
SETTINGS = "settings.json"
COUNTS = "counts"
# What reading a shard that is cut short, overwritten or another kind of file raises.
SPOILT = (OSError, ValueError, KeyError, TypeError, EOFError, zlib.error, zipfile.BadZipFile)
FIELDS = (
    "crop",
    "text",
    "verb",
    "kind",
    "contacts",
    "wrist",
    "mano",
    "contacts_true",
    "wrist_true",
    "mano_true",
    "contact_in_wrist",
    "side_px",
    "object",
)


class DataUnusable(DeftError):
    """A data folder cannot be read, or holds something else."""


@dataclass(frozen=True, eq=False)
class Samples:
    """Columns of equal length; see `deft_affordance.data.views.Sample`. `object` numbers the objects."""

    columns: dict[str, NDArray]

    def __len__(self) -> int:
        return len(self.columns["crop"])

    def __getitem__(self, name: str) -> NDArray:
        return self.columns[name]

    def take(self, rows: NDArray) -> Samples:
        """The given rows."""
        return Samples({name: column[rows] for name, column in self.columns.items()})

    def split(self, held_out: float) -> tuple[Samples, Samples]:
        """Train and held-out samples; the last share of *objects* is held out, so none is in both.

        Raises:
            DataUnusable: there is one object only.
        """
        objects = np.unique(self["object"])
        if len(objects) < 2:
            raise DataUnusable(
                f"all {len(self)} samples are of one object (or one person's films), which cannot both be trained on "
                "and be held out; add samples of another"
            )
        first = objects[np.clip(round(len(objects) * (1.0 - held_out)), 1, len(objects) - 1)]
        out = self["object"] >= first
        return self.take(np.flatnonzero(~out)), self.take(np.flatnonzero(out))


def join(parts: Sequence[Samples]) -> Samples:
    """The samples of several folders as one; what is an object of one is none of another."""
    columns = {name: np.concatenate([part[name] for part in parts]) for name in parts[0].columns}
    pairs = np.concatenate([np.column_stack((np.full(len(part), i), part["object"])) for i, part in enumerate(parts)])
    numbers = np.unique(pairs, axis=0, return_inverse=True)[1]
    return Samples(columns | {"object": numbers.reshape(-1)})


def claim(folder: Path, settings: dict[str, object], may_differ: Collection[str] = ()) -> None:
    """Make a data folder this data set's own, before its first shard is written, or see that it is.

    Args:
        folder: made if it is not there.
        settings: what every shard depends on, as JSON has it.
        may_differ: names of settings that may be others than those the folder was begun with.

    Raises:
        DataUnusable: the folder was begun with other settings; nothing of it is changed.
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / SETTINGS
    if not path.exists():
        path.with_suffix(".part").write_text(json.dumps(settings, indent=1) + "\n", encoding="utf-8")
        path.with_suffix(".part").replace(path)
        return
    try:
        begun = dict(json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, TypeError) as error:
        raise DataUnusable(f"{path} does not say what was begun here ({error}); choose another folder") from error
    names = [name for name in (begun | settings) if name not in may_differ and begun.get(name) != settings.get(name)]
    if names:
        was = ", ".join(f"{name} {begun.get(name)!r}, not {settings.get(name)!r}" for name in names)
        raise DataUnusable(f"{folder} was begun with {was}: go on with the same settings, or choose another folder")


def write_shard(folder: Path, index: int, rows: list[dict[str, object]], counts: dict[str, int]) -> Path:
    """Write one shard: its samples, and what it took to find them."""
    columns = {name: np.array([row[name] for row in rows]) for name in FIELDS}
    columns[COUNTS] = np.array(json.dumps(counts))
    path = folder / f"shard-{index:05d}.npz"
    np.savez_compressed(path.with_suffix(".part.npz"), **columns)  # type: ignore[arg-type]
    path.with_suffix(".part.npz").replace(path)
    return path


def write_manifest(folder: Path, settings: dict[str, object]) -> dict[str, int]:
    """Write the manifest: settings, the shards' counts added up, and each shard's hash. Returns the counts.

    Raises:
        DataUnusable: A shard is damaged; there is no new manifest then.
    """
    total: dict[str, int] = {"samples": 0}
    hashes = {}
    for path in sorted(folder.glob("shard-?????.npz")):
        content = path.read_bytes()
        hashes[path.name] = hashlib.sha256(content).hexdigest()
        try:
            with np.load(io.BytesIO(content), allow_pickle=False) as shard:
                (samples,) = {len(shard[field]) for field in FIELDS}  # as many in each, or it is damaged
                counts = json.loads(str(shard[COUNTS]))
        except SPOILT as error:
            raise DataUnusable(f"{path}: damaged ({error}); delete it and run again, to make it anew") from error
        total["samples"] += samples
        for name, count in counts.items():
            total[name] = total.get(name, 0) + int(count)
    manifest = {"settings": settings, "counts": total, "shards": hashes}
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    return total


def read_samples(folder: Path | str, crop_px: int | None = None) -> tuple[Samples, str]:
    """Read a data folder; returns its samples and the SHA-256 of its manifest.

    Args:
        folder: with a manifest.
        crop_px: side that the crops must have, where that matters.

    Raises:
        DataUnusable: no manifest; a shard missing, corrupt, of another layout, or not the one that the manifest tells
            of; or crops of another size.
    """
    folder = Path(folder)
    try:
        text = (folder / MANIFEST).read_bytes()
        hashes = sorted(json.loads(text)["shards"].items())
    except FileNotFoundError:
        raise DataUnusable(
            f"{folder} holds no {MANIFEST}. Make data with: ros2 run deft_affordance generate --out {folder}"
        ) from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataUnusable(f"{folder / MANIFEST} is not a manifest ({error})") from error
    if not hashes:
        raise DataUnusable(f"{folder} holds no samples")
    parts: dict[str, list[NDArray]] = {name: [] for name in FIELDS}
    for name, sha256 in hashes:
        try:
            content = (folder / name).read_bytes()
            if hashlib.sha256(content).hexdigest() != sha256:
                raise ValueError(f"not the shard that {MANIFEST} tells of")
            with np.load(io.BytesIO(content), allow_pickle=False) as shard:
                for field in FIELDS:
                    parts[field].append(shard[field])
        except SPOILT as error:
            raise DataUnusable(f"{folder / name}: {error}; make the data again") from error
    samples = Samples({name: np.concatenate(columns) for name, columns in parts.items()})
    size = samples["crop"].shape[1]
    if crop_px not in (None, size):
        raise DataUnusable(
            f"{folder} has crops of {size} px, the prior wants {crop_px}: make the data with --image-size {crop_px}"
        )
    return samples, hashlib.sha256(text).hexdigest()
