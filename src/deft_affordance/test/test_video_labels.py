"""Parts of a label: how the camera moved, when and where hand and object meet, where on the hand that is."""

import cv2
import numpy as np
import pytest

from deft_affordance.crop import Crop
from deft_affordance.video.align import background, changed, homography, move, move_box
from deft_affordance.video.contact import first_contact, meeting_pixels
from deft_affordance.video.detectors.protocols import Hand, HandPose, Seen, Thing
from deft_affordance.video.errors import ClipRejected, Reason
from deft_affordance.video.label import on_object, place_on_hand
from deft_affordance.video.record import Clip
from deft_core.mano import hand_points

SHAPE = (240, 320)


def wall(seed=0):
    rng = np.random.default_rng(seed)
    return cv2.resize(rng.integers(40, 220, (60, 80, 3), dtype=np.uint8), SHAPE[::-1])


@pytest.mark.parametrize("turn_deg", [0.0, 2.0, 25.0])
def test_the_cameras_motion_is_found_though_a_hand_covers_part(turn_deg):
    before = wall()
    true = np.vstack([cv2.getRotationMatrix2D((160, 120), turn_deg, 1.0), [0, 0, 1]])
    true[:2, 2] += [7.0, -4.0]
    now = cv2.warpPerspective(before, np.linalg.inv(true), SHAPE[::-1])
    now[60:160, 200:320] = (209, 158, 132)
    H = homography(now, before, background(SHAPE, [(200, 60, 320, 160)]), background(SHAPE, []))
    points = np.array([[60.0, 60], [150, 120], [100, 180]])
    np.testing.assert_allclose(move(H, points), move(true, points), atol=1.0)
    x0, y0, x1, y1 = move_box(np.eye(3), (10, 20, 30, 40))
    assert (x0, y0, x1, y1) == (10, 20, 30, 40)
    hand = changed(before, now, H)
    assert hand[80:140, 220:300].mean() > 0.95 and hand[90:150, 80:150].mean() < 0.1


def test_two_places_are_not_taken_for_one():
    nothing = np.full((*SHAPE, 3), 128, np.uint8)
    still = background(SHAPE, [])
    assert homography(wall(0), wall(1), still, still) is None
    assert homography(nothing, nothing, still, still) is None


class Says:
    """A detector that says what it was told."""

    source = "test"

    def __init__(self, *hands):
        self.hands = hands  # per frame: None (not looked at), or a tuple of (side, touches)

    def detect(self, clip, frame, video):
        if self.hands[frame] is None:
            return None
        hands = tuple(Hand((0, 0, 10, 10), 0.9, side, touches, (50, 50)) for side, touches in self.hands[frame])
        return Seen(hands, (Thing((100, 100, 120, 120), 0.9), Thing((40, 40, 60, 60), 0.8)))


class Video:
    frames, size = 30, (64, 48)


def clip(**changes):
    values = {"source": "epic", "clip_id": "a", "video_id": "v", "video": None, "start": 0, "stop": 30, "fps": 12.0,
              "text": "take cup", "verb": "take", "noun": "cup", "group": "P01"}  # fmt: skip
    return Clip(**values | changes)


R, L, FREE = ("right", True), ("left", True), ("right", False)


def said(*runs):
    return Says(*[what for what, times in runs for _ in range(times)])


def test_the_first_touch_that_lasts_counts():
    detector = said(((FREE,), 8), ((R,), 1), ((FREE,), 6), ((R,), 3), ((FREE,), 1), ((R,), 11))
    found = first_contact(clip(), detector, Video())
    assert (found.frame, found.label_frame, found.box) == (15, 15, (40, 40, 60, 60))
    assert first_contact(clip(), detector, Video(), settle_s=0.5).label_frame == 21
    assert first_contact(clip(), said((None, 10), ((FREE,), 5), ((R,), 15)), Video()).frame == 15


@pytest.mark.parametrize(
    ("detector", "reason"),
    [
        (said((None, 30)), Reason.NO_DETECTIONS),
        (said(((), 30)), Reason.NO_HAND),
        (said(((L,), 30)), Reason.LEFT_HAND_ONLY),
        (said(((FREE,), 30)), Reason.NO_CONTACT),
        (said(((FREE, L), 30)), Reason.LEFT_HAND_ONLY),
        (said(((R,), 30)), Reason.CONTACT_FROM_START),
        (said(((("right", None),), 30)), Reason.NO_CONTACT),
    ],
)
def test_clips_without_a_usable_touch_say_why(detector, reason):
    with pytest.raises(ClipRejected) as why:
        first_contact(clip(), detector, Video())
    assert why.value.reason is reason


def test_annotators_tell_the_contact_where_the_detector_cannot():
    box = {"x": 5.0, "y": 6.0, "width": 10.0, "height": 20.0}
    notes = {"critical_frames": {"contact_frame": 12}, "boxes": [{"frame": 14, "type": "object_of_change", "box": box}]}

    class Landmarks(Says):
        def detect(self, clip, frame, video):
            return Seen((Hand((0, 0, 10, 10), 0.9, "right", None),), ())

    found = first_contact(clip(annotations=notes), Landmarks(), Video())
    assert found.frame == 12 and found.box == (5.0, 6.0, 15.0, 26.0)


@pytest.mark.parametrize(
    ("right", "left", "reason"),
    [
        ((2, 4), (4, 30), Reason.LEFT_HAND_ONLY),  # taken for a right one as it came into view
        ((19, 21), (10, 19), Reason.LEFT_HAND_ONLY),  # and once more
        ((2, 8), (0, 0), Reason.NO_HAND),
    ],
)
def test_a_landmarker_must_see_the_right_hand_at_the_annotators_contact(right, left, reason):
    class Landmarks(Says):
        def detect(self, clip, frame, video):
            sides = [side for side, (a, b) in (("right", right), ("left", left)) if a <= frame < b]
            return Seen(tuple(Hand((0, 0, 10, 10), 0.9, side, None) for side in sides), ())

    with pytest.raises(ClipRejected, match=r"frame 20, where the annotators saw the contact") as why:
        first_contact(clip(annotations={"critical_frames": {"contact_frame": 20}}), Landmarks(), Video())
    assert why.value.reason is reason


def masks():
    hand, thing = np.zeros(SHAPE, bool), np.zeros(SHAPE, bool)
    thing[100:150, 100:140], hand[110:130, 125:220] = True, True
    return hand, thing, thing & ~hand


def test_contact_is_where_the_hand_is_in_front_of_the_object():
    hand, whole, seen = masks()
    u, v = meeting_pixels(hand, whole, seen, None, "x").mean(axis=0)
    assert 124 < u < 132 and 109 < v < 131
    beside = np.zeros(SHAPE, bool)
    beside[110:130, 141:200] = True
    assert (meeting_pixels(beside, whole, whole, None, "x")[:, 0] < 146).all()
    away = np.zeros(SHAPE, bool)
    away[0:20, 0:20] = True
    with pytest.raises(ClipRejected, match="do not meet"):
        meeting_pixels(away, whole, seen, None, "x")
    for spoilt in ((hand & False, whole, seen), (hand, whole & False, seen)):
        with pytest.raises(ClipRejected, match="mask is empty") as why:
            meeting_pixels(*spoilt, None, "x")
        assert why.value.reason is Reason.EMPTY_MASK


def test_depth_tells_a_touch_from_a_hand_in_front():
    hand, whole, seen = masks()
    depth = np.where(hand, 0.78, 0.80)
    assert len(meeting_pixels(hand, whole, seen, depth, "x"))
    with pytest.raises(ClipRejected, match="not in depth") as why:
        meeting_pixels(hand, whole, seen, np.where(hand, 0.5, 0.80), "x")
    assert why.value.reason is Reason.NO_CONTACT
    for nothing in (np.nan, 0.0):
        with pytest.raises(ClipRejected, match="depth is NaN or zero") as why:
            meeting_pixels(hand, whole, seen, np.full(SHAPE, nothing), "x")
        assert why.value.reason is Reason.NO_DEPTH


def test_contacts_come_onto_the_object_or_not_at_all():
    _, whole, _ = masks()
    window = Crop(90, 95, 60)
    placed = on_object(np.array([[120.0, 120.0], [143.0, 120.0]]), whole, window, "x")
    np.testing.assert_array_equal(placed, [[120, 120], [139, 120]])
    with pytest.raises(ClipRejected) as why:
        on_object(np.array([[200.0, 120.0], [-5.0, 120.0]]), whole, window, "x")
    assert why.value.reason is Reason.CONTACT_OFF_OBJECT


def test_the_place_on_the_hand_is_that_of_the_fingertip_that_touches():
    pose = np.full(45, 0.1)
    points = hand_points(pose)
    keypoints = points[:, [0, 2]] * 900 + [200, 120]
    found = place_on_hand(keypoints[[20]] + [[1.0, 0.0]], HandPose(np.zeros(3), pose, keypoints), "x")
    np.testing.assert_allclose(found, points[20], atol=0.004)
    with pytest.raises(ClipRejected, match="no joints in the image"):
        place_on_hand(keypoints, HandPose(np.zeros(3), pose, None), "x")
