"""Launching nodes: what their command lines and parameter files say. The nodes are scripts that show them."""

import json
import sys
from itertools import pairwise

import launch_ros
import pytest
import yaml
from launch.actions import DeclareLaunchArgument, GroupAction, OpaqueFunction, SetLaunchConfiguration
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution, SubstitutionFailure
from launch.utilities import perform_substitutions
from launch_ros.actions import (
    Node,
    PushRosNamespace,
    SetParameter,
    SetParametersFromFile,
    SetRemap,
    SetROSLogDir,
)
from launch_ros.parameter_descriptions import Parameter, ParameterFile, ParameterValue
from launch_ros.substitutions import ExecutableInPackage, FindPackagePrefix, FindPackageShare
from launch_ros.substitutions import Parameter as ParameterSubstitution

from launch import LaunchContext, LaunchDescription, LaunchService

# Prints its arguments, with the content of parameter files in the place of their paths.
SCRIPT = f"""#!{sys.executable}
import json, os, sys
arguments = sys.argv[1:]
for i, argument in enumerate(arguments):
    if i and arguments[i - 1] == "--params-file":
        arguments[i] = open(argument).read()
print(json.dumps([arguments, os.environ.get("ROS_LOG_DIR")]))
"""


@pytest.fixture
def node(package):
    """Return a function that makes an action of a node that shows its command line."""
    package("shown_pkg", {"shown": SCRIPT}, {"config/a.yaml": "/**:\n  ros__parameters:\n    from_file: $(var a)\n"})
    return lambda **options: Node(package="shown_pkg", executable="shown", cached_output=True, **options)


def run(*entities):
    service = LaunchService(noninteractive=True)
    service.include_launch_description(LaunchDescription(entities))
    return service.run()


def shown(action):
    """Return the command line of a node, and its parameters."""
    arguments = json.loads(action.get_stdout())[0]
    parameters = {}
    for flag, value in pairwise(arguments):
        if flag == "--params-file":
            # ROS 2 writes lists as Python's tuples, with a tag that the nodes' reader ignores.
            parameters.update(yaml.safe_load(value.replace("!!python/tuple", "")))
    return arguments, parameters


def test_plain_node(node):
    action = node()
    assert run(action) == 0
    assert shown(action)[0] == ["--ros-args"]
    assert action.node_name == "<node_namespace_unspecified>/<node_name_unspecified>"


def test_name_namespace_arguments_and_remappings(node):
    action = node(
        name="n",
        namespace="ns",
        arguments=["--flag", LaunchConfiguration("a")],
        ros_arguments=["--log-level", "debug"],
        remappings=[("in", ["/o", "ut"])],
    )
    assert run(SetLaunchConfiguration("a", "1"), action) == 0
    arguments, _ = shown(action)
    assert arguments[:5] == ["--flag", "1", "--ros-args", "--log-level", "debug"]
    pairs = list(pairwise(arguments))
    for rule in ("__node:=n", "__ns:=/ns", "in:=/out"):
        assert ("-r", rule) in pairs
    assert action.node_name == "/ns/n" and action.is_node_name_fully_specified()
    assert action.expanded_node_namespace == "/ns"
    assert action.expanded_remapping_rules == [("in", "/out")]


def test_node_by_path():
    action = Node(executable=sys.executable, arguments=["-c", "print('[[], 0]')"], cached_output=True)
    assert run(action) == 0
    assert action.get_stdout() == "[[], 0]\n"


def test_parameters_of_all_kinds(node):
    action = node(
        name="n",
        namespace="/ns",
        parameters=[
            {
                "text": "7",
                "whole": 7,
                "real": 0.5,
                "yes": True,
                "wholes": [1, 2],
                "reals": [1, 2.5],
                "texts": ["a", "b"],
                "nested": {"deep": {"x": 1}},
                "read": LaunchConfiguration("a"),
                "kept": ParameterValue(LaunchConfiguration("a"), value_type=str),
                "joined": ["x", LaunchConfiguration("a")],
                "each": [[LaunchConfiguration("a")], [LaunchConfiguration("b")]],
            },
        ],
    )
    assert run(SetLaunchConfiguration("a", "7"), SetLaunchConfiguration("b", "8"), action) == 0
    assert shown(action)[1] == {
        "/ns/n": {
            "ros__parameters": {
                "text": "7",
                "whole": 7,
                "real": 0.5,
                "yes": True,
                "wholes": [1, 2],
                "reals": [1.0, 2.5],
                "texts": ["a", "b"],
                "nested.deep.x": 1,
                "read": 7,
                "kept": "7",
                "joined": "x7",
                "each": [7, 8],
            }
        }
    }


def test_parameters_of_a_nameless_node_are_for_any(node):
    action = node(parameters=[{"a": 1}])
    assert run(action) == 0
    assert shown(action)[1] == {"/**": {"ros__parameters": {"a": 1}}}


def test_parameter_files_and_single_parameters(node):
    path = PathJoinSubstitution([FindPackageShare("shown_pkg"), "config", "a.yaml"])
    action = node(parameters=[ParameterFile(path, allow_substs=True), Parameter("single", LaunchConfiguration("a"))])
    assert run(SetLaunchConfiguration("a", "5"), action) == 0
    arguments, parameters = shown(action)
    assert parameters == {"/**": {"ros__parameters": {"from_file": 5}}}
    assert [yaml.safe_load(a.split(":=")[1]) for a in arguments if a.startswith("single:=")] == [5]


@pytest.mark.parametrize("wrong", [{"a": None}, {"a": [1, "x", None]}, "text", {"a": object()}])
def test_wrong_parameters_are_refused(wrong):
    with pytest.raises(TypeError):
        Node(package="p", executable="e", parameters=wrong if isinstance(wrong, str) else [wrong])


def test_substituted_parameter_must_be_of_an_allowed_type(node):
    assert run(SetLaunchConfiguration("a", "{x: 1}"), node(parameters=[{"a": LaunchConfiguration("a")}])) == 1
    assert run(SetLaunchConfiguration("a", "[1, x]"), node(parameters=[{"a": LaunchConfiguration("a")}])) == 1


def test_settings_hold_within_their_group(node, tmp_path):
    file = tmp_path / "more.yaml"
    file.write_text("/**:\n  ros__parameters:\n    more: 1\n")
    inside, deeper, absolute, outside = node(), node(namespace="c"), node(namespace="/x"), node()
    assert (
        run(
            GroupAction(
                [
                    PushRosNamespace("a"),
                    SetParameter("use_sim_time", True),
                    SetRemap("old", "new"),
                    SetParametersFromFile(str(file)),
                    inside,
                    GroupAction([PushRosNamespace("b"), deeper, absolute]),
                ]
            ),
            outside,
        )
        == 0
    )
    arguments, parameters = shown(inside)
    pairs = list(pairwise(arguments))
    assert ("-r", "__ns:=/a") in pairs and ("-r", "old:=new") in pairs and ("-p", "use_sim_time:=True") in pairs
    assert parameters == {"/**": {"ros__parameters": {"more": 1}}}
    assert deeper.expanded_node_namespace == "/a/b/c"
    assert absolute.expanded_node_namespace == "/x"
    assert shown(outside)[0] == ["--ros-args"]


def test_set_parameter_can_be_substituted(node):
    seen = []
    run(
        SetParameter("p", 3),
        OpaqueFunction(function=lambda context: seen.append(ParameterSubstitution("p").perform(context))),
        OpaqueFunction(function=lambda context: seen.append(ParameterSubstitution("q", default="d").perform(context))),
    )
    assert seen == ["3", "d"]
    with pytest.raises(SubstitutionFailure):
        ParameterSubstitution("q").perform(LaunchContext())


def test_log_directory_of_nodes(node, tmp_path, monkeypatch):
    monkeypatch.setenv("ROS_LOG_DIR", str(tmp_path))
    action = node()
    assert run(SetROSLogDir("mine"), action) == 0
    assert json.loads(action.get_stdout())[1] == str(tmp_path / "mine")


@pytest.mark.parametrize("options", [{"name": "1a"}, {"name": "a/b"}, {"namespace": "a//b"}, {"namespace": "a-b"}])
def test_invalid_names_end_the_launch(node, options):
    assert run(node(**options)) == 1


def test_same_name_twice_is_warned_of(node, capfd):
    import launch

    launch.logging.reset()
    run(node(name="n", namespace="/"), node(name="n", namespace="/"))
    launch.logging.reset()
    assert "there are now at least 2 nodes with the name /n" in capfd.readouterr().out


def test_packages_and_executables_are_found(package):
    prefix = package("shown_pkg", {"shown": SCRIPT})
    context = LaunchContext()
    assert FindPackagePrefix("shown_pkg").perform(context) == str(prefix)
    assert FindPackageShare(["shown", "_pkg"]).perform(context) == str(prefix / "share" / "shown_pkg")
    executable = ExecutableInPackage(executable="shown", package="shown_pkg")
    assert perform_substitutions(context, [executable]) == str(prefix / "lib" / "shown_pkg" / "shown")
    with pytest.raises(SubstitutionFailure):
        ExecutableInPackage(executable="hidden", package="shown_pkg").perform(context)
    with pytest.raises(LookupError, match="no_such_pkg"):
        ExecutableInPackage(executable="shown", package="no_such_pkg").perform(context)


def test_arguments_declared_in_a_scope_reach_nodes(node):
    action = node(parameters=[{"a": LaunchConfiguration("a")}])
    assert run(DeclareLaunchArgument("a", default_value="on"), action) == 0
    assert shown(action)[1] == {"/**": {"ros__parameters": {"a": True}}}
    assert launch_ros.actions.PushROSNamespace is PushRosNamespace
