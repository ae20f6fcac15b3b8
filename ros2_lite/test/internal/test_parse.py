"""Interface text: what is understood, and what is refused with file, line and reason."""

import array

import numpy as np
import pytest

from ros2_lite.idl import InterfaceNotFoundError, InterfaceSyntaxError, deserialize, get_interface, serialize, type_hash
from ros2_lite.idl.parse import parse_interface

RICH = """\
# A file comment
int32 LIMIT = 12   # a constant
uint8 MASK=0xff
float64 G=9.81
bool ON=true
byte LETTER=65
string GREETING = "it's \\"quoted\\""
string<=5[<=3] names ["a", 'b, c']
  # an indented comment
std_msgs/Header header
Other other
Other[2] pair
bool flag true
byte letter 66
char small 7
int8[] many [1, -2, 3]
float32[3] three [1.5, 2, -3e2]
float64[<=4] few
wstring wide "ü"
string text hello world # not this
uint64 big 18446744073709551615
int64 low -9223372036854775808
"""


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Return a function that writes an interface file of a package of its own."""
    name = f"pkg{abs(hash(str(tmp_path))) % 10**8}"
    monkeypatch.setenv("AMENT_PREFIX_PATH", str(tmp_path))

    def write(file, text):
        path = tmp_path / "share" / name / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return f"{name}/{file.partition('.')[0]}"

    return write


def test_everything_a_file_may_hold(package):
    package("msg/Other.msg", "int32 x 5\n")
    cls = get_interface(package("msg/Rich.msg", RICH))
    assert (cls.LIMIT, cls.MASK, cls.G, cls.ON, cls.LETTER, cls.GREETING) == (
        12,
        255,
        9.81,
        True,
        b"A",
        'it\'s "quoted"',
    )
    message = cls()
    assert message.names == ["a", "b, c"] and message.flag is True and message.letter == b"B" and message.small == 7
    assert message.many == array.array("b", [1, -2, 3]) and message.text == "hello world" and message.wide == "ü"
    assert message.three.tolist() == [1.5, 2.0, -300.0] and message.three.dtype == np.float32
    assert message.big == 2**64 - 1 and message.low == -(2**63) and message.pair[1].x == 5
    assert cls.get_fields_and_field_types()["names"] == "sequence<string<5>, 3>"
    assert deserialize(serialize(message), cls) == message
    message.many.append(4)
    assert cls().many == array.array("b", [1, -2, 3])


def test_services_and_actions(package):
    service = get_interface(package("srv/Ask.srv", "uint8 KIND=1\nstring what\n---\nbool ok\nstring why\n"))
    assert service.Request.KIND == 1 and service.Response(ok=True).why == ""
    action = get_interface(package("action/Go.action", "int32 goal\n---\n---\nfloat32 done\n"))
    assert action.Result() == action.Result() and action.Impl.FeedbackMessage().feedback.done == 0.0
    assert type_hash(action.Impl.SendGoalService).startswith("RIHS01_")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("int32", "expected '<type> <name>'"),
        (" int32 x", "expected '<type> <name>'"),
        ("int32 Upper", "'Upper' is not a valid field name"),
        ("int32 a__b", "not a valid field name"),
        ("int32 x 1.5", "invalid literal"),
        ("uint8 x 256", r"256 is outside \[0, 255\]"),
        ("bool x maybe", "'maybe' is not a bool"),
        ("int32[2] x [1]", "the default has 1 elements, the array 2"),
        ("int32[<=1] x [1, 2]", "the default has 2 elements, the bound is 1"),
        ("int32[0] x", "must be positive"),
        ("int32[<=] x", "lacks its bound"),
        ("int32<=3 x", "only strings can be bounded"),
        ("string<=3 x abcd", "longer than 3"),
        ("std_msgs/Header h 5", "cannot have a default"),
        ("lower x", "neither a basic type nor a valid message name"),
        ("a/b/C x", "neither a basic type nor a valid message name"),
        ("int32 lower=5", "'lower' is not a valid constant name"),
        ("std_msgs/Header H=5", "a constant cannot have type"),
        ('string S="a"b"', "inner quotes must be escaped"),
        ("int32 x\nint32 x", "'x' occurs twice"),
    ],
)
def test_what_is_refused(line, reason):
    with pytest.raises(InterfaceSyntaxError, match=reason) as caught:
        parse_interface("some_msgs", "msg", "Thing", "int32 fine\n" + line)
    assert "some_msgs/msg/Thing, line" in str(caught.value)


@pytest.mark.parametrize(("kind", "text"), [("srv", "int32 a"), ("srv", "---\n---"), ("action", "---")])
def test_separators_are_counted(kind, text):
    with pytest.raises(InterfaceSyntaxError, match="'---' separators, expected"):
        parse_interface("some_msgs", kind, "Thing", text)


def test_a_type_that_is_not_there_is_named_with_its_owner(package):
    name = package("msg/Orphan.msg", "nowhere_msgs/Parent parent\n")
    with pytest.raises(InterfaceNotFoundError, match=f"{name} refers to a type that cannot be found.*nowhere_msgs"):
        get_interface(name)
