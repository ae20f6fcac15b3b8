"""The builder on real video files: drawn clips through reader and file detectors, labels, reasons, going on."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from deft_affordance import model
from deft_affordance.data.shards import read_samples
from deft_affordance.video.build_dataset import main
from deft_affordance.video.compare_labels import compare
from deft_affordance.video.detectors.detic import DeticFiles
from deft_affordance.video.detectors.doh import EpicHands
from deft_affordance.video.errors import Reason, SourceUnusable
from deft_affordance.video.film.files import truth_of
from deft_affordance.video.film.film_synthetic import TAKES, save_note, write_tables
from deft_affordance.video.film.layouts import add_epic
from deft_affordance.video.film.spoil import spoil_epic
from deft_affordance.video.page import HEATMAP_SIGMA


@pytest.fixture(scope="module")
def epic(tmp_path_factory, drawn):
    """Three good clips and all spoilt ones, as film_synthetic files them."""
    cartoon, _ = drawn
    root, rng = tmp_path_factory.mktemp("epic"), np.random.default_rng(0)
    file_takes(root, drawn, 3, rng)
    rows, expected = spoil_epic(root, cartoon(7), cartoon(8, miss=True), rng)
    save_note(root / TAKES / "spoilt.json", rows, {c: {"expected": r.value} for c, r in expected.items()})
    assert write_tables(root) == len(rows) + 3
    return root


def file_takes(root, drawn, count, rng):
    """File good clips as film_synthetic does."""
    cartoon, exact = drawn
    for n in range(count):
        take = cartoon(n)
        row = add_epic(root, f"P0{n + 1}_01", take, exact(take), "pick up cup", rng)
        truth = {row["narration_id"]: truth_of(take) | {"expected": "sample", "kind": ("cup", "spoon")[n % 2]}}
        save_note(root / TAKES / f"{n:05d}.json", [row], truth)


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
    of_cups, of_spoons = result["by_kind"]["cup"], result["by_kind"]["spoon"]
    assert (of_cups["clips"], of_cups["labelled"], of_spoons["compared"]) == (2, 2, 1) and of_cups["px"] < 4.0
    assert of_spoons["within_3"] == 1.0 and len(result["by_kind"]) == 2
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


def test_a_build_is_compared_with_the_truth_of_its_own_videos(epic, built, tmp_path, drawn):
    file_takes(tmp_path, drawn, 1, np.random.default_rng(0))
    write_tables(tmp_path)
    with pytest.raises(SourceUnusable, match=r"not built of the videos in .* alone \(P02_01_0 is not there\)"):
        compare(tmp_path, built)
    (tmp_path / "manifest.json").write_text((built / "manifest.json").read_text().replace('"rejections"', '"x"'))
    for shard in built.glob("shard-*.npz"):
        (tmp_path / shard.name).write_bytes(shard.read_bytes())
    with pytest.raises(SourceUnusable, match="not what build_dataset makes"):
        compare(epic, tmp_path)


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


def test_other_settings_make_it_anew_and_fewer_clips_leave_nothing_behind_if_told(epic, built, tmp_path):
    build(epic, tmp_path)
    for limited in ((), ("--part", "1/1")):
        with pytest.raises(SystemExit, match=r"holds \d shards, this build has 1 .*--replace"):
            build(epic, tmp_path, "--settle", "0.2", "--limit", "4", *limited)
    assert files(tmp_path) == files(built)
    build(epic, tmp_path, "--settle", "0.2", "--limit", "4", "--replace")
    manifest = json.loads((tmp_path / "manifest.json").read_text())
    assert manifest["settings"]["labelling"]["settle_s"] == 0.2
    assert sorted(path.name for path in tmp_path.glob("clips-*.json")) == ["clips-00000.json"]


SPOILT = {
    "corrupt_video": ("P01/videos/P01_01.MP4", b"no video"),
    "no_detections": ("detic/P01_01/coco_instances_results.json", None),
    "unreadable": ("detic/P01_01/coco_instances_results.json", b"[" * 100_000),  # no reader knows of this
}


def test_a_film_that_comes_later_moves_no_other_clip(tmp_path, drawn, capsys):
    root, out = tmp_path / "root", tmp_path / "out"
    file_takes(root, drawn, 3, np.random.default_rng(0))
    write_tables(root)
    film, away = root / "P01/videos/P01_01.MP4", tmp_path / "later.MP4"
    film.rename(away)
    build(root, tmp_path / "one", "--limit", "1")
    assert '1 samples of 2 clips; rejected: {"no_video": 1}' in capsys.readouterr().out  # of those that have a film
    build(root, out, "--clips-per-shard", "1")
    said = capsys.readouterr()
    assert '2 samples of 3 clips; rejected: {"no_video": 1}' in said.out and "2 clips labelled" in said.out
    assert "no_video" not in said.err
    before = files(out)
    away.rename(film)
    build(root, out, "--clips-per-shard", "1")
    assert "1 clips labelled" in (said := capsys.readouterr().out) and "3 samples of 3 clips" in said
    kept = [name for name in before if name.startswith("shard-")]
    assert len(kept) == 2 and all(files(out)[name] == before[name] for name in kept)
    build(root, tmp_path / "anew", "--clips-per-shard", "1")
    assert files(out) == files(tmp_path / "anew")


@pytest.mark.parametrize("reason", SPOILT)
def test_a_spoilt_file_costs_its_own_clip_until_it_is_mended(tmp_path, drawn, capsys, reason):
    root, out = tmp_path / "root", tmp_path / "out"  # of its own: files are read once a process
    file_takes(root, drawn, 2, np.random.default_rng(0))
    write_tables(root)
    name, content = SPOILT[reason]
    good = (root / name).read_bytes()
    (root / name).unlink()
    if content is not None:
        (root / name).write_bytes(content)
    build(root, out)
    said = capsys.readouterr()
    assert f'1 samples of 2 clips; rejected: {{"{reason}": 1}}' in said.out
    assert f"build_dataset: {reason}: " in said.err and "P01_01" in said.err
    before = files(out)
    build(root, out)
    assert files(out) == before and "labelled" not in capsys.readouterr().out
    (root / name).write_bytes(good)
    build(root, out)
    assert "2 samples of 2 clips; rejected: none" in capsys.readouterr().out
    build(root, tmp_path / "anew")
    assert files(out) == files(tmp_path / "anew")


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
    assert HEATMAP_SIGMA == model.HEATMAP_SIGMA


def test_examples_are_drawn_from_what_was_labelled_without_looking_again(tmp_path, drawn, monkeypatch):
    root, out = tmp_path / "root", tmp_path / "out"
    file_takes(root, drawn, 2, np.random.default_rng(0))
    write_tables(root)
    build(root, out)
    before = files(out)
    for name in ("examples.html", "examples.png"):
        (out / name).unlink()
    for detector, name in ((DeticFiles, "mask"), (EpicHands, "detect")):
        monkeypatch.setattr(detector, name, lambda *_: pytest.fail("a detector ran again"))
    build(root, out)
    assert files(out) == before


def test_bad_commands_say_what_is_wrong(epic, built, tmp_path, capsys):
    with pytest.raises(SystemExit, match="no such folder"):
        build(tmp_path / "nowhere", tmp_path / "out", "--masks", "x", "--poses", "x", source="hoi4d")
    with pytest.raises(SystemExit):
        main(["--source", "epic", "--root", "a", "--root", "b", "--out", "c"])
    assert "one of each" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        build(epic, tmp_path / "out", "--limit", "0")
    assert "argument --limit: 0 is less than 1" in capsys.readouterr().err
    for settle in ("nan", "inf", "-1"):
        with pytest.raises(SystemExit):
            build(epic, tmp_path / "out", "--settle", settle)
        assert "0 or more" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["--source", "epic", "--root", "a", "--landmarker", "hand_landmarker.task", "--out", "c"])
    assert "Ego4D's annotators say and those of epic do not" in capsys.readouterr().err
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
