"""Where we do better than upstream's cv_bridge on purpose."""

import numpy as np
import pytest
from cv_bridge import CvBridge
from sensor_msgs.msg import Image


@pytest.mark.parametrize("step", [24, 25, 32, 100])
def test_rows_padded_to_no_multiple_of_a_pixel(step):
    """Upstream shears such images."""
    image = np.random.default_rng(0).integers(0, 256, (6, 8, 3)).astype(np.uint8)
    padded = np.zeros((6, step), np.uint8)
    padded[:, :24] = image.reshape(6, 24)
    message = Image(height=6, width=8, encoding="rgb8", step=step, data=padded.tobytes())
    assert np.array_equal(CvBridge().imgmsg_to_cv2(message), image)
