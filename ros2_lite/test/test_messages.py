"""Message, service and action classes: the same file runs on real ROS 2."""

import array
import copy
import pickle

import numpy as np
import pytest
from action_msgs.msg import GoalStatusArray
from action_msgs.srv import CancelGoal
from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticStatus
from example_interfaces.action import Fibonacci
from geometry_msgs.msg import Point, PoseArray, Quaternion, Vector3
from rcl_interfaces.msg import ParameterDescriptor
from rosidl_parser.definition import Array, BasicType, BoundedSequence, NamespacedType, UnboundedString
from sensor_msgs.msg import CameraInfo, Image, JointState, NavSatStatus
from shape_msgs.msg import SolidPrimitive
from std_msgs.msg import ByteMultiArray, ColorRGBA, Empty, Header, String, UInt8
from std_srvs.srv import SetBool, Trigger
from unique_identifier_msgs.msg import UUID
from visualization_msgs.msg import Marker


def test_defaults():
    assert String().data == "" and UInt8().data == 0 and ColorRGBA().r == 0.0
    assert Quaternion().w == 1.0 and Quaternion.W__DEFAULT == 1.0
    assert NavSatStatus().status == NavSatStatus.STATUS_UNKNOWN == -2
    assert ParameterDescriptor().dynamic_typing is False
    assert DiagnosticStatus().level == b"\0" == DiagnosticStatus.OK
    assert Image().header == Header() and Image().header.stamp == Time()
    k = CameraInfo().k
    assert isinstance(k, np.ndarray) and k.dtype == np.float64 and k.shape == (9,)
    assert JointState().position == array.array("d") and JointState().name == []


def test_defaults_are_not_shared():
    a, b = JointState(), JointState()
    a.position.append(1.0)
    a.name.append("x")
    a.header.frame_id = "f"
    assert b == JointState()
    first, second = CameraInfo(), CameraInfo()
    first.k[0] = 1.0
    assert second.k[0] == 0.0


def test_constants_are_on_class_and_instance_and_fixed():
    assert Marker.ARROW == 0 and Marker().CUBE == 1 and DiagnosticStatus.ERROR == b"\2"
    assert CancelGoal.Response.ERROR_REJECTED == 1
    with pytest.raises(AttributeError):
        Marker.ARROW = 5
    with pytest.raises(AttributeError):
        Marker().ARROW = 5


def test_fields_and_types():
    assert Image.get_fields_and_field_types() == {
        "header": "std_msgs/Header",
        "height": "uint32",
        "width": "uint32",
        "encoding": "string",
        "is_bigendian": "uint8",
        "step": "uint32",
        "data": "sequence<uint8>",
    }
    assert CameraInfo.get_fields_and_field_types()["k"] == "double[9]"
    assert SolidPrimitive.get_fields_and_field_types()["dimensions"] == "sequence<double, 3>"
    ranges = ParameterDescriptor.get_fields_and_field_types()["integer_range"]
    assert ranges == "sequence<rcl_interfaces/IntegerRange, 1>"
    assert Empty.get_fields_and_field_types() == {}
    assert Point.__slots__ == ["_x", "_y", "_z", "_check_fields"]
    assert (UnboundedString(),) == String.SLOT_TYPES
    assert (Array(BasicType("uint8"), 16),) == UUID.SLOT_TYPES
    assert SolidPrimitive.SLOT_TYPES[1] == BoundedSequence(BasicType("double"), 3)
    assert Image.SLOT_TYPES[0] == NamespacedType(["std_msgs", "msg"], "Header")


def test_repr():
    assert repr(Point(x=1.5)) == "geometry_msgs.msg.Point(x=1.5, y=0.0, z=0.0)"
    assert repr(JointState(name=["a"], position=[1.0])) == (
        "sensor_msgs.msg.JointState(header=std_msgs.msg.Header(stamp=builtin_interfaces.msg.Time(sec=0, nanosec=0), "
        "frame_id=''), name=['a'], position=[1.0], velocity=[], effort=[])"
    )
    assert repr(SetBool.Request(data=True)) == "std_srvs.srv.SetBool_Request(data=True)"
    assert repr(Empty()) == "std_msgs.msg.Empty()"


def test_equality():
    assert Point(x=1.0) == Point(x=1.0) and Point(x=1.0) != Point(x=2.0)
    assert Point() != Vector3() and Point() != 3
    assert CameraInfo(k=[1.0] * 9) != CameraInfo(k=[2.0] * 9)
    with pytest.raises(TypeError):
        hash(Point())


def test_copies():
    message = Image(data=bytes(10_000), header=Header(frame_id="f"))
    for twin in (copy.deepcopy(message), copy.copy(message), pickle.loads(pickle.dumps(message))):
        assert twin == message
    deep = copy.deepcopy(message)
    deep.header.frame_id = "g"
    assert message.header.frame_id == "f"


def test_packed_sequences_are_arrays():
    joints = JointState(position=(1.0, 2.0))
    assert joints.position == array.array("d", [1.0, 2.0])
    joints.position = [3]
    assert joints.position == array.array("d", [3.0])
    with pytest.raises(TypeError):
        joints.position = ["x"]
    with pytest.raises(OverflowError):
        Image().data = [256]
    assert CameraInfo(k=range(9)).k.tolist() == [float(i) for i in range(9)]
    with pytest.raises(AssertionError):
        CameraInfo(k=[1.0])
    assert UUID(uuid=np.arange(16, dtype=np.uint8)).uuid.dtype == np.uint8
    assert ByteMultiArray(data=[b"\1", b"\2"]).data == [b"\1", b"\2"]


def test_services_and_actions():
    assert Trigger.Request.__name__ == "Trigger_Request" and Trigger.Response().success is False
    assert set(Trigger.Event.get_fields_and_field_types()) == {"info", "request", "response"}
    assert Trigger.Event.get_fields_and_field_types()["request"] == "sequence<std_srvs/Trigger_Request, 1>"
    impl = Fibonacci.Impl
    assert impl.CancelGoalService is CancelGoal and impl.GoalStatusMessage is GoalStatusArray
    assert impl.SendGoalService.Request(goal=Fibonacci.Goal(order=3)).goal.order == 3
    assert impl.GetResultService.Response().result == Fibonacci.Result()
    assert impl.FeedbackMessage().feedback.sequence == array.array("i")
    for cls in (Trigger, Fibonacci):
        with pytest.raises(NotImplementedError):
            cls()


def test_what_the_modules_export():
    import example_interfaces.action
    import example_interfaces.action._fibonacci as private
    import std_srvs.srv
    import std_srvs.srv._set_bool

    assert std_srvs.srv.SetBool_Request is SetBool.Request is std_srvs.srv._set_bool.SetBool_Request
    assert std_srvs.srv.SetBool_Event is SetBool.Event
    assert example_interfaces.action.Fibonacci_SendGoal_Request is Fibonacci.Impl.SendGoalService.Request
    assert private.Fibonacci_Goal is Fibonacci.Goal
    assert not hasattr(example_interfaces.action, "Fibonacci_Goal")
    assert SetBool.Request.__module__ == "std_srvs.srv._set_bool"
    with pytest.raises(ImportError):
        from std_msgs.msg import NoSuchMessage  # noqa: F401


class TestChecking:
    """With `check_fields=True` (or ROS_PYTHON_CHECK_FIELDS=1) setters refuse what does not fit; else they do not."""

    @pytest.mark.parametrize(
        ("cls", "field", "value", "words"),
        [
            (String, "data", 5, "The 'data' field must be of type 'str'"),
            (UInt8, "data", 256, r"The 'data' field must be an unsigned integer in \[0, 255\]"),
            (UInt8, "data", 1.0, "The 'data' field must be of type 'int'"),
            (Point, "x", 1, "The 'x' field must be of type 'float'"),
            (Point, "x", "1", "The 'x' field must be of type 'float'"),
            (ColorRGBA, "r", 1e39, "The 'r' field must be a float in"),
            (Image, "header", Point(), "The 'header' field must be a sub message of type 'Header'"),
            (PoseArray, "poses", [1], "The 'poses' field must be a set or sequence and each value of type 'Pose'"),
            (JointState, "name", "abc", "The 'name' field must be a set or sequence and each value of type 'str'"),
            (JointState, "position", array.array("f"), "must have the type code of 'd'"),
            (SolidPrimitive, "dimensions", [1.0] * 4, "with length <= 3"),
            (CameraInfo, "k", np.zeros(9, np.float32), "must have the dtype of 'numpy.float64'"),
            (CameraInfo, "k", np.zeros(8), "must have a size of 9"),
            (CameraInfo, "k", [1.0] * 8, "with length 9"),
            (DiagnosticStatus, "level", 1, "must be of type 'bytes' or 'ByteString' with length 1"),
            (SetBool.Request, "data", 1, "The 'data' field must be of type 'bool'"),
        ],
    )
    def test_refused(self, cls, field, value, words):
        message = cls(check_fields=True)
        with pytest.raises(AssertionError, match=words):
            setattr(message, field, value)
        if not isinstance(getattr(message, field), np.ndarray | array.array):
            setattr(cls(check_fields=False), field, value)

    @pytest.mark.parametrize(
        ("cls", "field", "value"),
        [
            (Image, "data", bytes(5)),
            (Image, "data", [1, 2]),
            (JointState, "position", array.array("d", [1])),
            (CameraInfo, "k", np.ones(9)),
            (CameraInfo, "k", [1.0] * 9),
            (Point, "x", float("inf")),
            (JointState, "name", {"a"}),
            (DiagnosticStatus, "level", b"\3"),
        ],
    )
    def test_accepted(self, cls, field, value):
        message = cls(check_fields=True)
        setattr(message, field, value)
        stored = getattr(message, field)
        assert stored == value if isinstance(stored, bytes | float | set) else list(stored) == list(value)

    def test_unknown_names(self):
        with pytest.raises(AssertionError, match="Invalid arguments passed to constructor: dta"):
            String(dta="x", check_fields=True)
