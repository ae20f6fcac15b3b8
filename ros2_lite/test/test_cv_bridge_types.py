"""Encodings and OpenCV's types."""

import numpy as np
import pytest
from cv_bridge import CvBridge


@pytest.fixture
def bridge():
    return CvBridge()


@pytest.mark.parametrize(
    ("encoding", "dtype", "channels"),
    [
        ("bgr8", "uint8", 3),
        ("mono16", "uint16", 1),
        ("16UC1", "uint16", 1),
        ("32FC1", "float32", 1),
        ("rgba8", "uint8", 4),
    ],
)
def test_encodings_have_types(bridge, encoding, dtype, channels):
    assert bridge.encoding_to_dtype_with_channels(encoding) == (dtype, channels)
    kind = bridge.encoding_to_cvtype2(encoding)
    assert bridge.cvtype2_to_dtype_with_channels(kind) == (dtype, channels)
    assert bridge.dtype_with_channels_to_cvtype2(np.dtype(dtype), channels) == f"{CODES[dtype]}C{channels}"


CODES = {"uint8": "8U", "uint16": "16U", "float32": "32F"}
