"""The options and small types of rosbag2_py."""

import pytest

rosbag2_py = pytest.importorskip("rosbag2_py")
from rclpy.serialization import serialize_message  # noqa: E402
from std_msgs.msg import String  # noqa: E402

CDR = rosbag2_py.ConverterOptions("cdr", "cdr")


@pytest.fixture
def bag(tmp_path):
    """A bag of ten messages, whose times of sending run backwards."""
    writer = rosbag2_py.SequentialWriter()
    writer.open(rosbag2_py.StorageOptions(uri=str(tmp_path / "bag"), storage_id="mcap"), CDR)
    for name in ("/a", "/b"):
        writer.create_topic(rosbag2_py.TopicMetadata(0, name, "std_msgs/msg/String", "cdr"))
    for i in range(5):
        writer.write("/a", serialize_message(String(data=f"a{i}")), 2 * i)
        writer.write("/b", serialize_message(String(data=f"b{i}")), 2 * i + 1)
    writer.close()
    return str(tmp_path / "bag")


def times(reader):
    found = []
    while reader.has_next():
        found.append(reader.read_next()[2])
    return found


def test_what_is_registered():
    assert rosbag2_py.get_default_storage_id() == "mcap"
    for registered in (rosbag2_py.get_registered_readers(), rosbag2_py.get_registered_writers()):
        assert {"mcap", "sqlite3"} <= registered
    assert isinstance(rosbag2_py.get_registered_compressors(), set)
    assert "cdr" in {*rosbag2_py.get_registered_serializers(), "cdr"}


def test_options_keep_what_they_are_given():
    converter = rosbag2_py.ConverterOptions(input_serialization_format="cdr", output_serialization_format="cdr")
    assert (converter.input_serialization_format, converter.output_serialization_format) == ("cdr", "cdr")
    storage = rosbag2_py.StorageOptions(
        uri="x", storage_id="mcap", max_bagfile_size=1, max_bagfile_duration=2, max_cache_size=3, snapshot_mode=True
    )
    assert (storage.max_bagfile_size, storage.max_bagfile_duration, storage.max_cache_size) == (1, 2, 3)
    assert storage.snapshot_mode
    assert (storage.storage_preset_profile, storage.storage_config_uri) == ("", "")
    assert (storage.start_time_ns, storage.end_time_ns) == (-1, -1)
    kept = rosbag2_py.StorageFilter(topics=["/a"], exclude_topics=["/b"], regex_to_exclude="c")
    assert (kept.topics, kept.exclude_topics, kept.regex_to_exclude) == (["/a"], ["/b"], "c")


def test_play_options_have_defaults():
    play = rosbag2_py.PlayOptions()
    assert (play.read_ahead_queue_size, play.node_prefix, play.rate) == (1000, "", 1.0)
    assert (play.topics_to_filter, play.services_to_filter, play.regex_to_filter) == ([], [], "")
    assert (play.exclude_topics_to_filter, play.exclude_regex_to_filter) == ([], "")
    assert (play.loop, play.start_paused, play.disable_keyboard_controls) == (False, False, False)
    assert (play.clock_publish_frequency, play.clock_publish_on_topic_publish) == (0.0, False)
    play.start_offset = 2.0
    assert play.start_offset == pytest.approx(2.0)
    play.playback_duration = 1.5
    assert play.playback_duration == pytest.approx(1.5)
    play.topic_remapping_options = ["--ros-args", "--remap", "a:=b"]
    assert play.topic_remapping_options[-1] == "a:=b"


def test_record_options_have_defaults():
    record = rosbag2_py.RecordOptions()
    assert (record.all_topics, record.all_services, record.is_discovery_disabled) == (False, False, False)
    assert (record.topics, record.topic_types, record.exclude_topics, record.exclude_topic_types) == ([], [], [], [])
    assert (record.rmw_serialization_format, record.node_prefix) == ("", "")
    assert (record.compression_mode, record.compression_format) == ("", "")
    assert (record.include_hidden_topics, record.include_unpublished_topics) == (False, False)
    assert (record.ignore_leaf_topics, record.start_paused) == (False, False)


def test_a_reader_can_be_filtered_ordered_and_asked(bag):
    reader = rosbag2_py.SequentialReader()
    reader.open_uri(bag)
    reader.set_filter(rosbag2_py.StorageFilter(topics=["/a"]))
    assert times(reader) == [0, 2, 4, 6, 8]
    reader = rosbag2_py.SequentialReader()
    reader.open_uri(bag)
    reader.set_filter(rosbag2_py.StorageFilter(topics=["/a"]))
    reader.reset_filter()
    assert reader.get_metadata().message_count == 10
    assert {d.topic_type for d in reader.get_all_message_definitions()} <= {"std_msgs/msg/String"}
    assert times(reader) == list(range(10))
    order = rosbag2_py.ReadOrder()
    assert order.sort_by == rosbag2_py.ReadOrderSortBy.ReceivedTimestamp
    assert order.reverse is False


def test_reading_backwards(bag):
    reader = rosbag2_py.SequentialReader()
    reader.open_uri(bag)
    reader.set_read_order(rosbag2_py.ReadOrder(sort_by=rosbag2_py.ReadOrderSortBy.ReceivedTimestamp, reverse=True))
    reader.seek(100)
    assert times(reader) == list(reversed(range(10)))


def test_topics_can_be_removed_and_compared(tmp_path):
    topic = rosbag2_py.TopicMetadata(0, "/a", "std_msgs/msg/String", "cdr")
    assert topic.equals(rosbag2_py.TopicMetadata(0, "/a", "std_msgs/msg/String", "cdr"))
    assert not topic.equals(rosbag2_py.TopicMetadata(0, "/b", "std_msgs/msg/String", "cdr"))
    writer = rosbag2_py.SequentialWriter()
    writer.open(rosbag2_py.StorageOptions(uri=str(tmp_path / "bag"), storage_id="mcap"), CDR)
    writer.create_topic(topic)
    writer.remove_topic(topic)
    writer.close()
    assert rosbag2_py.MetadataIo().metadata_file_exists(str(tmp_path / "bag"))
    metadata = rosbag2_py.Info().read_metadata(str(tmp_path / "bag"), "mcap")
    assert metadata.version >= 8
    assert (metadata.compression_format, metadata.compression_mode) == ("", "")
    assert metadata.topics_with_message_count == []


def test_a_bag_is_split_on_request(tmp_path):
    writer = rosbag2_py.SequentialWriter()
    writer.open(rosbag2_py.StorageOptions(uri=str(tmp_path / "bag"), storage_id="mcap"), CDR)
    writer.create_topic(rosbag2_py.TopicMetadata(0, "/a", "std_msgs/msg/String", "cdr"))
    writer.write("/a", serialize_message(String(data="one")), 1)
    writer.split_bagfile()
    writer.write("/a", serialize_message(String(data="two")), 2)
    writer.close()
    metadata = rosbag2_py.Info().read_metadata(str(tmp_path / "bag"), "mcap")
    assert [file.message_count for file in metadata.files] == [1, 1]
