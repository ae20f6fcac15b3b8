"""The node around a driver, whatever the device: one motion at a time, forbidden until enabled, stopped by /deft/stop.

What all drivers do alike is here: the parameters they share, /deft/stop, the enable service, /diagnostics, taking or
refusing a goal, and saying how a motion ended. A device's node adds its actions, its states and its health.
"""

import threading
from collections.abc import Callable
from typing import Any

import rclpy
from diagnostic_msgs.msg import DiagnosticArray, DiagnosticStatus, KeyValue
from rcl_interfaces.msg import FloatingPointRange, ParameterDescriptor
from rclpy.action import ActionServer, CancelResponse, GoalResponse
from rclpy.action.server import ServerGoalHandle
from rclpy.callback_groups import MutuallyExclusiveCallbackGroup, ReentrantCallbackGroup
from sensor_msgs.msg import JointState
from std_msgs.msg import Empty

from deft_core.errors import DeftError, Unreachable
from deft_core.workcell import load_workcell
from deft_driver.driver import Driver, Health
from deft_driver.faults import CanceledFault, DriverFault, StoppedFault
from deft_msgs.srv import Enable
from deft_ros.one_goal import OneGoal
from deft_ros.process_node import ProcessNode


class DriverNode(ProcessNode):
    """The graph's view of one device.

    A device's node makes `driver` in its constructor and defines `serve`, `describe`, `health`, `lost` and
    `fill_result`.

    Args:
        part: arm or hand: the node is arm_node or hand_node, its names begin with /arm or /hand.
        device: what the driver speaks to, as `controller`.
        states: what `joint_state_hz` limits, for its description.
        most_state_hz: the greatest value of `joint_state_hz`.
    """

    driver: Driver

    def __init__(self, part: str, device: str, *, states: str, most_state_hz: float) -> None:
        super().__init__(f"{part}_node")
        self.part, self.device = part, device
        self.declare("workcell", "twin", "Workcell: twin, lab, or the path of a YAML file.")
        self.declare("time_scale", 0.0, "Robot seconds a wall second; 0 takes the workcell's.", 0.0, 50.0)
        self.declare("connect_timeout_s", 30.0, f"How long to wait for the {device} to answer, s.", 0.1, 600.0)
        self.declare("joint_state_hz", 50.0, f"Greatest rate of {states}, Hz.", 1.0, most_state_hz)
        scale = float(self.get_parameter("time_scale").value)
        self.cell = load_workcell(self.get_parameter("workcell").value, scale or None)
        self.states = self.create_publisher(JointState, f"/{part}/joint_states", 10)
        self._diagnostics = self.create_publisher(DiagnosticArray, "/diagnostics", 10)
        self._state_every_s = 1.0 / float(self.get_parameter("joint_state_hz").value)
        self._state_due_s = 0.0
        self._connected = False
        self._stopped_by = "not enabled yet"  # by whom motion is forbidden, beside the device's own faults
        self._stopping = threading.Lock()
        self._motions = ReentrantCallbackGroup()
        self._goal = OneGoal()
        self._stops = self._stops_when_taken = 0
        self._servers: list[ActionServer] = []

    def declare(self, name: str, default: object, text: str, low: float = 0.0, high: float = 0.0) -> None:
        """Declare a read-only parameter, with a range where `high` is above `low`."""
        descriptor = ParameterDescriptor(description=text, read_only=True)
        if high > low:
            descriptor.floating_point_range = [FloatingPointRange(from_value=low, to_value=high, step=0.0)]
        self.declare_parameter(name, default, descriptor)

    # -- what a device's node defines --------------------------------------------------------------------------------

    def serve(self) -> None:
        """Serve the actions, with `serve_motion`."""
        raise NotImplementedError

    def describe(self) -> str:
        """Say what is driven, where, and at which rate."""
        raise NotImplementedError

    def health(self) -> Health:
        """Say how the device is."""
        raise NotImplementedError

    def lost(self) -> str:
        """Why the device cannot be driven any more, so that the node must end; empty while it can."""
        raise NotImplementedError

    def fill_result(self, result: Any) -> None:
        """Write into an action's result where the device is."""
        raise NotImplementedError

    # -- life ------------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Connect to the device and serve it.

        Raises:
            DeviceFault: it cannot be reached in time.
        """
        self.driver.connect(float(self.get_parameter("connect_timeout_s").value), alive=rclpy.ok)
        self._connected = True
        alone = MutuallyExclusiveCallbackGroup
        # The stop has a group of its own: nothing else that runs here can keep it waiting.
        self.create_subscription(Empty, "/deft/stop", self._stop, 10, callback_group=alone())
        self.create_service(Enable, f"/{self.part}/enable", self._enable, callback_group=alone())
        self.create_timer(1.0, self._publish_diagnostics, callback_group=alone())
        self.serve()
        self.get_logger().info(f"{self.part} up: {self.describe()}; not enabled")

    def close(self) -> None:
        """Stop the device and let go of it, if it was reached."""
        if self._connected:
            self.driver.close()

    # -- state -----------------------------------------------------------------------------------------------------

    def state_is_due(self, monotonic_s: float) -> bool:
        """Whether a state of this host time is to be published; the device's own thread may ask."""
        if monotonic_s < self._state_due_s or not rclpy.ok():
            return False
        self._state_due_s = max(self._state_due_s + self._state_every_s, monotonic_s)
        return True

    def _publish_diagnostics(self) -> None:
        if lost := self.lost():
            self.fail(lost)
            return
        health, disabled = self.health(), self._forbidden_by
        status = DiagnosticStatus(name=f"{self.part}_node: {self.device}", hardware_id=health.address)
        level = DiagnosticStatus.WARN if disabled else DiagnosticStatus.OK
        status.level = DiagnosticStatus.ERROR if health.bad else level
        status.message = health.message or disabled or "ready"
        values = health.values | {"moving": self.driver.busy, "motion forbidden by": disabled or "nothing"}
        status.values = [KeyValue(key=key, value=str(value)) for key, value in values.items()]
        array = DiagnosticArray(status=[status])
        array.header.stamp = self.get_clock().now().to_msg()
        self._diagnostics.publish(array)

    # -- commands --------------------------------------------------------------------------------------------------

    @property
    def _forbidden_by(self) -> str:
        """Why the device does not move, a person's word before a fault's; empty when it may."""
        disabled_by = self.driver.disabled_by
        return disabled_by and (self._stopped_by or disabled_by)

    def _forbid(self, reason: str) -> None:
        with self._stopping:
            self._stopped_by = reason
            self._stops += 1
        self.driver.disable(reason)

    def _stop(self, _: Empty) -> None:
        self._forbid("stopped by /deft/stop")
        self.get_logger().warn(f"stopped by /deft/stop; /{self.part}/enable allows motion again")

    def _enable(self, request: Enable.Request, response: Enable.Response) -> Enable.Response:
        if not request.enable:
            self._forbid(f"forbidden by /{self.part}/enable")
            response.success, response.message = True, "motion is forbidden"
            return response
        with self._stopping:
            stopped_by = self._stopped_by
            if request.after_fault_only and stopped_by:
                response.message, response.success = f"{stopped_by}; that is no fault to recover from", False
                return response
            self._stopped_by = ""  # a stop that comes from here on stays
        try:
            response.message, response.success = self.driver.enable(), True
        except DeftError as error:
            response.message, response.success = str(error), False
            self.get_logger().error(f"cannot enable: {error}")
        finally:
            with self._stopping:
                since = self._stopped_by
                if not response.success:
                    self._stopped_by = since or stopped_by
        if response.success and since:  # it may have come before the driver began
            self.driver.disable(since)
            response.message, response.success = f"{since} meanwhile; enable again", False
        return response

    def serve_motion(self, kind: Any, name: str, execute: Callable[[ServerGoalHandle], Any]) -> None:
        """Serve an action whose goals are motions; `execute` ends with `carry_out`."""
        server = ActionServer(
            self,
            kind,
            name,
            execute_callback=execute,
            goal_callback=self._accept,
            cancel_callback=lambda handle: CancelResponse.ACCEPT,
            callback_group=self._motions,
        )
        self._servers.append(server)

    def _accept(self, _: Any) -> GoalResponse:
        stops = self._stops  # before what forbids it is asked: a stop from here on is this goal's
        reason = self._forbidden_by
        if not reason and not self._goal.take(self.driver.busy):
            reason = f"the {self.part} is busy with another motion"
        if not reason:
            self._stops_when_taken = stops
            return GoalResponse.ACCEPT
        # A client learns only that its goal was rejected: an action has no word for the reason. It is said here.
        self.get_logger().warn(f"goal refused: {reason}")
        return GoalResponse.REJECT

    def carry_out(self, handle: ServerGoalHandle, result: Any, move: Callable[[], None]) -> Any:
        """Run a motion; return the action's result, which says how it ended."""
        result.fault, end = "none", handle.succeed
        self._goal.begin()
        try:
            if self._stops != self._stops_when_taken:  # and perhaps enabled again since: it was not meant for that
                raise StoppedFault("stopped before it began")
            move()
        except CanceledFault as fault:
            result.fault, result.message, end = fault.fault, str(fault), handle.canceled
        except DriverFault as fault:
            result.fault, result.message, end = fault.fault, str(fault), handle.abort
        except Unreachable as fault:
            result.fault, result.message, end = "unreachable", str(fault), handle.abort
        except Exception as error:
            self.driver.disable(f"{self.part}_node failed: {error}")
            result.fault, result.message, end = "device", str(error), handle.abort
        result.success = result.fault == "none"
        if not result.success:
            self.get_logger().warn(f"motion ended: {result.fault}: {result.message}")
        self._goal.end()
        self.fill_result(result)
        if rclpy.ok():
            end()
        return result
