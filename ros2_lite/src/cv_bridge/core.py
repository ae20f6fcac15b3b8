"""CvBridge: `sensor_msgs/Image` and `CompressedImage` to and from NumPy arrays.

Arrays are views of the message's bytes where they can be, so a depth image (16UC1, 32FC1) is exact by construction.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from sensor_msgs.msg import CompressedImage, Image

if TYPE_CHECKING:
    from std_msgs.msg import Header

_DTYPE_OF = {
    "8U": "uint8",
    "8S": "int8",
    "16U": "uint16",
    "16S": "int16",
    "32S": "int32",
    "32F": "float32",
    "64F": "float64",
}


class CvBridgeError(TypeError):
    """A conversion that cannot be done."""


class CvBridge:
    """Converts between ROS images and NumPy arrays.

    Example:
        >>> import numpy as np
        >>> bridge = CvBridge()
        >>> depth = np.arange(12, dtype=np.uint16).reshape(3, 4)
        >>> message = bridge.cv2_to_imgmsg(depth, "16UC1")
        >>> bool((bridge.imgmsg_to_cv2(message) == depth).all())
        True
    """

    def __init__(self) -> None:
        import cv2

        self.cvtype_to_name = {getattr(cv2, f"CV_{t}C{c}"): f"{t}C{c}" for t in _DTYPE_OF for c in (1, 2, 3, 4)}
        self.cvdepth_to_numpy_depth = {getattr(cv2, f"CV_{t}"): name for t, name in _DTYPE_OF.items()}
        self.numpy_type_to_cvtype = {**{name: t for t, name in _DTYPE_OF.items()}, **_DTYPE_OF}

    def dtype_with_channels_to_cvtype2(self, dtype: np.dtype[Any], n_channels: int) -> str:
        """Return '16UC1' for uint16 and one channel."""
        try:
            return f"{self.numpy_type_to_cvtype[dtype.name]}C{n_channels}"
        except KeyError:
            raise CvBridgeError(f"no image encoding has elements of dtype {dtype.name}") from None

    def cvtype2_to_dtype_with_channels(self, cvtype: int) -> tuple[str, int]:
        """Return ('uint16', 1) for CV_16UC1."""
        from .boost.cv_bridge_boost import CV_MAT_CNWrap, CV_MAT_DEPTHWrap

        return self.cvdepth_to_numpy_depth[CV_MAT_DEPTHWrap(cvtype)], CV_MAT_CNWrap(cvtype)

    def encoding_to_cvtype2(self, encoding: str) -> int:
        """Return OpenCV's type of an encoding; CvBridgeError when there is no such encoding."""
        from .boost.cv_bridge_boost import getCvType

        try:
            return getCvType(encoding)
        except RuntimeError as e:
            raise CvBridgeError(e) from e

    def encoding_to_dtype_with_channels(self, encoding: str) -> tuple[str, int]:
        """Return ('uint8', 3) for 'bgr8'."""
        return self.cvtype2_to_dtype_with_channels(self.encoding_to_cvtype2(encoding))

    def imgmsg_to_cv2(self, img_msg: Image, desired_encoding: str = "passthrough") -> NDArray[Any]:
        """Return the image of a message: height x width, x channels when there are several.

        With 'passthrough' the array shares the message's memory (unless its rows are padded or its byte order is not
        the machine's); with any other encoding it is a new array. CvBridgeError when it cannot be done.
        """
        name, channels = self.encoding_to_dtype_with_channels(img_msg.encoding)
        swapped = np.dtype(name).newbyteorder(">" if img_msg.is_bigendian else "<")
        # a view suffices where the result is new anyway; what is handed out must be writable, as upstream's is
        data = img_msg.data if desired_encoding == "passthrough" else getattr(img_msg, "_data", img_msg.data)
        if isinstance(data, list):
            data = np.asarray(data, np.uint8)
        row = img_msg.width * channels * swapped.itemsize
        needed = (img_msg.height - 1) * img_msg.step + row if img_msg.height else 0
        if img_msg.step < row or len(data) < needed:
            raise CvBridgeError(
                f"Image is wrongly formed: {img_msg.width}x{img_msg.height} {img_msg.encoding} with "
                f"step {img_msg.step} needs {max(needed, img_msg.height * row)} bytes in rows of "
                f"{row}, it has {len(data)}"
            )
        shape, strides = (img_msg.height, img_msg.width), (img_msg.step, channels * swapped.itemsize)
        if channels > 1:
            shape, strides = (*shape, channels), (*strides, swapped.itemsize)  # type: ignore[assignment]
        image = np.ascontiguousarray(np.ndarray(shape, swapped, data, strides=strides))
        if not swapped.isnative:
            image = image.astype(swapped.newbyteorder("="))
        if desired_encoding == "passthrough":
            return image
        return self._convert(image, img_msg.encoding, desired_encoding)

    def compressed_imgmsg_to_cv2(
        self, cmprs_img_msg: CompressedImage, desired_encoding: str = "passthrough"
    ) -> NDArray[Any]:
        """Return the decoded image, as OpenCV decodes it (colour is BGR), or converted from bgr8."""
        import cv2

        data = getattr(cmprs_img_msg, "_data", cmprs_img_msg.data)
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
        if desired_encoding == "passthrough":
            return image  # type: ignore[return-value]  # None, as from upstream, when it is no image
        if image is None:
            raise CvBridgeError(f"{len(data)} bytes said to be {cmprs_img_msg.format!r} are not an image")
        return self._convert(image, "bgr8", desired_encoding)

    def cv2_to_imgmsg(self, cvim: NDArray[Any], encoding: str = "passthrough", header: Header | None = None) -> Image:
        """Return a message with a copy of the image.

        Args:
            cvim: height x width (x channels).
            encoding: what the image is; 'passthrough' names only its type ('8UC3').
            header: the message's header.

        Raises:
            TypeError: `cvim` is no array.
            CvBridgeError: the encoding does not fit the array's type.
        """
        if not isinstance(cvim, np.ndarray | np.generic):
            raise TypeError("Your input type is not a numpy array")
        message = Image()
        message.height, message.width = cvim.shape[:2]
        if header is not None:
            message.header = header
        cv_type = self.dtype_with_channels_to_cvtype2(cvim.dtype, 1 if cvim.ndim < 3 else cvim.shape[2])
        message.encoding = cv_type if encoding == "passthrough" else encoding
        if encoding != "passthrough" and self.cvtype_to_name.get(self.encoding_to_cvtype2(encoding)) != cv_type:
            raise CvBridgeError(f"encoding specified as {encoding}, but image has incompatible type {cv_type}")
        message.is_bigendian = int(
            cvim.dtype.byteorder == ">" or (cvim.dtype.byteorder == "=" and sys.byteorder == "big")
        )
        pixels = cvim.tobytes()
        message.step = len(pixels) // message.height if message.height else 0
        # assigned as a whole, these bytes go out without another copy
        message.data = pixels
        return message

    def cv2_to_compressed_imgmsg(self, cvim: NDArray[Any], dst_format: str = "jpg") -> CompressedImage:
        """Return a message with the image encoded as 'jpg', 'png' or another format OpenCV writes."""
        import cv2

        if not isinstance(cvim, np.ndarray | np.generic):
            raise TypeError("Your input type is not a numpy array")
        message = CompressedImage(format=dst_format)
        try:
            message.data = cv2.imencode(f".{dst_format}", cvim)[1].tobytes()
        except cv2.error as e:
            raise CvBridgeError(f"cannot write {cvim.dtype} {cvim.shape} as {dst_format}: {e}") from e
        return message

    @staticmethod
    def _convert(image: NDArray[Any], encoding_in: str, encoding_out: str) -> NDArray[Any]:
        from .boost.cv_bridge_boost import cvtColor2

        try:
            return cvtColor2(image, encoding_in, encoding_out)
        except RuntimeError as e:
            raise CvBridgeError(e) from e
