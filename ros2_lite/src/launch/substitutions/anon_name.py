"""The substitution AnonName."""

from __future__ import annotations

import os
import random
import re
import socket
import sys
from typing import TYPE_CHECKING

from ..frontend import expose_substitution
from ..some_substitutions_type import SomeSubstitutionsType
from ..substitution import Substitution
from ..utilities import normalize_to_list_of_substitutions, perform_substitutions
from ._describe import describe_all

if TYPE_CHECKING:
    from ..launch_context import LaunchContext


@expose_substitution("anon", 1)
class AnonName(Substitution):
    """A name made unique, the same wherever it is asked for within a launch."""

    def __init__(self, name: SomeSubstitutionsType) -> None:
        self.__name = normalize_to_list_of_substitutions(name)

    @property
    def name(self) -> list[Substitution]:
        """What the name starts with."""
        return self.__name

    def describe(self) -> str:
        """Return a description."""
        return f"AnonName({describe_all(self.name)})"

    def perform(self, context: LaunchContext) -> str:
        """Return the name."""
        name = perform_substitutions(context, self.name)
        key = f"anon{name}"
        if key not in context.launch_configurations:
            context.launch_configurations[key] = self.compute_name(name)
        return str(context.launch_configurations[key])

    def compute_name(self, id_value: str) -> str:
        """Make a name out of host, process and chance, with only characters that a node's name may have."""
        unique = f"{id_value}_{socket.gethostname()}_{os.getpid()}_{random.randint(0, sys.maxsize)}"
        return re.sub(r"[.:-]", "_", unique)
