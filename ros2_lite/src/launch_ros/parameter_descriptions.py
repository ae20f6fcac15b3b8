"""Parameters whose type, or whose file, is given explicitly."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from launch.frontend.parse_substitution import parse_substitution
from launch.substitutions import SubstitutionFailure
from launch.utilities import ensure_argument_type, normalize_to_list_of_substitutions, perform_substitutions
from launch.utilities.type_utils import normalize_typed_substitution, perform_typed_substitution

from launch import LaunchContext, SomeSubstitutionsType, SomeSubstitutionsType_types_tuple, Substitution


class ParameterValue:
    """A parameter's value with its type; without type, as YAML reads it."""

    def __init__(self, value: Any, *, value_type: Any | None = None) -> None:
        self.__value = normalize_typed_substitution(value, value_type)
        self.__value_type = value_type
        self.__evaluated: Any = None

    @property
    def value(self) -> Any:
        """The value; before it is evaluated, as given."""
        return self.__value if self.__evaluated is None else self.__evaluated

    @property
    def value_type(self) -> Any:
        """Its type, or None."""
        return self.__value_type

    def __str__(self) -> str:
        return f"launch_ros.description.ParameterValue(value={self.value}, value_type={self.value_type})"

    def evaluate(self, context: LaunchContext) -> Any:
        """Return the value."""
        self.__evaluated = perform_typed_substitution(context, self.__value, self.value_type)
        return self.__evaluated


class Parameter:
    """A parameter, passed as ``-p name:=value``."""

    def __init__(self, name: SomeSubstitutionsType, value: Any, *, value_type: Any | None = None) -> None:
        ensure_argument_type(name, SomeSubstitutionsType_types_tuple, "name")
        self.__name = normalize_to_list_of_substitutions(name)
        self.__value = ParameterValue(value, value_type=value_type)
        self.__evaluated: tuple[str, Any] | None = None

    @property
    def name(self) -> list[Substitution] | str:
        """Its name; before it is evaluated, as given."""
        return self.__name if self.__evaluated is None else self.__evaluated[0]

    @property
    def value(self) -> Any:
        """Its value; before it is evaluated, as given."""
        return self.__value.value

    @property
    def value_type(self) -> Any:
        """Its type, or None."""
        return self.__value.value_type

    def __str__(self) -> str:
        return f"launch_ros.description.Parameter(name={self.name}, value={self.value}, value_type={self.value_type})"

    def evaluate(self, context: LaunchContext) -> tuple[str, Any]:
        """Return name and value."""
        if self.__evaluated is None:
            self.__evaluated = (perform_substitutions(context, self.__name), self.__value.evaluate(context))
        return self.__evaluated


class ParameterFile:
    """A file of parameters, perhaps with substitutions in its text."""

    def __init__(
        self,
        param_file: os.PathLike[str] | bytes | SomeSubstitutionsType,
        *,
        allow_substs: bool | SomeSubstitutionsType = False,
    ) -> None:
        types = (*SomeSubstitutionsType_types_tuple, os.PathLike, bytes)
        ensure_argument_type(param_file, types, "param_file", "ParameterFile()")
        self.__file: Any = param_file
        if not isinstance(param_file, os.PathLike | bytes):
            self.__file = normalize_to_list_of_substitutions(param_file)
        self.__allow_substs = normalize_typed_substitution(allow_substs, bool)
        self.__evaluated: Path | None = None
        self.__temporary = False

    @property
    def param_file(self) -> Any:
        """The path; before it is evaluated, as given."""
        return self.__file if self.__evaluated is None else self.__evaluated

    @property
    def allow_substs(self) -> Any:
        """Whether the text is searched for substitutions."""
        return self.__allow_substs

    def __str__(self) -> str:
        return f"launch_ros.description.ParameterFile(param_file={self.param_file}, allow_substs={self.allow_substs})"

    def evaluate(self, context: LaunchContext) -> Path:
        """Return the path of the file, or of a copy in which the substitutions are performed."""
        if self.__evaluated is not None:
            return self.__evaluated
        path = self.__file
        if isinstance(path, list):
            path = perform_substitutions(context, path)
        path = Path(os.fsdecode(path))
        if perform_typed_substitution(context, self.__allow_substs, bool):
            import yaml

            text = perform_substitutions(context, parse_substitution(path.read_text(encoding="utf-8")))
            try:
                yaml.safe_load(text)
            except yaml.YAMLError as error:
                raise SubstitutionFailure("The substituted parameter file is not a valid yaml file") from error
            with NamedTemporaryFile("w", prefix="launch_params_", delete=False, encoding="utf-8") as copy:
                copy.write(text)
            path, self.__temporary = Path(copy.name), True
        self.__evaluated = path
        return path

    def cleanup(self) -> None:
        """Remove the copy."""
        if self.__temporary and self.__evaluated is not None:
            with contextlib.suppress(OSError):
                self.__evaluated.unlink()
            self.__evaluated = None

    def __del__(self) -> None:
        with contextlib.suppress(AttributeError):
            self.cleanup()
