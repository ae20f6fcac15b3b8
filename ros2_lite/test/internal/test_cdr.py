"""CDR round trips, against cyclonedds' own typed serialiser, and what bytes that are no message do."""

import array
import os
import struct
import sys
import tracemalloc

import numpy as np
import pytest
from cdr_oracle import message_names, messages, oracle_bytes, padded
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ros2_lite.idl import CdrError, deserialize, get_interface, serialize

NAMES = message_names()
# cyclonedds' Python types have no wide strings
COMPARABLE = [n for n in NAMES if n != "example_interfaces/msg/WString"]
LITTLE = b"\x00\x01\x00\x00"
relaxed = settings(deadline=None, suppress_health_check=list(HealthCheck))


@pytest.mark.parametrize("name", NAMES)
def test_defaults_round_trip(name):
    message = get_interface(name)()
    assert deserialize(serialize(message), type(message)) == message


@pytest.mark.parametrize("name", COMPARABLE)
@settings(relaxed, max_examples=5)
@given(data=st.data())
def test_arbitrary_messages_agree_with_cyclonedds(name, data):
    message = data.draw(messages(name))
    ours = serialize(message)
    assert padded(ours) == padded(oracle_bytes(message, name))
    assert deserialize(ours, type(message)) == message
    assert deserialize(oracle_bytes(message, name, little=False), type(message)) == message


@settings(relaxed, max_examples=50)
@given(text=st.text(st.characters(exclude_categories=["Cs"])))
def test_wide_strings_are_32_bit_units_without_a_null(text):
    """As rmw_cyclonedds writes them: the number of UTF-16 units, then each in four bytes."""
    cls = get_interface("example_interfaces/msg/WString")
    data = serialize(cls(data=text))
    units = struct.unpack(f"<{len(text.encode('utf-16-le')) // 2}H", text.encode("utf-16-le"))
    assert data == LITTLE + struct.pack(f"<I{len(units)}I", len(units), *units)
    assert deserialize(data, cls).data == text


@pytest.mark.parametrize("prefix", [b"", bytes(range(16))])
def test_a_request_header_stands_between_encapsulation_and_message(prefix):
    pose = get_interface("geometry_msgs/msg/PoseStamped")()
    pose.header.frame_id, pose.pose.position.x = "base_link", 0.25
    data = serialize(pose, prefix)
    assert data[:4] == LITTLE and data[4 : 4 + len(prefix)] == prefix
    assert deserialize(data, type(pose), skip=len(prefix)) == pose


class TestHostileBytes:
    """Whatever arrives is a message or a CdrError; nothing else is raised, and memory does not follow a lie."""

    @pytest.mark.parametrize("name", NAMES)
    def test_truncated(self, name):
        message = get_interface(name)()
        data = serialize(message)
        for length in range(len(data)):
            with pytest.raises(CdrError, match=name):
                deserialize(data[:length], type(message))

    @pytest.mark.parametrize("name", NAMES)
    @settings(relaxed, max_examples=15)
    @given(header=st.sampled_from([LITTLE, bytes(4)]), body=st.binary(max_size=200))
    def test_random(self, name, header, body):
        cls = get_interface(name)
        try:
            message = deserialize(header + body, cls)
        except CdrError as e:
            assert name in str(e)
        else:
            assert isinstance(message, cls)
            repr(message)  # every field can be read

    @settings(relaxed, max_examples=150)
    @given(data=st.data())
    def test_damaged(self, data):
        """Bytes of a real message with a few of them changed, cut, or doubled."""
        name = data.draw(st.sampled_from(NAMES))
        raw = bytearray(serialize(data.draw(messages(name))))
        for _ in range(data.draw(st.integers(1, 4))):
            at = data.draw(st.integers(4, len(raw)))
            raw[at : at + data.draw(st.integers(0, 4))] = data.draw(st.binary(max_size=4))
        cls = get_interface(name)
        try:
            message = deserialize(bytes(raw), cls)
        except CdrError as e:
            assert name in str(e)
        else:
            assert deserialize(serialize(message), cls) is not None

    @pytest.mark.parametrize(
        "name",
        [
            "sensor_msgs/msg/Image",
            "sensor_msgs/msg/JointState",
            "tf2_msgs/msg/TFMessage",
            "visualization_msgs/msg/MarkerArray",
            "rcl_interfaces/msg/ParameterEvent",
            "nav_msgs/msg/Path",
            "rcl_interfaces/srv/ListParameters_Request",
            "std_msgs/msg/ByteMultiArray",
            "rcl_interfaces/msg/ParameterValue",
        ],
    )
    def test_counts_that_promise_more_than_there_is(self, name):
        """Every four bytes in turn claim to be a length of four thousand million."""
        cls = get_interface(name)
        data = serialize(cls()) + bytes(64)
        tracemalloc.start()
        for at in range(4, len(data) - 3, 4):
            bad = data[:at] + b"\xff\xff\xff\xff" + data[at + 4 :]
            with pytest.raises(CdrError):
                deserialize(bad, cls)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert peak < 4_000_000

    @pytest.mark.parametrize(
        ("data", "reason"),
        [
            (b"", "too few"),
            (LITTLE, "needs 4 bytes, 0 are left"),
            (b"\x00\x03\x00\x00" + bytes(8), "0x0003 is not plain CDR"),
            (b"\x00\x07\x00\x00" + bytes(8), "0x0007 is not plain CDR"),
            (LITTLE + struct.pack("<I", 9) + b"hello\0", "string of 9 characters, 6 bytes are left"),
            (LITTLE + struct.pack("<I", 5) + b"hello", "does not end with a null"),
            (LITTLE + struct.pack("<I", 6) + b"hello\0" + bytes(10), "10 bytes are left over"),
        ],
    )
    def test_the_error_names_field_offset_and_reason(self, data, reason):
        with pytest.raises(CdrError, match=reason) as caught:
            deserialize(data, get_interface("std_msgs/msg/String"))
        assert "std_msgs/msg/String" in str(caught.value)

    def test_the_error_names_a_nested_field(self):
        cls = get_interface("geometry_msgs/msg/PoseArray")
        data = serialize(cls(poses=[get_interface("geometry_msgs/msg/Pose")()] * 2))
        with pytest.raises(CdrError, match=r"PoseArray\.poses\[1\]\.orientation\.w at offset 132: needs 8 bytes"):
            deserialize(data[:-8], cls)

    def test_a_boolean_is_nought_or_one(self):
        with pytest.raises(CdrError, match="7 is not a boolean"):
            deserialize(LITTLE + b"\x07", get_interface("std_msgs/msg/Bool"))

    def test_bounds_hold_on_the_wire(self):
        shape = get_interface("shape_msgs/msg/SolidPrimitive")
        data = bytearray(serialize(shape(dimensions=[1.0, 2.0, 3.0])))
        data[8] = 4
        with pytest.raises(CdrError, match=r"dimensions.*4 elements, the bound is 3"):
            deserialize(bytes(data), shape)

    def test_text_that_is_not_utf_8_is_marked_as_upstream_does(self):
        data = LITTLE + struct.pack("<I", 4) + b"a\xffb\0"
        assert deserialize(data, get_interface("std_msgs/msg/String")).data == "a\ufffdb"


class TestValuesThatDoNotFit:
    """A message that cannot be written is a TypeError that names the field."""

    @pytest.mark.parametrize(
        ("name", "values", "where"),
        [
            ("std_msgs/msg/String", {"data": 5}, r"String\.data.*'str', got int 5"),
            ("std_msgs/msg/UInt8", {"data": 256}, r"UInt8\.data.*\[0, 255\], got int 256"),
            ("geometry_msgs/msg/PointStamped", {"point": None}, r"PointStamped\.point.*'Point', got NoneType"),
            ("std_msgs/msg/String", {"data": "\ud800"}, r"String\.data.*surrogates"),
            ("shape_msgs/msg/SolidPrimitive", {"dimensions": [1.0] * 4}, r"dimensions.*<= 3"),
            ("rmw_dds_common/msg/NodeEntitiesInfo", {"node_name": "x" * 257}, r"node_name.*256"),
        ],
    )
    def test_names_the_field(self, name, values, where):
        message = get_interface(name)()
        for field, value in values.items():
            setattr(message, field, value)
        with pytest.raises(TypeError, match=where):
            serialize(message)

    def test_what_is_no_message(self):
        with pytest.raises(TypeError, match=r"int.* is not a message"):
            serialize(3)
        with pytest.raises(TypeError, match="Trigger is not a message"):
            deserialize(LITTLE, get_interface("std_srvs/srv/Trigger"))


class TestLargeArrays:
    """An image passes no Python loop and is copied once at most."""

    def test_data_read_from_the_wire_is_an_array(self):
        image = get_interface("sensor_msgs/msg/Image")
        pixels = os.urandom(640 * 480 * 3)
        message = deserialize(serialize(image(data=pixels, encoding="rgb8")), image)
        assert type(message.data) is array.array and message.data.tobytes() == pixels
        message.data[0] ^= 1  # and may be changed, without reaching what it came from
        assert message.data.tobytes() != pixels

    @pytest.mark.parametrize(
        "make",
        [bytes, bytearray, memoryview, lambda b: np.frombuffer(b, np.uint8), lambda b: array.array("B", b), list],
    )
    def test_data_may_be_given_as(self, make):
        image = get_interface("sensor_msgs/msg/Image")
        pixels = os.urandom(10_000)
        by_name = image(data=make(pixels))
        by_setter = image()
        by_setter.data = make(pixels)
        assert by_name == by_setter and by_name.data.tobytes() == pixels

    def test_values_assigned_are_not_shared_with_what_they_came_from(self):
        image = get_interface("sensor_msgs/msg/Image")()
        source = np.zeros(10_000, np.uint8)
        image.data = source
        source[0] = 1
        assert image.data[0] == 0

    def test_a_large_image_costs_no_more_lines_of_python_than_a_small_one(self):
        image = get_interface("sensor_msgs/msg/Image")
        small, large = (image(data=os.urandom(size), encoding="rgb8") for size in (12, 640 * 480 * 3))
        received = [serialize(msg) for msg in (small, large)]
        few, many = (_lines(lambda msg=msg: serialize(msg)) for msg in (small, large))
        assert many < few + 50  # a loop over the pixels would run a million
        few, many = (_lines(lambda data=data: deserialize(data, image).data) for data in received)
        assert many < few + 50


def _lines(call):
    """How many lines of Python a call runs."""
    count = 0

    def trace(_frame, event, _argument):
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        call()
    finally:
        sys.settrace(before)
    return count
