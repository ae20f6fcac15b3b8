"""Others' pickles: arrays and containers come through, everything else is refused before it runs."""

import contextlib
import os
import pickle
import pickletools
import tracemalloc
from collections import OrderedDict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from deft_affordance.video import safe_names, safe_pickle
from deft_affordance.video.errors import ClipRejected, Reason
from deft_affordance.video.wire import WireError, WireFrame, WireHand, WireObject, parse, serialize

arrays = hnp.arrays(
    st.sampled_from([np.float32, np.float64, np.int64, np.uint8, np.bool_]), hnp.array_shapes(max_dims=3, max_side=4)
)
plain = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary() | arrays
values = st.recursive(
    plain, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4), max_leaves=12
)


def same(a, b):
    if isinstance(a, dict):
        return isinstance(b, dict) and list(a) == list(b) and all(same(a[k], b[k]) for k in a)
    if isinstance(a, list):
        return isinstance(b, list) and len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and np.array_equal(a, b, equal_nan=a.dtype.kind == "f")
    return a == b


@settings(max_examples=60, deadline=None)
@given(values, st.integers(0, 5))
def test_data_comes_through_every_protocol(value, protocol):
    assert same(value, safe_pickle.loads(pickle.dumps(value, protocol), "file"))


def test_what_the_detectors_write_comes_through():
    hand = {"pred_hand_pose": np.zeros((1, 48), np.float32), "bbox_scale_ratio": np.float32(0.5), "faces": None}
    content = OrderedDict(pred_output_list=[{"right_hand": hand, "left_hand": None}], image_path="a.jpg")
    for protocol in range(6):
        out = safe_pickle.loads(pickle.dumps(content, protocol), "file")
        assert out["pred_output_list"][0]["right_hand"]["bbox_scale_ratio"] == np.float32(0.5)


class Call:
    """Pickles as a call of anything."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


ran = []
HOSTILE = {
    "os.system": Call(os.system, "true"),
    "eval": Call(eval, "1"),
    "exec": Call(exec, "1"),
    "getattr": Call(getattr, (1).real, "real"),
    "open": Call(open, os.devnull),
    "own": Call(ran.append, 1),
    "numpy.load": Call(np.load, "x"),
    "fromfile": Call(np.fromfile, os.devnull),
    "memmap": Call(np.memmap, os.devnull),
    "object array": np.array([Call(os.system, "true")], dtype=object),
    "empty object array": np.array([None, {}], dtype=object),
    "function": np.linalg.norm,
    "class": dict,
    "codec": Call(__import__("_codecs").encode, "abc", "rot13"),
    "nested": {"a": [1, (2, Call(os.getpid))]},
    "bytearray": bytearray,
    "much memory": Call(bytearray, 1 << 40),
    "a huge array": Call(np._core.multiarray._reconstruct, np.ndarray, (1 << 40,), b"b"),
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("protocol", [0, 2, 4, 5])
def test_hostile_pickles_are_refused(name, protocol):
    with pytest.raises(ClipRejected, match="file: refused") as why:
        safe_pickle.loads(pickle.dumps(HOSTILE[name], protocol), "file")
    assert why.value.reason is Reason.UNSAFE_PICKLE and not ran


def op(value):
    """The opcodes that make a plain value."""
    return pickle.dumps(value, 2)[2:-1]


def call(module, name, *arguments):
    return f"c{module}\n{name}\n(".encode() + b"".join(arguments) + b"tR"


def keep(n):
    return b"q" + bytes([n])


def kept(n):
    return b"h" + bytes([n])


MULTIARRAY = "numpy.core.multiarray"
TEXT = call("_codecs", "encode", op("A" * 8), op("latin1"))
WORD, NUMBER = call("numpy", "dtype", op("S8")), call("numpy", "dtype", op("f8"))
GREATER = op((3, "|", None, None, None, 1 << 20, 1, 0)) + b"b"
NONE_YET = call(MULTIARRAY, "_reconstruct", b"cnumpy\nndarray\n", op((0,)), op("b"))


def view(dtype, memory=TEXT):
    return call("numpy.core.numeric", "_frombuffer", memory, dtype, op((1,)), op("C"))


def filled(data=TEXT, shape=(1,), dtype=NUMBER):
    return b"(" + op(1) + op(shape) + dtype + op(False) + data + b"tb"


# What only opcodes written by hand ask for: sizes that change under an array, memory that is freed under a view.
FORGED = {
    "a dtype that grows under an array": WORD + keep(90) + b"0" + view(kept(90)) + kept(90) + GREATER + b"0",
    "a dtype that gets fields": WORD + op((3, "|", None, ("a",), {"a": (np.dtype("f8"), 0)}, 8, 1, 0)) + b"b",
    "numpy.ndarray called": call("numpy", "ndarray", op((4,))),
    "numpy.ndarray made": b"cnumpy\nndarray\n" + op(((4,),)) + b"\x81",
    "an array made twice": NONE_YET + filled() + filled(op("B" * 8)),
    "a view of an array": view(NUMBER, NONE_YET + filled()),
    "a negative shape": NONE_YET + filled(shape=(-1, -1)),
    "fewer bytes than the shape": NONE_YET + filled(shape=(2,)),
    "a dtype of pointers": view(call("numpy", "dtype", op("T"))),
    "a dtype of a dtype": call("numpy", "dtype", op([("a", "f8")])),
    "a container's state": call("collections", "OrderedDict") + op({"a": 1}) + b"b",
}


@pytest.mark.parametrize("name", FORGED)
def test_forged_opcodes_show_no_memory_that_is_not_the_file_s(name):
    with pytest.raises(ClipRejected) as why:
        safe_pickle.loads(b"\x80\x02" + FORGED[name] + b".", "file")
    assert why.value.reason in (Reason.UNSAFE_PICKLE, Reason.BAD_DETECTIONS)


def test_the_forgeries_parts_are_well_made():
    assert safe_pickle.loads(b"\x80\x02" + view(WORD) + b".", "file").tolist() == [b"A" * 8]
    assert safe_pickle.loads(b"\x80\x02" + NONE_YET + filled() + b".", "file").shape == (1,)


def tenfold(levels):
    """Lists of one list ten times, of one list ten times, ..."""
    value = 1.0
    for _ in range(levels):
        value = [value] * 10
    return op(value)


def pairs(levels):
    """The opcodes of a tuple of one tuple twice, of one tuple twice, ..."""
    inner = b"".join(kept(n) * 2 + pickle.TUPLE2 + keep(n + 1) + b"0" for n in range(levels))
    return pickle.EMPTY_TUPLE + keep(0) + b"0" + inner + kept(levels)


# Some hundred bytes each, but the last: what they would take once used as numbers, or as a key, has no end.
SMALL = {
    "lists in lists": tenfold(8),
    "a list in itself": pickle.EMPTY_LIST + keep(0) + kept(0) + pickle.APPEND,
    "tuples in tuples": pairs(22),
    "a key of tuples in tuples": pickle.EMPTY_DICT + pairs(22) + op(1) + pickle.SETITEM,
    "a frozenset": pickle.MARK + op(1) + pickle.FROZENSET,
    "elements of no size": NONE_YET + filled(op(""), (1 << 30,), call("numpy", "dtype", op("S0"))),
    "room for many bytes": pickle.BYTEARRAY8 + (1 << 28).to_bytes(8, "little"),
    "copies": op("A" * 100_000)
    + keep(90)
    + b"0("
    + call("_codecs", "encode", kept(90), op("latin1")) * 2000
    + pickle.LIST,
}


@pytest.mark.parametrize("name", SMALL)
def test_a_small_file_does_not_become_a_large_one(name):
    tracemalloc.start()
    try:
        with pytest.raises(ClipRejected, match="file: ") as why:
            safe_pickle.loads(b"\x80\x04" + SMALL[name] + b".", "file")
        assert tracemalloc.get_traced_memory()[1] < 1 << 25
    finally:
        tracemalloc.stop()
    assert why.value.reason in (Reason.UNSAFE_PICKLE, Reason.BAD_DETECTIONS)


def test_parts_that_are_used_twice_come_through():
    shared = {"camera": np.eye(3), "size": (640, 480)}
    people = [{"box": box, "of": shared, "key": {(1, (2, 3)): box}} for box in (np.zeros(4), [0.0] * 4)] * 50
    out = safe_pickle.loads(pickle.dumps(people), "file")
    assert out[99]["of"]["size"] == (640, 480) and out[0]["key"][1, (2, 3)].shape == (4,)


@pytest.mark.parametrize("dtype", ["f4", "f8", ">f4", "i8", "u1", "?", "c16", "<U4", "S3"])
@pytest.mark.parametrize("protocol", range(6))
def test_arrays_of_every_plain_kind_come_through(dtype, protocol):
    array = np.arange(6).reshape(3, 2).astype(dtype)
    out = safe_pickle.loads(pickle.dumps([array, array.T[::-1], array[0, 0], array[:0]], protocol), "file")
    assert all(map(np.array_equal, out, [array, array.T[::-1], array[0, 0], array[:0]]))


def test_a_message_is_not_as_long_as_the_file():
    with pytest.raises(ClipRejected, match=r"^file: ") as why:
        safe_pickle.loads(pickle.dumps(Call(__import__("_codecs").encode, "abc", "x" * 100_000)), "file")
    assert len(str(why.value)) <= 500


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(["os", "builtins", "posix", "subprocess", "numpy", "numpy.core.multiarray", "sys", "collections"])
    | st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=8),
    st.sampled_from(["system", "eval", "getattr", "load", "__import__", "Popen", "modules", "namedtuple"])
    | st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=8),
)
def test_no_name_beyond_the_list_is_resolved(module, name):
    allowed = (module, name) in safe_names.ALLOWED
    program = b"c" + module.encode() + b"\n" + name.encode() + b"\n" + b"(tR."
    if allowed:
        return
    with pytest.raises(ClipRejected) as why:
        safe_pickle.loads(program, "file")
    assert why.value.reason is Reason.UNSAFE_PICKLE


@settings(max_examples=80, deadline=None)
@given(values, st.data())
def test_cut_or_spoilt_pickles_only_ever_give_data_or_a_clear_line(value, data):
    program = bytearray(pickle.dumps(value, data.draw(st.integers(0, 5))))
    for _ in range(data.draw(st.integers(0, 3))):
        program[data.draw(st.integers(0, len(program) - 1))] = data.draw(st.integers(0, 255))
    program = program[: data.draw(st.integers(0, len(program)))]
    try:
        safe_pickle.loads(bytes(program), "file")
    except ClipRejected as why:
        assert why.reason in (Reason.UNSAFE_PICKLE, Reason.BAD_DETECTIONS) and str(why).startswith("file: ")


def test_a_cut_pickle_says_to_fetch_it_again(tmp_path):
    (tmp_path / "a.pkl").write_bytes(pickle.dumps(np.arange(100))[:-20])
    with pytest.raises(ClipRejected, match=r"a\.pkl: no whole pickle .*fetch the file again"):
        safe_pickle.load(tmp_path / "a.pkl")
    with pytest.raises(ClipRejected, match=r"b\.pkl: No such file"):
        safe_pickle.load(tmp_path / "b.pkl")
    assert any("REDUCE" in op.name for op, _, _ in pickletools.genops(pickle.dumps(np.arange(3))))


share = st.floats(0, 1, width=32)
boxes = st.tuples(share, share, share, share)
hands = st.builds(WireHand, boxes, share, st.integers(0, 4), st.tuples(share, share), st.integers(0, 1))
frames = st.builds(
    WireFrame,
    st.text(max_size=8),
    st.integers(0, 2**31 - 1),
    st.lists(hands, max_size=3).map(tuple),
    st.lists(st.builds(WireObject, boxes, share), max_size=3).map(tuple),
)


@settings(max_examples=60, deadline=None)
@given(frames)
def test_detections_survive_their_wire_format(frame):
    assert parse(serialize(frame)) == frame


def test_detections_are_read_as_protocol_buffers_write_them():
    pytest.importorskip("google.protobuf")
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

    file = descriptor_pb2.FileDescriptorProto(name="t.proto", package="t", syntax="proto3")
    vector = file.message_type.add(name="Box")
    for i, name in enumerate(("left", "top", "right", "bottom"), 1):
        vector.field.add(name=name, number=i, type=2, label=1)
    thing = file.message_type.add(name="Thing")
    thing.field.add(name="bbox", number=1, type=11, label=1, type_name=".t.Box")
    thing.field.add(name="score", number=2, type=2, label=1)
    top = file.message_type.add(name="Detections")
    top.field.add(name="video_id", number=1, type=9, label=1)
    top.field.add(name="frame_number", number=2, type=5, label=1)
    top.field.add(name="objects", number=4, type=11, label=3, type_name=".t.Thing")
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    Detections = message_factory.GetMessageClass(pool.FindMessageTypeByName("t.Detections"))
    message = Detections(video_id="P01_09", frame_number=13404)
    added = message.objects.add(score=0.5)
    added.bbox.left, added.bbox.right, added.bbox.bottom = 0.25, 0.75, 1.0
    frame = parse(message.SerializeToString())
    assert frame == WireFrame("P01_09", 13404, (), (WireObject((0.25, 0.0, 0.75, 1.0), 0.5),))
    assert serialize(frame) == message.SerializeToString()


@settings(max_examples=60, deadline=None)
@given(frames, st.data())
def test_cut_messages_are_an_error_or_a_shorter_message(frame, data):
    content = serialize(frame)
    with contextlib.suppress(WireError):
        parse(content[: data.draw(st.integers(0, len(content)))])
