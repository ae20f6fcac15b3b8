"""Find the executables of packages, whether colcon or pip installed them.

colcon puts them into ``<prefix>/lib/<package>/``. pip makes a console script of each entry point in one folder for all
packages; the distribution's metadata tells whose it is.
"""

from __future__ import annotations

import os
import sysconfig
from importlib.metadata import EntryPoint, PackageNotFoundError, distribution

from ament_index_python.packages import PackageNotFoundError as NoSuchPackageError
from ament_index_python.packages import get_package_prefix


class ExecutableNotFoundError(RuntimeError):
    """Raised when a package has no such executable."""


def libexec_folder(package: str) -> str | None:
    """Return ``<prefix>/lib/<package>`` if there is one.

    Raises:
        PackageNotFoundError: the package is neither in the resource index nor a pip distribution.
    """
    try:
        folder = os.path.join(get_package_prefix(package), "lib", package)
    except NoSuchPackageError:
        if not _is_distribution(package):
            raise
        return None
    return folder if os.path.isdir(folder) else None


def _is_distribution(package: str) -> bool:
    try:
        distribution(package)
    except PackageNotFoundError:
        return False
    return True


def console_scripts(package: str) -> dict[str, EntryPoint]:
    """Return the console scripts of the pip distribution with the name of a package."""
    try:
        entry_points = distribution(package).entry_points
    except PackageNotFoundError:
        return {}
    return {entry.name: entry for entry in entry_points if entry.group == "console_scripts"}


def _script_of(entry: EntryPoint) -> str:
    """Return the path of the script that pip made for an entry point.

    Raises:
        ExecutableNotFoundError: it is not there, or another package has put one of the same name in its place.
    """
    path = os.path.join(sysconfig.get_path("scripts"), entry.name)
    if not os.access(path, os.X_OK):
        raise ExecutableNotFoundError(f"'{path}', the script of the entry point '{entry.value}', does not exist")
    with open(path, "rb") as file:
        if entry.module.encode() not in file.read():
            raise ExecutableNotFoundError(
                f"'{path}' does not run '{entry.value}': another package has a console script of the same name"
            )
    return path


def list_executables(package: str) -> list[str]:
    """Return the paths of a package's executables."""
    folder = libexec_folder(package)
    paths = []
    for parent, _folders, files in os.walk(folder) if folder is not None else ():
        paths += [os.path.join(parent, name) for name in files if os.access(os.path.join(parent, name), os.X_OK)]
    names = {os.path.basename(path) for path in paths}
    for entry in console_scripts(package).values():
        if entry.name not in names:
            try:
                paths.append(_script_of(entry))
            except ExecutableNotFoundError:
                continue
    return sorted(paths)


def find_executable(package: str, name: str) -> str:
    """Return the path of a package's executable.

    Raises:
        PackageNotFoundError: there is no such package.
        ExecutableNotFoundError: it has no such executable.
    """
    folder = libexec_folder(package)
    if folder is not None:
        path = os.path.join(folder, name)
        if os.path.isfile(path) and os.access(path, os.X_OK):
            return path
    scripts = console_scripts(package)
    if name in scripts:
        return _script_of(scripts[name])
    known = sorted({os.path.basename(path) for path in list_executables(package)} | set(scripts))
    raise ExecutableNotFoundError(
        f"package '{package}' has no executable '{name}', it has: {', '.join(known) if known else 'none'}"
    )
