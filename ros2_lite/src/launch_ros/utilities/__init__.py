"""Helpers for launch_ros's actions."""

from typing import NoReturn

from ._names import (
    add_node_name,
    get_node_name_count,
    is_namespace_absolute,
    is_root_namespace,
    make_namespace_absolute,
    normalize_remap_rule,
    normalize_remap_rules,
    prefix_namespace,
)
from ._parameters import (
    evaluate_parameter_dict,
    evaluate_parameters,
    normalize_parameter_dict,
    normalize_parameters,
)

__all__ = [
    "add_node_name",
    "evaluate_parameter_dict",
    "evaluate_parameters",
    "get_node_name_count",
    "is_namespace_absolute",
    "is_root_namespace",
    "make_namespace_absolute",
    "normalize_parameter_dict",
    "normalize_parameters",
    "normalize_remap_rule",
    "normalize_remap_rules",
    "prefix_namespace",
]


def __getattr__(name: str) -> NoReturn:
    if name == "to_parameters_list":
        raise NotImplementedError(
            "launch_ros.utilities.to_parameters_list is not part of ros2_lite: components are C++"
        )
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
