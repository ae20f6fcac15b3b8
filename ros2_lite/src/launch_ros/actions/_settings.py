"""Settings for all nodes that are launched afterwards, in the same scope."""

from __future__ import annotations

import os
from typing import Any

from launch.frontend import expose_action
from launch.substitutions import SubstitutionFailure
from launch.utilities import normalize_to_list_of_substitutions, perform_substitutions

from launch import Action, LaunchContext, SomeSubstitutionsType, Substitution

from ..utilities import (
    evaluate_parameter_dict,
    make_namespace_absolute,
    normalize_parameter_dict,
    prefix_namespace,
)
from ._validate import validate_namespace


def _append(context: LaunchContext, key: str, items: list[Any]) -> None:
    # A new list: a group's scope has a copy of the configurations, but not of the lists in it.
    context.launch_configurations[key] = [*context.launch_configurations.get(key, ()), *items]


@expose_action("push_ros_namespace")
class PushROSNamespace(Action):
    """Puts nodes into a namespace, within the one they are in already."""

    def __init__(self, namespace: SomeSubstitutionsType, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.__namespace = normalize_to_list_of_substitutions(namespace)

    @property
    def namespace(self) -> list[Substitution]:
        """The namespace."""
        return self.__namespace

    def execute(self, context: LaunchContext) -> None:
        """Enter it."""
        pushed = perform_substitutions(context, self.namespace)
        previous = context.launch_configurations.get("ros_namespace")
        namespace = make_namespace_absolute(prefix_namespace(previous, pushed))
        try:
            validate_namespace(namespace)
        except Exception as error:
            raise SubstitutionFailure(
                f"The resulting namespace is invalid: [previous_namespace='{previous}', pushed_namespace='{pushed}']"
            ) from error
        context.launch_configurations["ros_namespace"] = namespace


@expose_action("set_parameter")
class SetParameter(Action):
    """Sets a parameter of all nodes."""

    def __init__(self, name: SomeSubstitutionsType, value: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.__parameters = normalize_parameter_dict({tuple(normalize_to_list_of_substitutions(name)): value})

    @property
    def name(self) -> Any:
        """Its name."""
        return next(iter(self.__parameters))

    @property
    def value(self) -> Any:
        """Its value."""
        return next(iter(self.__parameters.values()))

    def execute(self, context: LaunchContext) -> None:
        """Set it."""
        _append(context, "global_params", list(evaluate_parameter_dict(context, self.__parameters).items()))


@expose_action("set_parameters_from_file")
class SetParametersFromFile(Action):
    """Sets the parameters of a file in all nodes."""

    def __init__(self, filename: SomeSubstitutionsType, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.__filename = normalize_to_list_of_substitutions(filename)

    def execute(self, context: LaunchContext) -> None:
        """Set them."""
        _append(context, "global_params", [perform_substitutions(context, self.__filename)])


@expose_action("set_remap")
class SetRemap(Action):
    """Changes a name in all nodes."""

    def __init__(self, src: SomeSubstitutionsType, dst: SomeSubstitutionsType, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.__src = normalize_to_list_of_substitutions(src)
        self.__dst = normalize_to_list_of_substitutions(dst)

    @property
    def src(self) -> list[Substitution]:
        """The name in the node."""
        return self.__src

    @property
    def dst(self) -> list[Substitution]:
        """The name it is given."""
        return self.__dst

    def execute(self, context: LaunchContext) -> None:
        """Add the rule."""
        rule = perform_substitutions(context, self.__src), perform_substitutions(context, self.__dst)
        _append(context, "ros_remaps", [rule])


@expose_action("set_ros_log_dir")
class SetROSLogDir(Action):
    """Has nodes write their logs to a folder below the present one."""

    def __init__(self, new_log_dir: SomeSubstitutionsType, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.__log_dir = normalize_to_list_of_substitutions(new_log_dir)

    @property
    def log_dir(self) -> list[Substitution]:
        """The folder."""
        return self.__log_dir

    def execute(self, context: LaunchContext) -> None:
        """Set ROS_LOG_DIR."""
        home = os.environ.get("ROS_HOME") or os.path.join("~", ".ros")
        present = os.environ.get("ROS_LOG_DIR") or os.path.expanduser(os.path.join(home, "log"))
        context.environment["ROS_LOG_DIR"] = os.path.join(present, perform_substitutions(context, self.log_dir))
