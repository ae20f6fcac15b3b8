"""Between core types and messages, without importing any message: callers pass the message (or its class) in.

Only attribute access is used, so real ROS 2 messages and ros2_lite's both serve, and this room stays free of ROS.
"""

from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation

from deft_core.geometry import Array, from_quaternion, to_quaternion
from deft_core.grasp import CONTACT, HAND, WRIST, GraspParameters, as_vector
from deft_core.observation import Affordance, RGBDFrame

BASE_FRAME = "base_link"
CAMERA_FRAME = "camera_color_optical_frame"


def set_stamp(stamp: Any, seconds: float) -> None:
    """Fill a builtin_interfaces/Time."""
    whole = int(seconds)
    stamp.sec, stamp.nanosec = whole, min(999_999_999, int((seconds - whole) * 1e9))


def seconds(stamp: Any) -> float:
    """Seconds of a builtin_interfaces/Time."""
    return float(stamp.sec) + 1e-9 * float(stamp.nanosec)


def fill_pose(msg: Any, T: Array) -> Any:
    """Fill a geometry_msgs/Pose from a transform (4, 4)."""
    p, q = to_quaternion(T)
    msg.position.x, msg.position.y, msg.position.z = (float(v) for v in p)
    msg.orientation.x, msg.orientation.y, msg.orientation.z, msg.orientation.w = (float(v) for v in q)
    return msg


def pose(msg: Any) -> Array:
    """Transform (4, 4) of a geometry_msgs/Pose; raises ValueError if it is not one."""
    p, q = msg.position, msg.orientation
    return from_quaternion([p.x, p.y, p.z], [q.x, q.y, q.z, q.w])


def fill_transform(msg: Any, T: Array) -> Any:
    """Fill a geometry_msgs/Transform from a transform (4, 4)."""
    p, q = to_quaternion(T)
    msg.translation.x, msg.translation.y, msg.translation.z = (float(v) for v in p)
    msg.rotation.x, msg.rotation.y, msg.rotation.z, msg.rotation.w = (float(v) for v in q)
    return msg


def fill_image(msg: Any, pixels: np.ndarray, encoding: str) -> Any:
    """Fill a sensor_msgs/Image from an array; the header is the caller's."""
    pixels = np.ascontiguousarray(pixels)
    msg.height, msg.width = pixels.shape[:2]
    msg.encoding = encoding
    msg.is_bigendian = 0
    msg.step = int(pixels.strides[0])
    data = msg.data  # array('B'); frombytes is upstream's fast way in
    del data[:]
    data.frombytes(memoryview(pixels.data).cast("B"))
    return msg


def image(msg: Any, encoding: str) -> np.ndarray:
    """Pixels of a sensor_msgs/Image in the encoding rgb8, 16UC1 or 32FC1 (no copy).

    Raises:
        ValueError: another encoding, or size and data disagree.
    """
    dtype, channels = {"rgb8": (np.uint8, 3), "16UC1": (np.uint16, 1), "32FC1": (np.float32, 1)}[encoding]
    if msg.encoding != encoding:
        raise ValueError(f"image has the encoding {msg.encoding!r}, expected {encoding!r}")
    row = msg.width * channels * np.dtype(dtype).itemsize
    if msg.is_bigendian and np.dtype(dtype).itemsize > 1:
        raise ValueError("big-endian images are not supported")
    if msg.step < row or len(msg.data) != msg.height * msg.step:
        raise ValueError(f"image of {msg.width}x{msg.height} {encoding}, step {msg.step}, holds {len(msg.data)} bytes")
    rows = np.frombuffer(msg.data, dtype=np.uint8).reshape(msg.height, msg.step)[:, :row]
    pixels = np.ascontiguousarray(rows).view(dtype)
    return pixels.reshape(msg.height, msg.width, channels) if channels > 1 else pixels


def fill_camera_info(msg: Any, frame: RGBDFrame) -> Any:
    """Fill a sensor_msgs/CameraInfo; the header is the caller's."""
    msg.height, msg.width = frame.depth_mm.shape
    msg.distortion_model = "plumb_bob"
    msg.d = [float(v) for v in frame.distortion]
    msg.k = [float(v) for v in frame.K.ravel()]
    msg.r = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]
    msg.p = [float(v) for v in np.column_stack([frame.K, np.zeros(3)]).ravel()]
    return msg


def fill_frame(msg: Any, frame: RGBDFrame) -> Any:
    """Fill a deft_msgs/RGBDFrame. The camera's pose travels on tf, not in it."""
    set_stamp(msg.header.stamp, frame.stamp_s)
    msg.header.frame_id = CAMERA_FRAME
    msg.capture_id = frame.capture_id
    for part in (msg.color, msg.aligned_depth, msg.camera_info):
        set_stamp(part.header.stamp, frame.stamp_s)
        part.header.frame_id = CAMERA_FRAME
    fill_image(msg.color, frame.color, "rgb8")
    fill_image(msg.aligned_depth, frame.depth_mm, "16UC1")
    fill_camera_info(msg.camera_info, frame)
    return msg


def frame(msg: Any, T_base_camera: Array) -> RGBDFrame:
    """RGBDFrame of a deft_msgs/RGBDFrame; raises ValueError if it is inconsistent or its lens not modelled."""
    info = msg.camera_info
    if (info.width, info.height) != (msg.color.width, msg.color.height):
        raise ValueError(
            f"camera_info is of {info.width}x{info.height}, the colour image of {msg.color.width}x{msg.color.height}: "
            "its intrinsics would put every point elsewhere; publish the camera_info of the image's resolution"
        )
    return RGBDFrame(
        color=image(msg.color, "rgb8"),
        depth_mm=image(msg.aligned_depth, "16UC1"),
        K=np.array(list(info.k), dtype=float).reshape(3, 3),
        distortion=_plumb_bob(info),
        T_base_camera=T_base_camera,
        capture_id=int(msg.capture_id),
        stamp_s=seconds(msg.header.stamp),
    )


def _plumb_bob(info: Any) -> Array:
    """Coefficients (5,) of a sensor_msgs/CameraInfo; raises ValueError if the lens needs another model."""
    d = np.array(list(info.d), dtype=float)
    # The rational model is plumb_bob where k4 to k6 are zero, as drivers publish it that know of one model only.
    if info.distortion_model not in ("", "plumb_bob", "rational_polynomial") or d[5:].any():
        raise ValueError(
            f"camera_info has the distortion model {info.distortion_model!r} with {len(d)} coefficients; "
            "expected plumb_bob with 5: rectify the images, or publish that model"
        )
    return np.concatenate([d[:5], np.zeros(5 - len(d[:5]))])


def fill_grasp(msg: Any, grasp: GraspParameters, stamp_s: float = 0.0) -> Any:
    """Fill a deft_msgs/GraspParameters."""
    set_stamp(msg.header.stamp, stamp_s)
    msg.header.frame_id = BASE_FRAME
    msg.contact.x, msg.contact.y, msg.contact.z = (float(v) for v in grasp.contact)
    msg.wrist_rpy = np.array(grasp.wrist_rpy)
    msg.hand_joints = np.array(grasp.joints)
    return msg


def grasp(msg: Any) -> GraspParameters:
    """GraspParameters of a deft_msgs/GraspParameters; raises ValueError if not in base_link or not finite."""
    if msg.header.frame_id != BASE_FRAME:
        raise ValueError(f"grasp parameters are in {msg.header.frame_id!r}, expected {BASE_FRAME!r}")
    return GraspParameters(
        np.array([msg.contact.x, msg.contact.y, msg.contact.z]), np.array(msg.wrist_rpy), np.array(msg.hand_joints)
    )


def fill_residual(msg: Any, residual: Array, source: str) -> Any:
    """Fill a deft_msgs/Residual from a (22,) vector."""
    v = as_vector(residual, "residual")
    msg.contact, msg.wrist_rpy, msg.hand_joints = v[CONTACT], v[WRIST], v[HAND]
    msg.source = source
    return msg


def residual(msg: Any) -> Array:
    """(22,) vector of a deft_msgs/Residual."""
    return as_vector(np.concatenate([msg.contact, msg.wrist_rpy, msg.hand_joints]), "residual")


def fill_affordance(msg: Any, a: Affordance, Point: type, stamp_s: float = 0.0) -> Any:
    """Fill a deft_msgs/Affordance; `Point` is the class geometry_msgs.msg.Point."""
    set_stamp(msg.header.stamp, stamp_s)
    msg.header.frame_id = CAMERA_FRAME
    msg.capture_id, msg.instruction = a.capture_id, a.instruction
    msg.crop.x_offset, msg.crop.y_offset, msg.crop.width, msg.crop.height = (int(v) for v in a.crop)
    msg.contacts_px = [Point(x=float(x), y=float(y), z=0.0) for x, y in a.contacts_px]
    msg.contacts_base = [Point(x=float(x), y=float(y), z=float(z)) for x, y, z in a.contacts_base]
    msg.contact_weights = [float(w) for w in a.contact_weights]
    fill_image(msg.heatmap, a.heatmap.astype(np.float32), "32FC1")
    msg.wrist_rotation_camera = np.array(a.wrist_rotation_camera, dtype=float)
    msg.mano_pose = np.array(a.mano_pose, dtype=float)
    msg.score = float(a.score)
    msg.embedding = [float(v) for v in a.embedding]
    msg.encoder_hash = a.encoder_hash
    msg.contact_depth_m = float(a.contact_depth_m)
    fill_grasp(msg.prior, a.prior, stamp_s)
    return msg


def affordance(msg: Any) -> Affordance:
    """Affordance of a deft_msgs/Affordance; raises ValueError if it is inconsistent."""
    contacts = np.array([[p.x, p.y] for p in msg.contacts_px], dtype=float).reshape(-1, 2)
    base = np.array([[p.x, p.y, p.z] for p in msg.contacts_base], dtype=float).reshape(-1, 3)
    if len(contacts) != len(base) or len(base) != len(msg.contact_weights):
        raise ValueError("contacts in pixels, in space and their weights differ in number")
    Rotation.from_rotvec(as_vector(msg.wrist_rotation_camera, "wrist rotation", 3))
    return Affordance(
        instruction=msg.instruction,
        crop=(msg.crop.x_offset, msg.crop.y_offset, msg.crop.width, msg.crop.height),
        contacts_px=contacts,
        contacts_base=base,
        contact_weights=np.array(list(msg.contact_weights), dtype=float),
        heatmap=image(msg.heatmap, "32FC1"),
        wrist_rotation_camera=np.array(msg.wrist_rotation_camera, dtype=float),
        mano_pose=as_vector(msg.mano_pose, "MANO pose", 45),
        score=float(msg.score),
        embedding=np.array(list(msg.embedding), dtype=np.float32),
        encoder_hash=msg.encoder_hash,
        contact_depth_m=float(msg.contact_depth_m),
        prior=grasp(msg.prior),
        capture_id=int(msg.capture_id),
    )
