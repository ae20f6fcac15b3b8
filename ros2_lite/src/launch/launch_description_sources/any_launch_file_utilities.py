"""Read a launch file of any kind."""

from __future__ import annotations

import os

from ..frontend import Parser
from ..invalid_launch_file_error import InvalidLaunchFileError
from ..launch_description import LaunchDescription
from .frontend_launch_file_utilities import get_launch_description_from_frontend_launch_file
from .python_launch_file_utilities import (
    get_launch_description_from_python_launch_file,
)


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
