"""The state of a training on disk, from which `train --resume` goes on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch

from deft_core.errors import DeftError


def beside(out: Path) -> Path:
    """Where the state of a training lies that writes the checkpoint `out`."""
    # A suffix is cut only where it is the format's: "v1.1" and "v1.2" are two priors.
    return out.with_name(out.name.removesuffix(".safetensors") + ".state.pt")


def write_state(path: Path, state: dict[str, Any]) -> None:
    """Write a state whole, or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.part")
    torch.save(state, part)
    part.replace(path)


def read_state(path: Path) -> Any:
    """What a state's file holds; raises DeftError where there is none to be read."""
    if not path.is_file():
        raise DeftError(f"--resume: there is no {path}; leave it out to begin anew, or give the --state to go on from")
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises a dozen kinds; all mean the same to the reader
        raise DeftError(
            f"--resume: {path} cannot be read as a training state ({type(error).__name__}); "
            "give another --state, or leave out --resume"
        ) from error


def refuse_unfinished(path: Path) -> None:
    """Raise DeftError where a training begun anew would write over the state of one that is not at its end."""
    try:
        state = read_state(path)
        done, wanted = int(state["epoch"]), int(json.loads(state["config"])["train"]["epochs"])
    except (DeftError, KeyError, TypeError, ValueError):
        return  # nothing that --resume could go on from
    if done < wanted:
        raise DeftError(
            f"{path} holds a training that has done {done} of {wanted} epochs: go on with it by --resume; "
            "to begin anew, delete it or give another --state"
        )
