"""A clip drawn by hand, for the tests of the data set builder; a small prior; and what they share, on the path."""

import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from deft_affordance.video.detectors.protocols import Hand, Seen, Thing
from deft_affordance.video.film.take import Take
from deft_core.mano import hand_points

sys.path.insert(0, str(Path(__file__).parent))

FRAMES, CONTACT = 40, 22
HEIGHT, WIDTH = 180, 240
AT = np.array([118.0, 78.0])  # where the hand covers the object's middle in the initial frame


def cartoon(seed=0, miss=False):
    """A clip drawn by hand: a blue box, and a skin-coloured hand that comes from the right, touches it, lifts it."""
    rng = np.random.default_rng(seed)
    wall = cv2.resize(rng.integers(60, 200, (45, 60, 3), dtype=np.uint8), (WIDTH + 40, HEIGHT + 40))
    columns = {name: [] for name in ("color", "depth_m", "hand", "thing", "mano", "keypoints")}
    pose = np.full(45, 0.2)
    flat = hand_points(pose)
    for k in range(FRAMES):
        dx, dy = round(3 * np.sin(k / 9)), round(2 * np.sin(k / 7))  # the camera sways
        image = wall[20 - dy : 20 - dy + HEIGHT, 20 - dx : 20 - dx + WIDTH].copy()
        up = 0 if miss else 3 * max(0, k - CONTACT - 9)
        x0, y0 = 100 + dx, 60 + dy - up
        thing, hand = np.zeros((HEIGHT, WIDTH), bool), np.zeros((HEIGHT, WIDTH), bool)
        thing[max(0, y0) : y0 + 44, x0 : x0 + 36] = True
        gap = max(0, CONTACT - k) * 30 + (40 if miss else 0)
        if k >= 10:
            hand[max(0, y0 + 14) : y0 + 22, min(WIDTH, x0 + 14 + gap) :] = True
            hand[max(0, y0 + 8) : y0 + 36, min(WIDTH, x0 + 44 + gap) : x0 + 90 + gap] = True
        thing &= ~hand
        image[thing], image[hand] = (40, 70, 190), (209, 158, 132)
        columns["color"].append(np.clip(image + rng.normal(size=image.shape), 0, 255).astype(np.uint8))
        columns["depth_m"].append(np.where(hand, 0.78, np.where(thing, 0.80, 1.0)).astype(np.float32))
        columns["hand"].append(hand)
        columns["thing"].append(thing)
        columns["mano"].append(np.concatenate([[0.1, 0.2, 0.3], pose]))
        columns["keypoints"].append(flat[:, [0, 1]] * 400 + [x0 + 90 + gap, y0 + 20])
    arrays = {name: np.array(values) for name, values in columns.items()}
    touching = (np.arange(FRAMES) >= CONTACT) & (not miss)
    return Take(
        **arrays, touching=touching, K=np.array([[300.0, 0, 119.5], [0, 300, 89.5], [0, 0, 1]]), fps=15.0,
        contact=-1 if miss else CONTACT, contacts_px=np.zeros((0, 2)) if miss else AT[None],
        all_contacts_px=AT[None], range_m=0.8, wrist_true=np.array([0.1, 0.2, 0.3]), mano_true=pose, held_frame=30,
    )  # fmt: skip


def exact(take):
    """Detections without errors."""
    out = []
    for k in range(FRAMES):
        box = np.argwhere(take.thing[k])
        things = ()
        if len(box):
            (y0, x0), (y1, x1) = box.min(axis=0).tolist(), (box.max(axis=0) + 1).tolist()
            things = (Thing((x0, y0, x1, y1), 0.9),)
        hands = ()
        if take.hand[k].any():
            places = np.argwhere(take.hand[k])
            (y0, x0), (y1, x1) = places.min(axis=0).tolist(), (places.max(axis=0) + 1).tolist()
            at = ((things[0].box[0] + things[0].box[2]) / 2, (things[0].box[1] + things[0].box[3]) / 2)
            hands = (Hand((x0, y0, x1, y1), 0.95, "right", bool(take.touching[k]), at),)
        out.append(Seen(hands, things))
    return out


@pytest.fixture(scope="session")
def drawn():
    """(cartoon, exact): a function that draws a clip by seed, and one that gives its detections without errors."""
    return cartoon, exact


@pytest.fixture
def config():
    """A small prior's configuration."""
    from deft_affordance_small_prior import small_config

    return small_config()


@pytest.fixture
def samples():
    """What a small prior is trained on."""
    from deft_affordance_small_prior import random_samples

    return random_samples()
