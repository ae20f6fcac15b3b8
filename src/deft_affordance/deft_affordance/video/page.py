"""A page of examples to look at: the hand at contact, contacts and heatmap on the object, the words."""

from __future__ import annotations

import html
from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from deft_affordance.crop import Crop
from deft_affordance.drawing import paint
from deft_affordance.progress import bar
from deft_affordance.video.build import Job
from deft_affordance.video.errors import ClipRejected
from deft_affordance.video.frames import Video
from deft_affordance.video.marks import Marks
from deft_affordance.video.record import Clip
from deft_affordance.video.store import read_marks
from deft_core.geometry import Array
from deft_core.mano import PARENTS

# As `deft_affordance.model.HEATMAP_SIGMA`, which torch would come with.
HEATMAP_SIGMA = 0.05
TILE = 280
COLUMNS = 4
SHEET, PAGE = "examples.png", "examples.html"


def heat(contacts: Array, size: int = 64) -> NDArray[np.float64]:
    """Heatmap (size, size) of contacts (k, 2) in [0, 1]: the Gaussians that the model's heatmaps are trained on."""
    v, u = (np.mgrid[0:size, 0:size] + 0.5) / size
    square = (u[None] - contacts[:, 0, None, None]) ** 2 + (v[None] - contacts[:, 1, None, None]) ** 2
    return np.asarray(np.exp(-square / (2 * HEATMAP_SIGMA**2)).sum(axis=0))


def draw_hand(image: NDArray[np.uint8], keypoints: Array) -> None:
    """Draw a hand's 21 points and bones, tips included, in place."""
    points = [tuple(int(v) for v in np.rint(p)) for p in keypoints]
    bones = [(j, PARENTS[j]) for j in range(1, 16)] + [(16 + f, 3 + 3 * f) for f in range(5)]
    for a, b in bones:
        cv2.line(image, points[a], points[b], (250, 200, 60), 2, cv2.LINE_AA)
    for point in points:
        cv2.circle(image, point, 3, (255, 255, 255), -1, cv2.LINE_AA)


def draw(clip: Clip, marks: Marks) -> NDArray[np.uint8]:
    """Two tiles (TILE, 2 TILE, 3): the hand at contact, and the object's crop with contacts and heatmap.

    Raises:
        ClipRejected: the film cannot be read any more.
    """
    with Video(clip.video) as video:
        initial, touched = video.frame(clip.start), video.frame(marks.label_frame).copy()
    if marks.keypoints is not None:
        draw_hand(touched, np.array(marks.keypoints))
    box = [round(v) for v in marks.box]
    cv2.rectangle(touched, (box[0], box[1]), (box[2], box[3]), (90, 200, 255), 2)
    window, contacts = Crop(*marks.window), np.array(marks.contacts)
    painted = paint(
        initial, (window.left, window.top, window.side, window.side), heat(window.to_unit(contacts)), contacts
    )
    # About the hand and the object, as far as the image goes.
    hand = marks.hand
    x0, y0 = min(hand[0], box[0]) - 20, min(hand[1], box[1]) - 20
    side = max(max(hand[2], box[2]) - x0, max(hand[3], box[3]) - y0) + 20
    return np.hstack([_cut(touched, x0, y0, side), _cut(painted, window.left - 2, window.top - 2, window.side + 4)])


def _cut(image: NDArray[np.uint8], x: float, y: float, side: float) -> NDArray[np.uint8]:
    height, width = image.shape[:2]
    rows = np.clip(np.arange(round(y), round(y + side)), 0, height - 1)
    columns = np.clip(np.arange(round(x), round(x + side)), 0, width - 1)
    return np.asarray(cv2.resize(image[np.ix_(rows, columns)], (TILE, TILE), interpolation=cv2.INTER_AREA), np.uint8)


def write_page(folder: Path, jobs: Sequence[Job], accepted: set[tuple[str, str]], count: int, seed: int) -> Path | None:
    """Draw examples chosen at random among the accepted clips; returns the page, None where nothing is to be shown."""
    all_of = [(n, job) for job in jobs for n, clip in enumerate(job.clips) if (clip.source, clip.clip_id) in accepted]
    if not all_of or count < 1:
        return None
    chosen = np.random.default_rng(seed).permutation(len(all_of))[:count]
    tiles, words = [], []
    for n in bar(sorted(chosen), unit="example", what="drawing"):
        place, job = all_of[n]
        clip, marks = job.clips[place], read_marks(folder, job.index)[place]
        if marks is None:  # of a build that did not keep them
            continue
        try:
            tile = draw(clip, marks)
        except ClipRejected as why:  # the film changed since
            words.append(f"{clip.clip_id}: {why}")
            continue
        strip = np.full((26, tile.shape[1], 3), 30, dtype=np.uint8)
        text = f"{clip.text}  ({clip.source} {clip.clip_id}, frame {marks.frame})"
        cv2.putText(strip, text[:84], (6, 18), cv2.FONT_HERSHEY_SIMPLEX, 0.42, (235, 235, 235), 1, cv2.LINE_AA)
        tiles.append(np.vstack([tile, strip]))
        words.append(text)
    if not tiles:
        return None
    per_row = min(COLUMNS // 2, len(tiles))
    tiles += [np.zeros_like(tiles[0])] * (-len(tiles) % per_row)
    sheet = np.vstack([np.hstack(tiles[r : r + per_row]) for r in range(0, len(tiles), per_row)])
    cv2.imwrite(str(folder / SHEET), sheet[..., ::-1])
    items = "\n".join(f"<li>{html.escape(word)}</li>" for word in words)
    (folder / PAGE).write_text(
        "<!doctype html><meta charset='utf-8'><title>Examples</title>\n"
        "<p>Left: the hand at contact, as tracked, and the object's box. Right: the object's crop of the initial frame "
        f"with contacts (green), their mean (cross) and heatmap.</p>\n<img src='{SHEET}' style='max-width:100%'>\n"
        f"<ol>\n{items}\n</ol>\n",
        encoding="utf-8",
    )
    return folder / PAGE
