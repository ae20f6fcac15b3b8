"""Executables of packages."""

from __future__ import annotations

from launch.frontend import expose_substitution
from launch.launch_context import LaunchContext
from launch.some_substitutions_type import SomeSubstitutionsType
from launch.substitution import Substitution
from launch.substitutions import SubstitutionFailure
from launch.utilities import normalize_to_list_of_substitutions, perform_substitutions

from ros2_lite.executables import ExecutableNotFoundError, find_executable

from .find_package import FindPackagePrefix


@expose_substitution("exec-in-pkg", 2)
class ExecutableInPackage(FindPackagePrefix):
    """The path of a package's executable."""

    def __init__(self, executable: SomeSubstitutionsType, package: SomeSubstitutionsType) -> None:
        super().__init__(package)
        self.__executable = normalize_to_list_of_substitutions(executable)

    @property
    def executable(self) -> list[Substitution]:
        """Its name."""
        return self.__executable

    def describe(self) -> str:
        """Return a description."""
        package, executable = (" + ".join(s.describe() for s in subs) for subs in (self.package, self.executable))
        return f"ExecInPkg(pkg={package}, exec={executable})"

    def perform(self, context: LaunchContext) -> str:
        """Return the path.

        Raises:
            SubstitutionFailure: the package has no such executable.
            PackageNotFoundError: there is no such package.
        """
        package = perform_substitutions(context, self.package)
        executable = perform_substitutions(context, self.executable)
        try:
            return find_executable(package, executable)
        except ExecutableNotFoundError as error:
            raise SubstitutionFailure(str(error)) from error
