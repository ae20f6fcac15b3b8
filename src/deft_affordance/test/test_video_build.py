"""The builder on real video files: drawn clips through readers and file detectors of all three layouts."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from deft_affordance.data.shards import read_samples
from deft_affordance.video.build_dataset import main
from deft_affordance.video.compare_labels import compare
from deft_affordance.video.detectors.hoi4d import Hoi4dLabels
from deft_affordance.video.detectors.protocols import Hand, Seen, Thing
from deft_affordance.video.errors import Reason
from deft_affordance.video.film.files import truth_of
from deft_affordance.video.film.film_synthetic import TAKES, save_note, write_tables
from deft_affordance.video.film.layouts import add_ego4d, add_epic, add_hoi4d, write_ego4d_table
from deft_affordance.video.film.spoil import spoil_epic
from deft_affordance.video.film.take import Take
from deft_affordance.video.film.tracked import detections
from deft_core.mano import hand_points

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


@pytest.fixture(scope="module")
def epic(tmp_path_factory):
    """Three good clips and all spoilt ones, as film_synthetic files them."""
    root, rng = tmp_path_factory.mktemp("epic"), np.random.default_rng(0)
    for n in range(3):
        take = cartoon(n)
        row = add_epic(root, f"P0{n + 1}_01", take, exact(take), "pick up cup", rng)
        truth = {row["narration_id"]: truth_of(take) | {"expected": "sample"}}
        save_note(root / TAKES / f"{n:05d}.json", [row], truth)
    rows, expected = spoil_epic(root, cartoon(7), cartoon(8, miss=True), rng)
    save_note(root / TAKES / "spoilt.json", rows, {c: {"expected": r.value} for c, r in expected.items()})
    assert write_tables(root) == len(rows) + 3
    return root


def build(root, out, *more, source="synthetic"):
    arguments = ["--source", source, "--root", str(root), "--out", str(out), "--workers", "1", "--image-size", "96"]
    main([*arguments, "--clips-per-shard", "4", *more])


def files(folder):
    return {path.name: path.read_bytes() for path in sorted(Path(folder).iterdir())}


@pytest.fixture(scope="module")
def built(epic, tmp_path_factory):
    out = tmp_path_factory.mktemp("built")
    build(epic, out)
    return out


def test_labels_are_where_the_hand_is(epic, built):
    result = compare(epic, built)
    assert result["figures"]["px"]["n"] == 3 and result["figures"]["px"]["median"] < 4.0
    assert result["figures"]["frames"]["exact"] == 1.0
    assert result["figures"]["wrist_deg"]["median"] < 0.1 and result["figures"]["joint_deg"]["median"] < 0.1
    samples, _ = read_samples(built)
    assert samples["crop"].shape == (3, 96, 96, 3) and samples["text"].tolist() == ["pick up cup"] * 3
    assert (np.abs(samples["contacts"] - 0.5) < 0.4).all() and len(set(samples["object"])) == 3
    assert np.isfinite(samples["contact_in_wrist"]).all()
    assert (np.linalg.norm(samples["contact_in_wrist"], axis=1) < 0.25).all()


def test_each_spoilt_clip_is_turned_down_for_its_own_reason_and_the_rest_goes_on(epic, built):
    result = compare(epic, built)
    assert result["as_expected"] == result["clips"] == 21, result["outcomes"]
    manifest = json.loads((built / "manifest.json").read_text())
    assert manifest["counts"]["samples"] == 3 and manifest["sources"]["synthetic"]["rejected"]["unsafe_pickle"] == 1
    assert manifest["detectors"]["synthetic"]["hands"].startswith("100DOH")
    assert set(manifest["shards"]) == {path.name for path in built.glob("shard-*.npz")}
    said = {row["reason"]: row["message"] for row in manifest["rejections"]}
    assert "fetch it again" in said["corrupt_video"] and "posix.system" in said["unsafe_pickle"]


def test_done_again_nothing_changes_and_stopped_it_goes_on(epic, built, tmp_path, capsys):
    before = files(built)
    build(epic, built)
    assert files(built) == before and "labelled" not in capsys.readouterr().out
    build(epic, tmp_path / "b")
    # As after a power cut: one shard without its journal, one cut short, no manifest.
    (tmp_path / "b/clips-00000.json").unlink()
    shard = next(iter(sorted((tmp_path / "b").glob("shard-*.npz"))))
    shard.write_bytes(shard.read_bytes()[:100])
    (tmp_path / "b/manifest.json").unlink()
    build(epic, tmp_path / "b")
    assert {n: v for n, v in files(tmp_path / "b").items()} == before


def test_other_settings_make_it_anew_and_fewer_clips_leave_nothing_behind(epic, tmp_path):
    build(epic, tmp_path)
    build(epic, tmp_path, "--settle", "0.2", "--limit", "4")
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    assert manifest["settings"]["labelling"]["settle_s"] == 0.2
    assert sorted(path.name for path in tmp_path.glob("clips-*.json")) == ["clips-00000.json"]


@pytest.mark.slow
def test_processes_change_nothing(epic, built, tmp_path):
    build(epic, tmp_path, "--workers", "2")
    assert files(tmp_path) == files(built)


def test_machines_that_share_a_folder_build_the_same(epic, built, tmp_path, capsys):
    build(epic, tmp_path, "--part", "2/2")
    assert not (tmp_path / "manifest.json").exists() and "run without --part" in capsys.readouterr().out
    build(epic, tmp_path, "--part", "1/2")
    capsys.readouterr()
    build(epic, tmp_path)
    assert files(tmp_path) == files(built) and "labelled" not in capsys.readouterr().out
    with pytest.raises(SystemExit):
        build(epic, tmp_path, "--part", "3/2")


def test_the_builder_never_reads_the_truth(epic, built, tmp_path):
    (epic / "truth.json").rename(epic / "hidden.json")
    try:
        build(epic, tmp_path)
    finally:
        (epic / "hidden.json").rename(epic / "truth.json")
    assert files(tmp_path) == files(built)


def test_a_page_of_examples_is_drawn(built):
    sheet = cv2.imread(str(built / "examples.png"))
    assert sheet.shape[1] == 1120 and sheet.std() > 20
    assert "pick up cup" in (built / "examples.html").read_text()


def test_hoi4d_with_its_own_labels_and_depth(tmp_path, capsys):
    root = tmp_path / "hoi4d"
    sequences = [add_hoi4d(root, n, cartoon(n)) for n in range(3)]
    depth = root / "HOI4D_depth_video" / sequences[1] / "align_depth"
    for path in depth.iterdir():
        cv2.imwrite(str(path), np.zeros((HEIGHT, WIDTH), np.uint16))
    (root / "handpose/refinehandpose_right" / sequences[2] / f"{CONTACT}.pickle").write_bytes(b"\x80\x04")
    build(root, tmp_path / "out", source="hoi4d")
    manifest = json.loads((tmp_path / "out/manifest.json").read_text())
    assert manifest["counts"] == {"clips": 3, "samples": 1, "bad_detections": 1, "no_depth": 1}
    assert "depth is NaN or zero" in capsys.readouterr().err
    samples, _ = read_samples(tmp_path / "out")
    assert samples["text"].tolist() == ["pick up the mug"] and samples["kind"].tolist() == ["mug"]
    journal = json.loads((tmp_path / "out/clips-00000.json").read_text())
    assert journal["clips"][0]["contact"] == CONTACT
    build(root, tmp_path / "flat", "--no-depth", source="hoi4d")
    assert json.loads((tmp_path / "flat/manifest.json").read_text())["counts"]["samples"] == 2
    assert Hoi4dLabels.source in manifest["detectors"]["hoi4d"]["poses"]


def test_ego4d_needs_its_detectors_and_then_gives_samples(tmp_path):
    root, rng = tmp_path / "ego4d", np.random.default_rng(0)
    take = cartoon()
    write_ego4d_table(root, [add_ego4d(root, "uid-0", take, exact(take), "picks a cup", rng)])
    given = []
    for says, option in (("--hands", ["--hands", root / "100doh"]), ("--masks", ["--masks", root / "detic"]),
                         ("--poses", ["--poses", root / "frankmocap"]),
                         ("--mano-mean", ["--mano-mean", root / "hands_mean.npy"])):  # fmt: skip
        with pytest.raises(SystemExit, match=says):
            build(root, tmp_path / "out", *given, source="ego4d")
        given += [str(part) for part in option]
    build(root, tmp_path / "out", *given, source="ego4d")
    samples, _ = read_samples(tmp_path / "out")
    assert samples["text"].tolist() == ["picks a cup"] and samples["verb"].tolist() == ["take"]


def test_bad_commands_say_what_is_wrong(epic, built, tmp_path, capsys):
    with pytest.raises(SystemExit, match="no such folder"):
        build(tmp_path / "nowhere", tmp_path / "out", "--masks", "x", "--poses", "x", source="hoi4d")
    with pytest.raises(SystemExit):
        main(["--source", "epic", "--root", "a", "--root", "b", "--out", "c"])
    assert "one of each" in capsys.readouterr().err
    other = tmp_path / "other"
    other.mkdir()
    (other / "shard-00000.npz").write_bytes(b"")
    with pytest.raises(SystemExit, match="another program's data set"):
        build(epic, other)
    with pytest.raises(SystemExit, match="no clip gave a sample"):
        build(epic, tmp_path / "none", "--min-seconds", "30")
    assert {reason.value for reason in Reason} >= set(json.loads((built / "manifest.json").read_text())["counts"]) - {
        "clips",
        "samples",
    }


def test_simulated_detections_are_of_a_detectors_quality():
    take = cartoon()
    seen = detections(take, np.random.default_rng(0))
    touch = [s.hands[0].touches for s in seen if s.hands]
    assert 0.8 < np.mean(touch[12:]) <= 1.0 and np.mean([bool(s.things) for s in seen]) > 0.9
