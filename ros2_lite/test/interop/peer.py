"""One half of the interoperability tests; imports upstream names only, so it runs on ROS 2 and on ros2_lite alike.

`peer.py serve` offers a topic, a latched topic, a service, an action and parameters, and ends on SIGINT.
`peer.py drive` uses all of them and prints one JSON object of what it saw.
"""

import json
import sys

import rclpy
from example_interfaces.action import Fibonacci
from example_interfaces.srv import AddTwoInts
from rcl_interfaces.srv import GetParameters, SetParameters
from rclpy.action import (
    ActionClient,
    ActionServer,
    CancelResponse,
    GoalResponse,
    get_action_names_and_types,
    get_action_server_names_and_types_by_node,
)
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.executors import ExternalShutdownException, MultiThreadedExecutor
from rclpy.node import Node
from rclpy.parameter import Parameter
from rclpy.qos import DurabilityPolicy, QoSProfile, qos_profile_sensor_data
from sensor_msgs.msg import Image
from std_msgs.msg import String

LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
TIMEOUT_S = 15.0


class Server(Node):
    """Offers everything."""

    def __init__(self):
        super().__init__("server", namespace="/interop")
        group = ReentrantCallbackGroup()
        self.declare_parameter("speed", 1.5)
        self.echo = self.create_publisher(String, "echo", 10)
        self.create_subscription(String, "say", self.on_say, 10)
        self.image = self.create_publisher(Image, "image", qos_profile_sensor_data)
        self.create_subscription(Image, "image_in", self.image.publish, qos_profile_sensor_data)
        self.latched = self.create_publisher(String, "latched", LATCHED)
        self.latched.publish(String(data="kept"))
        self.create_service(AddTwoInts, "add", self.on_add)
        self.action = ActionServer(
            self,
            Fibonacci,
            "fibonacci",
            self.execute,
            callback_group=group,
            goal_callback=lambda goal: GoalResponse.ACCEPT if goal.order > 0 else GoalResponse.REJECT,
            cancel_callback=lambda handle: CancelResponse.ACCEPT,
        )

    def on_say(self, message):
        self.echo.publish(String(data=message.data + "!"))

    def on_add(self, request, response):
        response.sum = request.a + request.b
        return response

    def execute(self, goal):
        feedback = Fibonacci.Feedback()
        feedback.sequence = [0, 1]
        rate = self.create_rate(20.0)
        while len(feedback.sequence) <= goal.request.order:
            if goal.is_cancel_requested:
                goal.canceled()
                return Fibonacci.Result(sequence=feedback.sequence)
            feedback.sequence.append(feedback.sequence[-1] + feedback.sequence[-2])
            goal.publish_feedback(feedback)
            rate.sleep()
        goal.succeed()
        return Fibonacci.Result(sequence=feedback.sequence)


def serve():
    """Serve until SIGINT."""
    rclpy.init()
    node = Server()
    executor = MultiThreadedExecutor(4)
    executor.add_node(node)
    print("ready", flush=True)
    try:
        executor.spin()
    except (KeyboardInterrupt, ExternalShutdownException):
        pass
    finally:
        executor.shutdown()
        node.destroy_node()
        rclpy.try_shutdown()


class Driver:
    """Uses everything."""

    def __init__(self):
        self.node = rclpy.create_node("driver", namespace="/interop")
        self.received = {"echo": [], "latched": [], "image": [], "feedback": []}
        self.say = self.node.create_publisher(String, "say", 10)
        self.image = self.node.create_publisher(Image, "image_in", qos_profile_sensor_data)
        self.node.create_subscription(String, "echo", lambda m: self.received["echo"].append(m.data), 10)
        self.node.create_subscription(
            Image, "image", lambda m: self.received["image"].append(bytes(m.data)), qos_profile_sensor_data
        )

    def until(self, condition, what):
        deadline = self.node.get_clock().now().nanoseconds + int(TIMEOUT_S * 1e9)
        while not condition():
            if self.node.get_clock().now().nanoseconds > deadline:
                raise TimeoutError(what)
            rclpy.spin_once(self.node, timeout_sec=0.05)

    def wait(self, future, what):
        rclpy.spin_until_future_complete(self.node, future, timeout_sec=TIMEOUT_S)
        if not future.done():
            raise TimeoutError(what)
        return future.result()

    def topic(self):
        self.until(lambda: self.say.get_subscription_count() and self.node.count_publishers("echo"), "match")
        for i in range(20):
            # Until both directions have matched on both sides a first message may be lost.
            self.say.publish(String(data=f"m{i} ünï"))
            self.until(lambda i=i: len(self.received["echo"]) > i or i == 0, f"echo {i}")
            if i == 0:
                self.until(lambda: self.received["echo"], "first echo")
        return self.received["echo"] == [f"m{i} ünï!" for i in range(20)]

    def big_image(self):
        message = Image(height=480, width=640, encoding="rgb8", step=1920)
        message.header.frame_id = "camera"
        message.data = bytes(range(256)) * 3600
        self.until(lambda: self.image.get_subscription_count() and self.node.count_publishers("image"), "match")
        while not self.received["image"]:
            self.image.publish(message)
            rclpy.spin_once(self.node, timeout_sec=0.5)
        return self.received["image"][0] == bytes(message.data)

    def latched(self):
        self.node.create_subscription(String, "latched", lambda m: self.received["latched"].append(m.data), LATCHED)
        self.until(lambda: self.received["latched"], "latched")
        return self.received["latched"] == ["kept"]

    def service(self):
        client = self.node.create_client(AddTwoInts, "add")
        if not client.wait_for_service(TIMEOUT_S):
            raise TimeoutError("service")
        sums = [self.wait(client.call_async(AddTwoInts.Request(a=i, b=-(2**40))), "sum").sum for i in range(10)]
        return sums == [i - 2**40 for i in range(10)]

    def action(self):
        client = ActionClient(self.node, Fibonacci, "fibonacci")
        if not client.wait_for_server(TIMEOUT_S):
            raise TimeoutError("action server")
        refused = self.wait(client.send_goal_async(Fibonacci.Goal(order=0)), "refusal")
        handle = self.wait(
            client.send_goal_async(
                Fibonacci.Goal(order=4),
                feedback_callback=lambda m: self.received["feedback"].append(list(m.feedback.sequence)),
            ),
            "goal",
        )
        result = self.wait(handle.get_result_async(), "result")
        long_goal = self.wait(client.send_goal_async(Fibonacci.Goal(order=40)), "long goal")
        cancelled = self.wait(long_goal.cancel_goal_async(), "cancel")
        ended = self.wait(long_goal.get_result_async(), "cancelled result")
        self.until(lambda: long_goal.status == 5, "status of the cancelled goal")
        return {
            "refused": not refused.accepted,
            "accepted": handle.accepted,
            "status": result.status,
            "sequence": list(result.result.sequence),
            "feedback": self.received["feedback"][:1],
            "canceling": len(cancelled.goals_canceling),
            "cancelled_status": ended.status,
        }

    def parameters(self):
        getter = self.node.create_client(GetParameters, "server/get_parameters")
        setter = self.node.create_client(SetParameters, "server/set_parameters")
        if not (getter.wait_for_service(TIMEOUT_S) and setter.wait_for_service(TIMEOUT_S)):
            raise TimeoutError("parameter services")
        before = self.wait(getter.call_async(GetParameters.Request(names=["speed"])), "get").values[0]
        outcome = [
            self.wait(
                setter.call_async(
                    SetParameters.Request(parameters=[Parameter("speed", value=value).to_parameter_msg()])
                ),
                "set",
            )
            .results[0]
            .successful
            for value in (2.5, "fast")
        ]
        after = self.wait(getter.call_async(GetParameters.Request(names=["speed"])), "get").values[0]
        return [before.double_value, outcome, after.double_value]

    def graph(self):
        self.until(lambda: ("server", "/interop") in self.node.get_node_names_and_namespaces(), "node")

        def services():
            return dict(self.node.get_service_names_and_types_by_node("server", "/interop"))

        def topics():
            return dict(self.node.get_publisher_names_and_types_by_node("server", "/interop"))

        self.until(lambda: "/interop/add" in services() and "/interop/echo" in topics(), "entities")
        info = self.node.get_publishers_info_by_topic("echo")[0]
        return {
            "nodes": sorted(self.node.get_fully_qualified_node_names()),
            "service": services()["/interop/add"],
            "topic": topics()["/interop/echo"],
            "hash": str(info.topic_type_hash),
            "owner": info.node_name,
            "actions": get_action_names_and_types(self.node),
            "served": get_action_server_names_and_types_by_node(self.node, "server", "/interop"),
        }


def drive():
    """Run every check; an exception stands under its check's name."""
    rclpy.init()
    driver = Driver()
    seen = {}
    for check in ("topic", "big_image", "latched", "service", "action", "parameters", "graph"):
        try:
            seen[check] = getattr(driver, check)()
        except Exception as error:
            seen[check] = f"{type(error).__name__}: {error}"
    print(json.dumps(seen), flush=True)
    driver.node.destroy_node()
    rclpy.shutdown()


if __name__ == "__main__":
    {"serve": serve, "drive": drive}[sys.argv[1]]()
