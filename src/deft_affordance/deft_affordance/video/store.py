"""What was built, on disk: shards that `train` reads, a journal a shard to go on from, a manifest over all."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from deft_affordance.data.shards import MANIFEST, DataUnusable, write_manifest, write_shard
from deft_affordance.video.errors import Rejected
from deft_affordance.video.marks import Marks

MAKER = "build_dataset"
MARKER = "build_dataset.txt"
FORMAT = 1
PACKAGES = ("numpy", "opencv-python-headless", "scipy", "deft_affordance")


@dataclass(frozen=True)
class Outcome:
    """What became of one clip.

    Attributes:
        source, clip_id: which.
        reason, message: why it gave no sample; None where it gave one.
        contact: frame of the first contact.
        window: left, top and side of the crop in the initial frame, pixels.
    """

    source: str
    clip_id: str
    reason: str | None = None
    message: str | None = None
    contact: int | None = None
    window: tuple[int, int, int] | None = None


def fingerprint(*parts: object) -> str:
    """SHA-256 over anything that JSON can say."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


def shard_path(folder: Path, index: int) -> Path:
    """Where `write_shard` puts a shard."""
    return folder / f"shard-{index:05d}.npz"


def journal_path(folder: Path, index: int) -> Path:
    """Where a shard's journal is: written last, so that a shard with one is whole."""
    return folder / f"clips-{index:05d}.json"


def finished(folder: Path, index: int, mark: str) -> list[Outcome] | None:
    """The outcomes of a shard that was made whole from the same clips in the same way, or None."""
    try:
        content = json.loads(journal_path(folder, index).read_text(encoding="utf-8"))
        outcomes = [Outcome(**row) for row in content["clips"]]
        shard = shard_path(folder, index)
        whole = content["shard_sha256"] == (file_sha256(shard) if shard.exists() else None)
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return outcomes if content.get("fingerprint") == mark and whole else None


def file_sha256(path: Path) -> str:
    """SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def save_shard(
    folder: Path,
    index: int,
    mark: str,
    rows: list[dict[str, object]],
    outcomes: Sequence[Outcome],
    marks: Sequence[Marks | None],
) -> None:
    """Write a shard (none where no clip gave a sample), then its journal: each clip's outcome and marks."""
    journal_path(folder, index).unlink(missing_ok=True)
    shard = shard_path(folder, index)
    if rows:
        write_shard(folder, index, rows, {})
    else:
        shard.unlink(missing_ok=True)
    content = {
        "fingerprint": mark,
        "shard_sha256": file_sha256(shard) if rows else None,
        "clips": [asdict(outcome) for outcome in outcomes],
        "marks": [asdict(one) if one else None for one in marks],
    }
    part = journal_path(folder, index).with_suffix(".part")
    part.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    part.replace(journal_path(folder, index))


def read_marks(folder: Path, index: int) -> list[Marks | None]:
    """The marks of a shard's clips; none of a shard that was made before they were kept."""
    content = json.loads(journal_path(folder, index).read_text(encoding="utf-8"))
    return [Marks(**row) if row else None for row in content.get("marks", [None] * len(content["clips"]))]


def prepare(folder: Path, shards: int, replace: bool) -> None:
    """Make the folder.

    Args:
        folder: of the data set.
        shards: that this build has.
        replace: whether `finish` may drop shards beyond, of a build of more clips.

    Raises:
        DataUnusable: it holds another program's data set, or shards that would be dropped.
    """
    marker = folder / MARKER
    if not marker.exists() and any(folder.glob("shard-?????.npz")):
        raise DataUnusable(f"{folder} holds another program's data set; choose another --out")
    folder.mkdir(parents=True, exist_ok=True)
    marker.write_text("Made by build_dataset. Journals (clips-*.json) let it go on where it was stopped.\n")
    beyond = _beyond(folder, shards)
    if beyond and not replace:
        raise DataUnusable(
            f"{folder} holds {max(beyond) + 1} shards, this build has {shards} (fewer clips: --limit, or a part of "
            "the source is not there?); choose another --out, or give --replace to drop the others"
        )


def _beyond(folder: Path, shards: int) -> dict[int, list[Path]]:
    """Files by shard of those that a build of fewer shards has no use for."""
    out: dict[int, list[Path]] = {}
    for path in (*folder.glob("shard-?????.npz"), *folder.glob("clips-?????.json")):
        if (index := int(path.stem.split("-")[1])) >= shards:
            out.setdefault(index, []).append(path)
    return out


def finish(
    folder: Path,
    shards: int,
    settings: dict[str, object],
    outcomes: Iterable[Outcome],
    rejected: Iterable[Rejected],
    detectors: dict[str, dict[str, str]],
) -> dict[str, object]:
    """Drop shards beyond those built and write the manifest; returns it.

    It holds settings, counts by source and reason, shard hashes, detectors and versions.
    """
    for paths in _beyond(folder, shards).values():
        for path in paths:
            path.unlink()
    clips = [*outcomes, *(Outcome(r.source, r.clip_id, r.reason.value, r.message) for r in rejected)]
    write_manifest(folder, {"maker": MAKER, "format": FORMAT, **settings})
    content = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    sources = {}
    for source in sorted({clip.source for clip in clips}):
        of = [clip for clip in clips if clip.source == source]
        reasons = Counter(clip.reason for clip in of if clip.reason)
        sources[source] = {
            "clips": len(of),
            "samples": sum(clip.reason is None for clip in of),
            "rejected": dict(sorted(reasons.items())),
        }
    total = Counter(clip.reason for clip in clips if clip.reason)
    content["counts"] = {"clips": len(clips), "samples": len(clips) - total.total(), **dict(sorted(total.items()))}
    content["sources"] = sources
    content["detectors"] = detectors
    content["labels"] = "contacts_true, wrist_true and mano_true repeat the labels: of real video no truth is known"
    content["versions"] = {name: _version(name) for name in PACKAGES}
    content["rejections"] = [
        {"source": clip.source, "clip_id": clip.clip_id, "reason": clip.reason, "message": clip.message}
        for clip in sorted(clips, key=lambda c: (c.source, c.clip_id))
        if clip.reason
    ]
    part = folder / f"{MANIFEST}.part"
    part.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    part.replace(folder / MANIFEST)
    return dict(content)


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"
