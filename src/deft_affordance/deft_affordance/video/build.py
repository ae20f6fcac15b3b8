"""Label all clips, here or in many processes, shard by shard; what was done is not done again."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from deft_affordance.progress import bar
from deft_affordance.video.choose import Choice
from deft_affordance.video.errors import OF_FILES, ClipRejected, Reason, Rejected, SourceUnusable
from deft_affordance.video.filters import Filters
from deft_affordance.video.label import Detectors, Label, Labelling, Stopwatch, label_clip
from deft_affordance.video.marks import Marks
from deft_affordance.video.readers import READERS
from deft_affordance.video.record import Clip
from deft_affordance.video.store import FORMAT, Outcome, fingerprint, finished, save_shard
from deft_affordance.workers import each_done
from deft_vision.errors import VisionError

CLIPS_PER_SHARD = 128


@dataclass(frozen=True)
class Source:
    """A data set and where it lies."""

    name: str
    root: Path

    def check(self) -> None:
        """Raise SourceUnusable where there is no such folder."""
        if not self.root.is_dir():
            raise SourceUnusable(f"{self.root}: no such folder (--root of {self.name})")


@dataclass(frozen=True, eq=False)
class Job:
    """One shard's work.

    Attributes:
        index: of the shard.
        clips: what goes in.
        objects: number of each clip's group, for the split of training and test.
        sources: the data sets' roots by name.
        choice, how: what labels it, and how.
        out: the folder.
        mark: fingerprint of all that.
    """

    index: int
    clips: tuple[Clip, ...]
    objects: tuple[int, ...]
    sources: tuple[Source, ...]
    choice: Choice
    how: Labelling
    out: Path
    mark: str


@dataclass(frozen=True)
class Done:
    """A finished shard: what became of its clips, seconds by stage, and whether it was there already."""

    index: int
    outcomes: tuple[Outcome, ...]
    seconds: dict[str, float]
    kept: bool


def read_clips(sources: Sequence[Source], filters: Filters) -> tuple[list[Clip], list[Rejected]]:
    """All clips that pass the filters, and why the others do not; raises SourceUnusable."""
    clips: list[Clip] = []
    rejected: list[Rejected] = []
    for source in sources:
        seen: set[str] = set()
        reader = READERS["epic" if source.name == "synthetic" else source.name]
        for found in bar(reader(source.root), unit="annotation", what=f"reading {source.name}"):
            item = replace(found, source=source.name)
            if isinstance(item, Rejected):
                rejected.append(item)
                continue
            try:
                if item.clip_id in seen:
                    raise ClipRejected(Reason.BAD_ANNOTATION, f"{source.name} clip {item.clip_id}: occurs twice")
                seen.add(item.clip_id)
                filters.check(item)
                clips.append(item)
            except ClipRejected as why:
                rejected.append(Rejected(item.source, item.clip_id, why.reason, str(why)))
    return clips, rejected


def first(clips: Sequence[Clip], count: int) -> list[Clip]:
    """The clips up to the `count`-th of those whose film is there."""
    out: list[Clip] = []
    for clip in clips:
        if count < 1:
            break
        out.append(clip)
        count -= clip.video.is_file()
    return out


def plan(
    clips: Sequence[Clip],
    sources: Sequence[Source],
    choice: Choice,
    how: Labelling,
    out: Path,
    detectors: dict[str, dict[str, str]],
    per_shard: int = CLIPS_PER_SHARD,
) -> list[Job]:
    """Cut the clips into shards."""
    groups = {group: n for n, group in enumerate(sorted({(clip.source, clip.group) for clip in clips}))}
    jobs = []
    for index, start in enumerate(range(0, len(clips), per_shard)):
        part = tuple(clips[start : start + per_shard])
        objects = tuple(groups[clip.source, clip.group] for clip in part)
        said = [[c.source, c.clip_id, c.start, c.stop, c.fps, c.text, c.verb, c.noun, n] for c, n in zip(part, objects)]  # noqa: B905
        mark = fingerprint(FORMAT, said, asdict(choice), asdict(how), detectors)
        jobs.append(Job(index, part, objects, tuple(sources), choice, how, out, mark))
    return jobs


@lru_cache(maxsize=8)
def _detectors(choice: Choice, source: str, root: Path) -> Detectors:
    """Made once a process: some load networks."""
    return choice.detectors(source, root)


def attempt(clip: Clip, job: Job, watch: Stopwatch) -> tuple[Outcome, Label | None]:
    """What became of a clip of a job, and its label where it has one; raises SourceUnusable."""
    root = next(source.root for source in job.sources if source.name == clip.source)
    detectors = _detectors(job.choice, clip.source, root)  # what they need is the machine's affair, not the clip's
    try:
        label = label_clip(clip, detectors, job.how, watch)
    except ClipRejected as why:
        return Outcome(clip.source, clip.clip_id, why.reason.value, str(why)), None
    except (SourceUnusable, MemoryError, ImportError, VisionError):
        raise
    except Exception as error:  # files are spoilt in more ways than their readers know of; the other clips go on
        if type(error).__name__ == "OutOfMemoryError":  # torch's, of a GPU
            raise
        told = ClipRejected(Reason.UNREADABLE, f"{clip.source} clip {clip.clip_id}: {type(error).__name__}: {error}")
        return Outcome(clip.source, clip.clip_id, told.reason.value, str(told)), None
    window = (label.window.left, label.window.top, label.window.side)
    return Outcome(clip.source, clip.clip_id, contact=label.contact.frame, window=window), label


def stands(job: Job, outcomes: Sequence[Outcome]) -> bool:
    """Whether clips turned down for a file's state still are: a file may have been mended since; raises SourceUnusable.

    They are tried again, which is quick, as they fail early; files of clips that gave a sample are taken as they were.
    """
    failed = {(o.source, o.clip_id): o for o in outcomes if o.reason in OF_FILES}
    tried = [clip for clip in job.clips if (clip.source, clip.clip_id) in failed]
    return all(attempt(clip, job, Stopwatch())[0] == failed[clip.source, clip.clip_id] for clip in tried)


def run(job: Job) -> Done:
    """Make one shard, unless it is there."""
    if (outcomes := finished(job.out, job.index, job.mark)) is not None and stands(job, outcomes):
        return Done(job.index, tuple(outcomes), {}, True)
    watch = Stopwatch()
    rows: list[dict[str, object]] = []
    made: list[Outcome] = []
    marks: list[Marks | None] = []
    for clip, number in zip(job.clips, job.objects, strict=True):
        outcome, label = attempt(clip, job, watch)
        made.append(outcome)
        marks.append(Marks.of(label) if label else None)
        if label is not None:
            rows.append(row_of(clip, label, number))
    with watch.stage("write"):
        save_shard(job.out, job.index, job.mark, rows, made, marks)
    return Done(job.index, tuple(made), watch.seconds, False)


def row_of(clip: Clip, label: Label, number: int) -> dict[str, object]:
    """A sample in the columns of `data.shards`."""
    contacts, wrist, mano = (np.asarray(v, dtype=float) for v in (label.contacts, label.wrist, label.mano))
    return {
        "crop": label.crop,
        "text": clip.text,
        "verb": clip.verb,
        "kind": clip.noun or "thing",
        "contacts": contacts,
        "wrist": wrist,
        "mano": mano,
        "contacts_true": contacts,
        "wrist_true": wrist,
        "mano_true": mano,
        "contact_in_wrist": label.contact_in_wrist,
        "side_px": label.window.side,
        "object": number,
    }


def run_all(jobs: Sequence[Job], workers: int, ray_address: str = "") -> Iterator[Done]:
    """Make all shards; yields each as it is done, in any order. Which machine made one changes nothing in it."""
    yield from each_done(run, [(job,) for job in jobs], workers, ray_address)


def complain(done: Done, shown: int, most: int) -> int:
    """Print a line a rejected clip, up to `most`; returns how many have been printed."""
    for outcome in done.outcomes:
        # Often most films are not there; the manifest names them.
        if outcome.reason not in (None, Reason.NO_VIDEO) and not done.kept and shown < most:
            print(f"build_dataset: {outcome.reason}: {outcome.message}", file=sys.stderr)
            shown += 1
    return shown
