"""Segment Anything and CLIP in the predictor, where their packages are installed: random weights of the real layout."""

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from deft_affordance.predictor import AffordancePredictor
from deft_core.task import load_task
from deft_core.workcell import load_workcell
from deft_sim.task_scene import TARGET
from deft_sim.workcell import TwinWorkcell
from deft_vision.clip_match import ClipMatcher
from deft_vision.errors import CheckpointLayoutError, MissingCheckpointError, MissingExtraError
from deft_vision.sam import Sam
from deft_vision.text import ClipTextEncoder


def needs(*modules: str) -> None:
    """Skip where a package is missing, or torchvision is of another build than torch."""
    for module in modules:
        try:
            __import__(module)
        except (ImportError, RuntimeError) as error:
            pytest.skip(f"{module} is not usable here: {error}")


@pytest.fixture(scope="module")
def sam_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    needs("torchvision", "segment_anything")
    from segment_anything import sam_model_registry

    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("sam") / "sam_vit_b_random.pth"
    torch.save(sam_model_registry["vit_b"]().state_dict(), path)
    return path


@pytest.fixture(scope="module")
def clip_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    needs("torchvision", "open_clip")
    import open_clip

    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("clip") / "clip_random.pt"
    torch.save(open_clip.create_model("ViT-B-32-quickgelu").state_dict(), path)
    return path


@pytest.mark.slow
def test_the_predictor_takes_both_and_still_finds_the_cup(sam_weights: Path, clip_weights: Path) -> None:
    """Random weights outline nothing that depth would agree with, and a thing alone needs no choice: depth's serves."""
    twin = TwinWorkcell(load_task("pick_cup"), load_workcell("twin"), 1, "raycast")
    twin.reset("train", 11)
    predictor = AffordancePredictor(clip_checkpoint=clip_weights, sam_checkpoint=sam_weights)
    contact = predictor.predict(twin.look(), "pick up the cup").contacts_base.mean(axis=0)
    assert np.linalg.norm(contact[:2] - twin.world.pose(TARGET)[:2, 3]) < 0.07
    twin.close()


@pytest.mark.slow
def test_clip_gives_each_picture_its_share(clip_weights: Path) -> None:
    rng = np.random.default_rng(0)
    images = [rng.integers(0, 256, (60, 80, 3), dtype=np.uint8) for _ in range(3)]
    shares = ClipMatcher(clip_weights).match(images, "pick up the cup")
    assert shares.shape == (3,) and shares.sum() == pytest.approx(1.0) and (shares > 0).all()


@pytest.mark.slow
def test_a_file_of_another_model_is_refused(sam_weights: Path, tmp_path: Path) -> None:
    torch.save({"weight": torch.zeros(2)}, tmp_path / "sam_vit_b_other.pth")
    with pytest.raises(CheckpointLayoutError, match="of size vit_b"):
        Sam(tmp_path / "sam_vit_b_other.pth")
    with pytest.raises(CheckpointLayoutError, match="must hold vit_h, vit_l, vit_b"):
        Sam(sam_weights.rename(tmp_path / "sam.pth"))


@pytest.mark.parametrize("network", [Sam, ClipMatcher])
def test_a_file_that_cannot_be_unpickled_is_refused(network: type, tmp_path: Path, monkeypatch: Any) -> None:
    """Whatever the package makes of it, which stands in here for where it is not installed."""

    def load(*_: object, **more: str) -> None:
        torch.load(next(iter(more.values())))

    package = {"create_model": load, "SamPredictor": None, "sam_model_registry": {"vit_b": load}}
    for name in ("open_clip", "segment_anything"):
        monkeypatch.setitem(sys.modules, name, SimpleNamespace(**package))
    path = tmp_path / "sam_vit_b.pth"
    path.write_bytes(b"\x80\x04garbage")
    with pytest.raises(CheckpointLayoutError, match=r"sam_vit_b\.pth"):
        network(path)


def test_openais_own_clip_file_is_told_where_open_clips_comes_from(tmp_path: Path, monkeypatch: Any) -> None:
    """It is TorchScript, which torch reads only as a program."""

    def load(_: str, pretrained: str) -> None:
        assert Path(pretrained).is_absolute()  # "openai" alone would be fetched
        torch.load(pretrained, weights_only=True)

    monkeypatch.setitem(sys.modules, "open_clip", SimpleNamespace(create_model=load))
    torch.jit.script(torch.nn.Linear(1, 1)).save(tmp_path / "openai")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(
        CheckpointLayoutError, match=r"TorchScript.*open_clip_model\.safetensors of https://huggingface"
    ):
        ClipMatcher("openai")


class _TwoTowers(torch.nn.Module):
    """As much of CLIP as tells whether its weights are OpenAI's."""

    def __init__(self, halves: bool) -> None:
        super().__init__()
        self.mlp = torch.nn.ModuleDict({"c_fc": torch.nn.Linear(4, 4)})
        if halves:
            self.mlp["c_fc"].half().float()


@pytest.fixture
def built(monkeypatch: Any, tmp_path: Path) -> Any:
    """Loads a file with an open_clip that only notes which model it is asked for."""

    def load(config: str | None, halves: bool = False) -> list[str]:
        names: list[str] = []

        def create(name: str, pretrained: str) -> _TwoTowers:
            names.append(name)
            return _TwoTowers(halves)

        package = SimpleNamespace(create_model=create, get_tokenizer=lambda _: None)
        monkeypatch.setitem(sys.modules, "open_clip", package)
        (tmp_path / "open_clip_model.safetensors").touch()
        if config is not None:
            (tmp_path / "open_clip_config.json").write_text(config)
        ClipTextEncoder(tmp_path / "open_clip_model.safetensors")
        return names

    return load


@pytest.mark.parametrize(
    ("config", "name"),
    [('{"model_cfg": {"embed_dim": 512, "quick_gelu": true}}', "ViT-B-32-quickgelu"),
     ('{"model_cfg": {"embed_dim": 512}}', "ViT-B-32")],
)  # fmt: skip
def test_clip_s_activation_is_that_of_the_description_beside_its_weights(
    built: Any, config: str, name: str, recwarn: Any
) -> None:
    """OpenAI's and LAION's descriptions, as published."""
    assert built(config) == [name] and not recwarn


def test_without_a_description_clip_is_taken_for_openais_and_weights_that_are_not_are_told(
    built: Any, recwarn: Any
) -> None:
    assert built(None, halves=True) == ["ViT-B-32-quickgelu"] and not recwarn
    with pytest.warns(UserWarning, match=r"taken for OpenAI's.* put that one's open_clip_config\.json beside it"):
        assert built(None) == ["ViT-B-32-quickgelu"]


@pytest.mark.parametrize("config", ["{", "[]", '{"model_cfg": 5}', "{}"])
def test_a_description_of_no_model_is_refused(built: Any, config: str) -> None:
    with pytest.raises(CheckpointLayoutError, match=r"open_clip_config\.json does not describe a model"):
        built(config)


@pytest.mark.slow
def test_weights_trained_with_gelu_give_the_features_that_they_were_trained_to(
    clip_weights: Path, tmp_path: Path
) -> None:
    import open_clip

    path = tmp_path / "open_clip_model.pt"
    path.symlink_to(clip_weights)  # as a hub's cache has it
    texts = ["pick up the cup"]
    (tmp_path / "open_clip_config.json").write_text('{"model_cfg": {"embed_dim": 512}}')
    encoder = ClipTextEncoder(path)
    own = open_clip.create_model("ViT-B-32", pretrained=str(clip_weights)).eval()
    with torch.no_grad():
        wanted = own.encode_text(encoder.tokenize(texts))
    assert torch.allclose(encoder(encoder.tokenize(texts)), wanted, atol=1e-5)
    (tmp_path / "open_clip_config.json").unlink()
    with pytest.warns(UserWarning, match="taken for OpenAI's"):
        quick = ClipTextEncoder(path)
    assert not torch.allclose(quick(quick.tokenize(texts)), wanted, atol=1e-3)


@pytest.mark.parametrize("network", [Sam, ClipMatcher])
def test_without_weights_it_says_where_they_come_from(network: type, tmp_path: Path) -> None:
    with pytest.raises((MissingCheckpointError, MissingExtraError), match=r"github\.com|huggingface\.co|pip install"):
        network(tmp_path / "sam_vit_b.pth")
