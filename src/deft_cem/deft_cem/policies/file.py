"""A policy's file: safetensors, with what the policy is as JSON among the metadata."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from deft_cem.errors import PolicyError
from deft_core.files import check_out

Array = NDArray[np.float64]

FORMAT_VERSION = 1
METADATA_KEY = "deft_policy"


def pack(about: dict[str, Any], tensors: Mapping[str, Array]) -> bytes:
    """Serialise: the same description and weights give the same bytes."""
    packed = {k: np.ascontiguousarray(v) for k, v in tensors.items()}
    return save(packed, metadata={METADATA_KEY: json.dumps(about, sort_keys=True)})


def write(path: Path, data: bytes) -> None:
    """Write a file, all or nothing, by way of a folder of its own: no name beside it is anybody else's."""
    with tempfile.TemporaryDirectory(prefix=".policy-", dir=path.absolute().parent) as folder:
        temporary = Path(folder) / path.name
        temporary.write_bytes(data)
        temporary.replace(path)


def check_policy_out(path: Path) -> None:
    """Check that a policy can be written to `path`, where there is nothing or a policy to be replaced.

    Raises:
        OutputError: No folder to write into.
        PolicyError: Something else is there.
    """
    check_out(path)
    if not path.exists():
        return
    try:
        read_policy_file(path)
    except PolicyError as error:
        why = str(error).removesuffix("; fit it again")
        raise PolicyError(f"only a policy is overwritten: {why}; delete it or write elsewhere") from error


def read_policy_file(path: Path) -> tuple[dict[str, Any], dict[str, Array]]:
    """Read the description and the weights of a policy file.

    Raises:
        PolicyError: Missing, not a policy, damaged, or of a newer format.
    """
    try:
        data = path.read_bytes()
        tensors = load(data)
        header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
        found = json.loads(header["__metadata__"][METADATA_KEY])
        about = {key: found[key] for key in ("format", "policy", "config", "origin")}
        version = int(about["format"])
    except FileNotFoundError:
        raise PolicyError(f"no policy file at {path}") from None
    except OSError as error:
        raise PolicyError(f"{path} cannot be read as a policy: {error.strerror}; fit one into a file") from error
    except KeyError as error:
        raise PolicyError(f"{path} is not a policy or is damaged: it has no {error}; fit it again") from error
    except (SafetensorError, TypeError, ValueError) as error:
        raise PolicyError(f"{path} is not a policy or is damaged: {error}; fit it again") from error
    if version > FORMAT_VERSION:
        raise PolicyError(f"{path} has format {version}, this code reads {FORMAT_VERSION}; update DEFT")
    return about, tensors
