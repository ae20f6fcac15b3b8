"""Pooling, intervals, resumable jobs and the twin against itself; the runs are made on a workcell without physics."""

import json
import queue
import sqlite3

import pytest
from deft_experiments_fakes import FakeTwin

from deft_cem.config import RunConfig
from deft_cem.store import RunRecord
from deft_experiments import agreement, jobs, main_job
from deft_experiments.intervals import Share
from deft_experiments.twins import Twin


@pytest.fixture(autouse=True)
def fake_twins(monkeypatch):
    monkeypatch.setattr(jobs, "Twin", FakeTwin)
    monkeypatch.setattr(agreement, "Twin", FakeTwin)


def job(folder, **options):
    given = {"task": "pick_cup", "episodes": 12, "trials": 2, "policy": "elite_mean"} | options
    return jobs.Job(RunConfig(**given), folder)


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"), [(0, 10, 0.0, 0.2775), (8, 10, 0.4902, 0.9433), (50, 50, 0.9287, 1.0)]
)
def test_wilson_interval_is_the_published_one(successes, trials, low, high):
    assert Share(successes, trials).interval == pytest.approx((low, high), abs=1e-4)


def test_no_trials_are_not_a_success_rate():
    assert str(Share(0, 0)) == "not run"
    assert Share(0, 0).interval == (0.0, 1.0)


def test_a_finished_job_is_kept_and_an_unfinished_one_goes_on(tmp_path):
    lines = queue.Queue()
    assert jobs.run_job(job(tmp_path), lines).error == ""
    told = lines.qsize()
    assert told > 12
    assert jobs.run_job(job(tmp_path), lines).seconds == 0.0
    (tmp_path / "summary.json").unlink()
    assert jobs.run_job(job(tmp_path), lines).error == ""
    with RunRecord.read(tmp_path) as record:
        assert record.count("finetune") == 12


def test_a_job_of_other_options_in_the_folder_is_named(tmp_path):
    lines = queue.Queue()
    jobs.run_job(job(tmp_path), lines)
    (tmp_path / "summary.json").unlink()
    assert "seed: was 0, now 1" in jobs.run_job(job(tmp_path, seed=1), lines).error


def test_runs_are_pooled_into_one_table(tmp_path):
    lines = queue.Queue()
    made = [job(tmp_path / str(seed), seed=seed) for seed in range(3)]
    done = [jobs.run_job(j, lines) for j in made]
    report = main_job.collect(made, done, 1.0)
    entry = report["tasks"]["pick_cup"]
    assert entry["seeds"] == 3
    assert entry["success"]["tuned"]["train"]["trials"] == 6
    assert entry["success"]["prior"]["test"]["trials"] == 3
    text = main_job.markdown(json.loads(json.dumps(report)))
    assert "| pick_cup | 3 | tuned |" in text


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (("--tasks", "juggle"), "pour_cup"),
        (("--episodes", "0"), "episodes"),
        (("--seeds", "0"), "--seeds 0"),
        (("--processes", "0"), "--processes 0"),
        (("--optimizer", "nosuch"), "no optimiser 'nosuch'"),
        (("--optimizer-options", '{"x": 1}'), "x"),
        (("--policy", "nosuch"), "no policy 'nosuch'"),
    ],
)
def test_unknown_tasks_and_options_are_refused(tmp_path, capsys, options, why):
    assert main_job.main([*options, "--out", str(tmp_path / "out")]) == 1
    error = capsys.readouterr().err
    assert error.startswith("main_job: ") and why in error
    assert not (tmp_path / "out").exists()


def test_options_that_are_no_json_are_named(tmp_path, capsys):
    with pytest.raises(SystemExit):
        main_job.main(["--optimizer-options", "{bad", "--out", str(tmp_path)])
    assert "'{bad' is not JSON" in capsys.readouterr().err


def test_what_the_main_job_cannot_use_is_named_and_the_rest_is_reported(tmp_path, monkeypatch, capsys):
    """A run of other options, a file that is no record, an out that is no folder."""

    def run_all(todo, processes, say, ray_address):
        return [jobs.run_job(j, queue.Queue()) for j in todo]

    monkeypatch.setattr(main_job, "run_all", run_all)
    asked = ["--tasks", "pick_cup", "--episodes", "12", "--trials", "2", "--policy", "elite_mean"]
    assert main_job.main([*asked, "--seeds", "2", "--out", str(tmp_path)]) == 0
    report = (tmp_path / "main_job.json").read_bytes()
    capsys.readouterr()
    assert main_job.main([*asked, "--seeds", "2", "--optimizer", "bayes", "--out", str(tmp_path)]) == 1
    shown = capsys.readouterr()
    assert shown.out.count("Not finished: ") == 2 and "optimizer: was 'cem', now 'bayes'" in shown.out
    assert "stays as it is" in shown.err
    for name, files in {"seed_1": ["run.sqlite"], "seed_2": ["run.sqlite", "summary.json"]}.items():
        (tmp_path / "pick_cup" / name).mkdir(exist_ok=True)
        (tmp_path / "pick_cup" / name / "summary.json").unlink(missing_ok=True)
        for file in files:
            (tmp_path / "pick_cup" / name / file).write_text("junk")
    assert main_job.main([*asked, "--seeds", "3", "--out", str(tmp_path)]) == 1
    shown = capsys.readouterr().out
    assert "| pick_cup | 1 | tuned |" in shown
    assert shown.count("Not finished: ") == shown.count("not a readable database") == 2
    assert (tmp_path / "main_job.json").read_bytes() == report
    (tmp_path / "file").touch()
    assert main_job.main([*asked, "--out", str(tmp_path / "file")]) == 1
    assert capsys.readouterr().err.startswith("main_job: ")


def test_a_run_agrees_with_itself(tmp_path, capsys):
    jobs.run_job(job(tmp_path, episodes=20, trials=0), queue.Queue())
    assert agreement.main([str(tmp_path), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["tries"] == 20
    assert report["difference_points"] == 0.0
    assert report["reward_correlation"] == pytest.approx(1.0)
    assert agreement.main([str(tmp_path), "--executed"]) == 0


def test_a_run_of_another_prior_hand_or_workcell_is_not_compared(tmp_path, capsys):
    jobs.run_job(job(tmp_path), queue.Queue())
    assert agreement.main([str(tmp_path), "--prior", "else"]) == 1
    assert "prior: was 'p', now 'else'" in capsys.readouterr().err
    for column, path, wrong, what in (
        ("config", "$.approach_m", 0.2, "workcell approach_m: was 0.2"),
        ("config", "$.arm.speed_mps", 0.9, "workcell arm.speed_mps: was 0.9"),
        ("identity", "$.hand", "leap", "hand: was 'leap'"),
    ):
        with sqlite3.connect(tmp_path / "run.sqlite") as db:
            (before,) = db.execute(f"SELECT {column} FROM run").fetchone()
            db.execute(f"UPDATE run SET {column} = json_set({column}, ?, ?)", (path, wrong))
        assert agreement.main([str(tmp_path)]) == 1
        assert what in capsys.readouterr().err
        with sqlite3.connect(tmp_path / "run.sqlite") as db:
            db.execute(f"UPDATE run SET {column} = ?", (before,))
    with sqlite3.connect(tmp_path / "run.sqlite") as db:  # where devices answer is no matter
        db.execute("UPDATE run SET config = json_set(config, '$.arm.host', '127.0.0.9', '$.time_scale', 2.0)")
    assert agreement.main([str(tmp_path)]) == 0


def test_no_run_to_repeat_is_one_line(tmp_path, capsys):
    assert agreement.main([str(tmp_path)]) == 1
    assert "holds no run" in capsys.readouterr().err


@pytest.mark.slow
def test_a_run_on_a_ray_cluster_is_the_run_made_here(tmp_path, monkeypatch):
    """The very same residuals and rewards, on real twins, with the progress of both seeds told."""
    pytest.importorskip("ray")
    monkeypatch.setattr(jobs, "Twin", Twin)
    lines, runs = [], {}
    for where in ("local", ""):
        made = [job(tmp_path / f"{where}{seed}", episodes=2, trials=1, seed=seed) for seed in range(2)]
        done = jobs.run_all(made, 2, lines.append, where)
        assert [d.error for d in done] == ["", ""]
        runs[where] = [
            [(e.residual.tolist(), e.reward) for e in record.episodes()]
            for record in map(opened, (m.folder for m in made))
        ]
    assert runs["local"] == runs[""]
    assert {line.split()[0] for line in lines} == {"pick_cup/0", "pick_cup/1"}


def opened(folder):
    return RunRecord.read(folder)
