"""Where the resource index is looked for."""

import os
import sys

from .constants import AMENT_PREFIX_PATH_ENV_VAR, RESOURCE_INDEX_SUBFOLDER

__all__ = ["RESOURCE_INDEX_SUBFOLDER", "get_search_paths"]


def get_search_paths() -> list[str]:
    """List the prefixes that are searched, first match wins.

    These are the existing entries of ``AMENT_PREFIX_PATH`` and then the prefix of this interpreter, where pip puts
    the ``share/`` of a package. (Without the variable upstream raises; a virtual environment needs no set-up script.)
    """
    candidates = [*os.environ.get(AMENT_PREFIX_PATH_ENV_VAR, "").split(os.pathsep), sys.prefix]
    paths: list[str] = []
    for path in candidates:
        if path and path not in paths and os.path.exists(path):
            paths.append(path)
    return paths
