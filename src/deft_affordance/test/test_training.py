import json
import os
import shutil
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import yaml
from safetensors.torch import save_file
from scipy.spatial.transform import Rotation

from deft_affordance.augment import augment
from deft_affordance.baselines import BASELINES, guess
from deft_affordance.batches import Batches
from deft_affordance.checkpoint import TextInput, load_prior, save_prior
from deft_affordance.comparison import holm, p_better, per_object
from deft_affordance.compute import Compute
from deft_affordance.config import load_config
from deft_affordance.data.shards import FIELDS, Samples, write_manifest, write_shard
from deft_affordance.evaluate import METRICS, evaluate, print_table
from deft_affordance.evaluate import main as evaluate_command
from deft_affordance.model import HEATMAP_SIGMA, AffordanceModel, heatmap_loss, loss, spatial_softmax
from deft_affordance.placing import fit_contact_map
from deft_affordance.rotations import continuous
from deft_affordance.train import main, make_model
from deft_affordance.trainer import Trainer, TrainingDiverged
from deft_core.errors import DeftError
from deft_vision.checkpoints import read_safetensors
from deft_vision.encoders import make_encoder
from deft_vision.errors import CheckpointLayoutError, MissingCheckpointError

WORDS = ["cup", "pick", "pour", "the", "up"]


@pytest.fixture
def config():
    twin = load_config("twin")
    # Not narrower: with four channels, on one thread of a CPU without AVX-512, what torch.compile (2.13) makes of the
    # backward pass writes beyond its memory.
    model = twin.model.model_copy(
        update={"image_size": 32, "visual_width": 16, "deconv_channels": (8, 8, 8), "token_dim": 16, "layers": 1,
                "feedforward": 16, "head_hidden": 16, "dropout": 0.0}
    )  # fmt: skip
    train = twin.train.model_copy(update={"epochs": 3, "batch": 8, "held_out": 0.25})
    return twin.model_copy(update={"model": model, "train": train})


@pytest.fixture
def samples():
    rng = np.random.default_rng(0)
    n = 32
    wrist, mano = rng.normal(size=(n, 3)) * 0.1 + [2, 1, -0.5], rng.normal(size=(n, 45)) * 0.1
    contacts = rng.random((n, 5, 2))
    columns = {
        "crop": rng.integers(0, 256, (n, 32, 32, 3)).astype(np.uint8),
        "text": np.array(["pick up the cup", "pour the cup"] * (n // 2)),
        "verb": np.array(["pick", "pour"] * (n // 2)),
        "kind": np.array(["cup"] * n),
        "contacts": contacts, "wrist": wrist, "mano": mano,
        "contacts_true": contacts, "wrist_true": wrist, "mano_true": mano,
        "contact_in_wrist": rng.normal(size=(n, 3)),
        "side_px": np.full(n, 100),
        "object": np.repeat(np.arange(8), 4),
    }  # fmt: skip
    assert set(columns) == set(FIELDS)
    return Samples(columns)


def trainer(config, samples, seed=0):
    torch.manual_seed(seed)
    model = make_model(config, WORDS, samples, None)
    return Trainer(model, Batches.of(samples, TextInput(config, WORDS), config.train), config, seed)


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


def test_clip_encodes_what_is_said_once_and_in_parts(config, monkeypatch, tmp_path):
    sizes = []

    class Clip:
        eval = requires_grad_ = lambda self, *_: self

        def encode_text(self, ids):
            sizes.append(len(ids))
            return ids * 2

    package = SimpleNamespace(
        create_model=lambda *_, **__: Clip(),
        get_tokenizer=lambda _: lambda texts: torch.tensor([[int(t)] for t in texts]),
    )
    monkeypatch.setitem(sys.modules, "open_clip", package)
    (tmp_path / "clip.pt").write_bytes(b"")
    (tmp_path / "open_clip_config.json").write_text('{"model_cfg": {"quick_gelu": true}}')
    model = config.model.model_copy(update={"text": "clip"})
    said = [(7 * k) % 600 for k in range(1200)]
    features = TextInput(config.model_copy(update={"model": model}), [], tmp_path / "clip.pt")([str(k) for k in said])
    assert features[:, 0].tolist() == [2.0 * k for k in said]
    assert sum(sizes) == 600 and max(sizes) <= 256


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


def test_checkpoint_round_trips_and_names_what_is_wrong(config, tmp_path):
    model = AffordanceModel(config.model, len(WORDS) + 2).eval()
    path = tmp_path / "prior.safetensors"
    rng = np.random.default_rng(0)
    contact_map = fit_contact_map(rng.normal(size=(60, 45)), rng.normal(size=(60, 3)))
    save_prior(path, model, config, WORDS, np.array([-0.1, -0.05, 0.02]), "d" * 64, contact_map)
    prior = load_prior(path)
    assert prior.vocabulary == WORDS and prior.data_hash == "d" * 64
    image, text = torch.zeros(1, 3, 32, 32), TextInput(config, WORDS)(["pour the cup"])
    with torch.inference_mode():
        assert torch.allclose(prior.model(image, text).wrist, model(image, text).wrist, atol=1e-2)
    state, metadata = read_safetensors(path)
    nan = {"head.3.bias": torch.full_like(state["head.3.bias"], torch.nan)}
    for tensors, changed, says in (
        (state | nan, {}, r"tensor 'head\.3\.bias' is not finite"),
        (state, {"vocabulary": "5"}, "damaged metadata"),
        (state, {"contact_in_wrist": "{}"}, "damaged metadata"),
    ):
        save_file(tensors, str(tmp_path / "other.safetensors"), metadata | changed)
        with pytest.raises(CheckpointLayoutError, match=rf"other\.safetensors: {says}"):
            load_prior(tmp_path / "other.safetensors")
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(CheckpointLayoutError, match=r"prior\.safetensors"):
        load_prior(path)
    with pytest.raises(MissingCheckpointError, match="deft_affordance train"):
        load_prior(tmp_path / "none.safetensors")


def test_spatial_softmax_points_at_a_peak():
    logits = torch.full((1, 1, 6, 8), -20.0)
    logits[0, 0, 4, 1] = 20.0
    places, heat = spatial_softmax(logits)
    assert torch.allclose(places[0, 0], torch.tensor([1.5 / 8, 4.5 / 6]), atol=1e-4)
    assert torch.allclose(heat.sum(), torch.tensor(1.0))


def test_loss_weights_the_three_norms(config):
    model = AffordanceModel(config.model, 7).eval()
    out = model(torch.zeros(2, 3, 32, 32), torch.zeros(2, 16, dtype=torch.long))
    terms = loss(out, out.contacts.detach(), out.wrist.detach() + 1.0, out.mano.detach(), (1.0, 0.1, 0.1))
    assert float(terms.contact) == 0.0
    assert float(terms.total) == pytest.approx(0.1 * np.sqrt(3.0), rel=1e-5)


def test_augmentation_moves_contacts_with_the_image(config):
    settings = config.train.model_copy(
        update={"augment_shift": 0.1, "augment_scale": 0.2, "augment_color": 0.0, "augment_shadow": 0.0}
    )
    images = torch.zeros(16, 3, 64, 64)
    images[:, :, 38:42, 22:26] = 255.0
    contacts = torch.tensor([24.0 / 64, 40.0 / 64]).expand(16, 1, 2)
    out, moved = augment(images, contacts, settings, torch.Generator().manual_seed(0))
    axis = (torch.arange(64) + 0.5) / 64
    weight = out[:, 0] / out[:, 0].sum(dim=(1, 2), keepdim=True)
    seen = torch.stack([(weight.sum(1) * axis).sum(1), (weight.sum(2) * axis).sum(1)], dim=1)
    assert torch.allclose(seen, moved[:, 0], atol=0.01)


def test_paper_configuration_has_the_papers_shape():
    paper = load_config("paper")
    assert (paper.model.deconv_channels, paper.model.layers, paper.model.heads) == ((512, 256, 64), 6, 8)
    assert (paper.model.visual, paper.model.text, paper.model.head_hidden) == ("r3m", "clip", 576)
    train = paper.train
    assert (train.epochs, train.batch, train.learning_rate) == (70, 224, 2e-4)
    assert (train.lambda_contact, train.lambda_wrist, train.lambda_pose) == (1.0, 0.1, 0.1)
    ours = (train.lambda_heatmap, train.weight_decay, train.balance, train.augment_shift, train.augment_scale)
    assert not any((*ours, train.augment_color, train.augment_shadow, train.continuous_wrist, train.centred_outputs))
    parameters = sum(p.numel() for p in AffordanceModel(paper.model).parameters())
    assert 33e6 < parameters < 39e6


def test_heatmap_loss_is_least_for_a_gaussian_about_the_label():
    contacts = torch.tensor([[[0.4, 0.6]]])
    axis = (torch.arange(24) + 0.5) / 24
    square = (axis[None, :] - 0.4) ** 2 + (axis[:, None] - 0.6) ** 2
    right = torch.softmax(-square.flatten() / (2 * HEATMAP_SIGMA**2), 0).reshape(1, 1, 24, 24)
    flat = torch.full((1, 1, 24, 24), 1 / 576)
    assert abs(float(heatmap_loss(right, contacts))) < 1e-4 < float(heatmap_loss(flat, contacts))


def test_wrist_labels_do_not_jump_at_half_a_turn(samples):
    turns = Rotation.from_rotvec([np.pi, 0.1, 0.2]) * Rotation.from_rotvec(
        np.linspace(-1, 1, 41)[:, None] * [0.6, 0.2, 0]
    )
    vectors = continuous(turns.as_rotvec())
    assert np.linalg.norm(np.diff(vectors, axis=0), axis=1).max() < 0.1
    assert np.linalg.norm(np.diff(turns.as_rotvec(), axis=0), axis=1).max() > 1.0
    assert (Rotation.from_rotvec(vectors).inv() * turns).magnitude().max() < 1e-9
    split = Samples(samples.columns | {"wrist": turns.as_rotvec()[:32], "wrist_true": turns.as_rotvec()[:32]})
    mean = Rotation.from_rotvec(guess("mean pose", split, split).wrist[0])
    assert (mean.inv() * turns[16]).magnitude() < 0.15


@pytest.mark.parametrize("ours", [True, False])
def test_wrist_labels_and_where_outputs_start_are_options(config, samples, ours):
    jumping = Samples(samples.columns | {"wrist": np.tile([-3.0, 0.1, 0.2], (len(samples), 1))})
    settings = config.train.model_copy(update={"continuous_wrist": ours, "centred_outputs": ours})
    run = trainer(config.model_copy(update={"train": settings}), jumping)
    expected = continuous(jumping["wrist"]) if ours else jumping["wrist"]
    np.testing.assert_allclose(run.data.wrist.numpy(), expected, rtol=1e-6)
    start = run.model.mean_output.numpy()
    np.testing.assert_allclose(start[:3], expected[0] if ours else np.zeros(3), rtol=1e-6)
    assert bool(np.any(start[3:])) is ours


def test_balance_draws_small_groups_more_often(config, samples):
    uneven = samples.take(np.r_[np.arange(0, 32, 2), 1, 3])  # 16 pick, 2 pour
    batches = Batches.of(uneven, TextInput(config, WORDS), config.train)
    rng = torch.Generator().manual_seed(0)

    def pours(balance):
        return np.mean([float((batches.order(balance, rng) >= 16).float().mean()) for _ in range(200)])

    assert sorted(batches.order(0.0, rng).tolist()) == list(range(18))
    assert pours(0.0) == pytest.approx(2 / 18) and pours(1.0) == pytest.approx(0.5, abs=0.03)
    assert pours(0.0) < pours(0.5) < pours(1.0)


def test_the_mean_of_kind_and_verb_keeps_groups_apart(samples):
    g = guess("mean of kind and verb", samples, samples)
    for verb in ("pick", "pour"):
        rows = np.flatnonzero(samples["verb"] == verb)
        np.testing.assert_allclose(g.contacts[rows[0]], samples["contacts"][rows].mean(axis=0))


def test_comparisons():
    np.testing.assert_allclose(holm([0.01, 0.04, 0.03]), [0.03, 0.06, 0.06])
    np.testing.assert_allclose(per_object(np.array([1.0, 3.0, 5.0]), np.array([7, 7, 9])), [2.0, 5.0])
    better, worse = np.arange(12.0), np.arange(12.0) + np.linspace(0.5, 1.5, 12)
    assert p_better(better, worse) < 0.001 < 0.99 < p_better(worse, better)
    assert p_better(better, better) == 1.0
