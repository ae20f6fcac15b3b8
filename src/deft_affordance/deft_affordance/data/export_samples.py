"""Hand samples to other learners: `ros2 run deft_affordance export_samples DATA --out DIR`.

Writes WebDataset shards (plain tar files: `<key>.crop.png`, `<key>.txt`, `<key>.json` a sample) and a manifest with the
original's settings and counts and each shard's hash. The same data gives the same bytes. `train` reads the original.
Started again, it goes on where it was stopped; done again, it changes nothing.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import cv2

from deft_affordance.data.shards import FIELDS, MANIFEST, SETTINGS, DataUnusable, Samples, claim, read_samples
from deft_affordance.progress import bar
from deft_core.errors import DeftError

MAKER = "export_samples"
PER_SHARD = 1000


def members(samples: Samples, row: int) -> Iterator[tuple[str, bytes]]:
    """Names and contents of one sample's files."""
    done, png = cv2.imencode(".png", samples["crop"][row][..., ::-1])
    if not done:
        raise DataUnusable(f"sample {row}: its crop of shape {samples['crop'][row].shape} is no image")
    rest = {name: samples[name][row].tolist() for name in FIELDS if name not in ("crop", "text")}
    contents = (png.tobytes(), json.dumps(rest).encode(), str(samples["text"][row]).encode())
    yield from zip(file_names(row), contents, strict=True)


def file_names(row: int) -> list[str]:
    """What `members` calls one sample's files."""
    return [f"{row:08d}.{kind}" for kind in ("crop.png", "json", "txt")]


def whole(path: Path, rows: range) -> bool:
    """Whether a shard is there with all its files, the last one's end included."""
    try:
        with tarfile.open(path) as tar:
            return tar.getnames() == [name for row in rows for name in file_names(row)]
    except (OSError, tarfile.TarError):
        return False


def write_tar(path: Path, samples: Samples, rows: range) -> None:
    """Write one shard."""
    part = path.with_suffix(".part")
    with tarfile.open(part, "w", format=tarfile.USTAR_FORMAT) as tar:
        for row in rows:
            for name, content in members(samples, row):
                entry = tarfile.TarInfo(name)  # dated 1970, of nobody: the same data gives the same bytes
                entry.size = len(content)
                tar.addfile(entry, io.BytesIO(content))
    part.replace(path)


def export(data: Path, out: Path, per_shard: int = PER_SHARD) -> int:
    """Write a data folder's samples as WebDataset shards, those that are not there yet; returns how many samples.

    Raises:
        DataUnusable: `data` is none, or `out` holds anything but an export of the same data in shards of the same size.
    """
    samples, sha256 = read_samples(data)
    _claim(out, sha256, per_shard)
    known = _known(out)
    hashes = {}
    starts = range(0, len(samples), per_shard)
    for number, start in enumerate(bar(starts, total=len(starts), unit="shard")):
        path, rows = out / f"samples-{number:05d}.tar", range(start, min(start + per_shard, len(samples)))
        found = _sha256(path) if whole(path, rows) else None
        if found is None or known.get(path.name, found) != found:
            write_tar(path, samples, rows)
            found = _sha256(path)
        hashes[path.name] = found
    manifest = json.loads((data / MANIFEST).read_text(encoding="utf-8"))
    manifest |= {"format": "webdataset", "manifest_sha256": sha256, "samples": len(samples), "shards": hashes}
    part = out / f"{MANIFEST}.part"
    part.write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    part.replace(out / MANIFEST)
    return len(samples)


def _claim(out: Path, sha256: str, per_shard: int) -> None:
    """Make a folder this export's own, or see that it is; changes nothing in any other."""
    begun = out / SETTINGS
    others = {path.name for path in out.iterdir()} - {begun.with_suffix(".part").name} if out.exists() else set()
    if others and (not begun.exists() or any(name.startswith("shard-") for name in others)):
        raise DataUnusable(f"{out} is not empty, and no export of samples was begun in it; choose another --out")
    claim(out, {"maker": MAKER, "manifest_sha256": sha256, "per_shard": per_shard})


def _known(out: Path) -> dict[str, str]:
    """Hashes of the shards, where the export was finished."""
    try:
        return dict(json.loads((out / MANIFEST).read_text(encoding="utf-8"))["shards"])
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def main(argv: list[str] | None = None) -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="export_samples", description="Write samples as WebDataset shards.")
    parser.add_argument("data", type=Path, help="folder made by `generate` or `build_dataset`")
    parser.add_argument(
        "--out", type=Path, required=True, help="folder for samples-00000.tar, ...: empty, or of the same export"
    )
    parser.add_argument("--per-shard", type=int, default=PER_SHARD, help="samples a shard (default: %(default)s)")
    args = parser.parse_args(argv)
    try:
        if args.per_shard < 1:
            raise DeftError(f"--per-shard {args.per_shard}: at least 1")
        count = export(args.data, args.out, args.per_shard)
    except (DeftError, OSError) as error:
        sys.exit(f"export_samples: {error}")
    except KeyboardInterrupt:
        sys.exit("export_samples: stopped; run again to go on")
    last = (count - 1) // args.per_shard
    print(f"{count} samples; webdataset.WebDataset('{args.out}/samples-{{00000..{last:05d}}}.tar') reads them")


if __name__ == "__main__":
    main()
