"""The network, its losses, and the file it is kept in."""

import sys
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from deft_affordance_small_prior import WORDS
from safetensors.torch import save_file

from deft_affordance.checkpoint import TextInput, load_prior, save_prior
from deft_affordance.config import load_config
from deft_affordance.model import HEATMAP_SIGMA, AffordanceModel, heatmap_loss, loss, spatial_softmax
from deft_affordance.placing import fit_contact_map
from deft_vision.checkpoints import read_safetensors
from deft_vision.errors import CheckpointLayoutError, MissingCheckpointError


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


def test_heatmap_loss_is_least_for_a_gaussian_about_the_label():
    contacts = torch.tensor([[[0.4, 0.6]]])
    axis = (torch.arange(24) + 0.5) / 24
    square = (axis[None, :] - 0.4) ** 2 + (axis[:, None] - 0.6) ** 2
    right = torch.softmax(-square.flatten() / (2 * HEATMAP_SIGMA**2), 0).reshape(1, 1, 24, 24)
    flat = torch.full((1, 1, 24, 24), 1 / 576)
    assert abs(float(heatmap_loss(right, contacts))) < 1e-4 < float(heatmap_loss(flat, contacts))


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
