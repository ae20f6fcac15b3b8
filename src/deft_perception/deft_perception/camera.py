"""RGB-D cameras: a RealSense, or a librealsense software device fed by the twin's sensor.

Both run librealsense's own syncer, alignment and intrinsics; they differ in where pixels come from.
"""

from deft_core.workcell import CameraSettings
from deft_perception.capture import Camera
from deft_perception.realsense import RealSenseCamera
from deft_perception.twin_camera import TwinCamera


def open_camera(settings: CameraSettings) -> Camera:
    """The camera of a workcell, not yet started."""
    return RealSenseCamera(settings) if settings.source == "realsense" else TwinCamera(settings)
