"""The record: what goes in comes out, one writer, no half-written run."""

import resource
import sqlite3
from contextlib import closing

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from deft_cem.errors import RecordError, RecordExistsError, RecordLockedError, RecordVersionError
from deft_cem.store import Episode, ImageWriter, RunInfo, RunRecord
from deft_cem.store.episode import COLUMNS, from_row, to_row
from deft_cem.store.images import read_color, read_depth_mm
from deft_core.observation import RGBDFrame

INFO = RunInfo("pick_cup-0-abc", {"task": "pick_cup", "seed": 0}, {"workcell": "twin"}, {"deft": "1"}, 1.5)
STATE = ("cem", {"generator": {"state": 2**127 + 1}, "rewards": []})
finite = st.floats(allow_nan=False, allow_infinity=False)
vectors = arrays(np.float64, 22, elements=finite)


@st.composite
def episodes(draw) -> Episode:
    return Episode(
        draw(st.sampled_from(["finetune", "evaluation"])),
        draw(st.sampled_from(["train", "test"])),
        draw(st.sampled_from(["finetune", "prior", "tuned"])),
        draw(st.integers(1, 10**6)),
        draw(st.integers(1, 2**63 - 1)),
        draw(vectors),
        draw(vectors),
        draw(vectors),
        draw(st.floats(0, 1)),
        draw(st.text(max_size=9)),
        draw(st.sampled_from([True, False, None])),
        draw(st.text(max_size=9)),
        draw(st.text(max_size=20)),
        draw(st.text(max_size=20)),
        {"held": draw(finite)},
        {"total": draw(finite)},
        draw(arrays(np.float32, st.integers(0, 40), elements=st.floats(-1, 1, width=32))),
        "a" * 64,
        draw(st.integers(0, 2**62)),
        7,
        {"initial_color": "images/a.png"},
        draw(finite),
    )


def same(a: Episode, b: Episode) -> bool:
    return all(np.array_equal(getattr(a, f), getattr(b, f)) for f in Episode.__dataclass_fields__)


def plain(index: int, reward: float = 0.5) -> Episode:
    return Episode("finetune", "train", "finetune", index, 5, *np.ones((3, 22)), reward, "judge", None, "")


@settings(max_examples=40, deadline=None)
@given(episodes())
def test_episode_survives_the_database(episode):
    db = sqlite3.connect(":memory:")
    db.row_factory = sqlite3.Row
    db.execute(f"CREATE TABLE t ({', '.join(COLUMNS)})")
    db.execute(f"INSERT INTO t VALUES ({', '.join('?' * len(COLUMNS))})", to_row(episode))
    assert same(from_row(db.execute("SELECT * FROM t").fetchone()), episode)


def test_a_run_is_there_when_opened_again(tmp_path):
    with RunRecord.create(tmp_path / "run", INFO, STATE) as record:
        record.append(plain(1), ("cem", {"rewards": [0.5]}))
        record.event("paused", "by the operator")
        with RunRecord.read(tmp_path / "run") as reader:  # also while it is written
            assert reader.count("finetune") == 1
    with RunRecord.resume(tmp_path / "run", INFO.identity) as record:
        assert record.info == INFO
        assert same(record.episodes()[0], plain(1))
        assert record.optimizer_state(0) == STATE
        assert record.optimizer_state(1) == ("cem", {"rewards": [0.5]})
        assert record.events()[0] == ("paused", "by the operator")


def test_a_second_writer_is_refused_and_a_dead_one_leaves_no_lock(tmp_path):
    record = RunRecord.create(tmp_path, INFO, STATE)
    with pytest.raises(RecordLockedError, match="process"):
        RunRecord.resume(tmp_path, INFO.identity)
    with pytest.raises(RecordLockedError):
        RunRecord.create(tmp_path, INFO, STATE)
    record.close()
    assert (tmp_path / "run.lock").exists()
    RunRecord.resume(tmp_path, INFO.identity).close()


def test_a_folder_with_a_run_is_refused_unless_resumed(tmp_path):
    RunRecord.create(tmp_path, INFO, STATE).close()
    with pytest.raises(RecordExistsError, match="resume:=true"):
        RunRecord.create(tmp_path, INFO, STATE)


def test_resuming_nothing_or_something_else_is_refused(tmp_path):
    with pytest.raises(RecordError, match="no run to resume"):
        RunRecord.resume(tmp_path, INFO.identity)
    RunRecord.create(tmp_path, INFO, STATE).close()
    with pytest.raises(RecordError, match="seed: was 0, now 1"):
        RunRecord.resume(tmp_path, INFO.identity | {"seed": 1})


def test_a_newer_record_is_refused_and_left_alone(tmp_path):
    RunRecord.create(tmp_path, INFO, STATE).close()
    db = sqlite3.connect(tmp_path / "run.sqlite")
    db.execute("PRAGMA user_version = 99")
    db.close()
    before = (tmp_path / "run.sqlite").read_bytes()
    for opening in (lambda: RunRecord.resume(tmp_path, INFO.identity), lambda: RunRecord.read(tmp_path)):
        with pytest.raises(RecordVersionError, match=r"99.*update DEFT"):
            opening()
    assert (tmp_path / "run.sqlite").read_bytes() == before


@pytest.mark.parametrize("content", [b"not a database at all, but text" * 200, b""])
def test_what_is_no_record_is_refused(tmp_path, content):
    (tmp_path / "run.sqlite").write_bytes(content)
    with pytest.raises(RecordError):
        RunRecord.resume(tmp_path, INFO.identity)
    with pytest.raises(RecordError):
        RunRecord.read(tmp_path)
    assert (tmp_path / "run.sqlite").read_bytes() == content


@pytest.mark.parametrize("what", ["text", "another program's table", "another program's, still empty"])
def test_a_new_run_leaves_alone_what_another_program_keeps_there(what, tmp_path):
    file = tmp_path / "run.sqlite"
    if what == "text":
        file.write_text("my notes" * 99)
    else:
        with closing(sqlite3.connect(file)) as db:
            db.execute("PRAGMA application_id = 7")
            if "table" in what:
                db.executescript("PRAGMA application_id = 0; CREATE TABLE notes (text)")
    before = file.read_bytes()
    with pytest.raises(RecordError, match=r"run\.sqlite is not .*begin a new run"):
        RunRecord.create(tmp_path, INFO, STATE)
    assert file.read_bytes() == before


def test_a_folder_that_cannot_be_made_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(RecordError, match="choose another out"):
        RunRecord.create(tmp_path / "file", INFO, STATE)


def test_a_record_that_is_damaged_says_so_whatever_is_read(tmp_path):
    with RunRecord.create(tmp_path, INFO, STATE) as record:
        record.append(plain(1), STATE)
    with closing(sqlite3.connect(tmp_path / "run.sqlite")) as db:
        db.execute("UPDATE optimizer_state SET state = substr(state, 1, 20)")
        db.execute("UPDATE episode SET prior = x'00', timings = '{'")
        db.execute("DROP TABLE policy")
        db.commit()
    with RunRecord.resume(tmp_path, INFO.identity) as record:
        for read in (lambda: record.optimizer_state(1), record.episodes, record.policy):
            with pytest.raises(RecordError, match="not a readable database"):
                read()
    whole = (tmp_path / "run.sqlite").read_bytes()
    (tmp_path / "run.sqlite").write_bytes(whole[:4096] + bytes(len(whole) - 4096))
    with pytest.raises(RecordError, match="not a readable database"):
        RunRecord.read(tmp_path)


def test_a_full_disk_is_said_and_costs_only_the_episode_that_did_not_fit(tmp_path):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with RunRecord.create(tmp_path, INFO, STATE) as record:
        record.append(plain(1), STATE)
        full = (tmp_path / "run.sqlite-wal").stat().st_size
        try:
            resource.setrlimit(resource.RLIMIT_FSIZE, (full, hard))
            with pytest.raises(RecordError, match=r"cannot be written .*full disk"):
                record.append(plain(2), STATE)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        record.append(plain(2), STATE)
    with RunRecord.read(tmp_path) as record:
        assert record.count("finetune") == 2


def test_a_creation_that_was_killed_is_begun_again(tmp_path):
    db = sqlite3.connect(tmp_path / "run.sqlite")
    db.execute("PRAGMA journal_mode = WAL")
    db.close()
    with RunRecord.create(tmp_path, INFO, STATE) as record:
        assert record.count("finetune") == 0


def test_an_episode_and_its_optimiser_state_go_in_together_or_not_at_all(tmp_path):
    with RunRecord.create(tmp_path, INFO, STATE) as record:
        with pytest.raises(ValueError, match="JSON"):
            record.append(plain(1), ("cem", {"rewards": [float("nan")]}))
        assert record.count("finetune") == 0
        record.append(plain(1), ("cem", {}))
        with pytest.raises(RecordError, match="cannot be recorded"):
            record.append(plain(1), ("cem", {}))
        with pytest.raises(RecordError, match="cannot be recorded"):
            record.append(plain(2, reward=1.5), ("cem", {}))
        assert record.count("finetune") == 1


def test_images_come_back_exactly(tmp_path):
    rng = np.random.default_rng(0)
    color = rng.integers(0, 256, (48, 64, 3), dtype=np.uint8)
    depth = rng.integers(0, 2**16, (48, 64), dtype=np.uint16)
    K = np.array([[60.0, 0, 32], [0, 60, 24], [0, 0, 1]])
    writer = ImageWriter(tmp_path)
    names = writer.submit(RGBDFrame(color, depth, K, np.zeros(5), np.eye(4), 1, 0.0), "finetune_1_initial").result(10)
    writer.close()
    np.testing.assert_array_equal(read_color(tmp_path / names["color"]), color)
    np.testing.assert_array_equal(read_depth_mm(tmp_path / names["depth"]), depth)
    with pytest.raises(RecordError, match="missing"):
        read_color(tmp_path / "images/none.png")


def test_a_capture_is_whole_on_disk_when_its_writing_is_waited_for_or_that_fails(tmp_path):
    depth = np.full((480, 640), 700, np.uint16)
    color = np.random.default_rng(0).integers(0, 256, (480, 640, 3), dtype=np.uint8)
    frame = RGBDFrame(color, depth, np.eye(3), np.zeros(5), np.eye(4), 1, 0.0)
    writer = ImageWriter(tmp_path)
    for k in range(5):
        names = writer.submit(frame, f"a{k}").result(10)
        assert sorted(p.name for p in (tmp_path / "images").iterdir() if f"a{k}" in p.name) == [
            f"a{k}_color.png",
            f"a{k}_depth.png",
        ]
        np.testing.assert_array_equal(read_color(tmp_path / names["color"]), color)
    (tmp_path / "images").rename(tmp_path / "gone")
    with pytest.raises(OSError):
        writer.submit(frame, "b").result(10)
    writer.close()
