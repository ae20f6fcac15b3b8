"""Listing, comparing, plotting and exporting runs; the exported data set is read back by its own description."""

import csv
import io
import json
import shutil
import sqlite3
from contextlib import closing

import cv2
import deft_cem_fakes as fakes
import numpy as np
import pyarrow.parquet as pq
import pytest

from deft_cem.config import RunConfig
from deft_cem.errors import RunStoppedError
from deft_cem.loop import FineTuning
from deft_cem.runs import command, facts, lerobot
from deft_cem.store import RunInfo, RunRecord
from deft_cem.store.images import read_color
from deft_core.task import load_task


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    root = tmp_path_factory.mktemp("runs")
    for name, options in {"a": {}, "b": {"seed": 1}, "c": {"optimizer": "cem_smooth"}}.items():
        given = {"task": "pick_cup", "episodes": 12, "trials": 1, "policy": "elite_mean"} | options
        FineTuning(RunConfig(**given), fakes.make_bench(fakes.FakeCell()), root / name).run()
    return root


def run(capsys, *arguments):
    status = command.main([str(a) for a in arguments])
    shown = capsys.readouterr()
    return status, shown.out, shown.err


def test_list_names_every_run_with_its_state(runs, capsys):
    status, out, _ = run(capsys, "list", runs)
    assert status == 0
    assert out.count("pick_cup") == 3 and out.count("done") == 3 and "cem_smooth" in out


def test_a_run_without_trials_is_done_when_its_policy_is_fitted(tmp_path):
    def tuning(resume):
        config = RunConfig(task="pick_cup", episodes=2, trials=0, policy="elite_mean")
        return FineTuning(config, fakes.make_bench(fakes.FakeCell()), tmp_path, resume=resume)

    stopped = tuning(False)
    stopped.listener.progress = lambda progress: stopped.control.stop() if progress.episode == 2 else None
    with pytest.raises(RunStoppedError):
        stopped.run()
    assert facts.read_run(tmp_path).state == "fit"
    tuning(True).run()
    assert facts.read_run(tmp_path).state == "done"


def test_show_tells_configuration_results_and_episodes(runs, capsys):
    _, out, _ = run(capsys, "show", runs / "a", "--episodes")
    assert "optimizer: cem" in out and "success judged by: judge" in out
    assert out.count("finetune ") >= 12
    _, out, _ = run(capsys, "show", runs / "a", "--json")
    assert len(json.loads(out)["episodes"]) == 16


def test_compare_shows_what_differs(runs, capsys):
    _, out, _ = run(capsys, "compare", runs / "a", runs / "b", runs / "a")
    lines = {line.split("  ")[0].strip(): line for line in out.splitlines()}
    assert "seed" in lines and "optimizer" not in lines
    assert "12 episodes" in lines["same residuals as the first for"] and " 0 episodes" in out


def test_plot_writes_a_picture_of_one_or_several(runs, capsys, tmp_path):
    for names in ("a", "abc"):
        status, _, _ = run(capsys, "plot", *(runs / n for n in names), "--out", tmp_path / f"{names}.png")
        assert status == 0
        assert (tmp_path / f"{names}.png").read_bytes().startswith(b"\x89PNG")


def test_what_is_not_there_is_one_line(tmp_path, capsys):
    for arguments in (("list", tmp_path), ("show", tmp_path), ("export", tmp_path, "--out", tmp_path / "x")):
        status, _, err = run(capsys, *arguments)
        assert status == 1 and err.startswith("runs: ")


def change(folder, statement):
    with closing(sqlite3.connect(folder / "run.sqlite")) as db:
        db.execute(statement)
        db.commit()


def test_an_unreadable_run_hides_no_other(runs, capsys, tmp_path):
    for name in ("good", "newer", "newer_code"):
        shutil.copytree(runs / "a", tmp_path / name)
    change(tmp_path / "newer", "PRAGMA user_version = 99")
    change(tmp_path / "newer_code", "UPDATE run SET identity = json_set(identity, '$.gravity', 9.81)")
    (tmp_path / "junk").mkdir()
    (tmp_path / "junk" / "run.sqlite").write_text("junk" * 99)
    status, out, err = run(capsys, "list", tmp_path)
    assert status == 1 and err == "runs: 3 of 4 runs cannot be read\n"
    assert "pick_cup" in out.splitlines()[1] and out.count("unreadable: ") == 3
    assert run(capsys, "show", tmp_path / "newer_code")[2].startswith(f"runs: {tmp_path}/newer_code: gravity: ")


@pytest.mark.parametrize("name", ["notes.png", "gone/a.png", "a.foo"])
def test_a_plot_that_cannot_be_written_there_is_refused(name, runs, capsys, tmp_path):
    (tmp_path / "notes.png").write_text("mine")
    status, _, err = run(capsys, "plot", runs / "a", "--out", tmp_path / name)
    assert status == 1 and name in err and err.count("\n") == 1
    assert [p.read_text() for p in tmp_path.iterdir()] == ["mine"]


@pytest.mark.parametrize(("optimizer", "warm_up"), [({"optimizer": "bayes"}, 8), ({}, 10)])
def test_a_plot_shades_the_warm_up_the_optimiser_had(optimizer, warm_up, capsys, monkeypatch, tmp_path):
    config = RunConfig(task="pick_cup", policy="elite_mean", **optimizer)
    info = RunInfo(config.run_id, config.identity(), {}, {}, 0.0)
    RunRecord.create(tmp_path, info, (config.optimizer, {})).close()
    shaded = []
    monkeypatch.setattr(command, "learning_curve", lambda *arguments: shaded.append(arguments[-1]))
    assert run(capsys, "plot", tmp_path, "--out", tmp_path / "a.png")[0] == 0
    assert shaded == [warm_up]


def test_csv_has_a_row_an_episode_and_overwrites_nothing(runs, capsys, tmp_path):
    out = tmp_path / "episodes.csv"
    assert run(capsys, "export", runs / "a", "--csv", "--out", out)[0] == 0
    rows = list(csv.DictReader(io.StringIO(out.read_text())))
    with RunRecord.read(runs / "a") as record:
        first = record.episodes()[0]
    assert len(rows) == 16
    assert float(rows[0]["residual_wrist_yaw"]) == first.residual[5]
    assert run(capsys, "export", runs / "a", "--csv", "--out", out)[0] == 1
    assert run(capsys, "export", runs / "a", "--csv", "--out", tmp_path / "gone" / "x.csv")[0] == 1
    assert run(capsys, "export", runs / "a", runs / "a", "--csv", "--out", tmp_path / "once.csv")[0] == 0
    assert (tmp_path / "once.csv").read_text() == out.read_text()


def test_a_data_set_mixes_neither_hands_nor_encoders_and_lacks_no_image(runs, capsys, tmp_path):
    (tmp_path / "set.part").mkdir()
    (tmp_path / "set.part" / "data.txt").write_text("mine")
    (tmp_path / "file").write_text("mine")
    for name, statement, reason in (
        ("hand", "UPDATE run SET identity = json_set(identity, '$.hand', 'leap')", "different hands (dash, leap)"),
        ("encoder", "UPDATE episode SET encoder_hash = 'f'", "different encoders"),
        ("image", "UPDATE episode SET images = replace(images, '1_initial_color', 'gone')", "gone"),
    ):
        shutil.copytree(runs / "b", tmp_path / name)
        change(tmp_path / name, statement)
        status, _, err = run(capsys, "export", runs / "a", tmp_path / name, "--out", tmp_path / "set")
        assert status == 1 and reason in err and err.count("\n") == 1
    assert run(capsys, "export", runs / "a", "--out", tmp_path / "file")[0] == 1
    assert run(capsys, "export", runs / "a", "--out", tmp_path / "set")[0] == 0
    assert sorted(p.name for p in tmp_path.iterdir()) == ["encoder", "file", "hand", "image", "set", "set.part"]
    assert (tmp_path / "set.part" / "data.txt").read_text() == "mine"


def test_lerobot_data_set_holds_what_was_recorded(runs, capsys, tmp_path):
    out = tmp_path / "set"
    assert run(capsys, "export", runs / "a", runs / "b", "--out", out)[0] == 0
    info = json.loads((out / "meta/info.json").read_text())
    assert info["codebase_version"] == lerobot.VERSION
    assert info["total_episodes"] == info["total_frames"] == 32
    data = pq.read_table(out / info["data_path"].format(chunk_index=0, file_index=0))
    assert data.column_names == list(info["features"])
    for key, feature in info["features"].items():
        if feature["dtype"] == "image":
            assert str(data.schema.field(key).type) == "struct<bytes: binary, path: string>"
        elif feature["shape"] != [1]:
            assert data.schema.field(key).type.list_size == feature["shape"][0]
    rows = data.to_pylist()
    read = facts.read_run(runs / "a")
    for row, episode in zip(rows, read.tries + read.evaluation, strict=False):
        np.testing.assert_allclose(row["residual"], episode.residual, rtol=1e-6)
        np.testing.assert_allclose(row["action"], episode.executed, rtol=1e-6)
        assert row["next.reward"] == pytest.approx(episode.reward, rel=1e-6)
        assert (row["next.success"], row["rater"]) == (episode.success, episode.rater)
    image = cv2.imdecode(np.frombuffer(rows[0]["observation.images.initial"]["bytes"], np.uint8), cv2.IMREAD_COLOR)
    wanted = read_color(runs / "a" / read.tries[0].images["initial_color"])
    np.testing.assert_array_equal(image[..., ::-1], wanted)
    assert list(wanted.shape) == info["features"]["observation.images.initial"]["shape"]
    episodes = pq.read_table(out / "meta/episodes/chunk-000/file-000.parquet").to_pylist()
    assert [e["dataset_to_index"] for e in episodes] == list(range(1, 33))
    assert episodes[0]["tasks"] == [load_task("pick_cup").instruction]
    stats = json.loads((out / "meta/stats.json").read_text())
    assert stats["action"]["count"] == [32] and np.shape(stats["observation.images.initial"]["mean"]) == (3, 1, 1)
    assert run(capsys, "export", runs / "a", "--out", out)[0] == 1  # nothing is overwritten
