"""Parameters of nodes, from inside and from outside."""

import pytest
from rcl_interfaces.msg import (
    FloatingPointRange,
    IntegerRange,
    ParameterDescriptor,
    ParameterEvent,
    ParameterType,
    SetParametersResult,
)
from rcl_interfaces.srv import DescribeParameters, GetParameters, GetParameterTypes, ListParameters
from rclpy.exceptions import (
    InvalidParameterException,
    InvalidParameterTypeException,
    InvalidParameterValueException,
    ParameterAlreadyDeclaredException,
    ParameterImmutableException,
    ParameterNotDeclaredException,
    ParameterUninitializedException,
)
from rclpy.parameter import Parameter, parameter_value_to_python
from rclpy.parameter_client import AsyncParameterClient
from rclpy.parameter_event_handler import ParameterEventHandler

VALUES = [
    (True, Parameter.Type.BOOL),
    (3, Parameter.Type.INTEGER),
    (2.5, Parameter.Type.DOUBLE),
    ("x", Parameter.Type.STRING),
    ([b"a", b"b"], Parameter.Type.BYTE_ARRAY),
    ([True, False], Parameter.Type.BOOL_ARRAY),
    ([1, 2], Parameter.Type.INTEGER_ARRAY),
    ([1.0], Parameter.Type.DOUBLE_ARRAY),
    (["a", "b"], Parameter.Type.STRING_ARRAY),
]


@pytest.mark.parametrize(("value", "kind"), VALUES)
def test_a_parameter_knows_its_type_and_survives_its_message(value, kind):
    parameter = Parameter("p", value=value)
    assert parameter.type_ is kind
    back = Parameter.from_parameter_msg(parameter.to_parameter_msg())
    assert (back.name, back.type_, list(back.value) if isinstance(value, list) else back.value) == ("p", kind, value)
    assert parameter_value_to_python(parameter.get_parameter_value()) == value


def test_values_that_do_not_fit_are_refused():
    with pytest.raises(ValueError):
        Parameter("p", Parameter.Type.INTEGER, "x")
    for wrong in ([1, "a"], {}, object()):
        with pytest.raises(TypeError):
            Parameter("p", value=wrong)


def test_declaring_and_reading(ros):
    node = ros.node()
    assert node.declare_parameter("a", 1).value == 1
    declared = node.declare_parameters("group", [("b", 2.0), ("c", "x", ParameterDescriptor(description="text"))])
    assert [p.name for p in declared] == ["group.b", "group.c"]
    assert node.get_parameter("group.b").value == 2.0
    assert node.describe_parameter("group.c").description == "text"
    assert node.describe_parameter("a").type == ParameterType.PARAMETER_INTEGER
    assert sorted(node.get_parameters_by_prefix("group")) == ["b", "c"]
    assert node.get_parameter_or("nothing", Parameter("nothing", value=9)).value == 9
    assert node.has_parameter("a")
    node.undeclare_parameter("a")
    assert not node.has_parameter("a")


def test_what_is_wrong_is_refused(ros):
    node = ros.node()
    node.declare_parameter("a", 1)
    with pytest.raises(ParameterAlreadyDeclaredException):
        node.declare_parameter("a", 2)
    with pytest.raises(InvalidParameterException):
        node.declare_parameter("", 1)
    with pytest.raises(ParameterNotDeclaredException):
        node.get_parameter("b")
    with pytest.raises(ParameterNotDeclaredException):
        node.set_parameters([Parameter("b", value=1)])
    with pytest.raises(ParameterNotDeclaredException):
        node.undeclare_parameter("b")
    with pytest.raises(TypeError):
        node.set_parameters(["a"])
    assert not node.set_parameters([Parameter("a", value="text")])[0].successful


def test_a_parameter_declared_by_type_has_no_value_at_first(ros):
    node = ros.node()
    node.declare_parameter("a", Parameter.Type.DOUBLE)
    with pytest.raises(ParameterUninitializedException):
        node.get_parameter("a")
    assert node.set_parameters([Parameter("a", value=1.5)])[0].successful
    assert node.get_parameter("a").value == 1.5


def test_read_only_parameters_stay(ros):
    node = ros.node()
    node.declare_parameter("a", 1, ParameterDescriptor(read_only=True))
    result = node.set_parameters([Parameter("a", value=2)])[0]
    assert not result.successful
    assert "read-only" in result.reason
    with pytest.raises(ParameterImmutableException):
        node.undeclare_parameter("a")


def test_dynamic_typing(ros):
    node = ros.node()
    node.declare_parameter("a", None, ParameterDescriptor(dynamic_typing=True))
    assert node.set_parameters([Parameter("a", value=1), Parameter("a", value="x")])[1].successful
    assert node.get_parameter("a").value == "x"
    assert node.set_parameters([Parameter("a")])[0].successful
    assert not node.has_parameter("a")


@pytest.mark.parametrize(("value", "allowed"), [(0, True), (5, True), (10, True), (3, False), (11, False), (-1, False)])
def test_integer_ranges(ros, value, allowed):
    node = ros.node()
    node.declare_parameter("a", 5, ParameterDescriptor(integer_range=[IntegerRange(from_value=0, to_value=10, step=5)]))
    assert node.set_parameters([Parameter("a", value=value)])[0].successful is allowed


@pytest.mark.parametrize(("value", "allowed"), [(0.0, True), (0.3, True), (1.0, True), (0.25, False), (1.1, False)])
def test_floating_point_ranges(ros, value, allowed):
    node = ros.node()
    node.declare_parameter(
        "a", 0.5, ParameterDescriptor(floating_point_range=[FloatingPointRange(from_value=0.0, to_value=1.0, step=0.1)])
    )
    assert node.set_parameters([Parameter("a", value=value)])[0].successful is allowed


def test_a_default_out_of_range_is_refused(ros):
    with pytest.raises(InvalidParameterValueException):
        ros.node().declare_parameter(
            "a", 11, ParameterDescriptor(integer_range=[IntegerRange(from_value=0, to_value=10)])
        )


def test_callbacks_before_on_and_after_setting(ros):
    node = ros.node()
    node.declare_parameters("", [("a", 1), ("b", 1)])
    seen = []
    node.add_pre_set_parameters_callback(lambda ps: [*ps, Parameter("b", value=7)])
    node.add_on_set_parameters_callback(
        lambda ps: SetParametersResult(successful=all(p.value < 10 for p in ps), reason="too large")
    )
    node.add_post_set_parameters_callback(lambda ps: seen.append([(p.name, p.value) for p in ps]))
    assert node.set_parameters_atomically([Parameter("a", value=2)]).successful
    result = node.set_parameters_atomically([Parameter("a", value=10)])
    assert (result.successful, result.reason) == (False, "too large")
    assert seen == [[("a", 2), ("b", 7)]]
    assert [p.value for p in node.get_parameters(["a", "b"])] == [2, 7]


def test_overrides_from_the_command_line_and_the_constructor(ros, tmp_path):
    file = tmp_path / "params.yaml"
    file.write_text(
        "/**:\n  ros__parameters:\n    a: 1\n    everywhere: [1.0, 2.0]\n"
        "node:\n  ros__parameters:\n    a: 2\n    nested: {deep: yes, text: '5'}\n"
        "other:\n  ros__parameters:\n    a: 3\n"
    )
    node = ros.node(
        "node",
        cli_args=[
            "--ros-args",
            "--params-file",
            str(file),
            "-p",
            "b:=0x10",
            "-p",
            "c:=[left, right]",
            "-p",
            "other:d:=4",
            "-p",
            "e:=1e3",
        ],
        parameter_overrides=[Parameter("f", value="from code")],
    )
    for name, default, expected in (
        ("a", 0, 2),
        ("everywhere", [0.0], [1.0, 2.0]),
        ("nested.deep", False, True),
        ("nested.text", "", "5"),
        ("b", 0, 16),
        ("c", [""], ["left", "right"]),
        ("d", 0, 0),
        ("e", 0.0, 1000.0),
        ("f", "", "from code"),
    ):
        assert node.declare_parameter(name, default).value == expected, name
    assert node.declare_parameter("a2", 1, ignore_override=True).value == 1


def test_an_override_of_another_type_is_refused(ros):
    node = ros.node(cli_args=["--ros-args", "-p", "a:=text"])
    with pytest.raises(InvalidParameterTypeException):
        node.declare_parameter("a", 1)


def test_parameters_may_be_declared_from_overrides(ros):
    node = ros.node(
        cli_args=["--ros-args", "-p", "a:=1", "-p", "b.c:=x"], automatically_declare_parameters_from_overrides=True
    )
    assert [node.get_parameter(n).value for n in ("a", "b.c")] == [1, "x"]


def test_undeclared_parameters_where_allowed(ros):
    node = ros.node(allow_undeclared_parameters=True)
    assert node.get_parameter("a").type_ is Parameter.Type.NOT_SET
    assert node.set_parameters([Parameter("a", value=1)])[0].successful
    assert node.get_parameter("a").value == 1


def test_listing(ros):
    node = ros.node(start_parameter_services=False)
    node.declare_parameters("", [("x.a", 1), ("x.y.b", 1), ("c", 1)])
    assert {"x.a", "x.y.b", "c"} <= set(node.list_parameters([], 0).names)
    listed = node.list_parameters(["x"], 1)
    assert list(listed.names) == ["x.a"]
    assert list(listed.prefixes) == ["x"]
    assert sorted(node.list_parameters(["x"], 0).names) == ["x.a", "x.y.b"]


@pytest.fixture
def client(ros):
    """A client of another node's parameters."""
    node = ros.node("server")
    node.declare_parameters("", [("a", 1), ("b", "x", ParameterDescriptor(read_only=True))])
    client = AsyncParameterClient(ros.node("client"), "server")
    assert client.wait_for_services(10.0)
    return client


def test_the_services(ros, client):
    assert ros.wait(client.get_parameters(["a", "b"])).values[0].integer_value == 1
    results = ros.wait(
        client.set_parameters([Parameter("a", value=5), Parameter("b", value="y"), Parameter("none", value=1)])
    ).results
    assert [r.successful for r in results] == [True, False, False]
    assert ros.nodes[0].get_parameter("a").value == 5
    assert not ros.wait(
        client.set_parameters_atomically([Parameter("a", value=6), Parameter("b", value="y")])
    ).result.successful
    assert ros.nodes[0].get_parameter("a").value == 5
    assert "a" in ros.wait(client.list_parameters()).result.names
    assert ros.wait(client.describe_parameters(["b"])).descriptors[0].read_only
    assert list(ros.wait(client.get_parameter_types(["a", "b"])).types) == [2, 4]


def test_an_unknown_name_empties_the_answer(ros, client):
    assert list(ros.wait(client.get_parameters(["a", "none"])).values) == []
    assert list(ros.wait(client.describe_parameters(["none"])).descriptors) == []
    assert list(ros.wait(client.get_parameter_types(["none"])).types) == []


def test_service_types_are_upstreams(ros, client):
    names = dict(ros.nodes[1].get_service_names_and_types())
    for kind in (GetParameters, DescribeParameters, GetParameterTypes, ListParameters):
        assert any(f"rcl_interfaces/srv/{kind.__name__}" in types for types in names.values())


def test_changes_are_announced(ros):
    events = []
    watcher = ros.node("watcher")
    watcher.create_subscription(ParameterEvent, "/parameter_events", events.append, 10)
    handler = ParameterEventHandler(watcher)
    changed = []
    handler.add_parameter_callback("a", "/ns/server", lambda p: changed.append(p.value.integer_value))
    node = ros.node("server", namespace="ns")
    ros.until(lambda: watcher.count_publishers("/parameter_events") >= 2)
    ros.spin_for(0.2)
    node.declare_parameter("a", 1)
    node.set_parameters([Parameter("a", value=2)])
    ros.until(lambda: 2 in changed)
    own = [e for e in events if e.node == "/ns/server"]
    assert own[-1].changed_parameters[0].value.integer_value == 2
    assert own[-1].stamp.sec > 0
