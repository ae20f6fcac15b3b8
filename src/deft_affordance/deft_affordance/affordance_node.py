"""affordance_node: answers /deft/predict_affordance from the newest capture, and shows what it predicts.

Latched topics: /deft/affordance, /deft/markers (contacts, gripper frame, posed hand, in base_link), /deft/heatmap (the
image with contacts on it). /diagnostics tells latency and refusals.
"""

import sys
import threading
import time
from typing import Any

import numpy as np
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from geometry_msgs.msg import Point, PointStamped
from rcl_interfaces.msg import ParameterDescriptor
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup, ReentrantCallbackGroup
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, qos_profile_sensor_data
from rclpy.time import Time
from sensor_msgs.msg import Image
from tf2_ros import Buffer, TransformException, TransformListener
from visualization_msgs.msg import Marker, MarkerArray

from deft_affordance.drawing import markers, overlay
from deft_affordance.predictor import AffordancePredictor
from deft_affordance.predictor_settings import PredictorSettings
from deft_core import interchange
from deft_core.errors import DeftError, PerceptionRefused
from deft_core.geometry import Array, apply, from_quaternion
from deft_core.hand import load_hand
from deft_core.observation import Affordance, RGBDFrame
from deft_core.workcell import load_workcell
from deft_msgs.msg import Affordance as AffordanceMsg
from deft_msgs.msg import RGBDFrame as RGBDFrameMsg
from deft_msgs.srv import PredictAffordance
from deft_ros.run_node import run_node
from deft_vision.errors import VisionError

LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)


class AffordanceNode(Node):
    """Serves the prior."""

    def __init__(self) -> None:
        super().__init__("affordance_node")
        self.declare_parameter("workcell", "twin", ParameterDescriptor(description="Workcell name or YAML path."))
        self.declare_parameter(
            "prior", "", ParameterDescriptor(description="Checkpoint (.safetensors); empty: the one that ships.")
        )
        self.declare_parameter(
            "clip_checkpoint",
            "",
            ParameterDescriptor(
                description="CLIP weights: for a prior that uses CLIP's text encoder, and to pick what is meant; "
                "of another training than OpenAI's with its open_clip_config.json beside them."
            ),
        )
        self.declare_parameter(
            "sam_checkpoint", "", ParameterDescriptor(description="Segment Anything's weights, to outline objects.")
        )
        self.declare_parameter(
            "retargeting",
            "anatomical",
            ParameterDescriptor(description="How a robot's pinch is shaped after a person's: anatomical or dex."),
        )
        self.declare_parameter(
            "click_s",
            60.0,
            ParameterDescriptor(description="Seconds for which a point clicked in rviz says which object is meant."),
        )
        self.declare_parameter("threads", 1, ParameterDescriptor(description="CPU threads of the network."))
        cell = load_workcell(self._get("workcell"))
        self._timeout_s = cell.camera.timeout_s
        self._predictor = AffordancePredictor(
            self._get("prior") or None,
            load_hand(cell.hand.model),
            PredictorSettings.of(cell),
            clip_checkpoint=self._get("clip_checkpoint") or None,
            sam_checkpoint=self._get("sam_checkpoint") or None,
            threads=max(1, int(self._get("threads"))),
            retargeting=self._get("retargeting"),
        )
        self._tf = Buffer()
        self._tf_listener = TransformListener(self._tf, self)
        self._click: tuple[Array, float] | None = None  # where in base_link, and until when
        self._newest: RGBDFrameMsg | None = None
        self._came = threading.Condition()
        self._latencies: list[float] = []
        self._counts = {"predicted": 0, "refused": 0, "failed": 0}
        self._affordance = self.create_publisher(AffordanceMsg, "/deft/affordance", LATCHED)
        self._markers = self.create_publisher(MarkerArray, "/deft/markers", LATCHED)
        self._heatmap = self.create_publisher(Image, "/deft/heatmap", LATCHED)
        self._diagnostics = self.create_publisher(DiagnosticArray, "/diagnostics", 10)
        self.create_subscription(
            RGBDFrameMsg,
            "/deft/frame",
            self._on_frame,
            qos_profile_sensor_data,
            callback_group=MutuallyExclusiveCallbackGroup(),
        )
        self.create_subscription(
            PointStamped, "/clicked_point", self._on_click, 1, callback_group=MutuallyExclusiveCallbackGroup()
        )
        self.create_service(
            PredictAffordance, "/deft/predict_affordance", self._serve, callback_group=ReentrantCallbackGroup()
        )
        self.get_logger().info(f"prior {self._predictor.checkpoint_hash[:12]} ready")

    def _get(self, name: str) -> Any:
        return self.get_parameter(name).value

    def _on_frame(self, msg: RGBDFrameMsg) -> None:
        with self._came:
            self._newest = msg
            self._came.notify_all()

    def _on_click(self, msg: PointStamped) -> None:
        """A person points at what is meant (rviz's Publish Point)."""
        try:
            point = apply(self._pose_of(msg.header.frame_id), np.array([msg.point.x, msg.point.y, msg.point.z]))
        except DeftError as error:
            self.get_logger().warning(f"a point clicked in {msg.header.frame_id or 'no frame'} is not heeded: {error}")
            return
        if not np.isfinite(point).all():
            self.get_logger().warning("a clicked point that is not finite is not heeded")
            return
        self._click = (point, time.monotonic() + self._get("click_s"))
        self.get_logger().info(f"the next prediction takes what stands at {np.round(point, 3).tolist()} m (base_link)")

    def _serve(self, request: PredictAffordance.Request, response: PredictAffordance.Response) -> Any:
        response.contact_in_wrist = np.asarray(self._predictor.contact_in_wrist, dtype=float)
        response.checkpoint_hash = self._predictor.checkpoint_hash
        try:
            msg = self._frame_after(interchange.seconds(request.not_before))
            frame = interchange.frame(msg, self._pose_of(msg.header.frame_id))
            click = self._click if self._click and time.monotonic() < self._click[1] else None
            start = time.perf_counter()
            affordance = self._predictor.predict(frame, request.instruction, click[0] if click else None)
            response.latency_s = time.perf_counter() - start
        except PerceptionRefused as error:
            return self._refuse(response, "refused", error)
        except TimeoutError as error:
            return self._refuse(response, "no_frame", error)
        except (DeftError, ValueError) as error:
            return self._refuse(response, "error", error)
        if click and self._click is click:
            self._click = None  # one click, one prediction: the next scene is another
        self._counts["predicted"] += 1
        self._latencies = [*self._latencies[-199:], response.latency_s]
        interchange.fill_affordance(response.affordance, affordance, Point, frame.stamp_s)
        response.success, response.fault = True, "none"
        if request.return_frame:
            response.frame = msg
        self._show(frame, affordance, response.affordance)
        self._report("")
        return response

    def _refuse(self, response: Any, fault: str, error: Exception) -> Any:
        response.success, response.fault, response.message = False, fault, str(error)
        self._counts["refused" if fault == "refused" else "failed"] += 1
        self._report(f"{fault}: {error}")
        return response

    def _frame_after(self, not_before_s: float) -> RGBDFrameMsg:
        """The newest capture taken at or after a time; TimeoutError when none comes."""
        deadline = time.monotonic() + self._timeout_s
        with self._came:
            while self._newest is None or interchange.seconds(self._newest.header.stamp) < not_before_s:
                left = deadline - time.monotonic()
                if left <= 0 or not self._came.wait(timeout=left):
                    raise TimeoutError(
                        f"no capture on /deft/frame within {self._timeout_s:g} s; is camera_node running?"
                    )
            return self._newest

    def _pose_of(self, frame_id: str) -> Array:
        """T_base_frame (4, 4) from tf."""
        try:
            found = self._tf.lookup_transform(interchange.BASE_FRAME, frame_id, Time())
        except TransformException as error:
            raise DeftError(f"tf knows no way from {frame_id} to {interchange.BASE_FRAME}: {error}") from error
        p, q = found.transform.translation, found.transform.rotation
        return from_quaternion([p.x, p.y, p.z], [q.x, q.y, q.z, q.w])

    def _show(self, frame: RGBDFrame, affordance: Affordance, msg: AffordanceMsg) -> None:
        self._affordance.publish(msg)
        stamp = self.get_clock().now().to_msg()
        hand, constant = self._predictor.hand, self._predictor.contact_in_wrist
        self._markers.publish(MarkerArray(markers=markers(affordance, frame, hand, constant, Marker, Point, stamp)))
        image = interchange.fill_image(Image(), overlay(frame, affordance), "rgb8")
        image.header = msg.header
        self._heatmap.publish(image)

    def _report(self, trouble: str) -> None:
        status = DiagnosticStatus(
            name="affordance_node", hardware_id="prior", message=trouble or "predicting", level=DiagnosticStatus.OK
        )
        if trouble:
            status.level = DiagnosticStatus.WARN
        values = {name: str(count) for name, count in self._counts.items()}
        if self._latencies:
            p50, p99 = np.percentile(self._latencies, [50, 99]) * 1e3
            values |= {"latency_p50_ms": f"{p50:.1f}", "latency_p99_ms": f"{p99:.1f}"}
        status.values = [KeyValue(key=key, value=value) for key, value in values.items()]
        array = DiagnosticArray(status=[status])
        array.header.stamp = self.get_clock().now().to_msg()
        self._diagnostics.publish(array)


def main(args: list[str] | None = None) -> int:
    """Run the node; returns the exit status."""
    return run_node(AffordanceNode, "affordance_node", args, threads=4, mendable=(VisionError,))


if __name__ == "__main__":
    sys.exit(main())
