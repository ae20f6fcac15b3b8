"""EPIC-KITCHENS-100: `EPIC_100_train.csv` and `EPIC_100_validation.csv` beside `PXX/videos/PXX_YY.MP4`.

Columns after the annotations' own README. Frames there count images extracted from the video, from 1, at 60 a second
(50 in the videos of three digits) whatever the film's own rate: most films have 59.94, some 29.97, 47.95 or 90. Here
they count the film's frames, from 0. The hand-object detections of the data set (`PXX/hand-objects/PXX_YY.pkl`), one
an extracted image, are read by `detectors.doh`.
"""

from __future__ import annotations

import csv
import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

from deft_affordance.video.errors import ClipRejected, Reason, Rejected, SourceUnusable
from deft_affordance.video.frames import Video
from deft_affordance.video.record import MOST_FRAMES, Clip
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
# Rates that images are extracted at, a second; EPIC's are 50 and 60, `film_synthetic`'s 15.
RATES = (15.0, 24.0, 25.0, 30.0, 48.0, 50.0, 60.0)
# A row whose frame numbers and times are further apart is damaged; of 38,691 released ones none is by more than 0.02.
AGREE_S = 0.5
# Rates nearer to each other than this share are one, rounded.
_SAME = 1e-4


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
        rows = _rows(table)
        rates = _image_rates(rows)
        for number, row in enumerate(rows, start=2):
            clip_id = row["narration_id"] or f"{table.name}:{number}"
            try:
                yield _clip(row, f"{table}, line {number}", clip_id, base, rates)
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


def _image_rates(rows: Sequence[dict[str, str]]) -> dict[str, float]:
    """Images a second that the frame numbers of each video count: by most of its rows, of which some may be damaged."""
    found: dict[str, list[float]] = defaultdict(list)
    for row in rows:
        try:
            first, last, begin, end = _times(row)
        except (AttributeError, TypeError, ValueError):  # said where the row is read
            continue
        if last > first and end > begin:
            found[row["video_id"]].append(last / end)  # counted from the film's beginning, as times are
    middles = {video: float(np.median(of_rows)) for video, of_rows in found.items()}
    return {video: min(RATES, key=lambda rate: abs(rate - middle)) for video, middle in middles.items()}


@lru_cache(maxsize=1024)
def _film_rate(film: Path, images: float) -> float:
    """Frames a second of a film; as its images were extracted where it cannot be asked, which labelling says then."""
    try:
        with Video(film) as video:
            rate = video.fps
    except ClipRejected:
        return images
    return rate if rate > 0 and abs(rate / images - 1) > _SAME else images


def _clip(row: dict[str, str], where: str, clip_id: str, base: Path, rates: dict[str, float]) -> Clip:
    absent = [name for name in NEEDED if row[name] is None]
    if absent:
        raise ClipRejected(Reason.BAD_ANNOTATION, f"{where}: cut short, has no {', '.join(absent)}")
    try:
        first, last, begin, end = _times(row)
    except (TypeError, ValueError) as error:
        raise ClipRejected(Reason.BAD_ANNOTATION, f"{where}: start or stop: {error}") from None
    if end <= begin or last <= first:
        raise ClipRejected(
            Reason.BAD_ANNOTATION, f"{where}: stops at frame {last} ({end:g} s) after starting at {first} ({begin:g} s)"
        )
    participant, video = row["participant_id"], row["video_id"]
    images = rates[video]
    if max(abs((first - 1) / images - begin), abs((last - 1) / images - end)) > AGREE_S:
        raise ClipRejected(
            Reason.BAD_ANNOTATION,
            f"{where}: frames {first} to {last} are at {(first - 1) / images:.2f} to {(last - 1) / images:.2f} s "
            f"({images:g} a second in {video}), its times say {begin:g} to {end:g} s",
        )
    film = base / participant / "videos" / f"{video}.MP4"
    fps = _film_rate(film, images) if film.is_file() else images
    share = fps / images
    return Clip(
        source="epic",
        clip_id=clip_id,
        video_id=video,
        video=film,
        start=max(0, round((first - 1) * share) - round(LEAD_S * fps)),
        stop=round((last - 1) * share) + 1,
        fps=fps,
        text=clean_text(row["narration"], clip_id),
        verb=first_word(row["verb"]),
        noun=first_word(row["noun"]),
        group=participant,
        annotations={"verb_class": row["verb_class"], "noun_class": row["noun_class"], "image_rate": images},
    )


def _times(row: dict[str, str]) -> tuple[int, int, float, float]:
    """First and last image, and when they are, seconds."""
    first, last = int(row["start_frame"]), int(row["stop_frame"])
    begin, end = _seconds(row["start_timestamp"]), _seconds(row["stop_timestamp"])
    if not (math.isfinite(begin) and math.isfinite(end) and begin >= 0 and max(first, last, begin, end) < MOST_FRAMES):
        raise ValueError(f"{first} to {last}, {begin:g} to {end:g} s are of no film")
    return first, last, begin, end


def _seconds(stamp: str) -> float:
    hours, minutes, seconds = stamp.split(":")
    return 3600 * int(hours) + 60 * int(minutes) + float(seconds)
