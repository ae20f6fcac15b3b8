"""Types of parameters as launch files give them."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from launch.some_substitutions_type import SomeSubstitutionsType, SomeSubstitutionsType_types_tuple

from .parameter_descriptions import Parameter as ParameterDescription
from .parameter_descriptions import ParameterFile

SomeParameterValue = Any
SomeParameterValue_types_tuple = (*SomeSubstitutionsType_types_tuple, str, int, float, bool, bytes)
SomeParametersDict = Mapping[Any, Any]
SomeParameterFile = SomeSubstitutionsType | os.PathLike[str] | ParameterFile
SomeParameters = Sequence[SomeParameterFile | ParameterDescription | SomeParametersDict]
ParameterName = Any
ParameterValue = Any
ParametersDict = dict[Any, Any]
Parameters = Sequence[ParameterFile | ParameterDescription | ParametersDict]
EvaluatedParameterValue = Any
EvaluatedParameters = Sequence[Any]
