"""Readers of the published layouts: what they give, and what they say of files that are not theirs."""

import csv
import json
import re

import cv2
import numpy as np
import pytest

from deft_affordance.video.errors import ClipRejected, Reason, Rejected, SourceUnusable
from deft_affordance.video.filters import Filters
from deft_affordance.video.readers import READERS
from deft_affordance.video.readers.epic import NEEDED
from deft_affordance.video.record import Clip
from deft_affordance.video.words import clean_text, grasp_verbs, is_grasp, strip_speaker


def action(**changes):
    return {
        "start_frame": 100,
        "end_frame": 340,
        "narration_text": "#C C picks a cup from the table",
        "is_valid_action": True,
        "is_rejected": False,
        "is_invalid_annotation": False,
        "structured_verb": "take_(pick,_grab,_get)",
        "critical_frames": {"pre_45": 150, "pre_frame": 195, "contact_frame": 200, "pnr_frame": 210, "post_frame": 240},
        "frames": [
            {
                "frame_number": 195,
                "frame_type": "pre_frame",
                "boxes": [
                    {"object_type": "object_of_change", "structured_noun": "cup_(cup,_mug)",
                     "bbox": {"x": 10.0, "y": 20.0, "width": 30.0, "height": 40.0}}
                ],
            }
        ],
    } | changes  # fmt: skip


def ego4d(root, *actions, **top):
    path = root / "v2/annotations/fho_main.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    interval = {"clip_uid": "c", "start_sec": 0.0, "end_sec": 300.0, "narrated_actions": list(actions)}
    video = {"video_uid": "uid", "video_metadata": {"fps": 30.0}, "annotated_intervals": [interval]}
    path.write_text(json.dumps({"version": "2", "videos": [video]} | top))
    return list(READERS["ego4d"](root))


def test_ego4d_actions_become_clips(tmp_path):
    (clip,) = ego4d(tmp_path, action())
    assert (clip.clip_id, clip.video) == ("uid_0_0", tmp_path / "v2/full_scale/uid.mp4")
    assert (clip.start, clip.stop, clip.fps) == (150, 241, 30.0)
    assert (clip.text, clip.verb, clip.noun) == ("picks a cup from the table", "take", "cup")
    assert clip.annotations["critical_frames"]["contact_frame"] == 200
    (other,) = ego4d(tmp_path, action(critical_frames=None, structured_verb=None, freeform_verb="grab", frames=None))
    assert (other.start, other.stop, other.verb) == (100, 341, "grab")


def small_ego4d(root, fps=30.0, **metadata):
    """The one action of a canonical video of 1440 x 1080, whose film is there in 64 x 48 instead of 720 x 540."""
    film(root / "v2/video_540ss/uid.mp4", fps)
    interval = {"narrated_actions": [action()]}
    metadata = {"fps": 30.0, "width": 1440, "height": 1080} | metadata
    return ego4d(root, videos=[{"video_uid": "uid", "video_metadata": metadata, "annotated_intervals": [interval]}])


def test_ego4d_s_smaller_films_serve_and_its_boxes_are_brought_to_their_size(tmp_path):
    (clip,) = small_ego4d(tmp_path)
    assert clip.video == tmp_path / "v2/video_540ss/uid.mp4"
    assert (clip.start, clip.stop, clip.fps) == (150, 241, 30.0)  # of the same rate, as published
    ((box,), share) = clip.annotations["boxes"], 64 / 1440
    assert box["frame"] == 195
    assert box["box"] == pytest.approx({"x": 10 * share, "y": 20 * share, "width": 30 * share, "height": 40 * share})
    film(tmp_path / "v2/full_scale/uid.mp4", 30.0)  # the full one comes first, where it is there
    (clip,) = READERS["ego4d"](tmp_path)
    assert clip.video == tmp_path / "v2/full_scale/uid.mp4"
    assert clip.annotations["boxes"][0]["box"] == {"x": 10.0, "y": 20.0, "width": 30.0, "height": 40.0}


def test_ego4d_films_of_another_rate_are_read_by_time(tmp_path):
    (clip,) = small_ego4d(tmp_path, fps=10.0)
    assert (clip.start, clip.stop, clip.fps) == (50, 81, 10.0)
    assert clip.annotations["critical_frames"]["contact_frame"] == 67 and clip.annotations["boxes"][0]["frame"] == 65


@pytest.mark.parametrize(
    ("metadata", "says"),
    [({"width": None}, r"no width and height .*\(None, 1080\)"), ({"width": 1920}, "64 x 48 is not the shape of 1920")],
)
def test_ego4d_boxes_of_a_size_that_is_not_the_film_s_are_not_guessed(tmp_path, metadata, says):
    (found,) = small_ego4d(tmp_path, **metadata)
    assert found.reason is Reason.BAD_ANNOTATION and re.search(says, found.message)


def test_ego4d_names_the_film_that_is_missing_at_the_size_that_others_have(tmp_path):
    (tmp_path / "v2/video_540ss").mkdir(parents=True)
    (clip,) = ego4d(tmp_path, action())
    assert clip.video == tmp_path / "v2/video_540ss/uid.mp4"


@pytest.mark.parametrize(
    ("changes", "reason", "says"),
    [
        ({"narration_text": "#O man X takes a cup"}, Reason.NOT_THE_WEARER, "not the camera wearer"),
        ({"narration_text": "#C C picks #unsure"}, Reason.UNKNOWN_TEXT, "not sure"),
        ({"narration_text": "#C C ..."}, Reason.NO_LANGUAGE, "no narration"),
        ({"is_rejected": True}, Reason.REFUSED_BY_ANNOTATORS, "annotators"),
        ({"start_frame": "100"}, Reason.BAD_ANNOTATION, r"narrated_actions\[0\]: start_frame"),
        (
            {"frames": [{"frame_number": 1, "boxes": [{"object_type": "hand", "bbox": {"left": 1.0}}]}]},
            Reason.BAD_ANNOTATION,
            r"frames\.0\.boxes\.0\.bbox\.x",
        ),
        ({"critical_frames": {"pre_45": 300}, "end_frame": 200}, Reason.BAD_ANNOTATION, "no range"),
        ({"critical_frames": None, "end_frame": 10**400}, Reason.BAD_ANNOTATION, "no range"),
    ],
)
def test_ego4d_actions_that_are_no_clips_say_why(tmp_path, changes, reason, says):
    (found,) = ego4d(tmp_path, action(**changes))
    assert isinstance(found, Rejected) and found.reason is reason
    assert re.search(says, found.message)


def test_an_ego4d_interval_without_actions_leaves_the_others(tmp_path):
    interval = {"narrated_actions": [action()]}
    video = {"video_uid": "uid", "video_metadata": {"fps": 30.0},
             "annotated_intervals": [{"narrated_actions": None}, {}, interval]}  # fmt: skip
    first, second, clip = ego4d(tmp_path, videos=[video])
    assert [r.clip_id for r in (first, second)] == ["uid_0", "uid_1"] and clip.clip_id == "uid_2_0"
    assert first.reason is Reason.BAD_ANNOTATION and "annotated_intervals[0]" in first.message


def test_another_ego4d_file_is_named_as_such(tmp_path):
    with pytest.raises(SourceUnusable, match=r"no fho_main\.json .*ego4d --datasets"):
        list(READERS["ego4d"](tmp_path))
    with pytest.raises(SourceUnusable, match=r"has no videos\[\] \(found \['clips', 'date'"):
        (tmp_path / "annotations").mkdir()
        (tmp_path / "annotations/fho_main.json").write_text('{"clips": [], "date": "", "version": "1"}')
        list(READERS["ego4d"](tmp_path))
    (tmp_path / "annotations/fho_main.json").write_text('{"videos": [')
    with pytest.raises(SourceUnusable, match="no readable JSON"):
        list(READERS["ego4d"](tmp_path))
    (tmp_path / "annotations/fho_main.json").write_text("[" * 100_000)
    with pytest.raises(SourceUnusable, match="no readable JSON"):
        list(READERS["ego4d"](tmp_path))
    for video in ({"video_uid": "x"}, {"video_uid": "x", "video_metadata": {"fps": 10**400}}):
        (found,) = ego4d(tmp_path, videos=[video])
        assert found.reason is Reason.BAD_ANNOTATION and "videos[0]" in found.message


def epic(root, columns=NEEDED, **changes):
    row = {
        "narration_id": "P01_01_3",
        "participant_id": "P01",
        "video_id": "P01_01",
        "start_timestamp": "00:00:05.00",
        "stop_timestamp": "00:00:07.00",
        "start_frame": "301",
        "stop_frame": "421",
        "narration": "take plate",
        "verb": "take",
        "verb_class": "0",
        "noun": "plate",
        "noun_class": "2",
    } | changes
    with (root / "EPIC_100_train.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, columns, extrasaction="ignore")
        writer.writeheader()
        writer.writerow(row)
    return list(READERS["epic"](root))


def test_epic_segments_become_clips(tmp_path):
    (clip,) = epic(tmp_path)
    assert clip.fps == 60.0 and (clip.start, clip.stop) == (270, 421)  # 0.5 s before image 301, which is frame 300
    assert clip.video == tmp_path / "P01/videos/P01_01.MP4" and clip.group == "P01"
    (found,) = epic(tmp_path, stop_frame="301")
    assert found.reason is Reason.BAD_ANNOTATION and "line 2" in found.message
    (found,) = epic(tmp_path, start_timestamp="five")
    assert found.reason is Reason.BAD_ANNOTATION
    with pytest.raises(SourceUnusable, match=r"lacks the columns narration_id.*EPIC-KITCHENS-55"):
        epic(tmp_path, columns=[name for name in NEEDED if name != "narration_id"])
    table = tmp_path / "EPIC_100_train.csv"
    epic(tmp_path)
    table.write_text(table.read_text(), encoding="utf-8-sig")  # as a spreadsheet saves it
    (clip,) = READERS["epic"](tmp_path)
    assert clip.clip_id == "P01_01_3"
    table.write_text("\n".join([*table.read_text(encoding="utf-8-sig").splitlines(), "P01_01_4,P01"]))
    assert [found.reason for found in list(READERS["epic"](tmp_path))[1:]] == [Reason.BAD_ANNOTATION]
    table.write_bytes(table.read_bytes().replace(b"plate", b"pur\xe9e"))
    with pytest.raises(SourceUnusable, match=r"EPIC_100_train\.csv: no readable CSV in UTF-8"):
        list(READERS["epic"](tmp_path))
    table.unlink()
    with pytest.raises(SourceUnusable, match=r"EPIC_100_train\.csv"):
        list(READERS["epic"](tmp_path))


def film(path, fps, frames=3):
    path.parent.mkdir(parents=True)
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"mp4v"), fps, (64, 48))
    for _ in range(frames):
        writer.write(np.zeros((48, 64, 3), np.uint8))
    writer.release()


@pytest.mark.parametrize(
    ("fps", "start", "stop"),
    [(60.0, 98972, 99091), (59.94, 98873, 98992), (29.97, 49436, 49496), (90.0, 148458, 148636)],
)
def test_epic_frames_are_the_films_own_whatever_rate_its_images_were_extracted_at(tmp_path, fps, start, stop):
    film(tmp_path / "P01/videos/P01_01.MP4", fps)
    late = {"start_timestamp": "00:27:30.04", "stop_timestamp": "00:27:31.50"}
    (clip,) = epic(tmp_path, start_frame="99003", stop_frame="99091", **late)
    assert clip.fps == pytest.approx(fps) and (clip.start, clip.stop) == (start, stop)
    assert clip.start / clip.fps == pytest.approx(1650.04 - 0.5, abs=0.03)  # when the segment begins, less the lead
    assert clip.annotations["image_rate"] == 60.0


def test_epic_rate_of_images_comes_from_all_rows_of_a_video(tmp_path):
    epic(tmp_path, start_frame="250", stop_frame="350")
    with (tmp_path / "EPIC_100_train.csv").open("a") as table:  # rounded to whole images, one row alone says 48
        table.write("P01_01_4,P01,P01_01,00:00:05.87,00:00:06.89,293,342,wash pan,wash,2,pan,5\n")
    assert [clip.fps for clip in READERS["epic"](tmp_path)] == [50.0, 50.0]


def test_a_damaged_row_of_epic_s_costs_itself_and_no_other_of_its_video(tmp_path):
    epic(tmp_path)
    table = tmp_path / "EPIC_100_train.csv"
    good = table.read_text().splitlines()
    damaged = [("421", "42100"), ("301", "31"), ("00:00:07.00", "07:00:00.00"), ("00:00:07.00", "00:00:inf"),
               ("421", "9" * 400), ("00:00:05.00", "-1:00:05.00")]  # fmt: skip
    bad = [good[1].replace("P01_01_3", f"bad_{n}").replace(*change) for n, change in enumerate(damaged)]
    fine = [good[1].replace("P01_01_3", f"good_{n}") for n in range(len(bad) + 1)]
    table.write_text("\n".join([good[0], *bad, *fine]))
    found = list(READERS["epic"](tmp_path))
    assert [(clip.start, clip.stop, clip.fps) for clip in found[len(bad) :]] == [(270, 421, 60.0)] * len(fine)
    for line, row in enumerate(found[: len(bad)], start=2):
        assert row.reason is Reason.BAD_ANNOTATION and f"EPIC_100_train.csv, line {line}: " in row.message
    assert "frames 301 to 42100 are at 5.00 to 701.65 s (60 a second in P01_01)" in found[0].message


def hoi4d(root, content, category="C2"):
    sequence = f"ZY20210800001/H1/{category}/N1/S1/s1/T1"
    film(root / "HOI4D_release" / sequence / "align_rgb/image.mp4", 15, frames=30)
    notes = root / "HOI4D_annotations" / sequence / "action/color.json"
    notes.parent.mkdir(parents=True)
    notes.write_text(json.dumps(content))
    return list(READERS["hoi4d"](root))


def test_hoi4d_events_become_clips_in_both_forms_of_the_file(tmp_path):
    new = {"info": {"duration": 2.0}, "events": [{"event": "Pickup", "startTime": 0.8, "endTime": 1.6}]}
    old = {"info": {"Duration": 2.0}, "markResult": {"marks": [
        {"event": "Pickup", "hdTimeStart": 0.8, "hdTimeEnd": 1.6}]}}  # fmt: skip
    for i, content in enumerate((new, old)):
        (clip,) = hoi4d(tmp_path / str(i), content)
        assert (clip.start, clip.stop, clip.fps) == (4, 24, 15.0)
        assert (clip.text, clip.verb, clip.noun, clip.group) == ("pick up the mug", "pickup", "mug", "C2/N1")
    K = np.array([[900.0, 0, 960], [0, 900, 540], [0, 0, 1]])
    (tmp_path / "0/camera_params/ZY20210800001").mkdir(parents=True)
    np.save(tmp_path / "0/camera_params/ZY20210800001/intrin.npy", K)
    (clip,) = READERS["hoi4d"](tmp_path / "0")
    np.testing.assert_array_equal(clip.K, K)
    np.save(tmp_path / "0/camera_params/ZY20210800001/intrin.npy", -K)
    (found,) = READERS["hoi4d"](tmp_path / "0")
    assert found.reason is Reason.BAD_ANNOTATION and "pinhole" in found.message


@pytest.mark.parametrize(
    "content",
    [
        '{"info": {"duration": 1%s}, "events": []}' % ("0" * 400),
        "[" * 100_000,
        '{"info": {"duration": 2}, "events": [{"event": {"Pickup": 1}, "startTime": 0, "endTime": 1}]}',
    ],
    ids=["a number beyond all", "nested without end", "a name that is none"],
)
def test_hoi4d_s_damaged_annotations_cost_their_own_clip(tmp_path, content):
    hoi4d(tmp_path, {})
    next(tmp_path.rglob("color.json")).write_text(content)
    (found,) = READERS["hoi4d"](tmp_path)
    assert found.reason is Reason.BAD_ANNOTATION and "color.json" in found.message


def test_hoi4d_s_event_of_any_name_is_read(tmp_path):
    (clip,) = hoi4d(tmp_path, {"info": {"duration": 2.0}, "events": [
        {"event": "Grasp {0}", "startTime": 0.8, "endTime": 1.6}]})  # fmt: skip
    assert clip.text.endswith(" the mug")


def test_hoi4d_clocks_that_ran_fast_still_give_the_video_s_frames(tmp_path):
    events = [{"event": "Pickup", "startTime": 0.4, "endTime": 0.8}]  # of 1 s, for a video of 2 s
    (clip,) = hoi4d(tmp_path / "a", {"info": {"duration": 1.0}, "events": events})
    assert (clip.start, clip.stop, clip.fps) == (4, 24, 15.0) and clip.seconds == pytest.approx(20 / 15)
    marks = [{"event": "Pickup", "hdTimeStart": 0.4, "hdTimeEnd": 0.8}]
    (same,) = hoi4d(tmp_path / "b", {"info": {"duration": 1.0}, "markResult": {"marks": marks}})
    assert (same.start, same.stop) == (4, 24)


@pytest.mark.parametrize(
    ("event", "category", "text", "grasp"),
    [("Grasp", "C2", "grasp the mug", True),
     ("putdown", "C5", "put down the bottle", True),
     ("dump", "C12", "pour from the kettle", True),
     ("cut", "C13", "cut with the knife", True),
     ("paper-cut", "C9", "cut paper with the scissors", True),
     ("Carrywithbothhands", "C20", "carry the chair with both hands", True),
     ("turn&on&the&switch", "C17", "turn on the lamp", True),
     ("binding", "C18", "staple paper with the stapler", False),
     ("Press", "C18", "press the stapler", False),
     ("Reachout", "C2", "reachout the mug", False),
     ("rest", "C2", "rest the mug", False)],
)  # fmt: skip
def test_hoi4d_s_own_names_of_events_become_words(tmp_path, event, category, text, grasp):
    events = [{"event": event, "startTime": 0.4, "endTime": 1.6}]
    (clip,) = hoi4d(tmp_path, {"info": {"duration": 2.0}, "events": events}, category)
    assert clip.text == text
    if grasp:
        Filters().check(clip)
    else:
        with pytest.raises(ClipRejected) as why:
            Filters().check(clip)
        assert why.value.reason is Reason.NO_GRASP


def test_hoi4d_files_of_another_version_say_so(tmp_path):
    (found,) = hoi4d(tmp_path / "none", {"info": {"duration": 2.0}, "events": []})
    assert found.reason is Reason.BAD_ANNOTATION and "holds no events" in found.message
    (found,) = hoi4d(tmp_path / "a", {"segments": []})
    assert found.reason is Reason.BAD_ANNOTATION and "neither of HOI4D's two forms" in found.message
    events = {"info": {"duration": 2.0}, "events": [{"event": "Pickup", "startTime": "soon", "endTime": 1.6}]}
    (found,) = hoi4d(tmp_path / "b", events)
    assert found.reason is Reason.BAD_ANNOTATION
    events["events"][0]["startTime"] = 0.1
    (found,) = hoi4d(tmp_path / "c", events, category="C10")
    assert "no object class" in found.message
    with pytest.raises(SourceUnusable, match="HOI4D_release"):
        list(READERS["hoi4d"](tmp_path / "nowhere"))


def clip_of(tmp_path, **changes):
    (tmp_path / "v.mp4").touch()
    values = {"source": "epic", "clip_id": "a", "video_id": "v", "video": tmp_path / "v.mp4", "start": 0, "stop": 90,
              "fps": 30.0, "text": "take cup", "verb": "take", "noun": "cup", "group": "P01"}  # fmt: skip
    return Clip(**values | changes)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"stop": 20}, Reason.TOO_SHORT),
        ({"stop": 9000}, Reason.TOO_LONG),
        ({"side": "left"}, Reason.LEFT_HAND_ONLY),
        ({"verb": "look"}, Reason.NO_GRASP),
        ({"text": ""}, Reason.NO_LANGUAGE),
    ],
)
def test_filters_of_appendix_d(tmp_path, changes, reason):
    Filters().check(clip_of(tmp_path))
    with pytest.raises(ClipRejected) as why:
        Filters().check(clip_of(tmp_path, **changes))
    assert why.value.reason is reason


@pytest.mark.parametrize("changes", [{"start": 90}, {"start": -1}, {"fps": float("nan")}, {"side": "both"},
                                     {"K": np.eye(2)}, {"clip_id": ""}])  # fmt: skip
def test_a_clip_that_cannot_be_is_refused_on_entry(tmp_path, changes):
    with pytest.raises(ClipRejected) as why:
        clip_of(tmp_path, **changes)
    assert why.value.reason is Reason.BAD_ANNOTATION


def test_words():
    verbs = grasp_verbs()
    assert all(is_grasp(verb, verbs) for verb in ("take", "picks", "carries", "pick-up", "take_(pick,_grab)", "Pushes"))
    assert not any(is_grasp(verb, verbs) for verb in ("look", "walks", "", "#"))
    assert strip_speaker("#C C holds a bowl", "x") == "holds a bowl" and strip_speaker("#c holds it", "x") == "holds it"
    assert clean_text("Take the cup's lid!", "x") == "take the cup's lid"
    with pytest.raises(ClipRejected, match="no word that can be read"):
        clean_text("123 45", "x")
    with pytest.raises(ClipRejected, match="no narration"):
        clean_text(" ... ", "x")
