"""camera_node: publishes RGB-D captures under DEFT's name and under realsense-ros', and the camera's place on tf."""

import sys
import threading

from geometry_msgs.msg import TransformStamped
from rcl_interfaces.msg import ParameterDescriptor
from rclpy.qos import qos_profile_sensor_data
from sensor_msgs.msg import CameraInfo, Image
from tf2_ros import StaticTransformBroadcaster

from deft_core import interchange
from deft_core.observation import RGBDFrame
from deft_core.workcell import load_workcell
from deft_msgs.msg import RGBDFrame as RGBDFrameMsg
from deft_perception.camera import open_camera
from deft_ros.process_node import ProcessNode
from deft_ros.run_node import run_node

# librealsense may look three times five seconds for a camera before it gives up (its pipeline.cpp), and says nothing.
LETS_GO_S = 20.0


class CameraNode(ProcessNode):
    """Publishes /deft/frame, the realsense-ros topics, and the static transform base_link -> camera optical frame."""

    def __init__(self) -> None:
        super().__init__("camera_node")
        self.declare_parameter("workcell", "twin", ParameterDescriptor(description="Workcell name or YAML path."))
        self._cell = load_workcell(self.get_parameter("workcell").value)
        self._frame = self.create_publisher(RGBDFrameMsg, "/deft/frame", qos_profile_sensor_data)
        realsense = "/camera/camera/"
        self._color = self.create_publisher(Image, realsense + "color/image_raw", qos_profile_sensor_data)
        self._depth = self.create_publisher(
            Image, realsense + "aligned_depth_to_color/image_raw", qos_profile_sensor_data
        )
        self._info = self.create_publisher(CameraInfo, realsense + "color/camera_info", qos_profile_sensor_data)
        self._tf = StaticTransformBroadcaster(self)
        self._send_transform()
        self._stop, self._camera = threading.Event(), open_camera(self._cell.camera)
        # No daemon: an interpreter that ends under librealsense, at work in a thread, aborts.
        self._thread = threading.Thread(target=self._run, name="capture")

    def start(self) -> None:
        """Begin to capture."""
        self._thread.start()

    def _send_transform(self) -> None:
        stamped = TransformStamped()
        stamped.header.stamp = self.get_clock().now().to_msg()
        stamped.header.frame_id, stamped.child_frame_id = interchange.BASE_FRAME, interchange.CAMERA_FRAME
        interchange.fill_transform(stamped.transform, self._cell.camera.T_base_camera)
        self._tf.sendTransform(stamped)

    def _run(self) -> None:
        try:
            with self._camera as camera:
                self.get_logger().info(f"camera up: {self._cell.camera.source}, {self._cell.camera.fps} Hz")
                number = 0
                while not self._stop.is_set():
                    capture = camera.wait()
                    number += 1
                    self._publish(
                        RGBDFrame(
                            capture.color,
                            capture.depth_mm,
                            capture.K,
                            capture.distortion,
                            self._cell.camera.T_base_camera,
                            number,
                            capture.stamp_s,
                        )
                    )
        except Exception as error:  # whatever ends the capture ends the node, with its reason
            if not self._stop.is_set():
                self.fail(str(error))

    def _publish(self, frame: RGBDFrame) -> None:
        msg = interchange.fill_frame(RGBDFrameMsg(), frame)
        self._frame.publish(msg)
        if self._color.get_subscription_count():
            self._color.publish(msg.color)
        if self._depth.get_subscription_count():
            self._depth.publish(msg.aligned_depth)
        if self._info.get_subscription_count():
            self._info.publish(msg.camera_info)

    def close(self) -> None:
        """Stop capturing."""
        self._stop.set()
        self._camera.interrupt()
        if self._thread.is_alive():
            self._thread.join(timeout=LETS_GO_S)
        if self._thread.is_alive():  # the interpreter waits for it; whoever watches is told for what
            print("camera_node: the camera's driver does not let go; unplug the camera, or kill -9", file=sys.stderr)


def main(args: list[str] | None = None) -> int:
    """Run the node; returns the exit status."""
    return run_node(CameraNode, "camera_node", args)


if __name__ == "__main__":
    sys.exit(main())
