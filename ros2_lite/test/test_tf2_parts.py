"""Conversions and helpers of tf2, away from the graph."""

import math

import pytest
import tf2_geometry_msgs
import tf2_ros
from geometry_msgs.msg import (
    Point,
    Point32,
    PointStamped,
    PolygonStamped,
    Pose,
    PoseStamped,
    PoseWithCovarianceStamped,
    Quaternion,
    TransformStamped,
    Vector3,
    Vector3Stamped,
)
from rclpy.duration import Duration
from rclpy.time import Time
from std_msgs.msg import Header
from tf2_geometry_msgs import (
    do_transform_point,
    do_transform_polygon_stamped,
    do_transform_pose,
    do_transform_pose_stamped,
    do_transform_pose_with_covariance_stamped,
    do_transform_vector3,
)
from tf2_py import BufferCore


@pytest.fixture
def turn():
    """A quarter turn about z, and one metre along x."""
    transform = TransformStamped(header=Header(frame_id="map"), child_frame_id="base")
    transform.transform.translation = Vector3(x=1.0)
    transform.transform.rotation = Quaternion(z=math.sqrt(0.5), w=math.sqrt(0.5))
    return transform


def xyz(value):
    return pytest.approx((value.x, value.y, value.z), abs=1e-6)


def test_points_turn_and_move_and_vectors_only_turn(turn):
    point = do_transform_point(PointStamped(point=Point(x=2.0)), turn)
    assert xyz(point.point) == (1.0, 2.0, 0.0)
    assert point.header.frame_id == "map"
    vector = do_transform_vector3(Vector3Stamped(vector=Vector3(x=2.0)), turn)
    assert xyz(vector.vector) == (0.0, 2.0, 0.0)


def test_poses_turn_and_move(turn):
    pose = Pose(position=Point(x=2.0))
    for moved in (
        do_transform_pose(pose, turn),
        do_transform_pose_stamped(PoseStamped(pose=pose), turn).pose,
    ):
        assert xyz(moved.position) == (1.0, 2.0, 0.0)
        assert moved.orientation.z == pytest.approx(math.sqrt(0.5))
    blurred = PoseWithCovarianceStamped()
    blurred.pose.pose = pose
    blurred.pose.covariance[0] = 4.0
    moved = do_transform_pose_with_covariance_stamped(blurred, turn)
    assert xyz(moved.pose.pose.position) == (1.0, 2.0, 0.0)
    assert moved.pose.covariance[7] == pytest.approx(4.0)


def test_polygons_move(turn):
    polygon = PolygonStamped()
    polygon.polygon.points = [Point32(x=2.0)]
    moved = do_transform_polygon_stamped(polygon, turn)
    assert moved.header.frame_id == "map"
    assert xyz(moved.polygon.points[0]) == (1.0, 2.0, 0.0)


def test_messages_convert_to_themselves():
    point = PointStamped()
    assert tf2_geometry_msgs.to_msg_msg(point) is point
    assert tf2_geometry_msgs.from_msg_msg(point) is point


def test_types_are_registered_and_converted():
    class Mine:
        """A type of one's own."""

        def __init__(self, x=0.0):
            self.x = x

    registration = tf2_ros.ConvertRegistration()
    registration.add_to_msg(Mine, lambda mine: PointStamped(point=Point(x=mine.x)))
    registration.add_from_msg(Mine, lambda message: Mine(message.point.x))
    registration.add_convert((Mine, float), lambda mine: mine.x)
    assert registration.get_to_msg(Mine)(Mine(3.0)).point.x == 3.0
    assert registration.get_from_msg(Mine)(PointStamped(point=Point(x=4.0))).x == 4.0
    assert registration.get_convert((Mine, float))(Mine(5.0)) == 5.0
    assert tf2_ros.convert(PointStamped(point=Point(x=6.0)), Mine).x == 6.0
    with pytest.raises(tf2_ros.TypeException):
        registration.get_to_msg(int)
    tf2_ros.TransformRegistration().add(Mine, lambda mine, transform: Mine(mine.x + 1))
    assert tf2_ros.TransformRegistration().get(Mine)(Mine(1.0), None).x == 2.0


def test_the_core_buffer(turn):
    core = BufferCore(Duration(seconds=10))
    core.set_transform_static(turn, "test")
    found = core.lookup_transform_core("map", "base", Time())
    assert xyz(found.transform.translation) == (1.0, 0.0, 0.0)
    assert core.can_transform_core("map", "base", Time())[0]
    assert not core.can_transform_core("map", "nowhere", Time())[0]
    full = core.lookup_transform_full_core("map", Time(), "base", Time(), "map")
    assert full.transform == found.transform
    assert core.can_transform_full_core("map", Time(), "base", Time(), "map")[0]
    assert "base" in core.all_frames_as_yaml()
    assert "Frame base exists with parent map." in core.all_frames_as_string()
