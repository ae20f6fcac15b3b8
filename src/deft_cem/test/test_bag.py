"""A policy fitted from a bag is the policy fitted from the record."""

import json
import sqlite3
from dataclasses import replace
from pathlib import Path

import deft_cem_fakes as fakes
import numpy as np
import pytest
from rosbags.rosbag2 import StoragePlugin, Writer
from rosbags.typesys import Stores, get_types_from_msg, get_typestore

from deft_cem import fit_policy
from deft_cem.bag import read_run
from deft_cem.config import RunConfig
from deft_cem.errors import BagError
from deft_cem.loop import FineTuning
from deft_cem.messages import episode_of, fill_episode
from deft_cem.store import RunInfo, RunRecord

deft_msgs = pytest.importorskip("deft_msgs.msg")
serialization = pytest.importorskip("rclpy.serialization")
MSG = Path(__file__).parents[2] / "deft_msgs" / "msg"
CONFIG = RunConfig(task="fake", seed=3, episodes=13, trials=1)
pytestmark = pytest.mark.skipif(not MSG.is_dir(), reason="needs the workspace's deft_msgs beside it")


@pytest.fixture(scope="module")
def run_folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("run") / "run"
    FineTuning(CONFIG, fakes.make_bench(fakes.FakeCell()), folder).run()
    return folder


@pytest.fixture(scope="module")
def store():
    types = get_typestore(Stores.ROS2_JAZZY)
    for name in ("GraspParameters", "Residual", "Episode", "CemState"):
        types.register(get_types_from_msg((MSG / f"{name}.msg").read_text(), f"deft_msgs/msg/{name}"))
    return types


def write_bag(
    folder: Path, run: Path, store, plugin: StoragePlugin, config=CONFIG, until: int = 10**6, worth=1.0, asked: int = 0
) -> Path:
    with RunRecord.read(run) as record:
        episodes = record.episodes()[:until]
    with Writer(folder, version=9, storage_plugin=plugin) as writer:
        connection = writer.add_connection("/deft/episode", "deft_msgs/msg/Episode", typestore=store)
        for number, recorded in enumerate(episodes):
            episode = replace(recorded, reward=worth * recorded.reward)
            msg = fill_episode(deft_msgs.Episode(), episode, config, "pick the cup", 0.5)
            writer.write(connection, number + 1, serialization.serialize_message(msg))
        if asked:
            connection = writer.add_connection("/deft/cem_state", "deft_msgs/msg/CemState", typestore=store)
            state = deft_msgs.CemState(run_id=config.run_id, episodes_total=asked)
            writer.write(connection, 10**6, serialization.serialize_message(state))
    return folder


def fit(source: Path, out: Path, *more: str) -> bytes:
    assert fit_policy.main([str(source), "--out", str(out), *more]) == 0
    return out.read_bytes()


def test_an_episode_survives_its_message(run_folder):
    with RunRecord.read(run_folder) as record:
        for episode in record.episodes():
            back = episode_of(fill_episode(deft_msgs.Episode(), episode, CONFIG, "pick the cup", 0.5))
            for field in ("key", "reward", "success", "scene_seed", "rater", "fault"):
                assert getattr(back, field) == getattr(episode, field)
            for field in ("prior", "residual", "executed", "embedding"):
                np.testing.assert_array_equal(getattr(back, field), getattr(episode, field))


@pytest.mark.parametrize("plugin", [StoragePlugin.MCAP, StoragePlugin.SQLITE3])
def test_record_and_bag_give_the_same_weights(plugin, run_folder, store, tmp_path):
    bag = write_bag(tmp_path / "bag", run_folder, store, plugin)
    from_record = fit(run_folder, tmp_path / "record.safetensors")
    assert fit(bag, tmp_path / "bag.safetensors") == from_record
    assert from_record == (run_folder / "policy.safetensors").read_bytes()
    (bag / "metadata.yaml").unlink()
    assert fit(bag, tmp_path / "bare.safetensors") == from_record


def test_of_an_episode_in_several_bags_the_newest_counts(run_folder, store, tmp_path):
    write_bag(tmp_path / "bag", run_folder, store, StoragePlugin.MCAP, worth=0.0)
    write_bag(tmp_path / "bag_2", run_folder, store, StoragePlugin.MCAP, worth=0.5)  # labels that were taken back
    write_bag(tmp_path / "bag_10", run_folder, store, StoragePlugin.MCAP)
    assert fit(tmp_path, tmp_path / "p.safetensors") == (run_folder / "policy.safetensors").read_bytes()


def test_bags_of_a_resumed_run_are_put_together(run_folder, store, tmp_path):
    write_bag(tmp_path / "bag", run_folder, store, StoragePlugin.MCAP, until=7)
    write_bag(tmp_path / "bag_1", run_folder, store, StoragePlugin.MCAP)
    assert fit(tmp_path, tmp_path / "p.safetensors") == (run_folder / "policy.safetensors").read_bytes()


@pytest.mark.parametrize("plugin", [StoragePlugin.MCAP, StoragePlugin.SQLITE3])
def test_a_bag_cut_off_by_a_crash_gives_what_was_written(plugin, run_folder, store, tmp_path, caplog):
    bag = write_bag(tmp_path / "bag", run_folder, store, plugin)
    file = next(f for f in bag.iterdir() if f.suffix in (".mcap", ".db3"))
    whole = file.read_bytes()
    if plugin is StoragePlugin.SQLITE3:
        whole = whole[: len(whole) // 4096 // 2 * 4096 * 2]
    for share in (0.95, 0.6, 0.3):
        file.write_bytes(whole[: int(len(whole) * share)])
        try:
            run = read_run(bag)
        except BagError as error:
            assert "no finished episode" in str(error) or "cannot" not in str(error)
            continue
        with RunRecord.read(run_folder) as record:
            for mine, theirs in zip(run.episodes, record.episodes(), strict=False):
                np.testing.assert_array_equal(mine.residual, theirs.residual)


@pytest.mark.parametrize(("until", "asked"), [(99, 13), (13, 13), (99, 0), (9, 13), (9, 0)])
def test_a_torn_bag_is_used_if_it_lost_no_try_and_refused_if_it_did_or_may_have(
    until, asked, run_folder, store, tmp_path, capsys
):
    """Evaluation, in the first and the third, begins after the last try: without it, the state has to tell."""
    bag, out = (
        write_bag(tmp_path / "bag", run_folder, store, StoragePlugin.MCAP, until=until, asked=asked),
        tmp_path / "p",
    )
    file = next(bag.glob("*.mcap"))
    file.write_bytes(file.read_bytes()[:-20])
    policy = (run_folder / "policy.safetensors").read_bytes()
    if until > 9:
        assert fit(bag, out) == policy
        assert json.loads(capsys.readouterr().out)["partial"] is False
        return
    out.write_bytes(policy)
    assert fit_policy.main([str(bag), "--out", str(out)]) == 1
    error = capsys.readouterr().err
    assert f"9 of {asked or 'an unknown number of'} tries" in error and "is cut off" in error and "--partial" in error
    assert out.read_bytes() == policy
    assert fit(bag, out, "--partial") != policy
    told = json.loads(capsys.readouterr().out)
    assert (told["episodes"], told["asked"], told["partial"]) == (9, asked or None, True)


def test_what_is_no_bag_of_this_run_is_refused(run_folder, store, tmp_path, capsys):
    bag = write_bag(tmp_path / "bag", run_folder, store, StoragePlugin.MCAP)
    out = tmp_path / "policy.safetensors"
    out.write_bytes(b"precious")
    other = RunConfig(task="pour_cup", seed=4)
    write_bag(tmp_path / "two" / "bag", run_folder, store, StoragePlugin.MCAP)
    write_bag(tmp_path / "two" / "bag_1", run_folder, store, StoragePlugin.MCAP, other)
    (tmp_path / "empty").mkdir()
    RunRecord.create(tmp_path / "begun", RunInfo("a", CONFIG.identity(), {}, {}, 0.0), ("cem", {})).close()
    (tmp_path / "text.mcap").write_text("not a bag")
    (tmp_path / "text.db3").write_text("not a bag" * 100)
    for source, more, reason in (
        (bag, ["--task", "pour_cup"], "of task 'fake', not 'pour_cup'"),
        (bag, ["--hand", "leap"], "of hand 'dash', not 'leap'"),
        (bag, ["--policy", "gmm"], "no policy 'gmm'"),
        (tmp_path / "two", [], "of 2 runs"),
        (tmp_path / "empty", [], "holds no bag"),
        (tmp_path / "text.mcap", [], "is no MCAP file"),
        (tmp_path / "text.db3", [], "not a bag"),
        (tmp_path / "gone", [], "no such run"),
        (run_folder, [], "only a policy is overwritten"),
        (run_folder, ["--out", str(tmp_path / "empty")], "directory"),
        (run_folder, ["--out", str(tmp_path / "no" / "p")], "there is no folder"),
        (tmp_path / "begun", [], "no finished episode"),
    ):
        assert fit_policy.main([str(source), "--out", str(out), *more]) == 1
        assert reason in capsys.readouterr().err
    assert out.read_bytes() == b"precious"
    with pytest.raises(SystemExit):
        fit_policy.main([str(run_folder), "--out", str(out), "--options", "{bad"])
    assert "'{bad' is not JSON" in capsys.readouterr().err


def test_the_record_is_not_needed_to_fit_from_a_run_folder_with_a_bag(run_folder, store, tmp_path, capsys):
    write_bag(tmp_path / "bag", run_folder, store, StoragePlugin.MCAP)
    fit(tmp_path, tmp_path / "p.safetensors", "--bag")
    assert json.loads(capsys.readouterr().out)["episodes"] == 13
    assert not (tmp_path / "run.sqlite").exists()
    assert sqlite3.sqlite_version
