import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest
import torch
import yaml
from deft_affordance_small_prior import WORDS, trainer

from deft_affordance.baselines import BASELINES
from deft_affordance.batches import Batches
from deft_affordance.checkpoint import TextInput, load_prior
from deft_affordance.compute import Compute
from deft_affordance.config import load_config
from deft_affordance.data.shards import FIELDS, Samples, write_manifest, write_shard
from deft_affordance.evaluate import METRICS, evaluate, print_table
from deft_affordance.evaluate import main as evaluate_command
from deft_affordance.placing import fit_contact_map
from deft_affordance.train import main, make_model
from deft_affordance.trainer import Trainer, TrainingDiverged
from deft_core.errors import DeftError
from deft_vision.encoders import make_encoder


def written(samples, data):
    """A data folder that holds samples."""
    data.mkdir()
    write_shard(data, 0, [{name: samples[name][i] for name in FIELDS} for i in range(len(samples))], {})
    write_manifest(data, {})
    return data


def test_a_resumed_run_repeats_the_loss_curve(config, samples, tmp_path):
    whole = trainer(config, samples)
    for _ in range(3):
        whole.run_epoch()
    first = trainer(config, samples)
    first.run_epoch()
    torch.save(first.state(), tmp_path / "state.pt")
    second = trainer(config, samples, seed=0)
    second.restore(torch.load(tmp_path / "state.pt", weights_only=True))
    second.run_epoch()
    second.run_epoch()
    assert second.history == whole.history
    other = trainer(config, samples, seed=1)
    with pytest.raises(DeftError, match="another configuration or seed"):
        other.restore(torch.load(tmp_path / "state.pt", weights_only=True))


def test_only_what_multiplies_decays(config, samples):
    def decaying(by):
        train = config.train.model_copy(update={"weight_decay": by})
        return trainer(config.model_copy(update={"train": train}), samples)

    plain, decayed = decaying(0.0), decaying(1.0)
    for each in (plain, decayed):
        for parameter in each.model.parameters():
            parameter.grad = torch.zeros_like(parameter)  # nothing to learn: only decay is left
        each.optimizer.step()
    rate = 1.0 - config.train.learning_rate
    for (name, before), after in zip(plain.model.named_parameters(), decayed.model.parameters(), strict=True):
        torch.testing.assert_close(after, before * (rate if before.ndim > 1 else 1.0), msg=name)
    assert load_config("paper").train.weight_decay == 0.0


COMPILER = pytest.mark.skipif(not (shutil.which("c++") or shutil.which("g++")), reason="torch.compile needs a compiler")


@pytest.mark.parametrize("how", [{"bf16": True}, pytest.param({"compiled": True}, marks=[pytest.mark.slow, COMPILER])])
def test_other_arithmetic_learns_the_same(config, samples, how):
    plain = trainer(config, samples)
    torch.manual_seed(0)
    model = make_model(config, WORDS, samples, None)
    other = Trainer(model, Batches.of(samples, TextInput(config, WORDS), config.train), config, 0, Compute(**how))
    first, second = plain.run_epoch(), other.run_epoch()
    assert second == pytest.approx(first, rel=0.03)
    assert other.state()["model"].keys() == plain.state()["model"].keys()  # one checkpoint for all


@pytest.mark.slow
def test_two_processes_share_every_batch(config, samples, tmp_path):
    data = written(samples, tmp_path / "data")
    settings = tmp_path / "small.yaml"
    settings.write_text(yaml.safe_dump(config.model_dump(mode="json")))
    environment = os.environ | {"GLOO_SOCKET_IFNAME": "lo", "OMP_NUM_THREADS": "1"}

    def train(processes, *more):
        command = [sys.executable, "-m", "torch.distributed.run", "--rdzv-backend=c10d", "--rdzv-endpoint=localhost:0"]
        command += [f"--nproc-per-node={processes}", "-m", "deft_affordance.train", "--config", str(settings)]
        command += ["--data", str(data), "--out", str(tmp_path / f"{processes}.safetensors"), "--device", "cpu", *more]
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=240, check=False)

    for processes in (1, 2):
        done = train(processes, "--precision", "bf16")
        assert done.returncode == 0, done.stderr
        assert done.stdout.count("samples/s on") == 1 and f"on {processes} x cpu" in done.stdout
    one, two = (torch.load(tmp_path / f"{k}.state.pt", weights_only=True)["history"] for k in (1, 2))
    assert len(one) == len(two) == 3 and two == pytest.approx(one, rel=0.25)  # batch norm sees half a batch
    assert load_prior(tmp_path / "2.safetensors").model is not None
    refused = train(3)
    assert refused.returncode != 0 and "cannot be shared evenly by 3 processes" in refused.stderr


def test_no_gpu_is_one_line(tmp_path):
    if torch.cuda.is_available():
        pytest.skip("there is one")
    with pytest.raises(SystemExit, match="torch sees no GPU"):
        main(["--data", str(tmp_path), "--out", str(tmp_path / "x.safetensors"), "--device", "cuda"])


def test_training_lowers_the_loss(config, samples):
    run = trainer(config.model_copy(update={"train": config.train.model_copy(update={"epochs": 12})}), samples)
    losses = [run.run_epoch() for _ in range(12)]
    assert losses[-1] < losses[0]


def test_nan_stops_training_and_says_where(config, samples):
    broken = Samples(samples.columns | {"wrist": np.full_like(samples["wrist"], np.nan)})
    with pytest.raises(TrainingDiverged, match="epoch 1, step 1: lower learning_rate, or look"):
        trainer(config, broken).run_epoch()


def at_rate(config, rate):
    return config.model_copy(update={"train": config.train.model_copy(update={"learning_rate": rate, "batch": 32})})


def test_spoilt_weights_are_not_written_over_the_last_good_state(config, samples, tmp_path, monkeypatch):
    """Where an epoch's last step spoils them, no loss tells. A lower rate goes on from what was learned before."""
    data, out = written(samples, tmp_path / "data"), tmp_path / "p.safetensors"
    first = trainer(at_rate(config, 2e-4), samples)
    monkeypatch.setattr(first.optimizer, "step", lambda: next(first.model.parameters()).data.fill_(torch.inf))
    with pytest.raises(TrainingDiverged, match=r"weights .* not finite at the end of epoch 1"):
        first.run_epoch()
    run_epoch, rates = Trainer.run_epoch, []

    def second_spoils(self):
        rates.append(self.config.train.learning_rate)
        if len(rates) == 2:
            next(self.model.parameters()).data.fill_(torch.nan)
        return run_epoch(self)

    monkeypatch.setattr(Trainer, "run_epoch", second_spoils)
    monkeypatch.setattr("deft_affordance.train.load_config", lambda rate: at_rate(config, float(rate)))
    command = ["--data", str(data), "--out", str(out), "--config"]
    with pytest.raises(SystemExit, match=r"epoch 2, step 1: lower learning_rate and go on with --resume after epoch 1"):
        main([*command, "2e-4"])
    with pytest.raises(
        SystemExit, match=r"p\.state\.pt holds a training that has done 1 of 3 epochs: go on .* --resume"
    ):
        main([*command, "1e-4"])  # forgetting it must not lose what was learned
    main([*command, "1e-4", "--resume"])
    main([*command, "1e-4", "--epochs", "1"])  # over one that is done
    assert rates == [2e-4, 2e-4, 1e-4, 1e-4, 1e-4] and load_prior(out).config.train.learning_rate == 1e-4


def test_what_cannot_be_trained_or_resumed_leaves_the_checkpoint(config, samples, tmp_path, monkeypatch):
    monkeypatch.setattr("deft_affordance.train.load_config", lambda _: config)
    data, other = written(samples, tmp_path / "data"), written(samples.take(np.arange(16)), tmp_path / "other")
    out, state, bad = tmp_path / "v1.1", tmp_path / "v1.1.state.pt", tmp_path / "bad.pt"
    main(["--data", str(data), "--out", str(out)])  # a name with a dot in it keeps it
    before = out.read_bytes()
    torch.save({"model": {}}, tmp_path / "else.pt")
    bad.write_bytes(state.read_bytes()[:-500])
    (tmp_path / "text.pt").write_text("some text\n")
    for arguments, says in (
        (["--epochs", "-1"], "--epochs -1: at least 1"),
        (["--threads", "-1"], "--threads -1: at least 1"),
        (["--seed", str(2**64)], f"--seed {2**64}: .*below"),
        (["--out", str(tmp_path)], "is a folder; name the checkpoint"),
        (["--visual-checkpoint", "r3m.pt"], "--visual-checkpoint: this configuration's visual is scratch"),
        (["--clip-checkpoint", "clip.pt"], "--clip-checkpoint: this configuration's text is words"),
        (["--resume", "--state", str(tmp_path / "nowhere.pt")], r"there is no .*nowhere\.pt; leave it out"),
        (["--resume", "--state", str(bad)], r"bad\.pt cannot be read as a training state"),
        (["--resume", "--state", str(tmp_path / "text.pt")], r"text\.pt cannot be read as a training state"),
        (["--resume", "--state", str(tmp_path / "else.pt")], "no training state of this version"),
        (["--resume", "--data", str(other)], "the saved state is of other data"),
    ):
        with pytest.raises(SystemExit, match=rf"^train: .*{says}"):
            main(["--data", str(data), "--out", str(out), *arguments])
    assert out.read_bytes() == before
    main(["--data", str(data), "--out", str(tmp_path / "again"), "--resume", "--state", str(state)])
    assert load_prior(tmp_path / "again").encoder_hash == load_prior(out).encoder_hash


def test_a_prior_knows_the_words_it_was_trained_on(config, samples, tmp_path, monkeypatch):
    monkeypatch.setattr("deft_affordance.train.load_config", lambda _: config)
    data = written(Samples(samples.columns | {"text": np.full(len(samples), "rinse the kettle")}), tmp_path / "data")
    main(["--data", str(data), "--out", str(tmp_path / "p.safetensors"), "--epochs", "1"])
    assert {"rinse", "kettle", "lemon"} <= set(load_prior(tmp_path / "p.safetensors").vocabulary)


def test_train_and_evaluate_commands(config, samples, tmp_path, monkeypatch, capsys):
    data = written(samples, tmp_path / "data")
    monkeypatch.setattr("deft_affordance.train.load_config", lambda _: config)
    out = tmp_path / "prior.safetensors"
    main(["--data", str(data), "--out", str(out)])
    assert "24 samples, 3 epochs" in capsys.readouterr().out
    prior = load_prior(out)
    train, _ = samples.split(0.25)
    np.testing.assert_allclose(prior.contact_in_wrist, train["contact_in_wrist"].mean(axis=0))
    assert make_encoder("small", out).hash == prior.encoder_hash
    fitted = fit_contact_map(train["mano_true"], train["contact_in_wrist"])
    assert prior.contact_map is not None
    np.testing.assert_allclose(prior.contact_map(train["mano"][0]), fitted(train["mano"][0]))
    report = evaluate(prior, samples)
    assert report["images"] == 8 and set(report["errors"]["prior"]) == set(METRICS)
    assert set(report["by_group"]) == {"cup/pick", "cup/pour"}
    assert report["by_group"]["cup/pick"]["images"] == 4
    assert set(report["by_group"]["cup/pick"]["p_better"]) == set(BASELINES)
    json.dumps(report)
    print_table(report)
    assert "cup/pour (4 images of 2 objects)" in capsys.readouterr().out
    assert evaluate(prior, samples, test=train)["images"] == evaluate(prior, samples, split="train")["images"] == 24
    evaluate_command(["--data", str(data), "--checkpoint", str(out), "--split", "held_out", "--json"])
    assert set(json.loads(capsys.readouterr().out)["errors"]["nearest neighbour"]) == set(METRICS)
    both = ["--test", str(data), str(written(samples.take(np.arange(9)), tmp_path / "more"))]
    evaluate_command(["--data", str(data), "--checkpoint", str(out), *both, "--json"])
    said = capsys.readouterr()
    assert said.err == f"evaluate: --test {data} is what was trained on: most of it is no test\n"
    measured = json.loads(said.out)
    things = [len(np.unique(part["object"])) for part in (samples, samples.take(np.arange(9)))]
    assert (measured["images"], measured["objects"]) == (len(samples) + 9, sum(things))
    with pytest.raises(SystemExit, match="more holds the same samples as another"):
        evaluate_command(["--data", str(data), "--checkpoint", str(out), *both, both[-1]])
