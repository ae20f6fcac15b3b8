"""Encodings and conversions between them, by upstream's names; every failure is a RuntimeError, as from its C++.

The encodings are those of sensor_msgs/image_encodings.hpp.
"""

from __future__ import annotations

import re
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

_DEPTHS = {
    "8U": cv2.CV_8U,
    "8S": cv2.CV_8S,
    "16U": cv2.CV_16U,
    "16S": cv2.CV_16S,
    "32S": cv2.CV_32S,
    "32F": cv2.CV_32F,
    "64F": cv2.CV_64F,
}
_DTYPES = {
    cv2.CV_8U: np.uint8,
    cv2.CV_8S: np.int8,
    cv2.CV_16U: np.uint16,
    cv2.CV_16S: np.int16,
    cv2.CV_32S: np.int32,
    cv2.CV_32F: np.float32,
    cv2.CV_64F: np.float64,
}
# colour encodings: layout and bits a channel
_LAYOUTS = {
    "mono8": ("GRAY", 8),
    "mono16": ("GRAY", 16),
    **{f"{order.lower()}{bits}": (order, bits) for order in ("RGB", "BGR", "RGBA", "BGRA") for bits in (8, 16)},
    **{f"bayer_{p.lower()}{bits}": (f"Bayer{p}", bits) for p in ("RGGB", "BGGR", "GBRG", "GRBG") for bits in (8, 16)},
    "yuv422": ("UYVY", 8),
    "yuv422_yuy2": ("YUY2", 8),
}
_CHANNELS = {"GRAY": 1, "RGB": 3, "BGR": 3, "RGBA": 4, "BGRA": 4, "UYVY": 2, "YUY2": 2}
# OpenCV names a Bayer pattern by its second row, from the second column on
_BAYER = {"BayerRGGB": "BayerBG", "BayerBGGR": "BayerRG", "BayerGBRG": "BayerGR", "BayerGRBG": "BayerGB"}
_TYPE = re.compile(r"(8U|8S|16U|16S|32S|32F|64F)(?:C(\d+))?")


def CV_MAT_DEPTHWrap(cv_type: int) -> int:
    """Return the depth of an OpenCV type."""
    return cv_type & 7


def CV_MAT_CNWrap(cv_type: int) -> int:
    """Return the number of channels of an OpenCV type."""
    return (cv_type >> 3) + 1


def getCvType(encoding: str) -> int:
    """Return the OpenCV type (CV_8UC3, ...) of an encoding."""
    if encoding in _LAYOUTS:
        layout, bits = _LAYOUTS[encoding]
        return int(cv2.CV_MAKETYPE(cv2.CV_8U if bits == 8 else cv2.CV_16U, _CHANNELS.get(layout, 1)))
    match = _TYPE.fullmatch(encoding)
    if not match:
        raise RuntimeError(f"Unrecognized image encoding [{encoding}]")
    return int(cv2.CV_MAKETYPE(_DEPTHS[match[1]], int(match[2] or 1)))


def _conversion(source: str, target: str) -> int | None:
    """Return OpenCV's code from one layout to another, None when only the depth changes."""
    if source == target and not source.startswith("Bayer"):
        return None
    if source in ("UYVY", "YUY2"):
        name = f"COLOR_YUV2{target}_{source}"
    else:
        name = f"COLOR_{_BAYER.get(source, source)}2{target}"
    known = target in ("GRAY", "RGB", "BGR", "RGBA", "BGRA") and not (source in _BAYER and target.endswith("A"))
    if not known or not hasattr(cv2, name):
        raise LookupError(name)
    return int(getattr(cv2, name))


def _rescale(image: NDArray[Any], target_type: int, source_bits: int, target_bits: int) -> NDArray[Any]:
    """Change the depth: between 8 and 16 bits the range is scaled, otherwise values are kept, saturated."""
    dtype = np.dtype(_DTYPES[CV_MAT_DEPTHWrap(target_type)])
    if image.dtype == dtype:
        return image.copy()
    scale = {(8, 16): 65535 / 255, (16, 8): 255 / 65535}.get((source_bits, target_bits), 1.0)
    if dtype.kind == "f":
        return (image * scale).astype(dtype) if scale != 1.0 else image.astype(dtype)
    limits: Any = np.iinfo(dtype)
    values = np.rint(image.astype(np.float64) * scale)
    return np.nan_to_num(np.clip(values, limits.min, limits.max), nan=limits.min).astype(dtype)


def cvtColor2(image: NDArray[Any], encoding_in: str, encoding_out: str) -> NDArray[Any]:
    """Convert between encodings; the result never shares memory with the input.

    Args:
        image: height x width (x channels).
        encoding_in: what `image` is.
        encoding_out: what it shall be; an empty string stands for `encoding_in`.
    """
    if encoding_out in ("", encoding_in):
        return image.copy()
    type_in, type_out = getCvType(encoding_in), getCvType(encoding_out)
    layout_in, bits_in = _LAYOUTS.get(encoding_in, (None, 0))
    layout_out, bits_out = _LAYOUTS.get(encoding_out, (None, 0))
    if layout_in is None and layout_out is not None:
        raise RuntimeError(
            f"[{encoding_in}] is not a color format. but [{encoding_out}] is. The conversion does not make sense"
        )
    bits_in, bits_out = (
        bits or 8 * np.dtype(_DTYPES[CV_MAT_DEPTHWrap(t)]).itemsize
        for bits, t in ((bits_in, type_in), (bits_out, type_out))
    )
    if layout_in is None or layout_out is None:
        if CV_MAT_CNWrap(type_in) != CV_MAT_CNWrap(type_out):
            if layout_in is None:
                raise RuntimeError(f"[{encoding_in}] and [{encoding_out}] do not have the same number of channel")
            raise RuntimeError(
                f"[{encoding_in}] is a color format but [{encoding_out}] is not so they must have the "
                "same OpenCV type, CV_8UC3, CV16UC1 ...."
            )
        return _rescale(image, type_out, bits_in, bits_out)
    try:
        code = _conversion(layout_in, layout_out)
    except LookupError:
        raise RuntimeError(f"Unsupported conversion from [{encoding_in}] to [{encoding_out}]") from None
    try:
        if code is not None:
            image = cv2.cvtColor(image, code)
            if bits_in == bits_out:
                return image
    except cv2.error as e:
        raise RuntimeError(str(e)) from e
    return _rescale(image, type_out, bits_in, bits_out)


def cvtColorForDisplay(
    source: NDArray[Any],
    encoding_in: str,
    encoding_out: str,
    do_dynamic_scaling: bool = False,
    min_image_value: float = 0.0,
    max_image_value: float = 0.0,
    colormap: int = -1,
) -> NDArray[Any]:
    """Convert an image to something a screen can show, depth scaled to 8 bits.

    Args:
        source: height x width (x channels).
        encoding_in: what `source` is.
        encoding_out: an 8-bit colour or mono encoding; empty for bgr8.
        do_dynamic_scaling: scale the range that occurs.
        min_image_value: what becomes black, unless both values are equal.
        max_image_value: what becomes white.
        colormap: one of OpenCV's colour maps, -1 for none.
    """
    encoding_out = encoding_out or "bgr8"
    layout, bits = _LAYOUTS.get(encoding_out, ("", 0))
    if bits != 8 or layout not in ("GRAY", "RGB", "BGR", "RGBA", "BGRA"):
        raise RuntimeError(
            "cv_bridge.cvtColorForDisplay() does not have an output encoding that is color or mono, and "
            "has is bit in depth"
        )
    if encoding_in == "32SC1":
        raise NotImplementedError("cv_bridge.cvtColorForDisplay: label images (32SC1) are not supported by ros2_lite")
    if do_dynamic_scaling:
        finite = source[~np.isinf(source)] if source.dtype.kind == "f" else source
        min_image_value, max_image_value = float(np.nanmin(finite)), float(np.nanmax(finite))
        if min_image_value == max_image_value:
            return np.full((*source.shape[:2], 3), 128, np.uint8)
    if min_image_value != max_image_value:
        if CV_MAT_CNWrap(getCvType(encoding_in)) != 1:
            raise RuntimeError(
                "cv_bridge.cvtColorForDisplay() scaling for images with more than one channel is unsupported"
            )
        scaled = (source.astype(np.float64) - min_image_value) * (255.0 / (max_image_value - min_image_value))
        grey = np.nan_to_num(np.clip(np.rint(scaled), 0, 255), nan=0).astype(np.uint8)
        if colormap == -1:
            return cvtColor2(grey, "mono8", encoding_out)
        coloured = cv2.applyColorMap(grey, colormap)
        if source.dtype.kind == "f":
            coloured[np.isnan(source)] = 0
        return cvtColor2(coloured, "bgr8", encoding_out)
    encoding_in = "mono16" if encoding_in == "16UC1" else encoding_in
    try:
        return cvtColor2(source, encoding_in, encoding_out)
    except RuntimeError as e:
        raise RuntimeError(
            f"cv_bridge.cvtColorForDisplay() while trying to convert image from '{encoding_in}' to "
            f"'{encoding_out}' an exception was thrown ({e})"
        ) from e
