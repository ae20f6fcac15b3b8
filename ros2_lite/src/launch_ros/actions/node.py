"""Run a ROS node."""

from __future__ import annotations

import contextlib
import os
import pathlib
from collections.abc import Iterable
from tempfile import NamedTemporaryFile
from typing import Any

from launch.actions import ExecuteProcess
from launch.frontend import expose_action
from launch.launch_context import LaunchContext
from launch.launch_description_entity import LaunchDescriptionEntity
from launch.some_substitutions_type import SomeSubstitutionsType
from launch.substitutions import LocalSubstitution
from launch.utilities import ensure_argument_type, normalize_to_list_of_substitutions, perform_substitutions

from launch import logging as launch_logging

from ..parameter_descriptions import Parameter
from ..parameters_type import SomeParameters
from ..remap_rule_type import SomeRemapRules
from ..substitutions import ExecutableInPackage
from ..utilities import (
    add_node_name,
    evaluate_parameters,
    get_node_name_count,
    make_namespace_absolute,
    normalize_parameters,
    normalize_remap_rules,
    prefix_namespace,
)
from ._validate import validate_namespace, validate_node_name


@expose_action("node")
class Node(ExecuteProcess):
    """Starts an executable with the arguments that name, configure and connect its node."""

    UNSPECIFIED_NODE_NAME = "<node_name_unspecified>"
    UNSPECIFIED_NODE_NAMESPACE = "<node_namespace_unspecified>"

    def __init__(
        self,
        *,
        executable: SomeSubstitutionsType,
        package: SomeSubstitutionsType | None = None,
        name: SomeSubstitutionsType | None = None,
        namespace: SomeSubstitutionsType | None = None,
        exec_name: SomeSubstitutionsType | None = None,
        parameters: SomeParameters | None = None,
        remappings: SomeRemapRules | None = None,
        ros_arguments: Iterable[SomeSubstitutionsType] | None = None,
        arguments: Iterable[SomeSubstitutionsType] | None = None,
        **kwargs: Any,
    ) -> None:
        """Create the action.

        Args:
            executable: its name in the package, or without package a path.
            package: the package that it belongs to.
            name: the node's name; without it, as the node says.
            namespace: the node's namespace, within that of the launch unless it starts with '/'.
            exec_name: label of the process; by default the executable's name.
            parameters: files, dictionaries (nested ones make names with dots) and `Parameter` descriptions.
            remappings: pairs of a name in the node and the name it is given.
            ros_arguments: further arguments after ``--ros-args``.
            arguments: arguments before ``--ros-args``.
            kwargs: see `ExecuteProcess`.
        """
        cmd: list[SomeSubstitutionsType] = [
            executable if package is None else ExecutableInPackage(package=package, executable=executable)
        ]
        cmd += list(arguments or ())
        if ros_arguments is not None:
            cmd += ["--ros-args", *ros_arguments]
        cmd += ["--ros-args"]
        if name is not None:
            cmd += ["-r", LocalSubstitution("ros_specific_arguments['name']", description="node name")]
        if parameters is not None:
            ensure_argument_type(parameters, list, "parameters", "Node")
        super().__init__(cmd=cmd, name=exec_name, **kwargs)
        self.__package = package
        self.__executable = executable
        self.__name = name
        self.__namespace = namespace
        self.__parameters = normalize_parameters(parameters or [])
        self.__remappings = list(normalize_remap_rules(remappings or ()))
        self.__expanded_name = self.UNSPECIFIED_NODE_NAME
        self.__expanded_namespace = self.UNSPECIFIED_NODE_NAMESPACE
        self.__expanded_remappings: list[tuple[str, str]] | None = None
        self.__final_name: str | None = None
        self.__performed = False
        self.__temporary_files: list[str] = []
        self.__logger = launch_logging.get_logger(__name__)

    @property
    def node_package(self) -> SomeSubstitutionsType | None:
        """The package, as given."""
        return self.__package

    @property
    def node_executable(self) -> SomeSubstitutionsType:
        """The executable, as given."""
        return self.__executable

    @property
    def node_name(self) -> str:
        """The node's name with its namespace; parts that only the node knows have a placeholder."""
        if self.__final_name is None:
            raise RuntimeError("cannot access 'node_name' before executing action")
        return self.__final_name

    @property
    def expanded_node_namespace(self) -> str:
        """The namespace, once executed."""
        return self.__expanded_namespace

    @property
    def expanded_remapping_rules(self) -> list[tuple[str, str]] | None:
        """The remapping rules, once executed."""
        return self.__expanded_remappings

    def is_node_name_fully_specified(self) -> bool:
        """Return whether the launch gives both name and namespace."""
        placeholders = (self.UNSPECIFIED_NODE_NAME, self.UNSPECIFIED_NODE_NAMESPACE)
        return not any(placeholder in self.node_name for placeholder in placeholders)

    def execute(self, context: LaunchContext) -> list[LaunchDescriptionEntity] | None:
        """Start the node."""
        self._perform_substitutions(context)
        context.extend_locals(
            {
                "ros_specific_arguments": {
                    "name": f"__node:={self.__expanded_name}",
                    "ns": f"__ns:={self.__expanded_namespace}",
                }
            }
        )
        entities = super().execute(context)
        future = self.get_asyncio_future()
        if future is not None:
            future.add_done_callback(lambda _: self.__remove_temporary_files())
        if self.is_node_name_fully_specified():
            add_node_name(context, self.node_name)
            count = get_node_name_count(context, self.node_name)
            if count > 1:
                launch_logging.get_logger(self.name).warning(
                    f"there are now at least {count} nodes with the name {self.node_name} created within this "
                    "launch context"
                )
        return entities

    def _perform_substitutions(self, context: LaunchContext) -> None:
        """Add name, namespace, parameters and remappings to the command line."""
        if self.__performed:
            return
        self.__performed = True
        try:
            self.__expand_names(context)
        except Exception:
            self.__logger.error(
                "Error while expanding or validating node name or namespace for "
                f"'package={self.__package}, executable={self.__executable}, name={self.__name}, "
                f"namespace={self.__namespace}':"
            )
            raise
        self.__final_name = prefix_namespace(self.__expanded_namespace, self.__expanded_name)
        self.__add_parameters(context)
        self.__add_remappings(context)

    def __extend_cmd(self, *words: SomeSubstitutionsType) -> None:
        self.process_description.cmd.extend(normalize_to_list_of_substitutions(word) for word in words)

    def __expand_names(self, context: LaunchContext) -> None:
        if self.__name is not None:
            self.__expanded_name = perform_substitutions(context, normalize_to_list_of_substitutions(self.__name))
            validate_node_name(self.__expanded_name)
        namespace = None
        if self.__namespace is not None:
            namespace = perform_substitutions(context, normalize_to_list_of_substitutions(self.__namespace))
        base = context.launch_configurations.get("ros_namespace")
        absolute = make_namespace_absolute(prefix_namespace(base, namespace))
        if absolute is not None:
            self.__expanded_namespace = absolute
            self.__extend_cmd("-r", LocalSubstitution("ros_specific_arguments['ns']"))
            validate_namespace(absolute)

    def __add_parameters(self, context: LaunchContext) -> None:
        import yaml

        for parameter in context.launch_configurations.get("global_params", ()):
            if isinstance(parameter, tuple):
                self.__extend_cmd("-p", f"{parameter[0]}:={_inline_yaml(parameter[1])}")
            else:
                self.__add_file(os.path.abspath(parameter))
        for parameter in evaluate_parameters(context, self.__parameters):
            if isinstance(parameter, Parameter):
                name, value = parameter.evaluate(context)
                self.__extend_cmd("-p", f"{name}:={yaml.dump(value)}")
            elif isinstance(parameter, pathlib.Path):
                self.__add_file(str(parameter))
            else:
                self.__add_file(self._create_params_file_from_dict(parameter))

    def __add_file(self, path: str) -> None:
        if os.path.isfile(path):
            self.__extend_cmd("--params-file", path)
        else:
            self.__logger.warning(f"Parameter file path is not a file: {path}")

    def _create_params_file_from_dict(self, params: dict[str, Any]) -> str:
        import yaml

        node = self.node_name if self.is_node_name_fully_specified() else "/**"
        params = {name: list(value) if isinstance(value, tuple) else value for name, value in params.items()}
        with NamedTemporaryFile("w", prefix="launch_params_", delete=False, encoding="utf-8") as file:
            yaml.dump({node: {"ros__parameters": params}}, file, default_flow_style=False)
        self.__temporary_files.append(file.name)
        return file.name

    def __remove_temporary_files(self) -> None:
        for path in self.__temporary_files:
            with contextlib.suppress(OSError):
                os.unlink(path)

    def __add_remappings(self, context: LaunchContext) -> None:
        rules = list(context.launch_configurations.get("ros_remaps", ()))
        rules += [
            (perform_substitutions(context, source), perform_substitutions(context, target))
            for source, target in self.__remappings
        ]
        if rules:
            self.__expanded_remappings = rules
        for source, target in rules:
            self.__extend_cmd("-r", f"{source}:={target}")


def _inline_yaml(value: Any) -> Any:
    """Write a list as YAML in one line; other values are passed as they are, as upstream."""
    return f"[{', '.join(str(item) for item in value)}]" if isinstance(value, tuple) else value
