"""cv_bridge: exact depth, every encoding a RealSense sends, upstream's errors."""

import numpy as np
import pytest
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

cv2 = pytest.importorskip("cv2")
cv_bridge = pytest.importorskip("cv_bridge")
CvBridge, CvBridgeError = cv_bridge.CvBridge, cv_bridge.CvBridgeError

# encoding -> dtype, channels
CAMERA = {
    "rgb8": ("uint8", 3),
    "bgr8": ("uint8", 3),
    "rgba8": ("uint8", 4),
    "bgra8": ("uint8", 4),
    "mono8": ("uint8", 1),
    "mono16": ("uint16", 1),
    "16UC1": ("uint16", 1),
    "32FC1": ("float32", 1),
    "8UC1": ("uint8", 1),
    "yuv422_yuy2": ("uint8", 2),
    "yuv422": ("uint8", 2),
    "bayer_rggb8": ("uint8", 1),
    "64FC4": ("float64", 4),
    "16SC3": ("int16", 3),
}


def picture(encoding, height=6, width=8, seed=0):
    dtype, channels = CAMERA[encoding]
    values = np.random.default_rng(seed).integers(0, 2**15 if dtype != "uint8" else 256, (height, width, channels))
    return values.astype(dtype)[..., 0] if channels == 1 else values.astype(dtype)


@pytest.fixture
def bridge():
    return CvBridge()


@pytest.mark.parametrize("encoding", CAMERA)
def test_there_and_back(bridge, encoding):
    image = picture(encoding)
    message = bridge.cv2_to_imgmsg(image, encoding, Header(frame_id="camera"))
    assert (message.height, message.width, message.encoding) == (6, 8, encoding)
    assert message.step == image.strides[0] and message.header.frame_id == "camera"
    back = bridge.imgmsg_to_cv2(message)
    assert back.dtype == image.dtype and np.array_equal(back, image)


def test_every_depth_value_survives(bridge):
    depth = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    assert np.array_equal(bridge.imgmsg_to_cv2(bridge.cv2_to_imgmsg(depth, "16UC1"), "16UC1"), depth)
    metres = np.array([[0.1, np.nan, np.inf, -0.0]], np.float32)
    assert bridge.imgmsg_to_cv2(bridge.cv2_to_imgmsg(metres, "32FC1")).tobytes() == metres.tobytes()


def test_passthrough_names_the_type(bridge):
    assert bridge.cv2_to_imgmsg(picture("rgb8")).encoding == "8UC3"
    assert bridge.cv2_to_imgmsg(picture("16UC1")).encoding == "16UC1"


def test_passthrough_shares_the_message_and_is_writable(bridge):
    message = bridge.cv2_to_imgmsg(picture("rgb8", 100, 100), "rgb8")
    image = bridge.imgmsg_to_cv2(message)
    image[0, 0] = (1, 2, 3)
    assert list(message.data[:3]) == [1, 2, 3]
    converted = bridge.imgmsg_to_cv2(message, "rgb8")
    converted[0, 0] = 9
    assert list(message.data[:3]) == [1, 2, 3]


def test_the_source_is_copied(bridge):
    image = picture("rgb8", 100, 100)
    message = bridge.cv2_to_imgmsg(image, "rgb8")
    first = image[0, 0, 0]
    image[:] = 0
    assert message.data[0] == first


def test_padded_rows(bridge):
    image = picture("rgb8")
    padded = np.zeros((6, 33), np.uint8)
    padded[:, :24] = image.reshape(6, 24)
    message = Image(height=6, width=8, encoding="rgb8", step=33, data=padded.tobytes())
    assert np.array_equal(bridge.imgmsg_to_cv2(message), image)


def test_a_slice_of_an_image(bridge):
    image = picture("rgb8", 20, 20)[2:8, 4:12]
    assert np.array_equal(bridge.imgmsg_to_cv2(bridge.cv2_to_imgmsg(image, "rgb8")), image)


@pytest.mark.parametrize(
    ("source", "target", "expected"),
    [
        ("rgb8", "bgr8", lambda i: i[..., ::-1]),
        ("bgr8", "mono8", lambda i: cv2.cvtColor(i, cv2.COLOR_BGR2GRAY)),
        ("rgba8", "bgr8", lambda i: i[..., 2::-1]),
        ("rgb8", "rgba8", lambda i: np.dstack([i, np.full(i.shape[:2], 255, np.uint8)])),
        ("mono8", "bgr8", lambda i: np.dstack([i] * 3)),
        ("mono8", "mono16", lambda i: i.astype(np.uint16) * 257),
        ("mono16", "mono8", lambda i: np.rint(i / 257).astype(np.uint8)),
        ("rgb8", "8UC3", lambda i: i),
        ("16UC1", "32FC1", lambda i: i.astype(np.float32)),
        ("yuv422_yuy2", "bgr8", lambda i: cv2.cvtColor(i, cv2.COLOR_YUV2BGR_YUY2)),
        ("bayer_rggb8", "rgb8", lambda i: cv2.cvtColor(i, cv2.COLOR_BayerBG2RGB)),
    ],
)
def test_conversions(bridge, source, target, expected):
    image = picture(source)
    assert np.array_equal(bridge.imgmsg_to_cv2(bridge.cv2_to_imgmsg(image, source), target), expected(image))


@pytest.mark.parametrize(
    ("source", "target", "words"),
    [
        ("16UC1", "mono8", r"\[16UC1\] is not a color format. but \[mono8\] is. The conversion does not make sense"),
        ("rgb8", "16UC1", r"\[rgb8\] is a color format but \[16UC1\] is not"),
        ("16UC1", "32FC3", r"\[16UC1\] and \[32FC3\] do not have the same number of channel"),
        ("rgb8", "nonsense", r"nonsense"),
        ("rgb8", "yuv422", r"Unsupported conversion from \[rgb8\] to \[yuv422\]"),
    ],
)
def test_conversions_that_make_no_sense(bridge, source, target, words):
    with pytest.raises(CvBridgeError, match=words):
        bridge.imgmsg_to_cv2(bridge.cv2_to_imgmsg(picture(source), source), target)


def test_other_errors(bridge):
    with pytest.raises(CvBridgeError, match=r"Unrecognized image encoding \[nonsense\]"):
        bridge.imgmsg_to_cv2(Image(encoding="nonsense"))
    with pytest.raises(CvBridgeError, match="encoding specified as bgr8, but image has incompatible type 16UC1"):
        bridge.cv2_to_imgmsg(picture("16UC1"), "bgr8")
    with pytest.raises(TypeError, match="Your input type is not a numpy array"):
        bridge.cv2_to_imgmsg([[1]])
    with pytest.raises(TypeError):  # CvBridgeError is one, too
        bridge.imgmsg_to_cv2(Image(height=480, width=640, encoding="rgb8", step=1920, data=bytes(5)))


def test_big_endian_depth(bridge):
    depth = np.array([[1, 256, 65535]], ">u2")
    message = bridge.cv2_to_imgmsg(depth, "16UC1")
    assert message.is_bigendian
    assert bridge.imgmsg_to_cv2(message).tolist() == [[1, 256, 65535]]


def test_compressed(bridge):
    image = cv2.resize(picture("bgr8"), (64, 48))
    message = bridge.cv2_to_compressed_imgmsg(image, "png")
    assert message.format == "png"
    assert np.array_equal(bridge.compressed_imgmsg_to_cv2(message), image)
    assert np.array_equal(bridge.compressed_imgmsg_to_cv2(message, "rgb8"), image[..., ::-1])
    lossy = bridge.compressed_imgmsg_to_cv2(bridge.cv2_to_compressed_imgmsg(image))
    assert lossy.shape == image.shape
    assert bridge.compressed_imgmsg_to_cv2(CompressedImage(format="jpg", data=b"none")) is None
