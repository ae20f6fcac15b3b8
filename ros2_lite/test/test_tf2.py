"""Transforms: the buffer by itself, then over the graph. The same file runs on real ROS 2."""

import math
import time

import pytest
import rclpy
import tf2_ros
from geometry_msgs.msg import PointStamped, PoseStamped, TransformStamped, Vector3Stamped
from rclpy.duration import Duration
from rclpy.time import Time
from tf2_ros import Buffer, BufferInterface, StaticTransformBroadcaster, TransformBroadcaster, TransformListener


def transform(parent, child, x=0.0, y=0.0, z=0.0, yaw=0.0, at=0.0):
    t = TransformStamped()
    t.header.frame_id, t.child_frame_id = parent, child
    t.header.stamp.sec, t.header.stamp.nanosec = int(at), round(at % 1 * 1e9)
    t.transform.translation.x, t.transform.translation.y, t.transform.translation.z = float(x), float(y), float(z)
    t.transform.rotation.z, t.transform.rotation.w = math.sin(yaw / 2), math.cos(yaw / 2)
    return t


def seconds(value):
    return Time(nanoseconds=round(value * 1e9))


def xyz(t):
    v = t.transform.translation
    return pytest.approx((v.x, v.y, v.z), abs=1e-12)


def xyzw(t):
    q = t.transform.rotation
    return pytest.approx((q.x, q.y, q.z, q.w), abs=1e-12)


@pytest.fixture
def buffer():
    return Buffer()


class TestLookup:
    def test_through_a_common_parent(self, buffer):
        buffer.set_transform_static(transform("base", "camera", 1, 2, 3, math.pi / 2), "t")
        buffer.set_transform_static(transform("base", "tool", 1, 0, 0), "t")
        t = buffer.lookup_transform("camera", "tool", Time())
        assert (t.header.frame_id, t.child_frame_id) == ("camera", "tool")
        assert xyz(t) == (-2.0, 0.0, -3.0) and xyzw(t) == (0, 0, -math.sqrt(0.5), math.sqrt(0.5))
        back = buffer.lookup_transform("tool", "camera", Time())
        assert xyz(back) == (0.0, 2.0, 3.0)

    def test_down_and_up_a_chain(self, buffer):
        for parent, child in (("a", "b"), ("b", "c"), ("c", "d")):
            buffer.set_transform_static(transform(parent, child, 1, 0, 0, math.pi / 2), "t")
        assert xyz(buffer.lookup_transform("a", "d", Time())) == (0.0, 1.0, 0.0)
        assert xyz(buffer.lookup_transform("d", "a", Time())) == (1.0, 0.0, 0.0)

    def test_identity(self, buffer):
        assert xyzw(buffer.lookup_transform("nowhere", "nowhere", Time())) == (0, 0, 0, 1)
        assert buffer.can_transform("nowhere", "nowhere", Time())

    def test_interpolation(self, buffer):
        buffer.set_transform(transform("map", "robot", 0, 0, 0, 0.0, at=10), "t")
        buffer.set_transform(transform("map", "robot", 2, 4, 0, 1.0, at=11), "t")
        t = buffer.lookup_transform("map", "robot", seconds(10.25))
        assert xyz(t) == (0.5, 1.0, 0.0)
        assert xyzw(t) == (0, 0, math.sin(0.125), math.cos(0.125))
        assert (t.header.stamp.sec, t.header.stamp.nanosec) == (10, 250_000_000)

    def test_interpolation_takes_the_shorter_way(self, buffer):
        buffer.set_transform(transform("map", "robot", yaw=0.9 * math.pi, at=10), "t")
        buffer.set_transform(transform("map", "robot", yaw=-0.9 * math.pi, at=11), "t")
        q = buffer.lookup_transform("map", "robot", seconds(10.5)).transform.rotation
        assert abs(q.z) == pytest.approx(1.0) and q.w == pytest.approx(0.0, abs=1e-9)

    def test_time_nought_is_the_latest_common_time(self, buffer):
        buffer.set_transform(transform("map", "odom", 1, at=10), "t")
        buffer.set_transform(transform("map", "odom", 2, at=12), "t")
        buffer.set_transform(transform("odom", "base", 10, at=10), "t")
        buffer.set_transform(transform("odom", "base", 20, at=11), "t")
        buffer.set_transform_static(transform("base", "camera", 100), "t")
        t = buffer.lookup_transform("map", "camera", Time())
        assert t.header.stamp.sec == 11 and xyz(t) == (121.5, 0, 0)
        assert (
            buffer.get_latest_common_time("map", "camera") == seconds(11)
            or buffer.get_latest_common_time("map", "camera").nanoseconds == 11 * 10**9
        )

    def test_late_messages_find_their_place(self, buffer):
        for at, x in ((10, 0), (12, 2), (11, 5)):
            buffer.set_transform(transform("map", "robot", x, at=at), "t")
        assert xyz(buffer.lookup_transform("map", "robot", seconds(10.5))) == (2.5, 0, 0)
        assert xyz(buffer.lookup_transform("map", "robot", seconds(11))) == (5, 0, 0)

    def test_time_travel(self, buffer):
        buffer.set_transform(transform("map", "robot", 1, at=10), "t")
        buffer.set_transform(transform("map", "robot", 4, at=11), "t")
        t = buffer.lookup_transform_full("robot", seconds(11), "robot", seconds(10), "map")
        assert xyz(t) == (-3, 0, 0)
        assert buffer.can_transform_full("robot", seconds(11), "robot", seconds(10), "map")

    def test_a_new_static_transform_replaces_the_old(self, buffer):
        buffer.set_transform_static(transform("base", "camera", 1), "t")
        buffer.set_transform_static(transform("base", "camera", 2), "t")
        assert xyz(buffer.lookup_transform("base", "camera", seconds(5))) == (2, 0, 0)

    def test_clear(self, buffer):
        buffer.set_transform(transform("map", "robot", 1, at=10), "t")
        buffer.clear()
        assert not buffer.can_transform("map", "robot", Time())


class TestErrors:
    @pytest.fixture(autouse=True)
    def frames(self, buffer):
        buffer.set_transform(transform("map", "robot", 1, at=10), "t")
        buffer.set_transform(transform("map", "robot", 1, at=11), "t")
        buffer.set_transform_static(transform("other", "island"), "t")

    @pytest.mark.parametrize(
        ("arguments", "error", "words"),
        [
            (
                ("map", "nowhere", Time()),
                "LookupException",
                '"nowhere" passed to lookupTransform argument source_frame',
            ),
            (
                ("nowhere", "map", Time()),
                "LookupException",
                '"nowhere" passed to lookupTransform argument target_frame',
            ),
            (("map", "", Time()), "InvalidArgumentException", "frame_ids cannot be empty"),
            (("/map", "robot", Time()), "InvalidArgumentException", "frame_ids cannot start with a '/'"),
            (("map", "island", Time()), "ConnectivityException", "not part of the same tree"),
            (
                ("map", "robot", seconds(12)),
                "ExtrapolationException",
                r"into the future.  Requested time 12.000000 but the "
                r"latest data is at time 11.000000, when looking up transform from frame \[robot\] to frame \[map\]",
            ),
            (("robot", "map", seconds(9)), "ExtrapolationException", r"into the past.  Requested time 9.000000 but"),
        ],
    )
    def test_lookup(self, buffer, arguments, error, words):
        with pytest.raises(getattr(tf2_ros, error), match=words) as caught:
            buffer.lookup_transform(*arguments)
        assert isinstance(caught.value, tf2_ros.TransformException)
        assert not buffer.can_transform(*arguments)

    def test_can_transform_says_why(self, buffer):
        possible, reason = buffer.can_transform("map", "nowhere", Time(), return_debug_tuple=True)
        assert not possible and "frame does not exist" in reason

    def test_a_loop(self, buffer):
        for parent, child in (("p", "q"), ("q", "r"), ("r", "p")):
            buffer.set_transform_static(transform(parent, child, 1), "t")
        with pytest.raises(tf2_ros.LookupException, match="loop"):
            buffer.lookup_transform("q", "map", Time())

    def test_bad_transforms_are_ignored(self, buffer):
        nan, no_rotation = transform("map", "bad", float("nan")), transform("map", "bad")
        no_rotation.transform.rotation.w = 0.0
        for t in (nan, no_rotation, transform("bad", "bad"), transform("", "bad"), transform("map", "")):
            buffer.set_transform(t, "t")
        assert not buffer.can_transform("map", "bad", Time())

    def test_quaternions_are_normalised(self, buffer):
        doubled = transform("map", "turned", yaw=1.0)
        doubled.transform.rotation.z *= 2
        doubled.transform.rotation.w *= 2
        buffer.set_transform_static(doubled, "t")
        assert xyzw(buffer.lookup_transform("map", "turned", Time())) == (0, 0, math.sin(0.5), math.cos(0.5))

    def test_a_timeout_is_kept(self, buffer):
        started = time.monotonic()
        with pytest.raises(tf2_ros.LookupException):
            buffer.lookup_transform("map", "nowhere", Time(), Duration(seconds=0.2))
        assert 0.15 < time.monotonic() - started < 2.0

    def test_data_older_than_the_cache_are_dropped(self):
        short = Buffer(cache_time=Duration(seconds=2))
        for at in (10, 11, 12, 13, 14):
            short.set_transform(transform("map", "robot", at, at=at), "t")
        short.set_transform(transform("map", "robot", 99, at=5), "t")
        with pytest.raises(tf2_ros.ExtrapolationException, match="past"):
            short.lookup_transform("map", "robot", seconds(9))
        assert xyz(short.lookup_transform("map", "robot", seconds(12.5))) == (12.5, 0, 0)

    def test_an_unregistered_type(self, buffer):
        with pytest.raises(tf2_ros.TypeException):
            buffer.transform(object(), "map")

    def test_the_interface_is_abstract(self):
        with pytest.raises(tf2_ros.NotImplementedException):
            BufferInterface().lookup_transform("a", "b", Time())


class TestFutures:
    def test_resolved_by_the_data_that_were_missing(self, buffer):
        future = buffer.wait_for_transform_async("map", "robot", seconds(10.5))
        buffer.set_transform(transform("map", "robot", 1, at=10), "t")
        assert not future.done()
        buffer.set_transform(transform("map", "robot", 2, at=11), "t")
        assert future.done() and xyz(future.result()) == (1.5, 0, 0)

    def test_resolved_at_once(self, buffer):
        buffer.set_transform_static(transform("map", "robot", 1), "t")
        assert buffer.wait_for_transform_async("map", "robot", Time()).done()


class TestGeometry:
    @pytest.fixture(autouse=True)
    def geometry(self, buffer):
        pytest.importorskip("tf2_geometry_msgs")
        buffer.set_transform_static(transform("base", "camera", 1, 2, 3, math.pi / 2), "t")

    def test_point_pose_and_vector(self, buffer):
        point = PointStamped()
        point.header.frame_id, point.point.x = "camera", 1.0
        moved = buffer.transform(point, "base")
        assert (moved.header.frame_id, moved.point.x, moved.point.y, moved.point.z) == (
            "base",
            *map(pytest.approx, (1.0, 3.0, 3.0)),
        )
        pose = PoseStamped()
        pose.header.frame_id, pose.pose.position.x = "camera", 1.0
        placed = buffer.transform(pose, "base").pose
        assert placed.position.y == pytest.approx(3.0) and placed.orientation.z == pytest.approx(math.sqrt(0.5))
        vector = Vector3Stamped()
        vector.header.frame_id, vector.vector.x = "camera", 1.0
        turned = buffer.transform(vector, "base").vector
        assert (turned.x, turned.y, turned.z) == tuple(map(pytest.approx, (0.0, 1.0, 0.0), (None,) * 3, (1e-12,) * 3))

    def test_covariance_turns_with_the_frame(self, buffer):
        from tf2_geometry_msgs import transform_covariance

        covariance = [0.0] * 36
        covariance[0], covariance[21] = 4.0, 9.0
        turned = transform_covariance(covariance, buffer.lookup_transform("base", "camera", Time()))
        assert turned[7] == pytest.approx(4.0) and turned[28] == pytest.approx(9.0) and abs(turned[0]) < 1e-12


class TestOnTheGraph:
    @pytest.fixture
    def nodes(self):
        context = rclpy.Context()
        rclpy.init(context=context)
        sender = rclpy.create_node("sender", context=context)
        receiver = rclpy.create_node("receiver", context=context)
        yield context, sender, receiver
        sender.destroy_node()
        receiver.destroy_node()
        rclpy.shutdown(context=context)

    @staticmethod
    def spin_until(condition, context, *nodes, timeout=10.0):
        executor = rclpy.executors.SingleThreadedExecutor(context=context)
        for node in nodes:
            executor.add_node(node)
        deadline = time.monotonic() + timeout
        while not condition() and time.monotonic() < deadline:
            executor.spin_once(timeout_sec=0.1)
        executor.shutdown()
        return condition()

    def test_static_transforms_reach_a_late_joiner(self, nodes):
        context, sender, receiver = nodes
        broadcaster = StaticTransformBroadcaster(sender)
        broadcaster.sendTransform(transform("base", "camera", 1))
        broadcaster.sendTransform([transform("base", "tool", 2)])
        buffer = Buffer()
        listener = TransformListener(buffer, receiver)
        assert self.spin_until(lambda: buffer.can_transform("camera", "tool", Time()), context, sender, receiver)
        assert xyz(buffer.lookup_transform("camera", "tool", Time())) == (1, 0, 0)
        listener.unregister()

    def test_moving_transforms(self, nodes):
        context, sender, receiver = nodes
        buffer = Buffer()
        listener = TransformListener(buffer, receiver)
        broadcaster = TransformBroadcaster(sender)
        assert self.spin_until(lambda: broadcaster.pub_tf.get_subscription_count() > 0, context, sender, receiver)

        def arrived():
            broadcaster.sendTransform([transform("map", "robot", at, at=at) for at in (10, 11)])
            return buffer.can_transform("map", "robot", seconds(10.5))

        assert self.spin_until(arrived, context, sender, receiver)
        assert xyz(buffer.lookup_transform("map", "robot", seconds(10.5))) == (10.5, 0, 0)
        listener.unregister()

    def test_waiting_for_a_transform(self, nodes):
        context, sender, receiver = nodes
        buffer = Buffer()
        listener = TransformListener(buffer, receiver)
        broadcaster = StaticTransformBroadcaster(sender)
        broadcaster.sendTransform(transform("base", "camera", 1))
        executor = rclpy.executors.MultiThreadedExecutor(num_threads=2, context=context)
        executor.add_node(receiver)
        found = []
        receiver.create_timer(
            0.01, lambda: found or found.append(buffer.lookup_transform("base", "camera", Time(), Duration(seconds=8)))
        )
        deadline = time.monotonic() + 10
        while not found and time.monotonic() < deadline:
            executor.spin_once(timeout_sec=0.1)
        executor.shutdown()
        assert found and xyz(found[0]) == (1, 0, 0)
        listener.unregister()
