"""affordance_node as a process: asked through its service, seen on its latched topics."""

import os
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

pytest.importorskip("rclpy")
pytest.importorskip("deft_msgs.msg")

import rclpy
from geometry_msgs.msg import PointStamped, TransformStamped
from rclpy.executors import MultiThreadedExecutor
from rclpy.qos import DurabilityPolicy, QoSProfile, qos_profile_sensor_data
from sensor_msgs.msg import Image
from tf2_ros import StaticTransformBroadcaster
from visualization_msgs.msg import MarkerArray

from deft_core import interchange
from deft_core.task import load_task
from deft_core.workcell import load_workcell
from deft_msgs.msg import Affordance as AffordanceMsg
from deft_msgs.msg import RGBDFrame as RGBDFrameMsg
from deft_msgs.srv import PredictAffordance
from deft_ros.spinning import Spinner
from deft_sim.workcell import TwinWorkcell

pytestmark = [pytest.mark.graph, pytest.mark.timeout(180)]
DEADLINE_S = 60.0
LATCHED = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
NODE = [sys.executable, "-m", "deft_affordance.affordance_node"]
OURS = {
    "OMP_NUM_THREADS": "1",
    "OMP_WAIT_POLICY": "PASSIVE",
    "PYTHONPATH": os.pathsep.join(p for p in sys.path if p),
}


@pytest.fixture(scope="module")
def frame():
    twin = TwinWorkcell(load_task("pick_cup"), load_workcell("twin"), seed=0)
    twin.reset("train", 5)
    yield twin.look()
    twin.close()


@pytest.fixture
def world(frame, ros_environment):
    """A camera that repeats one capture, its place on tf, and a client; the node beside them."""
    context = rclpy.Context()
    rclpy.init(context=context)
    node = rclpy.create_node("beside", context=context)
    tf = StaticTransformBroadcaster(node)
    transform = TransformStamped()
    transform.header.frame_id, transform.child_frame_id = interchange.BASE_FRAME, interchange.CAMERA_FRAME
    interchange.fill_transform(transform.transform, frame.T_base_camera)
    tf.sendTransform(transform)
    publisher = node.create_publisher(RGBDFrameMsg, "/deft/frame", qos_profile_sensor_data)
    msg = interchange.fill_frame(RGBDFrameMsg(), frame)

    def publish() -> None:
        interchange.set_stamp(msg.header.stamp, time.time())
        publisher.publish(msg)

    node.create_timer(0.2, publish)
    executor = MultiThreadedExecutor(num_threads=3, context=context)
    executor.add_node(node)
    spinner = Spinner(executor, context=context)
    spinner.start()
    process = subprocess.Popen(
        NODE, env=ros_environment | OURS, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        yield node, process
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait(timeout=20)
        spinner.end()
        rclpy.try_shutdown(context=context)


def ask(node, instruction):
    client = node.create_client(PredictAffordance, "/deft/predict_affordance")
    assert client.wait_for_service(timeout_sec=DEADLINE_S)
    request = PredictAffordance.Request(instruction=instruction, return_frame=True)
    interchange.set_stamp(request.not_before, time.time())
    done = threading.Event()
    future = client.call_async(request)
    future.add_done_callback(lambda _: done.set())
    assert done.wait(DEADLINE_S)
    return future.result()


def click(node, place, fault):
    """Point at a place in base_link, as rviz does, and ask until the answer tells that it was heeded."""
    publisher = node.create_publisher(PointStamped, "/clicked_point", 1)
    msg = PointStamped()
    msg.header.frame_id = interchange.BASE_FRAME
    msg.point.x, msg.point.y, msg.point.z = (float(v) for v in place)
    deadline = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline:
        publisher.publish(msg)
        answer = ask(node, "pick up the cup")
        if answer.fault == fault:
            return answer
    raise AssertionError("no answer heeded the click")


def test_predicts_shows_and_stops_cleanly(world, frame):
    node, process = world
    seen, came = {}, threading.Event()

    def keep(topic, msg):
        seen[topic] = msg
        if len(seen) == 3:
            came.set()

    for kind, topic in ((AffordanceMsg, "affordance"), (MarkerArray, "markers"), (Image, "heatmap")):
        node.create_subscription(kind, f"/deft/{topic}", lambda msg, t=topic: keep(t, msg), LATCHED)
    answer = ask(node, "pick up the cup")
    assert answer.success and answer.fault == "none" and answer.latency_s > 0
    affordance = interchange.affordance(answer.affordance)
    assert affordance.capture_id == frame.capture_id == answer.frame.capture_id
    assert np.linalg.norm(answer.contact_in_wrist) > 0.03 and len(answer.checkpoint_hash) == 64
    assert came.wait(DEADLINE_S)
    assert seen["affordance"].instruction == "pick up the cup"
    assert {m.ns for m in seen["markers"].markers} == {"contacts", "spread", "contact", "hand", "gripper"}
    assert interchange.image(seen["heatmap"], "rgb8").shape == frame.color.shape
    assert "point at a thing" in click(node, [0.42, 0.22, 0.0], "refused").message
    assert ask(node, "pick up the cup").fault == "refused"  # it stands until it found something
    click(node, affordance.contacts_base.mean(axis=0), "none")
    assert ask(node, "pick up the cup").success
    refused = ask(node, "qwerty")
    assert not refused.success and refused.fault == "error" and "qwerty" in refused.message
    process.send_signal(2)
    assert process.wait(timeout=20) == 0


def test_a_missing_checkpoint_ends_the_node_with_one_line(ros_environment):
    command = [*NODE, "--ros-args", "-p", "prior:=/nonexistent/prior.safetensors"]
    done = subprocess.run(
        command, env=ros_environment | OURS, capture_output=True, text=True, timeout=DEADLINE_S, check=False
    )
    assert done.returncode == 1
    assert "no prior at /nonexistent/prior.safetensors" in done.stderr and "Traceback" not in done.stderr
