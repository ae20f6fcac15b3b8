"""Load YAML settings and say clearly what is wrong with them."""

import argparse
import difflib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import ErrorDetails

from deft_core.errors import ConfigError


class Settings(BaseModel):
    """Base of every settings model: unknown fields are errors, values cannot change, NaN is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


M = TypeVar("M", bound=BaseModel)


class _Once(yaml.SafeLoader):
    """PyYAML's safe loader, to which a key given twice is an error: plain YAML takes the later one without a word."""

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        node = super().compose_mapping_node(anchor)
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value in seen:
                raise yaml.composer.ComposerError(None, None, f"{key.value!r} is given twice", key.start_mark)
            if isinstance(key, yaml.ScalarNode) and key.value != "<<":
                seen.add(key.value)
        return node


def load_yaml(path: Path | str, model: type[M]) -> M:
    """Read a YAML file into a settings model.

    Raises:
        ConfigError: the file is missing, is not YAML, or a field is wrong; names file, field and what is allowed.
    """
    path = Path(path)
    try:
        data = yaml.load(path.read_text(encoding="utf-8"), Loader=_Once)
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from error
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: not valid YAML: {' '.join(str(error).split())}") from error
    return validate(data, model, str(path))


def validate(data: object, model: type[M], where: str) -> M:
    """Check plain data against a settings model; `where` names its origin in errors."""
    if not isinstance(data, dict):
        raise ConfigError(f"{where}: expected fields and values, found {type(data).__name__}")
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise ConfigError("\n".join(f"{where}: {_wrong(item)}" for item in error.errors())) from None


def _wrong(item: ErrorDetails) -> str:
    """Field, what is allowed, and the value where it is a plain one."""
    field = ".".join(str(part) for part in item["loc"]) or "(whole file)"
    plain = isinstance(item["input"], bool | int | float | str) and item["type"] != "extra_forbidden"
    return f"{field}: {item['msg']}" + (f", got {item['input']!r}" if plain else "")


def json_options(text: str) -> dict[str, Any]:
    """Options given to a command as one JSON object; a `type` of argparse."""
    try:
        options = json.loads(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not JSON ({error})") from None
    if not isinstance(options, dict):
        raise argparse.ArgumentTypeError(f'{text!r} is no JSON object; write {{"name": value}}')
    return options


def misspelt(said: Iterable[str], names: Iterable[str]) -> str:
    """What is wrong with launch arguments (`name:=value`) whose name is nearly one there is; empty if nothing.

    ROS 2 ignores a name that no launch file declares, and one that includes ours may declare others: only what is
    nearly one of ours is taken for a slip.
    """
    known = list(names)
    for name, given, _ in (text.partition(":=") for text in said):
        near = difflib.get_close_matches(name, known, 1, 0.75)
        if given and name not in known and near:
            return f"there is no argument {name}; did you mean {near[0]}:=...?"
    return ""


def whole_name(name: str) -> str:
    """A setting's name as it is, its file's path from the root: the same to every process, wherever it was started."""
    return str(Path(name).expanduser().resolve()) if name.endswith((".yaml", ".yml")) else name


def short_name(name: str) -> str:
    """What to call a setting that is given by name or by its file's path."""
    return Path(name).stem


def find_setting(name: str, folder: Path, kind: str, known: Iterable[str] | None = None) -> Path:
    """Return the YAML file of a name (from `folder`) or of a path given instead of a name.

    Raises:
        ConfigError: neither; lists the names that exist.
    """
    if name.endswith((".yaml", ".yml")):
        path = Path(name).expanduser()
        if path.is_file():
            return path
        raise ConfigError(f"{kind} file {path} does not exist")
    path = folder / f"{name}.yaml"
    if path.is_file():
        return path
    existing = sorted(p.stem for p in folder.glob("*.yaml"))
    message = f"unknown {kind} {name!r}; available: {', '.join(existing) or 'none'}"
    missing = sorted(set(known or ()) - set(existing))
    if missing:
        message += f"; known but without a file: {', '.join(missing)}"
    raise ConfigError(message)
