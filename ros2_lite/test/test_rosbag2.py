"""Bags: what is written is read, by either world. The same file runs on real ROS 2."""

import datetime
import os
import threading
import time

import pytest
import rclpy
import rclpy.logging

rosbag2_py = pytest.importorskip("rosbag2_py")
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy  # noqa: E402
from rclpy.serialization import deserialize_message, serialize_message  # noqa: E402
from rosbag2_py import ConverterOptions, SequentialReader, SequentialWriter, StorageOptions, TopicMetadata  # noqa: E402
from sensor_msgs.msg import Image  # noqa: E402
from std_msgs.msg import Int32, String  # noqa: E402

STORAGES = ["mcap", "sqlite3"]
CDR = ConverterOptions("cdr", "cdr")


def write_bag(uri, storage, messages=10, **options):
    writer = SequentialWriter()
    writer.open(StorageOptions(uri=str(uri), storage_id=storage, **options), CDR)
    writer.create_topic(TopicMetadata(id=0, name="/text", type="std_msgs/msg/String", serialization_format="cdr"))
    writer.create_topic(TopicMetadata(id=0, name="/number", type="std_msgs/msg/Int32", serialization_format="cdr"))
    for i in range(messages):
        writer.write("/text", serialize_message(String(data=f"hello {i}")), i * 1000)
        writer.write("/number", serialize_message(Int32(data=i)), i * 1000 + 500)
    writer.close()


def open_bag(uri, storage=""):
    reader = SequentialReader()
    reader.open(StorageOptions(uri=str(uri), storage_id=storage), CDR)
    return reader


def contents(reader):
    found = []
    while reader.has_next():
        found.append(reader.read_next())
    return found


@pytest.fixture(autouse=True)
def level():
    """A recorder's or player's log level is the whole process's: put back what it was."""
    before = rclpy.logging.get_logger_level("")
    yield
    rclpy.logging.set_logger_level("", before)


@pytest.fixture(params=STORAGES)
def storage(request):
    return request.param


class TestWritingAndReading:
    def test_messages_come_back_in_order(self, tmp_path, storage):
        write_bag(tmp_path / "bag", storage)
        reader = open_bag(tmp_path / "bag", storage)
        assert {(t.name, t.type) for t in reader.get_all_topics_and_types()} == {
            ("/text", "std_msgs/msg/String"),
            ("/number", "std_msgs/msg/Int32"),
        }
        found = contents(reader)
        assert [t for _, _, t in found] == [i * 500 for i in range(20)]
        assert deserialize_message(found[2][1], String).data == "hello 1"
        assert not reader.has_next()

    def test_metadata(self, tmp_path, storage):
        write_bag(tmp_path / "bag", storage, custom_data={"run": "7"})
        metadata = rosbag2_py.Info().read_metadata(str(tmp_path / "bag"), storage)
        assert metadata.message_count == 20 and metadata.storage_identifier == storage
        assert metadata.starting_time.nanoseconds == 0 and metadata.duration.nanoseconds == 9500
        assert {t.topic_metadata.name: t.message_count for t in metadata.topics_with_message_count} == {
            "/text": 10,
            "/number": 10,
        }
        assert metadata.custom_data == {"run": "7"} and metadata.bag_size > 0
        assert metadata.files[0].message_count == 20 and metadata.relative_file_paths[0].startswith("bag_0.")
        assert metadata.topics_with_message_count[0].topic_metadata.type_description_hash in (
            "",
            *[
                "RIHS01_df668c740482bbd48fb39d76a70dfd4bd59db1288021743503259e948f6b1a18",
                "RIHS01_b6578ded3c58c626cfe8d1a6fb6e04f706f97e9f03d2727c9ff4e74b1cef0deb",
            ],
        )
        text = str(metadata)
        assert "Topic: /text | Type: std_msgs/msg/String | Count: 10 | Serialization Format: cdr" in text
        assert "Messages:          20" in text and f"Storage id:        {storage}" in text

    def test_filter_and_seek(self, tmp_path, storage):
        write_bag(tmp_path / "bag", storage)
        reader = open_bag(tmp_path / "bag", storage)
        reader.set_filter(rosbag2_py.StorageFilter(topics=["/number"]))
        reader.seek(4500)
        assert [t for _, _, t in contents(reader)] == [4500, 5500, 6500, 7500, 8500, 9500]

    def test_split_by_size(self, tmp_path, storage):
        writer = SequentialWriter()
        writer.open(StorageOptions(uri=str(tmp_path / "bag"), storage_id=storage, max_bagfile_size=1_000_000), CDR)
        writer.create_topic(TopicMetadata(0, "/image", "sensor_msgs/msg/Image", "cdr"))
        for i in range(10):
            writer.write("/image", serialize_message(Image(height=1, width=1, step=1, data=bytes(400_000))), i)
        writer.close()
        metadata = rosbag2_py.Info().read_metadata(str(tmp_path / "bag"), storage)
        assert len(metadata.relative_file_paths) > 1
        assert sum(f.message_count for f in metadata.files) == 10
        assert [t for _, _, t in contents(open_bag(tmp_path / "bag"))] == list(range(10))

    def test_qos_is_kept(self, tmp_path, storage):
        from rosbag2_py._storage import QoS

        qos = QoS(3).best_effort().transient_local()
        writer = SequentialWriter()
        writer.open(StorageOptions(uri=str(tmp_path / "bag"), storage_id=storage), CDR)
        writer.create_topic(TopicMetadata(0, "/text", "std_msgs/msg/String", "cdr", [qos], ""))
        writer.close()
        metadata = rosbag2_py.MetadataIo().read_metadata(str(tmp_path / "bag"))
        found = metadata.topics_with_message_count[0].topic_metadata.offered_qos_profiles
        profile = rosbag2_py.convert_rclcpp_qos_to_rclpy_qos(found[0])
        assert profile.reliability == ReliabilityPolicy.BEST_EFFORT
        assert profile.durability == DurabilityPolicy.TRANSIENT_LOCAL and profile.depth == 3

    def test_metadata_round_trip(self, tmp_path, storage):
        write_bag(tmp_path / "bag", storage)
        io = rosbag2_py.MetadataIo()
        metadata = io.read_metadata(str(tmp_path / "bag"))
        again = io.deserialize_metadata(io.serialize_metadata(metadata))
        assert again.message_count == 20 and again.duration.nanoseconds == metadata.duration.nanoseconds


class TestErrors:
    def test_a_bag_is_not_overwritten(self, tmp_path, storage):
        write_bag(tmp_path / "bag", storage)
        with pytest.raises(RuntimeError, match="already exists"):
            write_bag(tmp_path / "bag", storage)

    def test_unknown_storage(self, tmp_path):
        with pytest.raises(RuntimeError, match="No storage could be initialized"):
            write_bag(tmp_path / "bag", "parchment")

    def test_nothing_there(self, tmp_path):
        with pytest.raises(RuntimeError):
            open_bag(tmp_path / "none", "mcap")
        with pytest.raises(RuntimeError, match="does not exist"):
            rosbag2_py.Info().read_metadata(str(tmp_path / "none"), "")

    def test_writing_what_was_not_announced(self, tmp_path, storage):
        writer = SequentialWriter()
        with pytest.raises(RuntimeError, match="open"):
            writer.write("/text", b"", 0)
        writer.open(StorageOptions(uri=str(tmp_path / "bag"), storage_id=storage), CDR)
        with pytest.raises(RuntimeError, match="create_topic"):
            writer.write("/text", b"", 0)
        writer.close()


class TestOnTheGraph:
    @pytest.fixture
    def node(self):
        context = rclpy.Context()
        rclpy.init(context=context)
        node = rclpy.create_node("test_rosbag2", context=context)
        executor = rclpy.executors.SingleThreadedExecutor(context=context)
        executor.add_node(node)
        node.wait = lambda condition, timeout=15.0: self.wait(executor, condition, timeout)
        yield node
        executor.shutdown()
        node.destroy_node()
        rclpy.shutdown(context=context)

    @staticmethod
    def wait(executor, condition, timeout):
        deadline = time.monotonic() + timeout
        while not condition() and time.monotonic() < deadline:
            executor.spin_once(timeout_sec=0.05)
        return condition()

    def test_record_and_play(self, tmp_path, storage, node):
        latched = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        publisher, state = node.create_publisher(String, "/talk", 10), node.create_publisher(Int32, "/state", latched)
        state.publish(Int32(data=42))
        options = rosbag2_py.RecordOptions()
        options.topics = ["/talk", "/state"]
        options.topic_polling_interval = datetime.timedelta(milliseconds=50)
        options.disable_keyboard_controls = True
        recorder = rosbag2_py.Recorder("warn")
        thread = threading.Thread(
            target=recorder.record,
            daemon=True,
            args=(StorageOptions(uri=str(tmp_path / "bag"), storage_id=storage), options, "recorder"),
        )
        thread.start()
        assert node.wait(lambda: publisher.get_subscription_count() and state.get_subscription_count())
        for i in range(20):
            publisher.publish(String(data=f"word {i}"))
            node.wait(lambda: False, 0.01)
        node.wait(lambda: False, 0.5)
        recorder.cancel()
        thread.join(10.0)
        assert not thread.is_alive()
        del recorder, thread  # real ROS has one context for recorder and player
        found = contents(open_bag(tmp_path / "bag", storage))
        words = [deserialize_message(d, String).data for t, d, _ in found if t == "/talk"]
        assert words == [f"word {i}" for i in range(20)]
        assert [deserialize_message(d, Int32).data for t, d, _ in found if t == "/state"] == [42]
        assert abs(found[-1][2] - time.time_ns()) < 60e9

        if storage == "sqlite3":
            return  # real ROS plays once a process: its player does not forget that it was told to stop
        heard, states = [], []
        node.destroy_publisher(publisher)
        node.destroy_publisher(state)
        subscription = node.create_subscription(String, "/talk", lambda m: heard.append(m.data), 100)
        also = node.create_subscription(Int32, "/state", lambda m: states.append(m.data), latched)
        play = rosbag2_py.PlayOptions()
        play.disable_keyboard_controls = True
        play.delay = 1.0
        player = rosbag2_py.Player("warn")
        thread = threading.Thread(
            target=player.play, daemon=True, args=(StorageOptions(uri=str(tmp_path / "bag"), storage_id=storage), play)
        )
        thread.start()
        assert node.wait(lambda: len(heard) == 20 and states)
        thread.join(10.0)
        del player, thread
        assert heard == words and states[-1] == 42
        assert subscription and also

    def test_log_levels(self):
        with pytest.raises(RuntimeError):
            rosbag2_py.Recorder("xxx")
        with pytest.raises(RuntimeError):
            rosbag2_py.Player("xxx")


@pytest.mark.parametrize("exchange", os.environ.get("ROS2_LITE_BAGS", "").split(os.pathsep))
def test_a_bag_of_the_other_world(exchange):
    """Set ROS2_LITE_BAGS to bags that `write_bag` made elsewhere."""
    if not exchange:
        pytest.skip("no bag of another world given")
    found = contents(open_bag(exchange))
    assert [t for _, _, t in found] == [i * 500 for i in range(20)]
    assert deserialize_message(found[2][1], String).data == "hello 1"
