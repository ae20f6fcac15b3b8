"""Folders of packages."""

from __future__ import annotations

from ament_index_python.packages import get_package_prefix, get_package_share_directory
from launch.frontend import expose_substitution
from launch.launch_context import LaunchContext
from launch.some_substitutions_type import SomeSubstitutionsType
from launch.substitution import Substitution
from launch.utilities import normalize_to_list_of_substitutions, perform_substitutions


class FindPackage(Substitution):
    """Base of substitutions that take a package's name."""

    def __init__(self, package: SomeSubstitutionsType) -> None:
        self.__package = normalize_to_list_of_substitutions(package)

    @property
    def package(self) -> list[Substitution]:
        """Its name."""
        return self.__package

    def find(self, package_name: str) -> str:
        """Return the folder. Overridden."""
        raise NotImplementedError

    def describe(self) -> str:
        """Return a description."""
        return f"{type(self).__name__}(pkg={' + '.join(sub.describe() for sub in self.package)})"

    def perform(self, context: LaunchContext) -> str:
        """Return the folder."""
        return self.find(perform_substitutions(context, self.package))


@expose_substitution("find-pkg-prefix", 1)
class FindPackagePrefix(FindPackage):
    """The prefix that a package is installed below."""

    def find(self, package_name: str) -> str:
        """Return the folder."""
        return get_package_prefix(package_name)


@expose_substitution("find-pkg-share", 1)
class FindPackageShare(FindPackage):
    """The share directory of a package."""

    def find(self, package_name: str) -> str:
        """Return the folder."""
        return get_package_share_directory(package_name)
