"""The fine-tuning loop on a workcell without physics."""

import json
from dataclasses import replace

import deft_cem_fakes as fakes
import numpy as np
import pytest

from deft_cem.config import RunConfig
from deft_cem.errors import PolicyError, RecordExistsError, RecordMismatchError, RewardError, RunStoppedError
from deft_cem.listener import Control, Listener, Progress
from deft_cem.loop import FineTuning
from deft_cem.runs import facts
from deft_cem.store import RunRecord
from deft_cem.summary import table
from deft_core.errors import WorkcellError


class Ear(Listener):
    def __init__(self) -> None:
        self.lines: list[Progress] = []
        self.order: list[str] = []

    def proposed(self, trial, affordance, grasp) -> None:
        self.order.append("proposed")

    def finished(self, episode, frames, distribution, best) -> None:
        self.order.append("finished")

    def progress(self, progress: Progress) -> None:
        self.lines.append(progress)


def run(folder, cell=None, listener=None, control=None, resume=False, **options):
    cell = cell or fakes.FakeCell()
    config = RunConfig(**({"task": "fake", "seed": 1, "episodes": 13, "trials": 3, "policy": "elite_mean"} | options))
    tuning = FineTuning(config, fakes.make_bench(cell), folder, resume=resume, listener=listener, control=control)
    return tuning.run()


def episodes(folder):
    with RunRecord.read(folder) as record:
        return record.episodes()


def test_a_run_leaves_the_whole_folder(tmp_path):
    ear = Ear()
    summary = run(tmp_path, listener=ear, policy="cvae")
    assert json.loads((tmp_path / "summary.json").read_text()) == summary
    assert summary["wall_s"].keys() == {"setup", "episodes", "fit", "evaluation"}
    assert summary["success"].keys() == {"prior", "tuned"}
    assert summary["counts"]["prior"]["test"]["trials"] == 2
    assert len(summary["rewards"]) == 13
    tries = episodes(tmp_path)
    # 13 tries; the prior alone twice on each object, the tuned policy three times on each.
    assert len(tries) == 13 + 2 * 2 + 2 * 3
    for name in ("learning_curve.png", "policy.safetensors"):
        assert (tmp_path / name).stat().st_size > 0
    for episode in tries:
        assert set(episode.images) == {"initial_color", "initial_depth", "final_color", "final_depth"}
        assert all((tmp_path / file).is_file() for file in episode.images.values())
    assert ear.order[:4] == ["proposed", "finished", "proposed", "finished"]
    assert [p.phase for p in ear.lines] == ["finetune"] * 13 + ["fit"] + ["evaluation"] * 10 + ["done"]


def test_prior_and_tuned_meet_in_the_same_scenes(tmp_path):
    run(tmp_path)
    scenes = {e.key: e.scene_seed for e in episodes(tmp_path)}
    for objects in ("train", "test"):
        for index in (1, 2):
            prior = scenes["evaluation", objects, "prior", index]
            assert prior == scenes["evaluation", objects, "tuned", index]
    assert len(set(scenes.values())) == 13 + 6


def test_tuning_beats_the_prior_where_the_prior_is_biased(tmp_path):
    summary = run(tmp_path, episodes=30, trials=10, policy="cvae", optimizer_options={"sigma_scale": 1.0})
    tries = episodes(tmp_path)
    prior = np.mean([e.reward for e in tries if e.method == "prior"])
    tuned = np.mean([e.reward for e in tries if e.method == "tuned"])
    assert tuned > prior + 0.1
    assert np.mean(summary["rewards"][-10:]) > np.mean(summary["rewards"][:10]) + 0.05


def test_success_is_the_judges_word_whatever_the_reward(tmp_path):
    run(tmp_path, reward="r3m", trials=0)
    for episode in episodes(tmp_path):
        assert (episode.rater, episode.success_source) == ("r3m", "judge")
        assert episode.success is not None


def test_where_nobody_can_tell_success_no_share_of_it_is_shown(tmp_path):
    class Failing(fakes.FakeCell):
        def execute(self, motion):
            self.fault = "unreachable: the wrist cannot get there" if self.calls.count("execute") == 16 else ""
            return super().execute(motion)

    summary = run(tmp_path, Failing(), success_rater="encoder", prior_trials=0)  # of 13 tries and 6 trials the 17th
    assert summary["success"]["tuned"] == {"train": None, "test": None}
    assert summary["counts"]["tuned"]["test"] == {"successes": 0, "judged": 1, "trials": 3}
    assert table(summary).splitlines()[-1].split("  ")[-1].strip() == "1 of 3 judged"
    shown = facts.show_text(facts.read_run(tmp_path), episodes=False)
    assert "tuned train: 0 of 3 judged" in shown and "tuned test: 1 of 3 judged" in shown and "prior test: -" in shown


def test_a_grasp_that_cannot_be_carried_out_is_an_episode_without_reward(tmp_path):
    cell = fakes.FakeCell()
    cell.fault = "unreachable: the wrist cannot get there"
    run(tmp_path, cell, trials=0)
    for episode in episodes(tmp_path):
        assert (episode.reward, episode.success, episode.success_source) == (0.0, False, "fault")
        assert "unreachable" in episode.fault
    assert not any(call.startswith("rate") for call in cell.calls)


def test_an_unseen_object_is_looked_for_again(tmp_path):
    cell = fakes.FakeCell()
    cell.refuse = 4
    run(tmp_path, cell, trials=0, episodes=1)
    assert cell.calls[:6] == ["reset", "look", "look", "look", "reset", "look"]
    assert episodes(tmp_path)[0].fault == ""


def test_a_prior_that_never_sees_an_object_stops_the_run(tmp_path):
    cell = fakes.FakeCell()
    cell.refuse = 10**6
    with pytest.raises(WorkcellError, match="no object on the table"):
        run(tmp_path, cell)
    assert episodes(tmp_path) == []


def test_an_unseen_object_in_evaluation_is_a_failure(tmp_path):
    cell = fakes.FakeCell()
    tuning = FineTuning(RunConfig(task="fake", episodes=2, trials=1), fakes.make_bench(cell), tmp_path)
    tuning.listener.progress = lambda p: setattr(cell, "refuse", 3 if p.phase == "fit" else 0)
    tuning.run()
    first = next(e for e in episodes(tmp_path) if e.phase == "evaluation")
    assert (first.success, first.reward) == (False, 0.0)
    assert first.fault.startswith("no_object")


def test_a_redo_repeats_scene_and_residual_and_counts_once(tmp_path):
    plain, redone = fakes.FakeCell(), fakes.FakeCell()
    redone.redo = 2
    run(tmp_path / "plain", plain, trials=0)
    run(tmp_path / "redone", redone, trials=0)
    assert redone.calls.count("reset") == plain.calls.count("reset") + 2
    for a, b in zip(episodes(tmp_path / "plain"), episodes(tmp_path / "redone"), strict=True):
        np.testing.assert_array_equal(a.residual, b.residual)
        assert a.scene_seed == b.scene_seed


@pytest.mark.parametrize("reward", [float("nan"), 1.2])
def test_what_is_no_reward_stops_the_run_and_is_not_stored(tmp_path, reward):
    cell = fakes.FakeCell()
    cell.rewards = [0.5, reward]
    with pytest.raises(RewardError, match="judge"):
        run(tmp_path, cell)
    assert len(episodes(tmp_path)) == 1


def test_a_broken_workcell_stops_the_run_and_it_resumes(tmp_path):
    cell = fakes.FakeCell()
    calls = iter(range(100))

    def look():
        if next(calls) == 7:
            raise WorkcellError("the camera delivers nothing")
        return fakes.FakeCell.look(cell)

    cell.look = look
    with pytest.raises(WorkcellError, match="camera"):
        run(tmp_path / "broken", cell)
    run(tmp_path / "broken", resume=True)
    run(tmp_path / "whole")
    for a, b in zip(episodes(tmp_path / "whole"), episodes(tmp_path / "broken"), strict=True):
        np.testing.assert_array_equal(a.residual, b.residual)


def test_stopping_keeps_finished_episodes(tmp_path):
    control, ear = Control(), Ear()
    ear.finished = lambda *_: control.stop() if len(ear.lines) == 4 else None
    with pytest.raises(RunStoppedError):
        run(tmp_path, listener=ear, control=control)
    assert len(episodes(tmp_path)) == 5
    with pytest.raises(RecordExistsError):
        run(tmp_path)


def test_stopping_ends_a_pause():
    control = Control()
    control.pause()
    control.stop()
    with pytest.raises(RunStoppedError):
        control.wait_if_paused()


def test_a_policy_of_another_encoder_is_refused_in_evaluation(tmp_path):
    cell, ear = fakes.FakeCell(), Ear()
    ear.progress = lambda p: setattr(cell, "encoder_hash", "f" * 64) if p.phase == "fit" else None
    with pytest.raises(PolicyError, match="image encoder"):
        run(tmp_path, cell, listener=ear)


def test_a_run_is_not_gone_on_with_in_another_workcell(tmp_path):
    config = RunConfig(task="fake", seed=1, episodes=2, trials=0, policy="elite_mean")
    bench = fakes.make_bench(fakes.FakeCell())
    FineTuning(config, bench, tmp_path).run()
    arm = bench.cell.arm.model_copy(update={"host": "127.9.9.9"})
    moved = bench.cell.model_copy(update={"arm": arm, "time_scale": 2.0})  # the same one, reached elsewhere
    FineTuning(config, replace(bench, cell=moved), tmp_path, resume=True).run()
    other = bench.cell.model_copy(update={"table_z_m": -0.1})
    with pytest.raises(RecordMismatchError, match=r"table_z_m: was 0\.0, now -0\.1"):
        FineTuning(config, replace(bench, cell=other), tmp_path, resume=True)
    FineTuning(config, bench, tmp_path, resume=True).run()


def test_a_damaged_policy_is_fitted_again(tmp_path):
    run(tmp_path)
    file = tmp_path / "policy.safetensors"
    whole = file.read_bytes()
    file.write_bytes(whole[:-9])
    run(tmp_path, resume=True)
    assert file.read_bytes() == whole


def test_what_an_episode_took_is_told_apart_and_adds_up(tmp_path):
    """What the loop itself costs is measured by benchmarks/loop.py; here, that the record can be trusted about it."""
    run(tmp_path, episodes=3, trials=0)
    for episode in episodes(tmp_path):
        timings = dict(episode.timings)
        total, overhead = timings.pop("total"), timings.pop("overhead")
        assert {"reset", "predict", "motion", "rate"} <= timings.keys()
        assert overhead >= 0.0 and total == pytest.approx(sum(timings.values()) + overhead)


def test_a_combined_reward_asks_each_rater_once_and_keeps_success_apart(tmp_path):
    cell = fakes.FakeCell()
    run(tmp_path, cell, episodes=1, trials=0, reward="judge+operator")
    assert [call for call in cell.calls if call.startswith("rate")] == ["rate judge", "rate operator"]
    episode = episodes(tmp_path)[0]
    assert (episode.rater, episode.success_source) == ("0.5*judge+0.5*operator", "judge")
    assert episode.rating_details.keys() >= {"judge.reward", "operator.reward"}
    with pytest.raises(RewardError, match="twice"):
        run(tmp_path / "other", reward="judge+judge")
