"""Read launch descriptions from files."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import os
from types import ModuleType

from ..frontend import InvalidFrontendLaunchFileError, Parser
from ..invalid_launch_file_error import InvalidLaunchFileError
from ..launch_description import LaunchDescription
from ..launch_description_source import LaunchDescriptionSource
from ..some_substitutions_type import SomeSubstitutionsType

__all__ = [
    "AnyLaunchDescriptionSource",
    "FrontendLaunchDescriptionSource",
    "InvalidFrontendLaunchFileError",
    "InvalidLaunchFileError",
    "InvalidPythonLaunchFileError",
    "PythonLaunchDescriptionSource",
    "get_launch_description_from_any_launch_file",
    "get_launch_description_from_frontend_launch_file",
    "get_launch_description_from_python_launch_file",
    "load_python_launch_file_as_module",
]


class InvalidPythonLaunchFileError(Exception):
    """Raised for a Python file without ``generate_launch_description()``."""


def load_python_launch_file_as_module(python_launch_file_path: str) -> ModuleType:
    """Execute a Python file as a module."""
    loader = importlib.machinery.SourceFileLoader("python_launch_file", python_launch_file_path)
    spec = importlib.util.spec_from_loader(loader.name, loader)
    if spec is None:
        raise RuntimeError("Failed to load module spec!")
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


def get_launch_description_from_python_launch_file(python_launch_file_path: str) -> LaunchDescription:
    """Return what a Python launch file generates."""
    module = load_python_launch_file_as_module(python_launch_file_path)
    if not hasattr(module, "generate_launch_description"):
        raise InvalidPythonLaunchFileError(
            f"launch file at '{python_launch_file_path}' does not contain the required function "
            "'generate_launch_description()'"
        )
    description: LaunchDescription = module.generate_launch_description()
    return description


def get_launch_description_from_frontend_launch_file(
    frontend_launch_file_path: str, *, parser: type[Parser] = Parser
) -> LaunchDescription:
    """Refuse to read an XML or YAML launch file."""
    parser.load(frontend_launch_file_path)


def get_launch_description_from_any_launch_file(
    launch_file_path: str, *, parser: type[Parser] = Parser
) -> LaunchDescription:
    """Return the launch description of a file.

    Raises:
        InvalidLaunchFileError: it cannot be read; the cause is what went wrong.
    """
    extension = os.path.splitext(launch_file_path)[1].lstrip(".")
    try:
        if extension in ("xml", "yaml", "yml", "launch"):
            return get_launch_description_from_frontend_launch_file(launch_file_path, parser=parser)
        return get_launch_description_from_python_launch_file(launch_file_path)
    except Exception as error:
        raise InvalidLaunchFileError(extension, likely_errors=[error]) from error


class PythonLaunchDescriptionSource(LaunchDescriptionSource):
    """A Python launch file."""

    def __init__(self, launch_file_path: SomeSubstitutionsType) -> None:
        super().__init__(None, launch_file_path, "interpreted python launch file")

    def _get_launch_description(self, location: str) -> LaunchDescription:
        return get_launch_description_from_python_launch_file(location)


class AnyLaunchDescriptionSource(LaunchDescriptionSource):
    """A launch file of any kind that can be read."""

    def __init__(self, launch_file_path: SomeSubstitutionsType) -> None:
        super().__init__(None, launch_file_path, "interpreted launch file")

    def _get_launch_description(self, location: str) -> LaunchDescription:
        return get_launch_description_from_any_launch_file(location)


class FrontendLaunchDescriptionSource(LaunchDescriptionSource):
    """An XML or YAML launch file, which raises an error when it is read."""

    def __init__(
        self,
        launch_file_path: SomeSubstitutionsType,
        *,
        method: str = "interpreted frontend launch file",
        parser: type[Parser] = Parser,
    ) -> None:
        super().__init__(None, launch_file_path, method)
        self._parser = parser

    def _get_launch_description(self, location: str) -> LaunchDescription:
        return get_launch_description_from_frontend_launch_file(location, parser=self._parser)
