"""Points, vectors, poses and polygons by a TransformStamped; the result carries the transform's header."""

from __future__ import annotations

from typing import Any

import numpy as np
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
from numpy.typing import NDArray
from tf2_py.history import add, multiply, rotate


def to_msg_msg(msg: Any) -> Any:
    """Return the message: it is one already."""
    return msg


def from_msg_msg(msg: Any) -> Any:
    """Return the message: nothing else is wanted."""
    return msg


def _rotation(q: Any) -> tuple[float, float, float, float]:
    values = np.array((q.x, q.y, q.z, q.w))
    norm = float(np.linalg.norm(values))
    return tuple(values / norm) if norm > np.finfo(float).eps else (0.0, 0.0, 0.0, 1.0)


def _moved(point: Any, transform: TransformStamped) -> tuple[float, float, float]:
    t = transform.transform
    turned = rotate(_rotation(t.rotation), (point.x, point.y, point.z))
    x, y, z = add(turned, (t.translation.x, t.translation.y, t.translation.z))
    return float(x), float(y), float(z)


def do_transform_point(point: PointStamped, transform: TransformStamped) -> PointStamped:
    """Return the point in the transform's frame."""
    x, y, z = _moved(point.point, transform)
    return PointStamped(header=transform.header, point=Point(x=x, y=y, z=z))


def do_transform_vector3(vector3: Vector3Stamped, transform: TransformStamped) -> Vector3Stamped:
    """Return the vector turned, not moved (and leave the transform as it is, which upstream does not)."""
    v = vector3.vector
    x, y, z = map(float, rotate(_rotation(transform.transform.rotation), (v.x, v.y, v.z)))
    return Vector3Stamped(header=transform.header, vector=Vector3(x=x, y=y, z=z))


def do_transform_pose(pose: Pose, transform: TransformStamped) -> Pose:
    """Return the pose in the transform's frame, its quaternion with w >= 0."""
    x, y, z = _moved(pose.position, transform)
    q = np.array(multiply(_rotation(transform.transform.rotation), _rotation(pose.orientation)))
    qx, qy, qz, qw = map(float, -q if q[3] < 0 else q)
    return Pose(position=Point(x=x, y=y, z=z), orientation=Quaternion(x=qx, y=qy, z=qz, w=qw))


def do_transform_pose_stamped(pose: PoseStamped, transform: TransformStamped) -> PoseStamped:
    """Return the pose in the transform's frame."""
    return PoseStamped(header=transform.header, pose=do_transform_pose(pose.pose, transform))


def transform_covariance(cov_in: NDArray[np.float64], transform: TransformStamped) -> NDArray[np.float64]:
    """Return a 6x6 covariance (36 values, row by row) turned with the frame: R C R' in each of its four blocks."""
    q = _rotation(transform.transform.rotation)
    turn = np.array([rotate(q, axis) for axis in ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))]).T
    both = np.kron(np.eye(2), turn)
    return (both @ np.asarray(cov_in).reshape(6, 6) @ both.T).reshape(36)


def do_transform_pose_with_covariance_stamped(
    pose: PoseWithCovarianceStamped, transform: TransformStamped
) -> PoseWithCovarianceStamped:
    """Return the pose and its covariance in the transform's frame."""
    result = PoseWithCovarianceStamped(header=transform.header)
    result.pose.pose = do_transform_pose(pose.pose.pose, transform)
    result.pose.covariance = transform_covariance(pose.pose.covariance, transform)
    return result


def do_transform_polygon_stamped(polygon: PolygonStamped, transform: TransformStamped) -> PolygonStamped:
    """Return the polygon in the transform's frame."""
    result = PolygonStamped(header=transform.header)
    for point in polygon.polygon.points:
        x, y, z = _moved(point, transform)
        result.polygon.points.append(Point32(x=x, y=y, z=z))
    return result


for _type, _function in (
    (PointStamped, do_transform_point),
    (Vector3Stamped, do_transform_vector3),
    (PoseStamped, do_transform_pose_stamped),
    (PolygonStamped, do_transform_polygon_stamped),
    (PoseWithCovarianceStamped, do_transform_pose_with_covariance_stamped),
):
    tf2_ros.TransformRegistration().add(_type, _function)
for _type in (Vector3Stamped, PoseStamped, PointStamped):
    tf2_ros.ConvertRegistration().add_to_msg(_type, to_msg_msg)
    tf2_ros.ConvertRegistration().add_from_msg(_type, from_msg_msg)
