"""A bag whose writer was killed is read up to what was written a second before, by us and by others."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from rosbag2_py import ConverterOptions, Info, Reindexer, SequentialReader, StorageOptions

WRITE = """
import sys, time
from rclpy.serialization import serialize_message
from rosbag2_py import ConverterOptions, SequentialWriter, StorageOptions, TopicMetadata
from std_msgs.msg import String
writer = SequentialWriter()
writer.open(StorageOptions(uri=sys.argv[1], storage_id=sys.argv[2]), ConverterOptions("cdr", "cdr"))
writer.create_topic(TopicMetadata(0, "/text", "std_msgs/msg/String", "cdr"))
for i in range(100):
    writer.write("/text", serialize_message(String(data=f"hello {i}" * 100)), i)
print("written", flush=True)
time.sleep(60)
"""


@pytest.fixture(params=["mcap", "sqlite3"])
def killed(request, tmp_path):
    bag = tmp_path / "bag"
    process = subprocess.Popen([sys.executable, "-c", WRITE, str(bag), request.param], stdout=subprocess.PIPE)
    assert process.stdout and process.stdout.readline() == b"written\n"
    deadline = time.monotonic() + 20
    metadata = bag / "metadata.yaml"
    while "message_count: 100" not in metadata.read_text() and time.monotonic() < deadline:
        os.sched_yield()
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    return bag


def read(bag: Path) -> list[int]:
    reader = SequentialReader()
    reader.open(StorageOptions(uri=str(bag)), ConverterOptions("", ""))
    times = []
    while reader.has_next():
        times.append(reader.read_next()[2])
    return times


def test_everything_flushed_is_read(killed):
    assert read(killed) == list(range(100))
    metadata = Info().read_metadata(str(killed), "")
    assert metadata.message_count == 100 and metadata.duration.nanoseconds == 99


def test_without_its_metadata(killed):
    (killed / "metadata.yaml").unlink()
    assert read(killed) == list(range(100))
    Reindexer().reindex(StorageOptions(uri=str(killed)))
    assert "message_count: 100" in (killed / "metadata.yaml").read_text()


def test_cut_in_the_middle_of_a_record(killed):
    file = next(p for p in killed.iterdir() if p.suffix in (".mcap", ".db3"))
    if file.suffix == ".db3":
        pytest.skip("SQLite sees to that")
    whole = file.read_bytes()
    for length in (*range(40), len(whole) // 2, len(whole) - 1):
        file.write_bytes(whole[:length])
        try:
            assert read(killed) == list(range(100))[: len(read(killed))]
        except RuntimeError as e:
            assert "MCAP" in str(e)
