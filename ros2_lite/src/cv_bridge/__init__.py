"""Images between ROS messages and NumPy arrays as OpenCV has them."""

from typing import Any

from .core import CvBridge, CvBridgeError

__all__ = ["CvBridge", "CvBridgeError", "cvtColorForDisplay", "getCvType"]


def __getattr__(name: str) -> Any:
    if name in ("getCvType", "cvtColorForDisplay"):  # OpenCV is loaded when it is needed
        from .boost import cv_bridge_boost

        return getattr(cv_bridge_boost, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
