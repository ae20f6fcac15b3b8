"""Encoders by name, exercised with files of the published layouts (random weights)."""

import io
import json
import tarfile

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from deft_vision.checkpoints import weights_hash
from deft_vision.encoders import make_encoder
from deft_vision.errors import CheckpointLayoutError, MissingCheckpointError, UnknownEncoderError
from deft_vision.images import normalise, to_batch
from deft_vision.resnet import ResNet18


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return ResNet18(64)


@pytest.fixture
def image():
    return np.random.default_rng(0).integers(0, 256, (80, 60, 3)).astype(np.uint8)


def save_r3m(network, path):
    state = {f"module.convnet.{k}": v for k, v in network.state_dict().items()}
    state |= {"module.lang_enc.w": torch.zeros(3), "module.lang_rew.w": torch.zeros(3)}
    torch.save({"r3m": state, "global_step": 1}, path)


def test_r3m_and_torchvision_files_of_the_same_weights_embed_alike(network, image, tmp_path):
    save_r3m(network, tmp_path / "r3m.pt")
    torch.save(network.state_dict() | {"fc.weight": torch.zeros(1000, 512)}, tmp_path / "resnet18.pth")
    r3m, resnet = (make_encoder("r3m", tmp_path / "r3m.pt"), make_encoder("resnet18", tmp_path / "resnet18.pth"))
    assert r3m.dim == 512 and r3m.hash == resnet.hash
    np.testing.assert_array_equal(r3m.embed(image), resnet.embed(image))


def test_torchvisions_own_file_counts_no_batches(network, image, tmp_path):
    """It holds 102 tensors, written before torch had a normalisation count its batches."""
    state = {k: v for k, v in network.state_dict().items() if not k.endswith("num_batches_tracked")}
    state |= {"fc.weight": torch.zeros(1000, 512), "fc.bias": torch.zeros(1000)}
    assert len(state) == 102
    torch.save(state, tmp_path / "resnet18-f37072fd.pth")
    encoder = make_encoder("resnet18", tmp_path / "resnet18-f37072fd.pth")
    assert encoder.hash == weights_hash(network.state_dict())
    with torch.inference_mode():
        expected = network.eval()(normalise(to_batch([image], 224))).numpy()
    np.testing.assert_array_equal(encoder.embed(image), expected[0])


def test_small_encoder_comes_out_of_a_prior(image, tmp_path):
    small = ResNet18(8)
    state = {f"visual.{k}": v for k, v in small.state_dict().items()} | {"head.weight": torch.zeros(2)}
    config = {"config": json.dumps({"visual_width": 8, "image_size": 64})}
    save_file(state, str(tmp_path / "prior.safetensors"), config)
    encoder = make_encoder("small", tmp_path / "prior.safetensors")
    assert encoder.embed(image).shape == (64,) and encoder.image_size == 64


def test_hash_tells_weights_apart(network, tmp_path):
    save_r3m(network, tmp_path / "a.pt")
    other = ResNet18(64)
    save_r3m(other, tmp_path / "b.pt")
    assert make_encoder("r3m", tmp_path / "a.pt").hash != make_encoder("r3m", tmp_path / "b.pt").hash


def test_missing_file_says_where_it_comes_from(tmp_path):
    with pytest.raises(MissingCheckpointError, match=r"facebookresearch/r3m"):
        make_encoder("r3m", tmp_path / "none.pt")
    with pytest.raises(MissingCheckpointError, match=r"resnet18-f37072fd"):
        make_encoder("resnet18")


def test_unknown_name_lists_the_names():
    with pytest.raises(UnknownEncoderError, match=r"r3m, resnet18, small$"):
        make_encoder("vit")
    with pytest.raises(UnknownEncoderError, match="r3m, resnet18, small; CLIP serves"):
        make_encoder("clip")


@pytest.mark.parametrize("content", [b"", b"not a checkpoint", b"\x80\x04garbage"])
def test_garbage_is_a_layout_error(content, tmp_path):
    path = tmp_path / "bad.pt"
    path.write_bytes(content)
    for name in ("r3m", "resnet18", "small"):
        with pytest.raises(CheckpointLayoutError, match=r"bad\.pt"):
            make_encoder(name, path)


def test_a_file_of_torchs_oldest_form_is_told_where_todays_comes_from(network, tmp_path):
    """As torchvision's first resnet18-5c106cde.pth is: a tar, which torch reads only with any code in it."""
    with tarfile.open(tmp_path / "resnet18-5c106cde.pth", "w", format=tarfile.PAX_FORMAT) as tar:
        for name in ("sys_info", "pickle", "tensors", "storages"):
            tar.addfile(tarfile.TarInfo(name), io.BytesIO())
    with pytest.raises(CheckpointLayoutError, match=r"legacy \.tar format.*resnet18-f37072fd\.pth") as why:
        make_encoder("resnet18", tmp_path / "resnet18-5c106cde.pth")
    assert "weights_only` set to `False`" not in str(why.value)


def test_wrong_shape_names_the_tensor(network, tmp_path):
    state = {f"module.convnet.{k}": v for k, v in network.state_dict().items()}
    state["module.convnet.conv1.weight"] = torch.zeros(64, 3, 3, 3)
    torch.save({"r3m": state}, tmp_path / "r3m.pt")
    with pytest.raises(CheckpointLayoutError, match=r"conv1\.weight.*\(64, 3, 3, 3\)"):
        make_encoder("r3m", tmp_path / "r3m.pt")


def test_what_is_no_tensor_or_has_no_name_is_refused(network, tmp_path):
    state = {f"module.convnet.{k}": v for k, v in network.state_dict().items()}
    torch.save({"r3m": state | {"module.convnet.conv1.weight": 5}}, tmp_path / "r3m.pt")
    with pytest.raises(CheckpointLayoutError, match=r"'conv1\.weight' is no tensor but int"):
        make_encoder("r3m", tmp_path / "r3m.pt")
    torch.save(network.state_dict() | {3: torch.zeros(2)}, tmp_path / "resnet18.pth")
    with pytest.raises(CheckpointLayoutError, match="unexpected tensor '3'"):
        make_encoder("resnet18", tmp_path / "resnet18.pth")


def test_a_pickle_that_runs_code_is_refused(tmp_path):
    class Bomb:
        def __reduce__(self):
            return (print, ("ran",))

    torch.save({"r3m": Bomb()}, tmp_path / "bomb.pt")
    with pytest.raises(CheckpointLayoutError):
        make_encoder("r3m", tmp_path / "bomb.pt")
