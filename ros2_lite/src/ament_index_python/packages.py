"""Find packages by name."""

import json
import os
import pathlib
import re
import sys
import warnings
from urllib.parse import unquote, urlparse

from .resources import get_resource, get_resources
from .search_paths import get_search_paths


class PackageNotFoundError(KeyError):
    """Raised when no prefix, and no editable installation, holds the package."""


def get_packages_with_prefixes() -> dict[str, str]:
    """Map the name of each package in the index to its prefix."""
    return get_resources("packages")


def get_package_prefix(package_name: str) -> str:
    """Return the installation prefix of a package.

    Raises:
        PackageNotFoundError: it is not installed.
        ValueError: the name cannot be a package's.
    """
    if re.fullmatch(r"[a-zA-Z0-9][a-zA-Z0-9_-]+", package_name, re.ASCII) is None:
        raise ValueError(f"'{package_name}' is not a valid package name")
    try:
        return get_resource("packages", package_name)[1]
    except LookupError:
        if _editable_source(package_name) is not None:
            return sys.prefix
        raise PackageNotFoundError(f"package '{package_name}' not found, searching: {get_search_paths()}") from None


def get_package_share_directory(package_name: str, print_warning: bool = True) -> str:
    """Return the share directory of a package; warn when it does not exist."""
    path = os.path.join(get_package_prefix(package_name), "share", package_name)
    if not os.path.exists(path):
        path = _editable_source(package_name) or path
    if print_warning and not os.path.exists(path):
        warnings.warn(f"Share directory for {package_name} ({path}) does not exist.", stacklevel=2)
    return path


def get_package_share_path(package_name: str, print_warning: bool = True) -> pathlib.Path:
    """Return the share directory of a package as a path."""
    path = pathlib.Path(get_package_share_directory(package_name, print_warning=False))
    if print_warning and not path.exists():
        warnings.warn(f"Share path for {package_name} ({path}) does not exist.", stacklevel=2)
    return path


def _editable_source(package_name: str) -> str | None:
    """Return the source folder of a ROS package that pip installed as editable and without its data files.

    Such a folder is laid out as its share directory would be (package.xml, launch/, config/).
    """
    from importlib.metadata import PackageNotFoundError as NoSuchDistributionError
    from importlib.metadata import distribution

    try:
        text = distribution(package_name).read_text("direct_url.json")
    except NoSuchDistributionError:
        return None
    origin = json.loads(text) if text else {}
    if not origin.get("dir_info", {}).get("editable"):
        return None
    folder = unquote(urlparse(origin["url"]).path)
    return folder if os.path.isfile(os.path.join(folder, "package.xml")) else None
