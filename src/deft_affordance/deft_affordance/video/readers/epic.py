"""EPIC-KITCHENS-100: `EPIC_100_train.csv` and `EPIC_100_validation.csv` beside `PXX/videos/PXX_YY.MP4`.

Columns after the annotations' own README. Frames there count images extracted from the video, from 1; here from 0. The
hand-object detections of the data set (`PXX/hand-objects/PXX_YY.pkl`) are read by `detectors.doh`.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from deft_affordance.video.errors import ClipRejected, Reason, Rejected, SourceUnusable
from deft_affordance.video.record import Clip
from deft_affordance.video.words import clean_text, first_word

TABLES = ("EPIC_100_train.csv", "EPIC_100_validation.csv")
FOLDERS = ("", "annotations", "epic-kitchens-100-annotations")
NEEDED = (
    "narration_id",
    "participant_id",
    "video_id",
    "start_timestamp",
    "stop_timestamp",
    "start_frame",
    "stop_frame",
    "narration",
    "verb",
    "verb_class",
    "noun",
    "noun_class",
)
# Segments begin when the hand already moves; the initial frame is taken a little earlier.
LEAD_S = 0.5


def home(root: Path) -> Path:
    """The folder of participants: the root itself, or EPIC-KITCHENS in it, as the downloader makes it."""
    return root / "EPIC-KITCHENS" if (root / "EPIC-KITCHENS").is_dir() else root


def read_epic(root: Path) -> Iterator[Clip | Rejected]:
    """Every action segment of the tables found under a root.

    Raises:
        SourceUnusable: no table, or one of another version.
    """
    base = home(root)
    folders = [top / name for top in (root, base) for name in FOLDERS]
    tables = list(dict.fromkeys(folder / t for folder in folders for t in TABLES if (folder / t).is_file()))
    if not tables:
        raise SourceUnusable(f"{root}: no {' or '.join(TABLES)} there or in {', '.join(FOLDERS[1:])}")
    for table in tables:
        for number, row in enumerate(_rows(table), start=2):
            clip_id = row["narration_id"] or f"{table.name}:{number}"
            try:
                yield _clip(row, f"{table}, line {number}", clip_id, base)
            except ClipRejected as why:
                yield Rejected("epic", clip_id, why.reason, str(why))


def _rows(table: Path) -> list[dict[str, str]]:
    try:
        with table.open(newline="", encoding="utf-8-sig") as file:  # spreadsheets put a mark in front
            reader = csv.DictReader(file)
            missing = [name for name in NEEDED if name not in (reader.fieldnames or ())]
            rows = [] if missing else list(reader)
    except (UnicodeDecodeError, csv.Error) as error:
        raise SourceUnusable(f"{table}: no readable CSV in UTF-8 ({error}); fetch the file again") from None
    if missing:
        raise SourceUnusable(
            f"{table}: lacks the columns {', '.join(missing)}: not EPIC-KITCHENS-100's annotation "
            "(EPIC-KITCHENS-55 has other columns; get epic-kitchens-100-annotations)"
        )
    return rows


def _clip(row: dict[str, str], where: str, clip_id: str, base: Path) -> Clip:
    absent = [name for name in NEEDED if row[name] is None]
    if absent:
        raise ClipRejected(Reason.BAD_ANNOTATION, f"{where}: cut short, has no {', '.join(absent)}")
    try:
        first, last = int(row["start_frame"]), int(row["stop_frame"])
        begin, end = _seconds(row["start_timestamp"]), _seconds(row["stop_timestamp"])
    except (TypeError, ValueError) as error:
        raise ClipRejected(Reason.BAD_ANNOTATION, f"{where}: start or stop: {error}") from None
    if end <= begin or last <= first:
        raise ClipRejected(
            Reason.BAD_ANNOTATION, f"{where}: stops at frame {last} ({end:g} s) after starting at {first} ({begin:g} s)"
        )
    participant, video = row["participant_id"], row["video_id"]
    fps = (last - first) / (end - begin)
    # The rates that cameras have; frame numbers are rounded, so short segments give them only roughly.
    fps = min((24.0, 25.0, 29.97, 30.0, 47.95, 48.0, 50.0, 59.94, 60.0, 15.0), key=lambda rate: abs(rate - fps))
    return Clip(
        source="epic",
        clip_id=clip_id,
        video_id=video,
        video=base / participant / "videos" / f"{video}.MP4",
        start=max(0, first - 1 - round(LEAD_S * fps)),
        stop=last,
        fps=fps,
        text=clean_text(row["narration"], clip_id),
        verb=first_word(row["verb"]),
        noun=first_word(row["noun"]),
        group=participant,
        annotations={"verb_class": row["verb_class"], "noun_class": row["noun_class"]},
    )


def _seconds(stamp: str) -> float:
    hours, minutes, seconds = stamp.split(":")
    return 3600 * int(hours) + 60 * int(minutes) + float(seconds)
