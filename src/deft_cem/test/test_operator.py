"""What a person may answer, what becomes of a label that is taken back, and the terminal over the graph."""

import json
import os
import subprocess
import sys
import threading
import time

import deft_cem_fakes as fakes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deft_cem.config import RunConfig
from deft_cem.errors import RelabelError, RewardError
from deft_cem.fit_policy import main as fit_policy
from deft_cem.loop import FineTuning
from deft_cem.operator.answers import AnswerError, Label, Ranking, parse_label
from deft_cem.operator.dialogue import Dialogue, Try
from deft_cem.optimizers import make_optimizer
from deft_cem.relabel import Relabel
from deft_cem.store import RunRecord
from deft_core.errors import WorkcellError
from deft_ros.spinning import Spinner


@pytest.mark.parametrize(
    ("text", "label"),
    [("0.7 y", Label(0.7, True)), (" 0,n ", Label(0.0, False)), ("y", Label(1.0, True)), ("no", Label(0.0, False))],
)
def test_answers_are_read(text, label):
    assert parse_label(text) == label


@pytest.mark.parametrize("text", ["", "0.7", "1.2 y", "nan y", "-0.1 n", "good y", "0.5 maybe", "0.5 y y"])
def test_answers_that_mean_nothing_are_refused_with_what_would(text):
    with pytest.raises(AnswerError, match=r"0\.7 y"):
        parse_label(text)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30, unique=True))
def test_comparing_gives_scores_in_the_order_of_the_tries(worth):
    ranking = Ranking()
    scores = [ranking.place(i, lambda other, i=i: worth[i] > worth[other]) for i in range(len(worth))]
    assert np.argsort(scores).tolist() == np.argsort(worth).tolist()
    assert all(0.0 < score < 1.0 for score in scores)


class Person:
    """Answers from a list; keeps what it was told."""

    def __init__(self, *answers, compare=False):
        self.answers, self.said, self.corrected = list(answers), [], []
        self.dialogue = Dialogue(self.ask, self.said.append, self.correct, compare)

    def ask(self, prompt):
        self.said.append(prompt)
        return self.answers.pop(0)

    def correct(self, last):
        self.corrected.append(last)
        return "corrected"


def test_a_label_can_be_taken_back_until_the_scene_is_reset():
    person = Person("what?", "0.2 n", "u", "0.9 y", "", "")
    assert person.dialogue.rate("pick_cup", Try("run", "finetune", 3)) == Label(0.2, False)
    assert person.dialogue.reset("pick_cup", "train")
    assert [(c.of.index, c.label) for c in person.corrected] == [(3, Label(0.9, True))]
    assert "undo the label of try 3 (0.20, no success)" in "\n".join(person.said)
    assert person.dialogue.reset("pick_cup", "train")
    assert "undo" not in person.said[-1]


def test_redo_and_what_cannot_be_done():
    person = Person("r", "q")
    assert person.dialogue.rate("pick_cup", Try("run", "finetune", 1)) is None
    assert not person.dialogue.reset("pick_cup", "train")


def test_comparing_asks_for_success_and_which_was_better():
    person = Person("n", "y", "perhaps", "y", compare=True)
    first, second = (person.dialogue.rate("pick_cup", Try("run", "finetune", i)) for i in (1, 2))
    assert (first, second) == (Label(0.5, False), Label(0.75, True))
    assert "neither y nor n" in "\n".join(person.said)


@pytest.mark.parametrize(
    ("which", "answers", "label", "asked"),
    [
        (Try("another", "finetune", 3), ["n"], Label(0.5, False), "did it succeed"),  # of another run
        (Try("run", "finetune", 1), ["n"], Label(0.5, False), "did it succeed"),  # begun anew
        (Try("run", "finetune", 2), ["y", "n"], Label(0.125, True), "better than try 1"),  # gone on from before it
        (Try("run", "evaluation", 3), ["0.9 y"], Label(0.9, True), "evaluation trial 3: how was it"),
    ],
)
def test_tries_are_compared_with_earlier_ones_of_their_run_s_fine_tuning(which, answers, label, asked):
    person = Person(*answers, compare=True)
    for index, score in enumerate((0.25, 0.75), start=1):
        person.dialogue.learn("run", index, score)
    assert person.dialogue.rate("pick_cup", which) == label
    assert not person.answers and asked in person.said[-2]


def test_a_stray_byte_is_asked_about_and_the_end_of_the_terminal_is_heard(monkeypatch):
    operator_node = pytest.importorskip("deft_cem.operator_node")
    end, typed = os.pipe()
    monkeypatch.setattr(sys, "stdin", os.fdopen(end, encoding="utf-8"))
    os.write(typed, b"0.7\xb0 y\n0.7 y\n")
    os.close(typed)
    terminal, deadline = operator_node.Terminal(), time.monotonic() + 10
    person = Dialogue(lambda prompt: terminal.ask(prompt, lambda: time.monotonic() > deadline), print, str)
    assert person.rate("pick_cup", Try("run", "finetune", 1)) == Label(0.7, True)
    with pytest.raises(operator_node.Interrupted):
        person.rate("pick_cup", Try("run", "finetune", 2))
    assert terminal.closed and time.monotonic() < deadline


def made(folder, cell=None, resume=False, **options):
    given = {"task": "fake", "seed": 2, "episodes": 14, "trials": 1, "policy": "elite_mean"} | options
    return FineTuning(RunConfig(**given), fakes.make_bench(cell or fakes.FakeCell()), folder, resume=resume)


def tuned(folder, corrections, **options):
    """A run with labels taken back while scenes were reset, and what was answered."""
    cell = fakes.FakeCell()
    tuning = made(folder, cell, **options)
    answers = fakes.take_back(cell, tuning, corrections)
    tuning.run()
    return tuning, answers


@pytest.mark.parametrize("optimizer", ["cem", "cmaes"])
def test_a_corrected_label_is_as_if_it_had_been_right_from_the_beginning(tmp_path, optimizer):
    tuning, answers = tuned(tmp_path, {12: Relabel(12, 0.99, True, "judge")}, optimizer=optimizer)
    assert "0.99" in answers[0]
    with RunRecord.read(tmp_path) as record:
        tries = record.episodes("finetune")
        assert (tries[11].reward, tries[11].success) == (0.99, True)
        assert [kind for kind, _ in record.events()] == ["relabelled"]
        assert "-> 0.99 (judge)" in record.events()[0][1]
        fresh = make_optimizer(optimizer, tuning.config.generator("optimizer"))
        for episode in tries:
            np.testing.assert_array_equal(fresh.ask(), episode.residual)
            fresh.tell(episode.residual, episode.reward)
        assert record.optimizer_state(14)[1] == fresh.state_dict()


def test_correcting_the_last_try_fits_the_policy_again(tmp_path):
    tuned(tmp_path / "a", {})
    tuned(tmp_path / "b", {14: Relabel(14, 1.0, True, "judge")})
    with RunRecord.read(tmp_path / "a") as one, RunRecord.read(tmp_path / "b") as two:
        assert one.policy()["sha256"] != two.policy()["sha256"]
        assert two.policy()["id"] == 2
        assert two.optimizer_state(14)[1]["rewards"][-1] == 1.0


def test_a_label_corrected_before_the_run_ends_is_kept_and_learned_from(tmp_path):
    """The operator takes the label of try 12 back, and then says that the objects cannot be put back."""
    cell, heard = fakes.FakeCell(), []
    tuning = made(tmp_path / "broken", cell)
    answers = fakes.take_back(cell, tuning, {12: Relabel(12, 0.0, False, "judge")})
    cell.look = lambda plain=cell.look: plain() if not answers else fail("the objects cannot be put back")
    tuning.listener.relabelled = lambda episode, best: heard.append((episode.index, episode.reward))
    with pytest.raises(WorkcellError, match="put back"):
        tuning.run()
    assert heard == [(12, 0.0)]
    made(tmp_path / "broken", resume=True).run()
    tuned(tmp_path / "whole", {12: Relabel(12, 0.0, False, "judge")})
    with RunRecord.read(tmp_path / "whole") as one, RunRecord.read(tmp_path / "broken") as two:
        assert [e.reward for e in one.episodes()] == [e.reward for e in two.episodes()]
        assert one.optimizer_state(14) == two.optimizer_state(14)
        assert one.policy()["sha256"] == two.policy()["sha256"]


def fail(text):
    raise WorkcellError(text)


def test_a_label_corrected_before_a_trial_that_sees_nothing_is_learned_from(tmp_path):
    cell, heard = fakes.FakeCell(), []
    tuning = made(tmp_path, cell)
    fakes.take_back(cell, tuning, {14: Relabel(14, 1.0, True, "judge")})
    tuning.listener.progress = lambda p: setattr(cell, "refuse", 3 if p.phase == "fit" else 0)
    tuning.listener.relabelled = lambda episode, best: heard.append((episode.index, tuning.record.policy()))
    tuning.run()
    assert heard == [(14, None)]
    with RunRecord.read(tmp_path) as record:
        assert record.episodes("evaluation")[0].fault.startswith("no_object")
        assert record.policy()["id"] == 2


@pytest.mark.parametrize(("trials", "index"), [(0, 14), (1, 1)])
def test_the_very_last_label_can_be_corrected_too(tmp_path, capsys, trials, index):
    tuning = made(tmp_path, trials=trials)
    total, heard = 14 + 4 * trials, []

    def finished(episode, *_):
        if len(tuning.record.episodes()) == total:
            tuning.relabels.ask(tuning.config.run_id, Relabel(index, 1.0, True, "judge"))

    tuning.listener.finished = finished
    tuning.listener.relabelled = lambda episode, best: heard.append(best)
    summary = tuning.run()
    assert heard == [1.0]
    with RunRecord.read(tmp_path) as record:
        assert (record.episodes()[-1].reward, record.episodes()[-1].success) == (1.0, True)
        known = record.policy()["sha256"]
    assert summary["rewards"][-1] == 1.0 if not trials else summary["success"]["tuned"]["test"] == 1.0
    assert fit_policy([str(tmp_path), "--out", str(tmp_path / "again.safetensors")]) == 0
    assert json.loads(capsys.readouterr().out)["sha256"] == known


def test_corrections_that_cannot_be_made_are_refused(tmp_path):
    tuning, _ = tuned(tmp_path, {})
    labels, run = tuning.relabels, tuning.config.run_id
    with pytest.raises(RelabelError, match="under way"):
        labels.ask(run, Relabel(1, 1.0, True, "judge"))
    with RunRecord.read(tmp_path) as record:
        last = record.episodes()[-1]
        kept = record.events()
    labels.offer(last)
    for text, run_id, asked in (
        ("run under way", "other", Relabel(last.index, 1.0, True, "judge")),
        ("last episode", run, Relabel(last.index + 1, 1.0, True, "judge")),
        ("given by judge", run, Relabel(last.index, 1.0, True, "operator")),
    ):
        with pytest.raises(RelabelError, match=text):
            labels.ask(run_id, asked)
    with pytest.raises(RewardError):
        labels.ask(run, Relabel(last.index, float("nan"), True, "judge"))
    with RunRecord.read(tmp_path) as record:
        assert record.events() == kept


@pytest.mark.graph
@pytest.mark.timeout(120)
def test_the_terminal_rates_resets_and_takes_back_over_the_graph(tmp_path):
    rclpy = pytest.importorskip("rclpy")
    from rclpy.action import ActionClient
    from rclpy.executors import SingleThreadedExecutor

    from deft_msgs.action import RateEpisode, ResetScene
    from deft_msgs.srv import RelabelEpisode

    environment = os.environ | {"PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    command = [sys.executable, "-m", "deft_cem.operator_node"]
    screen = tmp_path / "screen"
    with screen.open("w") as out:
        person = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=out, stderr=out, text=True, env=environment)
    rclpy.init()
    node = rclpy.create_node("loop")
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    asked = []

    def relabel(request, response):
        asked.append((request.run_id, request.index, request.reward, request.success, request.rater))
        response.success, response.message = True, "it is corrected"
        return response

    node.create_service(RelabelEpisode, "/deft/relabel", relabel)
    rate = ActionClient(node, RateEpisode, "/operator/rate_episode")
    reset = ActionClient(node, ResetScene, "/scene/reset")
    spinner = Spinner(executor)
    spinner.start()

    def until(condition):
        deadline, pause = time.monotonic() + 40, threading.Event()
        while not condition():
            assert time.monotonic() < deadline, screen.read_text()
            pause.wait(0.05)

    def act(client, goal, *answers):
        sent = client.send_goal_async(goal)
        until(sent.done)
        result = sent.result().get_result_async()
        for prompt, answer in answers:
            until(lambda prompt=prompt: prompt in screen.read_text())
            person.stdin.write(answer + "\n")
            person.stdin.flush()
        until(result.done)
        return result.result().result

    try:
        until(lambda: rate.server_is_ready() and reset.server_is_ready())
        goal = RateEpisode.Goal(run_id="r", task="pick_cup", index=4)
        rating = act(rate, goal, ("how was it?", "2 y"), ("not in [0, 1]", "0.4 n"))
        assert (rating.rated, rating.reward, rating.success, rating.success_known) == (True, 0.4, False, True)
        assert rating.rater == "operator"
        goal = ResetScene.Goal(task="pick_cup", objects="train", seed=1)
        done = act(reset, goal, ("u = undo", "u"), ("try 4 again", "0.8 y"), ("it is corrected", ""))
        assert done.success
        assert asked == [("r", 4, 0.8, True, "operator")]
        again = act(rate, RateEpisode.Goal(run_id="r", task="pick_cup", index=5), ("try 5: how", "r"))
        assert again.redo and not again.rated
    finally:
        person.send_signal(2)
        assert person.wait(timeout=20) == 0
        spinner.end()
        node.destroy_node()
        rclpy.try_shutdown()
