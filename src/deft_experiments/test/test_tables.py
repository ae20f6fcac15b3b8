"""The study's tables, on a workcell without physics; and that nothing it started outlives it."""

import csv
import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import psutil
import pytest
from deft_experiments_fakes import FakeTwin

from deft_cem.store import RunRecord
from deft_core.observation import Rating, RGBDFrame
from deft_core.task import TASKS_DIR, load_task
from deft_core.workcell import scene_seed
from deft_experiments import jobs, tables
from deft_experiments.disturbed import DRIFT_AFTER, StudyWorkcell
from deft_experiments.gains import gains
from deft_experiments.intervals import Share, difference
from deft_experiments.methods import METHODS, PAPER, choose
from deft_experiments.results import Cell, efficiency, orderings
from deft_experiments.setups import ROUNDED, WRONG, Setup


@pytest.fixture
def in_this_process(monkeypatch):
    """Runs are made here, on the fake twin; counts them."""
    made = []

    def run_all(todo, processes, say, ray_address):
        lines = queue.Queue()
        done = [d for chain in jobs.chains(todo) for d in jobs.run_chain(chain, lines)]
        made.extend(job.label for job in todo)
        while not lines.empty():
            say(lines.get())
        return done

    monkeypatch.setattr(jobs, "Twin", FakeTwin)
    monkeypatch.setattr(tables, "run_all", run_all)
    return made


def study(out: Path, *more: str) -> int:
    command = ["--tasks", "pick_cup,pour_cup", "--seeds", "2", "--trials", "2", "--episodes", "12", "--out", str(out)]
    return tables.main([*command, *more])


METHODS_HERE = "deft,affordance_only,elite_mean,cem_smooth,r3m"


def test_one_command_writes_every_table_and_goes_on(in_this_process, tmp_path, capsys):
    assert study(tmp_path, "--methods", METHODS_HERE) == 0
    shown = capsys.readouterr()
    assert len(in_this_process) == 12  # deft, elite_mean, cem_smooth x two tasks x two seeds
    assert "run 12/12" in shown.err
    assert "not run" in shown.out and "--methods r3m" in shown.out and "github.com/facebookresearch/r3m" in shown.out
    report = json.loads((tmp_path / "tables.json").read_text())
    rows = {(r["method"], r["task"], r["objects"]): r for r in report["rows"]}
    assert rows["deft", "pour_cup", "test"]["trials"] == 4
    assert rows["deft", "pour_cup", "test"]["paper"] == 0.9
    assert rows["affordance_only", "pick_cup", "train"]["trials"] == 4
    assert rows["r3m", "pour_cup", "train"]["not_run"].startswith("no checkpoint of r3m")
    assert report["efficiency"]["optimizers"].keys() == {"deft", "cem_smooth"}
    with (tmp_path / "tables.csv").open() as file:
        assert len(list(csv.DictReader(file))) == 5 * 2 * 2
    for picture in ("figure_6.png", "efficiency.png"):
        assert (tmp_path / picture).read_bytes().startswith(b"\x89PNG")
    assert study(tmp_path, "--methods", METHODS_HERE) == 0
    assert len(in_this_process) == 12  # everything was there
    assert study(tmp_path, "--methods", METHODS_HERE, "--seeds", "3") == 0
    assert len(in_this_process) == 18
    assert json.loads((tmp_path / "tables.json").read_text())["wall_s"] > report["wall_s"]


def test_policies_share_the_thirty_tries_of_deft(in_this_process, tmp_path):
    study(tmp_path, "--methods", "elite_mean", "--tasks", "pick_cup", "--seeds", "1")
    folders = [tmp_path / name / "pick_cup" / "seed_0" for name in ("deft", "elite_mean")]
    with RunRecord.read(folders[0]) as one, RunRecord.read(folders[1]) as two:
        assert one.policy()["name"] == "cvae" and two.policy()["name"] == "elite_mean"
        for a, b in zip(one.episodes("finetune"), two.episodes("finetune"), strict=True):
            np.testing.assert_array_equal(a.residual, b.residual)
            assert (a.reward, a.finished_at) == (b.reward, b.finished_at)
        assert one.optimizer_state(12) == two.optimizer_state(12)
    assert not (folders[0] / "images").exists()


def test_what_is_no_method_or_task_is_refused(in_this_process, tmp_path, capsys):
    twins = (tmp_path / "a" / "pick_cup.yaml", tmp_path / "pick_cup.yaml")
    for twin in twins:
        twin.parent.mkdir(exist_ok=True)
        shutil.copy(TASKS_DIR / "pick_cup.yaml", twin)
    for more, why in (
        (("--methods", "magic"), "no method 'magic'"),
        (("--tasks", "juggle"), "unknown task 'juggle'"),
        (("--seeds", "0"), "--seeds 0"),
        (("--processes", "0"), "--processes 0"),
        (("--tasks", ",".join(map(str, twins))), "called the same"),
        (("--methods", "deft", "--report-only"), "no finished run"),
        (("--methods", "elite_mean", "--seeds", "1", "--out", str(twins[0])), "pick_cup.yaml"),
    ):
        assert study(tmp_path / "out", *more) == 1, more
        error = capsys.readouterr().err.splitlines()[-1]
        assert error.startswith("tables: ") and why in error
    assert not (tmp_path / "out").exists()


def test_runs_of_another_question_are_not_reported_as_its_answer(in_this_process, tmp_path, capsys):
    asked = ("--methods", "deft,affordance_only", "--tasks", "pick_cup", "--seeds", "1")
    assert study(tmp_path, *asked) == 0
    report = (tmp_path / "tables.json").read_bytes()
    for more, field in (
        (("--episodes", "5"), "episodes: was 12, now 5"),
        (("--trials", "3"), "prior_trials: was 2, now 3"),
        (("--prior", "/else"), "hashes: was {'prior': 'p'}, now {'prior': '/else'}"),
    ):
        for only in ((), ("--report-only",)):
            capsys.readouterr()
            assert study(tmp_path, *asked, *more, *only) == 1
            shown = capsys.readouterr()
            assert field in shown.err and shown.out == ""
    assert len(in_this_process) == 1
    assert (tmp_path / "tables.json").read_bytes() == report


def test_a_narrower_question_is_answered_and_the_report_kept(in_this_process, tmp_path, capsys):
    assert study(tmp_path, "--methods", "deft,affordance_only") == 0
    files = {path: path.read_bytes() for path in tmp_path.glob("tables.*")}
    for more in (("--methods", "deft"), ("--seeds", "1"), ("--tasks", "pick_cup")):
        capsys.readouterr()
        assert study(tmp_path, "--methods", "deft,affordance_only", *more) == 0
        shown = capsys.readouterr()
        assert "| pick_cup | train |" in shown.out and "stays as it is: it has more runs of" in shown.err
    assert {path: path.read_bytes() for path in tmp_path.glob("tables.*")} == files
    assert (
        study(tmp_path, "--methods", "deft,affordance_only", "--seeds", "3", "--report-only") == 0
    )  # as much as before


def test_a_damaged_run_is_named_and_the_others_reported(in_this_process, tmp_path, capsys):
    asked = ("--methods", "deft", "--tasks", "pick_cup")
    assert study(tmp_path, *asked) == 0
    (tmp_path / "deft" / "pick_cup" / "seed_1" / "run.sqlite").write_text("junk")
    (tmp_path / "tables.json").unlink()
    assert study(tmp_path, *asked) == 1
    shown = capsys.readouterr()
    assert "(2/2)" in shown.out and "deft/pick_cup/1: " in shown.err and "not a readable database" in shown.err


def test_a_task_is_counted_once_and_may_be_a_file(in_this_process, tmp_path):
    shutil.copy(TASKS_DIR / "pick_cup.yaml", tmp_path / "mine.yaml")
    asked = ("--methods", "deft", "--seeds", "1", "--tasks", f"pick_cup,{tmp_path / 'mine.yaml'},pick_cup")
    assert study(tmp_path / "out", *asked) == 0
    report = json.loads((tmp_path / "out" / "tables.json").read_text())
    assert report["tasks"] == ["pick_cup", str(tmp_path / "mine.yaml")]
    assert [r["paper"] for r in report["rows"]] == [0.8, 0.8, None, None]
    assert (tmp_path / "out" / "deft" / "mine" / "seed_0" / "summary.json").exists()


def test_every_method_of_the_paper_s_tables_has_a_row():
    assert set(PAPER) <= set(METHODS)
    assert {m.name for m in choose("paper")} >= set(PAPER)
    assert len(choose("all")) == len(METHODS)
    assert [m.name for m in choose("robustness")] == [WRONG, ROUNDED, "drift_1cm", "cluttered"]


def test_a_difference_s_interval_is_newcombe_s():
    # Newcombe 1998, table II, example a: 56/70 - 48/80.
    d, low, high = difference(Share(56, 70), Share(48, 80))
    assert (d, low, high) == pytest.approx((0.2, 0.0524, 0.3339), abs=1e-4)


def cell(train: tuple[int, int], test: tuple[int, int], successes: list[list[bool]] | None = None) -> Cell:
    runs = dict(enumerate(successes or [[False]]))
    return Cell({"train": Share(*train), "test": Share(*test)}, {s: [0.0] * len(r) for s, r in runs.items()}, runs)


def seeds(*tenths: int) -> Cell:
    """Of each seed, successes of ten trials on train objects; no trial on test objects."""
    return Cell(shares={seed: {"train": Share(t, 10), "test": Share(0, 0)} for seed, t in enumerate(tenths)})


@pytest.mark.parametrize(
    ("deft", "mlp", "verdict", "interval"),
    [
        ((9, 9, 8, 10, 9), (1, 0, 2, 1, 1), "holds", (0.6393, 0.9521)),  # below by trials, above by seeds
        ((1, 0, 2, 1, 1), (9, 9, 8, 10, 9), "reversed", (-0.9521, -0.6393)),
        # By trials alone [-0.42, -0.08]; but seeds differ: -0.7, 0.1, -0.7, 0.0, 0.0, and t of four degrees of freedom.
        ((2, 8, 2, 9, 9), (9, 7, 9, 9, 9), "undecided", (-0.761, 0.241)),
        # Every seed gained the same: t has no width, the trials have.
        ((5, 6, 7, 8, 5), (4, 5, 6, 7, 4), "undecided", (-0.0913, 0.2815)),
        ((10,) * 5, (0,) * 5, "holds", (0.8993, 1.0)),
        ((9,), (1,), "one seed", None),
    ],
)
def test_an_ordering_is_decided_by_how_seeds_differ_never_by_less_than_their_trials(deft, mlp, verdict, interval):
    cells = {("deft", "pour_cup"): seeds(*deft), ("mlp", "pour_cup"): seeds(*mlp, 3)}  # the last has no partner
    (found,) = orderings(cells)
    assert (found["verdict"], found["seeds"], found["objects"]) == (verdict, len(deft), "train")
    assert found["interval_95"] == (interval and pytest.approx(interval, abs=1e-3))


def test_sample_efficiency_is_when_cem_s_end_is_reached():
    late, soon = [False] * 20 + [True] * 10, [False] * 5 + [True] * 25
    cells = {("deft", "a"): cell((1, 1), (1, 1), [late]), ("bayes", "a"): cell((1, 1), (1, 1), [soon])}
    found = efficiency(cells, ["deft", "bayes"], ["a"])
    assert {name: of["reached_at"] for name, of in found["optimizers"].items()} == {"deft": 25, "bayes": 10}
    assert (found["optimizers"]["bayes"]["midway_less_cem"], found["optimizers"]["deft"]["midway_less_cem"]) == (
        0.0,
        -1.0,
    )
    assert found["optimizers"]["bayes"]["midway_interval_95"] is None  # of one seed there is no spread


def test_what_the_tries_are_worth_is_told_run_by_run():
    cells = {("affordance_only", "a"): seeds(1, 5, 9), ("deft", "a"): seeds(3, 7), ("bayes", "a"): seeds(4, 7, 9)}
    found = {(g["method"], g["less"]): g for g in gains(cells, ["deft", "bayes"], ["a"])}
    assert found.keys() == {("deft", "affordance_only"), ("bayes", "affordance_only"), ("bayes", "deft")}
    assert found["deft", "affordance_only"]["difference"] == pytest.approx(0.2)
    assert found["deft", "affordance_only"]["interval_95"] == pytest.approx([0.2, 0.2])  # each run gained the same
    of = found["bayes", "affordance_only"]  # 0.3, 0.2 and 0.0: their mean, and t of two degrees of freedom
    assert (of["runs"], of["difference"]) == (3, pytest.approx(0.1667, abs=1e-4))
    assert of["interval_95"] == pytest.approx([0.1667 - 0.3795, 0.1667 + 0.3795], abs=1e-3)
    assert found["bayes", "deft"]["runs"] == 2
    assert gains(cells, ["deft"], ["a", "b"]) == []


def test_sample_efficiency_is_held_against_the_same_seeds():
    never, always = [False] * 30, [True] * 30
    cells = {
        ("deft", "a"): cell((1, 1), (1, 1), [always, never, never]),
        ("bayes", "a"): cell((1, 1), (1, 1), [always]),
        ("cmaes", "a"): Cell({}, {}, {}),
    }
    found = efficiency(cells, ["deft", "bayes", "cmaes"], ["a"])["optimizers"]
    assert found.keys() == {"deft", "bayes"}
    assert (found["bayes"]["cem_at_the_end"], found["bayes"]["runs"]) == (1.0, 1)
    assert found["deft"]["cem_at_the_end"] == pytest.approx(1 / 3, abs=1e-4)
    assert found["deft"]["midway_less_cem"] == 0.0  # each of its runs ends as it stood at half-time
    assert found["deft"]["midway_interval_95"] == [0.0, 0.0]


class Judge:
    """A twin that gives one reward and one picture."""

    def __init__(self, reward: float) -> None:
        self.reward = reward

    def reset(self, objects, seed):
        pass

    def look(self):
        K = np.array([[60.0, 0, 32], [0, 60.0, 24], [0, 0, 1]])
        black = np.zeros((48, 64, 3), np.uint8)
        return RGBDFrame(black, np.zeros((48, 64), np.uint16), K, np.zeros(5), np.eye(4), 1, 0.0)

    def rate(self, rater, initial, final):
        return Rating(self.reward, self.reward > 0.5, rater)


def test_disturbed_rewards_leave_success_alone_and_repeat():
    study_cell = StudyWorkcell(Judge(0.8), load_task("pick_cup"), 0, Setup())
    frame = study_cell.look()

    def rewards(rater):
        found = []
        for seed in range(1, 2001):
            study_cell.reset("train", seed)
            rating = study_cell.rate(rater, frame, frame)
            assert rating.success is True
            assert rating.rater == rater
            found.append(rating.reward)
        return found

    wrong = rewards(f"judge~{WRONG}")
    assert wrong == rewards(f"judge~{WRONG}")
    assert np.mean(np.isclose(wrong, 0.2)) == pytest.approx(0.1, abs=0.02)
    assert set(rewards(f"judge~{ROUNDED}")) == {1.0}
    assert study_cell.rate("judge", frame, frame).reward == 0.8


def test_the_camera_drifts_a_centimetre_after_the_fifteenth_try():
    study_cell = StudyWorkcell(Judge(0.8), load_task("pick_cup"), 3, Setup(drift=True))

    def off(seed):
        study_cell.reset("train", seed)
        return np.linalg.norm(study_cell.look().T_base_camera[:3, 3])

    tries = [off(scene_seed(3, "finetune", "train", i)) for i in range(1, 31)]
    np.testing.assert_allclose(tries, [0.0] * DRIFT_AFTER + [0.01] * (30 - DRIFT_AFTER))
    assert off(scene_seed(3, "evaluation", "test", 1)) == pytest.approx(0.01)


@pytest.mark.slow
@pytest.mark.timeout(180)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_command_that_is_ended_leaves_no_process_running(number, tmp_path):
    command = [sys.executable, "-m", "deft_experiments.main_job", "--seeds", "2", "--out", str(tmp_path / "out")]
    screen = tmp_path / "screen"
    with screen.open("w") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, env=os.environ | {"OMP_NUM_THREADS": "1"})
    pause, deadline = threading.Event(), time.monotonic() + 120
    while "episode" not in screen.read_text():
        assert process.poll() is None and time.monotonic() < deadline, screen.read_text()
        pause.wait(0.1)
    family = psutil.Process(process.pid).children(recursive=True)
    assert len(family) >= 3  # two workers and what carries their lines
    process.send_signal(number)
    assert process.wait(timeout=20) == (130 if number == signal.SIGTERM else -number)
    _, alive = psutil.wait_procs(family, timeout=10)
    assert alive == []
