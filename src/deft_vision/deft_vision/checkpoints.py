"""Read published checkpoints, check that they are what they claim, and fingerprint weights.

Nothing here downloads anything. A missing file raises an error that says where it comes from.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from deft_vision.errors import CheckpointLayoutError, MissingCheckpointError

# Where a person gets each published file, and what it is called there.
SOURCES = {
    "r3m": "the R3M project (https://github.com/facebookresearch/r3m, its `load_r3m('resnet18')`), file model.pt",
    "resnet18": "torchvision's ResNet18_Weights.IMAGENET1K_V1, "
    "https://download.pytorch.org/models/resnet18-f37072fd.pth",
    "clip": "open_clip's ViT-B-32 'openai' weights, file open_clip_model.safetensors of "
    "https://huggingface.co/timm/vit_base_patch32_clip_224.openai (OpenAI's own ViT-B-32.pt is a program, and not run)"
    "; of another training, as laion2b, with its open_clip_config.json beside it",
    "sam": "Segment Anything's, https://github.com/facebookresearch/segment-anything (sam_vit_b_01ec64.pth and others)",
    "small": "the shipped prior's checkpoint (deft_affordance/checkpoints/twin.safetensors), made by "
    "`ros2 run deft_affordance train --config twin`",
}


def require_file(name: str, path: Path | str | None) -> Path:
    """Return the checkpoint's path, or raise MissingCheckpointError naming its source."""
    if path is None:
        raise MissingCheckpointError(f"encoder '{name}' needs a checkpoint path. It comes from {SOURCES[name]}")
    path = Path(path)
    if not path.is_file():
        raise MissingCheckpointError(
            f"encoder '{name}': no checkpoint at {path}. It comes from {SOURCES[name]}; "
            "put the file there or give its path"
        )
    return path


def read_torch(name: str, path: Path) -> object:
    """Read a torch checkpoint without running any code it may hold (weights_only)."""
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises a dozen kinds; all mean the same to the reader
        raise CheckpointLayoutError(
            f"encoder '{name}': {path} is not a readable torch checkpoint of plain tensors ({first_sentence(error)}). "
            f"It comes from {SOURCES[name]}"
        ) from error


def first_sentence(error: Exception) -> str:
    """What torch says is wrong, without its advice: to read the file with code in it allowed, among other things."""
    return str(error).split("\n")[0].split(". ")[0].rstrip(".")


def read_safetensors(path: Path | str) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Read every tensor and the metadata of a safetensors file.

    Raises:
        CheckpointLayoutError: the file is truncated or not safetensors.
    """
    try:
        with safe_open(str(path), framework="pt") as file:
            return {key: file.get_tensor(key) for key in file.keys()}, dict(file.metadata() or {})  # noqa: SIM118
    except (SafetensorError, OSError, ValueError) as error:
        raise CheckpointLayoutError(f"{path} is not a readable safetensors file ({error})") from error


def strip_prefix(state: Mapping[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """Keep the entries under a prefix, without it."""
    return {key[len(prefix) :]: value for key, value in state.items() if key.startswith(prefix)}


def r3m_state(path: Path) -> dict[str, Tensor]:
    """The convolutional network of an R3M checkpoint, in torchvision's names.

    R3M saves `{'r3m': state}` of a DataParallel model: keys `module.convnet.*`, beside the language encoder and
    reward head (`module.lang_enc.*`, `module.lang_rew.*`), which are dropped.
    """
    content = read_torch("r3m", path)
    if not isinstance(content, dict) or not isinstance(content.get("r3m"), Mapping):
        raise CheckpointLayoutError(f"{path} has no entry 'r3m'; expected a checkpoint from {SOURCES['r3m']}")
    state = strip_prefix({str(key): value for key, value in content["r3m"].items()}, "module.convnet.")
    if not state:
        raise CheckpointLayoutError(f"{path}: no keys 'module.convnet.*' under 'r3m'; is this another encoder?")
    return state


def torchvision_state(path: Path) -> dict[str, Tensor]:
    """The state of torchvision's resnet18."""
    content = read_torch("resnet18", path)
    if not isinstance(content, Mapping) or "conv1.weight" not in content:
        raise CheckpointLayoutError(f"{path} has no 'conv1.weight'; expected {SOURCES['resnet18']}")
    return {str(key): value for key, value in content.items()}


def load_into(module: nn.Module, state: Mapping[str, Tensor], where: str) -> None:
    """Load a state into a module, ignoring a classifier (`fc.*`) but nothing else.

    What counts the batches that a normalisation has seen may be missing: torchvision's file was written before torch
    counted them, and nothing here goes by the count.

    Raises:
        CheckpointLayoutError: names the first missing, unexpected or wrongly shaped tensor, or what is none.
    """
    own = module.state_dict()
    counts = {k: torch.zeros_like(v) for k, v in own.items() if k.endswith("num_batches_tracked")}
    state = counts | {k: v for k, v in state.items() if not k.startswith("fc.")}
    for key, value in own.items():
        if key not in state:
            raise CheckpointLayoutError(f"{where}: tensor '{key}' is missing")
        if not isinstance(state[key], Tensor):
            raise CheckpointLayoutError(f"{where}: '{key}' is no tensor but {type(state[key]).__name__}")
        if state[key].shape != value.shape:
            raise CheckpointLayoutError(
                f"{where}: tensor '{key}' has shape {tuple(state[key].shape)}, expected {tuple(value.shape)}"
            )
    for key in state:
        if key not in own:
            raise CheckpointLayoutError(f"{where}: unexpected tensor '{key}'")
    module.load_state_dict(state)


def weights_hash(state: Mapping[str, Tensor]) -> str:
    """SHA-256 (hex) over names, dtypes, shapes and bytes of a state, in the order of the names."""
    digest = hashlib.sha256()
    for key in sorted(state):
        tensor = state[key].detach().cpu().contiguous()
        digest.update(f"{key}|{tensor.dtype}|{tuple(tensor.shape)}|".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()
