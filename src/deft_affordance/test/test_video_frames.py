"""Frames of video files: those that were asked for, or the clip is turned down."""

import cv2
import numpy as np
import pytest

from deft_affordance.video.errors import ClipRejected, Reason
from deft_affordance.video.frames import Video

FRAMES, BITS = 240, 8


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """A film whose frames say their number, in a file that can be cut or spoilt without being lost as a whole."""
    path = tmp_path_factory.mktemp("film") / "film.mkv"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mp4v"), 30.0, (160, 120))
    ground = np.random.default_rng(0).integers(0, 255, (90, 160, 3), dtype=np.uint8)
    for number in range(FRAMES):
        bars = np.repeat([[255 * (number >> bit & 1) for bit in range(BITS)]], 20, axis=1)
        top = np.repeat(np.repeat(bars, 30, axis=0)[..., None], 3, axis=2).astype(np.uint8)
        writer.write(np.vstack([top, cv2.blur(np.roll(ground, number, 1), (5, 5))]))
    writer.release()
    return path


def number_in(image):
    return sum(1 << bit for bit in range(BITS) if image[5:25, 20 * bit + 5 : 20 * bit + 15].mean() > 128)


def shown(path, order):
    """What is shown in place of each frame; None where the clip is turned down."""
    out = []
    with Video(path) as video:
        for index in order:
            try:
                out.append(number_in(video.frame(index)))
            except ClipRejected as why:
                assert why.reason is Reason.CORRUPT_VIDEO and str(path) in str(why)
                out.append(None)
    return out


ORDERS = {"one after the other": range(FRAMES), "jumping": [*range(0, FRAMES, 7), *range(FRAMES - 1, 0, -11)]}


@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS)
def test_a_whole_film_shows_the_frames_that_are_asked_for(film, order):
    assert shown(film, order) == list(order)


@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS)
@pytest.mark.parametrize("spoilt", ["cut short", "a hole"])
def test_a_damaged_film_shows_no_other_moment_in_a_frame_s_place(film, tmp_path, spoilt, order):
    content = bytearray(film.read_bytes())
    third = len(content) // 3
    if spoilt == "cut short":
        del content[2 * third :]
    else:
        content[third : 2 * third] = bytes(third)
    path = tmp_path / "spoilt.mkv"
    path.write_bytes(content)
    found = shown(path, order)
    assert None in found and any(n is not None and n > 20 for n in found)
    assert all(n is None or abs(n - index) <= 8 for n, index in zip(found, order, strict=True))
