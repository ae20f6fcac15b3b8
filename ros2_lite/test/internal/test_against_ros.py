"""Message classes and CDR against real ROS 2's, type by type; needs DEFT_ROS_SETUP=/path/to/setup.bash.

Real ROS 2 runs in a process of its own and is asked, for every type, for its fields, its defaults, its constants and
its bytes, and to read ours and say what it read.
"""

import json
import os
import subprocess
from pathlib import Path

import pytest
from cdr_oracle import message_names, messages
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from ros2_lite.idl import deserialize, get_interface, serialize
from ros2_lite.idl.classes import type_name

SETUP = os.environ.get("DEFT_ROS_SETUP", "")
pytestmark = pytest.mark.skipif(not SETUP, reason="DEFT_ROS_SETUP does not name a real ROS 2")

SERVER = r"""
import importlib, json, sys
from rclpy.serialization import deserialize_message, serialize_message
def load(name):
    package, kind, stem = name.split("/")
    base = stem.partition("_")[0] if kind != "msg" else stem
    import re
    s = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", base); s = re.sub("([a-z0-9])([A-Z])", r"\1_\2", s).lower()
    return getattr(importlib.import_module(f"{package}.{kind}._{s}"), stem)
for line in sys.stdin:
    q = json.loads(line)
    try:
        cls = load(q["type"])
        if "bytes" in q:
            m = deserialize_message(bytes.fromhex(q["bytes"]), cls)
            a = {"repr": repr(m), "bytes": serialize_message(m).hex()}
        else:
            names = [n for n in dir(cls) if n.isupper() and not n.startswith("_") and n != "SLOT_TYPES"]
            a = {"fields": cls.get_fields_and_field_types(), "slots": cls.__slots__, "repr": repr(cls()),
                 "constants": {n: repr(getattr(cls, n)) for n in names},
                 "types": [type(t).__name__ for t in cls.SLOT_TYPES], "bytes": serialize_message(cls()).hex()}
    except Exception as e:
        a = {"error": repr(e)}
    print(json.dumps(a), flush=True)
"""


@pytest.fixture(scope="module")
def ros():
    process = subprocess.Popen(
        ["bash", "-c", '. "$0" >&2; exec python3 -c "$1"', SETUP, SERVER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={"PATH": "/usr/bin:/bin", "HOME": str(Path.home())},
        stderr=subprocess.DEVNULL,
    )

    def ask(**question):
        process.stdin.write(json.dumps(question) + "\n")
        process.stdin.flush()
        answer = json.loads(process.stdout.readline())
        assert "error" not in answer, answer["error"]
        return answer

    yield ask
    process.stdin.close()
    process.wait(10)
    process.stdout.close()


def comparable(name):
    return not name.startswith(("deft", "test_interface_files"))  # the latter is only a source for test_msgs


NAMES = [n for n in message_names() if comparable(n)] if SETUP else []


@pytest.mark.parametrize("name", NAMES)
def test_classes_are_the_same(name, ros):
    cls, real = get_interface(name), ros(type=name)
    assert cls.get_fields_and_field_types() == real["fields"]
    assert cls.__slots__ == real["slots"]
    assert [type(t).__name__ for t in cls.SLOT_TYPES] == real["types"]
    assert repr(cls()) == real["repr"]
    constants = {
        n: repr(getattr(cls, n)) for n in dir(cls) if n.isupper() and not n.startswith("_") and n != "SLOT_TYPES"
    }
    assert constants == real["constants"]
    trimmed = bytes.fromhex(real["bytes"])
    assert serialize(cls()) == trimmed[: len(serialize(cls()))] and len(trimmed) - len(serialize(cls())) < 4


@pytest.mark.parametrize("name", NAMES)
def test_real_ros_reads_what_we_write_and_the_reverse(name, ros):
    @settings(
        deadline=None,
        max_examples=5,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
        derandomize=True,
        database=None,
    )
    @given(data=st.data())
    def exchange(data):
        message = data.draw(messages(name))
        real = ros(type=type_name(type(message)), bytes=serialize(message).hex())
        assert real["repr"] == repr(message)
        assert deserialize(bytes.fromhex(real["bytes"]), type(message)) == message

    exchange()
