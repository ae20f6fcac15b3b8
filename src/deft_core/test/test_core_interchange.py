"""What comes in with messages: as it went out, or refused."""

from array import array
from types import SimpleNamespace

import numpy as np
import pytest

from deft_core import interchange
from deft_core.observation import RGBDFrame

FRAME = RGBDFrame(
    color=np.arange(48 * 64 * 3, dtype=np.uint8).reshape(48, 64, 3),
    depth_mm=np.full((48, 64), 700, np.uint16),
    K=np.array([[60.0, 0, 32], [0, 60, 24], [0, 0, 1]]),
    distortion=np.array([0.1, -0.2, 0.001, 0.002, 0.05]),
    T_base_camera=np.eye(4),
    capture_id=3,
    stamp_s=12.5,
)


def message(**info):
    """A deft_msgs/RGBDFrame by attribute, with fields of its camera_info replaced."""

    def header():
        return SimpleNamespace(stamp=SimpleNamespace(sec=0, nanosec=0), frame_id="")

    images = [SimpleNamespace(header=header(), data=array("B")) for _ in range(2)]
    msg = SimpleNamespace(
        header=header(), color=images[0], aligned_depth=images[1], camera_info=SimpleNamespace(header=header())
    )
    interchange.fill_frame(msg, FRAME)
    vars(msg.camera_info).update(info)
    return msg


@pytest.mark.parametrize(
    "info", [{}, {"distortion_model": ""}, {"distortion_model": "rational_polynomial", "d": [*FRAME.distortion, 0, 0]}]
)
def test_a_frame_comes_in_as_it_went_out(info):
    back = interchange.frame(message(**info), np.eye(4))
    np.testing.assert_array_equal(back.color, FRAME.color)
    np.testing.assert_array_equal(back.depth_mm, FRAME.depth_mm)
    np.testing.assert_array_equal(back.K, FRAME.K)
    np.testing.assert_array_equal(back.distortion, FRAME.distortion)
    assert (back.capture_id, back.stamp_s) == (3, 12.5)


def test_coefficients_left_out_are_zero():
    np.testing.assert_array_equal(interchange.frame(message(d=[0.1]), np.eye(4)).distortion, [0.1, 0, 0, 0, 0])


@pytest.mark.parametrize(
    ("info", "says"),
    [
        ({"width": 848}, "camera_info is of 848x48, the colour image of 64x48"),
        ({"distortion_model": "equidistant", "d": [0.0] * 4}, "distortion model 'equidistant' with 4"),
        ({"distortion_model": "rational_polynomial", "d": [0.1] * 8}, "'rational_polynomial' with 8 coefficients"),
        ({"d": [0.1] * 8}, "'plumb_bob' with 8 coefficients"),
    ],
)
def test_intrinsics_of_another_image_or_lens_are_refused(info, says):
    with pytest.raises(ValueError, match=says):
        interchange.frame(message(**info), np.eye(4))


def test_a_frame_without_a_pixel_is_refused():
    msg = message(width=0)
    for image in (msg.color, msg.aligned_depth):
        image.width = image.step = 0
        del image.data[:]
    with pytest.raises(ValueError, match=r"not empty, got \(48, 0, 3\)"):
        interchange.frame(msg, np.eye(4))
