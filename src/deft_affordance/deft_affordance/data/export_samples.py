"""Hand samples to other learners: `ros2 run deft_affordance export_samples DATA --out DIR`.

Writes WebDataset shards (plain tar files: `<key>.crop.png`, `<key>.txt`, `<key>.json` a sample) and a manifest with the
original's settings and counts and each shard's hash. The same data gives the same bytes. `train` reads the original.
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

from deft_affordance.data.shards import FIELDS, MANIFEST, DataUnusable, Samples, read_samples
from deft_affordance.progress import bar
from deft_core.errors import DeftError

PER_SHARD = 1000


def members(samples: Samples, row: int) -> Iterator[tuple[str, bytes]]:
    """Names and contents of one sample's files."""
    key = f"{row:08d}"
    done, png = cv2.imencode(".png", samples["crop"][row][..., ::-1])
    if not done:
        raise DataUnusable(f"sample {row}: its crop of shape {samples['crop'][row].shape} is no image")
    rest = {name: samples[name][row].tolist() for name in FIELDS if name not in ("crop", "text")}
    yield f"{key}.crop.png", png.tobytes()
    yield f"{key}.json", json.dumps(rest).encode()
    yield f"{key}.txt", str(samples["text"][row]).encode()


def write_tar(path: Path, samples: Samples, rows: range) -> str:
    """Write one shard; returns its SHA-256."""
    part = path.with_suffix(".part")
    with tarfile.open(part, "w", format=tarfile.USTAR_FORMAT) as tar:
        for row in rows:
            for name, content in members(samples, row):
                entry = tarfile.TarInfo(name)  # dated 1970, of nobody: the same data gives the same bytes
                entry.size = len(content)
                tar.addfile(entry, io.BytesIO(content))
    part.replace(path)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def export(data: Path, out: Path, per_shard: int = PER_SHARD) -> int:
    """Write a data folder's samples as WebDataset shards; returns how many.

    Raises:
        DataUnusable: `data` is none, or `out` is not empty.
    """
    samples, sha256 = read_samples(data)
    if out.exists() and any(out.iterdir()):
        raise DataUnusable(f"{out} is not empty; choose another --out")
    out.mkdir(parents=True, exist_ok=True)
    hashes = {}
    starts = range(0, len(samples), per_shard)
    for number, start in enumerate(bar(starts, total=len(starts), unit="shard")):
        path = out / f"samples-{number:05d}.tar"
        hashes[path.name] = write_tar(path, samples, range(start, min(start + per_shard, len(samples))))
    manifest = json.loads((data / MANIFEST).read_text(encoding="utf-8"))
    manifest |= {"format": "webdataset", "manifest_sha256": sha256, "samples": len(samples), "shards": hashes}
    (out / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    return len(samples)


def main(argv: list[str] | None = None) -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="export_samples", description="Write samples as WebDataset shards.")
    parser.add_argument("data", type=Path, help="folder made by `generate` or `build_dataset`")
    parser.add_argument("--out", type=Path, required=True, help="empty folder for samples-00000.tar, ...")
    parser.add_argument("--per-shard", type=int, default=PER_SHARD, help="samples a shard (default: %(default)s)")
    args = parser.parse_args(argv)
    try:
        if args.per_shard < 1:
            raise DeftError(f"--per-shard {args.per_shard}: at least 1")
        count = export(args.data, args.out, args.per_shard)
    except (DeftError, OSError) as error:
        sys.exit(f"export_samples: {error}")
    last = (count - 1) // args.per_shard
    print(f"{count} samples; webdataset.WebDataset('{args.out}/samples-{{00000..{last:05d}}}.tar') reads them")


if __name__ == "__main__":
    main()
