"""What reads, changes and watches parameters: a node's own, another's, and files."""

import pytest
from rcl_interfaces.msg import ParameterDescriptor, ParameterEvent, ParameterType, ParameterValue, SetParametersResult
from rclpy.exceptions import InvalidParameterValueException, ParameterNotDeclaredException
from rclpy.parameter import PARAMETER_SEPARATOR_STRING, Parameter, parameter_dict_from_yaml_file
from rclpy.parameter_client import AsyncParameterClient
from rclpy.parameter_event_handler import ParameterEventHandler
from rclpy.validate_parameter_name import validate_parameter_name

FILE = """
/**:
  ros__parameters:
    speed: 2.5
/robot:
  ros__parameters:
    speed: 3.5
    arm:
      gains: [1.0, 2.0]
/other:
  ros__parameters:
    name: other
"""


@pytest.fixture
def robot(ros):
    """A node with parameters."""
    node = ros.node("robot")
    node.declare_parameter("speed", 1.5)
    node.declare_parameter("arm.gains", [0.5])
    node.declare_parameter("free", 1, ParameterDescriptor(dynamic_typing=True))
    return node


@pytest.fixture
def client(ros, robot):
    """A client of that node."""
    client = AsyncParameterClient(ros.node("client"), "robot")
    ros.until(client.services_are_ready)
    return client


def test_types_are_told(robot):
    assert robot.get_parameter_type("speed") == Parameter.Type.DOUBLE.value
    assert robot.get_parameter_types(["speed", "arm.gains"]) == [3, 8]
    with pytest.raises(ParameterNotDeclaredException):
        robot.get_parameter_type("nothing")
    assert PARAMETER_SEPARATOR_STRING == "."


def test_callbacks_can_be_taken_away_again(robot):
    seen = []
    callbacks = {
        "pre": lambda parameters: seen.append("pre") or parameters,
        "on": lambda parameters: seen.append("on") or SetParametersResult(successful=True),
        "post": lambda parameters: seen.append("post"),
    }
    for name, callback in callbacks.items():
        getattr(robot, f"add_{name}_set_parameters_callback")(callback)
    robot.set_parameters([Parameter("speed", value=2.0)])
    assert seen == ["pre", "on", "post"]
    for name, callback in callbacks.items():
        remove = getattr(robot, f"remove_{name}_set_parameters_callback")
        remove(callback)
        with pytest.raises(ValueError):
            remove(callback)
    robot.set_parameters([Parameter("speed", value=3.0)])
    assert len(seen) == 3


def test_a_descriptor_can_be_replaced(robot):
    free = ParameterValue(type=ParameterType.PARAMETER_DOUBLE, double_value=9.0)
    told = robot.set_descriptor("speed", ParameterDescriptor(type=3, description="how fast"))
    assert told.double_value == 1.5
    assert robot.describe_parameter("speed").description == "how fast"
    with pytest.raises(InvalidParameterValueException):
        robot.set_descriptor("speed", ParameterDescriptor(type=ParameterType.PARAMETER_STRING))
    with pytest.raises(ParameterNotDeclaredException):
        robot.set_descriptor("nothing", ParameterDescriptor(), free)


@pytest.mark.parametrize("name", ["", None])
def test_names_that_are_none_are_refused(name):
    with pytest.raises(Exception, match="parameter"):
        validate_parameter_name(name)


def test_a_file_is_read_for_a_node(tmp_path):
    (tmp_path / "p.yaml").write_text(FILE)
    found = parameter_dict_from_yaml_file(str(tmp_path / "p.yaml"), use_wildcard=True, target_nodes=["/robot"])
    values = {name: Parameter.from_parameter_msg(message).value for name, message in found.items()}
    assert values.keys() == {"speed", "arm.gains"}
    assert values["speed"] == 3.5
    assert list(values["arm.gains"]) == [1.0, 2.0]
    assert "name" in parameter_dict_from_yaml_file(str(tmp_path / "p.yaml"), target_nodes=["/other"])
    with pytest.raises(RuntimeError):
        parameter_dict_from_yaml_file(str(tmp_path / "p.yaml"), target_nodes=["/nobody"])


@pytest.mark.parametrize(
    ("text", "value"),
    [("9223372036854775807", 2**63 - 1), ("9223372036854775808", 2.0**63), ("-9223372036854775809", -(2.0**63))],
)
def test_a_number_beyond_64_bits_is_a_double(ros, text, value):
    given = ["--ros-args", "-p", f"count:={text}"]
    node = ros.node("counter", cli_args=given, automatically_declare_parameters_from_overrides=True)
    read = node.get_parameter("count").value
    assert read == value and type(read) is type(value)


def test_a_client_loads_files_and_deletes(ros, robot, client, tmp_path):
    (tmp_path / "p.yaml").write_text(FILE)
    results = ros.wait(client.load_parameter_file(str(tmp_path / "p.yaml"))).results
    assert robot.get_parameter("speed").value == 3.5
    assert all(result.successful for result in results if not result.reason)
    assert list(robot.get_parameter("arm.gains").value) == [1.0, 2.0]
    robot.set_parameters([Parameter("speed", value=0.0)])
    (tmp_path / "q.yaml").write_text("/robot:\n  ros__parameters:\n    speed: 4.5\n")
    assert ros.wait(client.load_parameter_file_atomically(str(tmp_path / "q.yaml"))).result.successful
    assert robot.get_parameter("speed").value == 4.5
    deleted = ros.wait(client.delete_parameters(["free", "speed"])).results
    assert [result.successful for result in deleted] == [True, False]
    assert not robot.has_parameter("free")


def test_a_client_hears_of_changes(ros, robot, client):
    events = []
    client.on_parameter_event(events.append)
    ros.until(lambda: robot.count_subscribers("/parameter_events"))

    def heard():
        robot.set_parameters([Parameter("speed", value=5.5)])
        return [event for event in events if event.node == "/robot"]

    ros.until(heard)
    assert events[-1].changed_parameters[0].value.double_value == 5.5


def test_a_handler_calls_back_for_a_parameter_and_for_all(ros, robot):
    watcher = ros.node("watcher")
    handler = ParameterEventHandler(watcher)
    one, all_of_them = [], []
    first = handler.add_parameter_callback("speed", "/robot", lambda p: one.append(p.value.double_value))
    second = handler.add_parameter_event_callback(lambda event: all_of_them.append(event.node))
    ros.until(lambda: robot.count_subscribers("/parameter_events"))

    def both():
        robot.set_parameters([Parameter("speed", value=6.5)])
        return one and "/robot" in all_of_them

    ros.until(both)
    assert set(one) == {6.5}
    handler.remove_parameter_callback(first)
    handler.remove_parameter_event_callback(second)
    for remove, handle in (
        (handler.remove_parameter_callback, first),
        (handler.remove_parameter_event_callback, second),
    ):
        with pytest.raises(RuntimeError):
            remove(handle)
    handler.destroy()


def test_events_can_be_searched():
    one, two = (Parameter(name, value=1).to_parameter_msg() for name in ("one", "two"))
    event = ParameterEvent(node="/robot", new_parameters=[one], changed_parameters=[two])
    assert ParameterEventHandler.get_parameter_from_event(event, "two", "/robot") == two
    assert ParameterEventHandler.get_parameter_from_event(event, "two", "/other") is None
    assert list(ParameterEventHandler.get_parameters_from_event(event)) == [one, two]
