"""HOI4D's and Ego4D's layouts through the whole builder, on real video files."""

import json
import shutil

import cv2
import numpy as np
import pytest

from deft_affordance.data.shards import read_samples
from deft_affordance.video.build_dataset import main
from deft_affordance.video.detectors.hoi4d import Hoi4dLabels
from deft_affordance.video.film.layouts import add_ego4d, add_hoi4d, write_ego4d_table
from deft_affordance.video.film.tracked import detections

CONTACT, HEIGHT, WIDTH = 22, 180, 240  # of the drawn clips


def build(root, out, *more, source):
    arguments = ["--source", source, "--root", str(root), "--out", str(out), "--workers", "1", "--image-size", "96"]
    main([*arguments, *more])


def test_hoi4d_with_its_own_labels_and_depth(tmp_path, capsys, drawn):
    cartoon, _ = drawn
    root = tmp_path / "hoi4d"
    sequences = [add_hoi4d(root, n, cartoon(n)) for n in range(4)]
    depth = root / "HOI4D_depth_video" / sequences[1] / "align_depth"
    for path in depth.iterdir():
        cv2.imwrite(str(path), np.zeros((HEIGHT, WIDTH), np.uint16))
    for path in (root / "HOI4D_depth_video" / sequences[3] / "align_depth").iterdir():
        cv2.imwrite(str(path), np.full((HEIGHT // 2, WIDTH // 2), 800, np.uint16))
    (root / "handpose/refinehandpose_right" / sequences[2] / f"{CONTACT}.pickle").write_bytes(b"\x80\x04")
    build(root, tmp_path / "out", source="hoi4d")
    manifest = json.loads((tmp_path / "out/manifest.json").read_text())
    assert manifest["counts"] == {"clips": 4, "samples": 1, "bad_detections": 2, "no_depth": 1}
    said = capsys.readouterr().err
    assert "depth is NaN or zero" in said and "decode depth at that size" in said
    samples, _ = read_samples(tmp_path / "out")
    assert samples["text"].tolist() == ["pick up the mug"] and samples["kind"].tolist() == ["mug"]
    journal = json.loads((tmp_path / "out/clips-00000.json").read_text())
    assert journal["clips"][0]["contact"] == CONTACT
    build(root, tmp_path / "flat", "--no-depth", source="hoi4d")
    assert json.loads((tmp_path / "flat/manifest.json").read_text())["counts"]["samples"] == 3
    assert Hoi4dLabels.source in manifest["detectors"]["hoi4d"]["poses"]


def test_hoi4d_all_in_one_tree_as_its_instructions_draw_it_is_the_same(tmp_path, drawn):
    cartoon, _ = drawn
    apart, whole = tmp_path / "apart", tmp_path / "whole"
    add_hoi4d(apart, 0, cartoon(0))
    for tree in ("HOI4D_release", "HOI4D_annotations", "HOI4D_depth_video"):
        shutil.copytree(apart / tree, whole, dirs_exist_ok=True)
    shutil.copytree(apart / "camera_params", whole / "camera_params")
    shutil.copytree(apart / "handpose/refinehandpose_right", whole / "Hand_pose/handpose_right_hand")
    build(apart, tmp_path / "a", source="hoi4d")
    build(whole, tmp_path / "b", source="hoi4d")
    (a, _), (b, _) = read_samples(tmp_path / "a"), read_samples(tmp_path / "b")
    assert len(a["text"]) == 1
    for name, values in a.columns.items():
        np.testing.assert_array_equal(values, b[name], name)


def test_ego4d_needs_its_detectors_and_then_gives_samples(tmp_path, drawn):
    cartoon, exact = drawn
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


def test_simulated_detections_are_of_a_detectors_quality(drawn):
    take = drawn[0]()
    seen = detections(take, np.random.default_rng(0))
    touch = [s.hands[0].touches for s in seen if s.hands]
    assert 0.8 < np.mean(touch[12:]) <= 1.0 and np.mean([bool(s.things) for s in seen]) > 0.9
