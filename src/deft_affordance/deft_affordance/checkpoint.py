"""A trained prior as one safetensors file: weights, configuration, vocabulary, and where hands expect the contact."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from safetensors.torch import save_file

from deft_affordance.config import PriorConfig
from deft_affordance.model import AffordanceModel
from deft_affordance.naming import Naming
from deft_affordance.placing import ContactMap
from deft_core.config import Settings, validate
from deft_core.errors import ConfigError
from deft_core.geometry import Array
from deft_vision.checkpoints import load_into, read_safetensors, weights_hash
from deft_vision.errors import CheckpointLayoutError, MissingCheckpointError
from deft_vision.text import ClipTextEncoder, WordTokenizer

SHIPPED = Path(__file__).parent / "checkpoints" / "twin.safetensors"
FORMAT = "deft-prior-1"
_CLIP_BATCH = 256
S = TypeVar("S", bound=Settings)


@dataclass(eq=False)
class Prior:
    """A model ready to predict.

    Attributes:
        model: in eval mode.
        config: its configuration.
        vocabulary: words its text encoder knows (empty for CLIP).
        contact_in_wrist: (3,) metres: mean place, in the human's wrist frame, of the deprojected contact.
        data_hash: SHA-256 of the training data's manifest.
        encoder_hash: SHA-256 of the visual encoder's weights.
        contact_map: where it is for a hand of a given pose; None in a checkpoint that has none.
        naming: tells which of several things an instruction means; None in a checkpoint that has none.
    """

    model: AffordanceModel
    config: PriorConfig
    vocabulary: list[str]
    contact_in_wrist: Array
    data_hash: str
    encoder_hash: str
    contact_map: ContactMap | None = None
    naming: Naming | None = None


def save_prior(
    path: Path,
    model: AffordanceModel,
    config: PriorConfig,
    vocabulary: list[str],
    contact_in_wrist: Array,
    data_hash: str,
    contact_map: ContactMap,
) -> None:
    """Write a checkpoint; floating-point weights as 16-bit numbers where the configuration says so."""
    state = {}
    for name, value in model.state_dict().items():
        halve = config.train.half_precision_file and value.is_floating_point() and "running_" not in name
        state[name] = (value.half() if halve else value).detach().cpu().contiguous()
    metadata = {
        "format": FORMAT,
        "prior": config.model_dump_json(),
        # What deft_vision needs to use the visual encoder alone.
        "config": json.dumps({"visual_width": config.model.visual_width, "image_size": config.model.image_size}),
        "vocabulary": json.dumps(vocabulary),
        "contact_in_wrist": json.dumps([float(v) for v in contact_in_wrist]),
        "contact_map": contact_map.model_dump_json(),
        "data_hash": data_hash,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    _write(path, state, metadata)


def add_naming(path: Path, naming: Naming, out: Path) -> None:
    """Write a checkpoint that is the one at `path`, with another read-out of what things are called."""
    state, metadata = read_safetensors(path)
    _write(out, state, metadata | {"naming": naming.model_dump_json()})


def _write(path: Path, state: dict[str, torch.Tensor], metadata: dict[str, str]) -> None:
    part = path.with_name(f"{path.name}.part")
    save_file(state, str(part), metadata)
    part.replace(path)


def _existing(path: Path | str | None) -> Path:
    path = Path(path or SHIPPED).expanduser()
    if not path.is_file():
        raise MissingCheckpointError(
            f"no prior at {path}. Make one with: ros2 run deft_affordance generate --out DATA && "
            f"ros2 run deft_affordance train --config twin --data DATA --out {path}"
        )
    return path


def checkpoint_hash(path: Path | str | None = None) -> str:
    """SHA-256 of a checkpoint's file (by default of the one that ships); raises MissingCheckpointError."""
    return hashlib.sha256(_existing(path).read_bytes()).hexdigest()


def load_prior(path: Path | str | None = None) -> Prior:
    """Load a checkpoint (by default the one that ships).

    Raises:
        MissingCheckpointError: no such file; says which command makes one.
        CheckpointLayoutError: truncated, of another model, with wrong shapes, or with weights that are not finite.
    """
    path = _existing(path)
    state, metadata = read_safetensors(path)
    if metadata.get("format") != FORMAT:
        raise CheckpointLayoutError(f"{path} is not a prior of this version (format {metadata.get('format')!r})")
    try:
        config = validate(json.loads(metadata["prior"]), PriorConfig, str(path))
        vocabulary = [str(word) for word in json.loads(metadata["vocabulary"])]
        contact = np.array(json.loads(metadata["contact_in_wrist"]), dtype=float)
        data_hash = metadata["data_hash"]
        contact_map = _optional(metadata, "contact_map", ContactMap, path)
        naming = _optional(metadata, "naming", Naming, path)
    except (KeyError, TypeError, ValueError, ConfigError) as error:
        raise CheckpointLayoutError(f"{path}: damaged metadata ({error})") from error
    if contact.shape != (3,) or not np.isfinite(contact).all():
        raise CheckpointLayoutError(f"{path}: contact_in_wrist must be three finite numbers, is {contact.tolist()}")
    broken = next((name for name, value in state.items() if not torch.isfinite(value).all()), None)
    if broken is not None:
        raise CheckpointLayoutError(f"{path}: tensor '{broken}' is not finite; train again, or take another checkpoint")
    model = AffordanceModel(config.model, WordTokenizer(vocabulary).size)
    load_into(model, {k: v.float() if v.is_floating_point() else v for k, v in state.items()}, str(path))
    model.eval().requires_grad_(False)
    encoder_hash = weights_hash(model.visual.state_dict())
    if naming is not None and len(naming.weights) != model.visual.dim:
        raise CheckpointLayoutError(f"{path}: naming reads {len(naming.weights)} numbers, not {model.visual.dim}")
    return Prior(model, config, vocabulary, contact, data_hash, encoder_hash, contact_map, naming)


def _optional(metadata: dict[str, str], name: str, kind: type[S], path: Path) -> S | None:
    return validate(json.loads(metadata[name]), kind, f"{path}: {name}") if name in metadata else None


class TextInput:
    """Turns instructions into what the model takes: word tokens, or CLIP's text features.

    Args:
        config: says which.
        vocabulary: for "words".
        clip_checkpoint: for "clip".

    Attributes:
        clip: what was loaded for "clip".
    """

    def __init__(self, config: PriorConfig, vocabulary: list[str], clip_checkpoint: Path | str | None = None) -> None:
        self._words = WordTokenizer(vocabulary) if config.model.text == "words" else None
        self.clip = None if self._words else ClipTextEncoder(clip_checkpoint)

    def known(self, text: str) -> bool:
        """Whether the text says anything that the encoder knows."""
        return bool(self._words.known(text)) if self._words else bool(text.strip())

    def __call__(self, texts: list[str]) -> torch.Tensor:
        if self._words is not None:
            return self._words(texts)
        assert self.clip is not None
        # What is said twice is encoded once, in parts: tens of thousands of sentences at once would take tens of GB.
        said, which = np.unique(np.array(texts), return_inverse=True)
        parts = [said[start : start + _CLIP_BATCH].tolist() for start in range(0, len(said), _CLIP_BATCH)]
        return torch.cat([self.clip(self.clip.tokenize(part)) for part in parts])[torch.from_numpy(which)]
