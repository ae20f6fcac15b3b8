"""The ros2 command beside a node that has one of everything. The same holds on real ROS 2."""

import re
import signal
import subprocess
import sys
import threading

import pytest
import yaml

NODE = """
import rclpy
from example_interfaces.action import Fibonacci
from rcl_interfaces.msg import IntegerRange, ParameterDescriptor
from rclpy.action import ActionServer, CancelResponse
from rclpy.executors import ExternalShutdownException, MultiThreadedExecutor
from std_msgs.msg import String
from std_srvs.srv import SetBool
import threading

rclpy.init()
node = rclpy.create_node("robot", namespace="/lab")
publisher = node.create_publisher(String, "/chatter", 10)
node.create_subscription(String, "heard", lambda message: print("heard", message.data, flush=True), 10)
node.create_timer(0.05, lambda: publisher.publish(String(data="hello")))
node.declare_parameter("speed", 3, ParameterDescriptor(
    description="how fast", integer_range=[IntegerRange(from_value=0, to_value=10, step=1)]))
node.declare_parameter("arm.gains", [1.0, 2.5])
node.declare_parameter("name", "left")

def switch(request, response):
    response.success, response.message = request.data, "switched"
    return response

def count(handle):
    feedback = Fibonacci.Feedback(sequence=[0, 1])
    pause = threading.Event()
    for _ in range(handle.request.order):
        if handle.is_cancel_requested:
            handle.canceled()
            return Fibonacci.Result(sequence=feedback.sequence)
        feedback.sequence.append(feedback.sequence[-1] + feedback.sequence[-2])
        handle.publish_feedback(feedback)
        pause.wait(0.05)
    handle.succeed()
    return Fibonacci.Result(sequence=feedback.sequence)

node.create_service(SetBool, "switch", switch)
server = ActionServer(node, Fibonacci, "/count", count, cancel_callback=lambda goal: CancelResponse.ACCEPT)
executor = MultiThreadedExecutor()
executor.add_node(node)
print("up", flush=True)
try:
    executor.spin()
except (KeyboardInterrupt, ExternalShutdownException):
    pass
"""


@pytest.fixture
def robot(tmp_path, ros_environment):
    """Start the node and return its process."""
    script = tmp_path / "robot.py"
    script.write_text(NODE)
    process = subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "up\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


NO_DAEMON = "--no-daemon"


def ok(result):
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def interrupt_after(ros2, lines, *arguments):
    """Run a command that does not end by itself until it printed some lines."""
    process = subprocess.Popen([*ros2.command, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    killer = threading.Timer(30, process.kill)
    killer.start()
    output = "".join(process.stdout.readline() for _ in range(lines))
    process.send_signal(signal.SIGINT)
    rest, _ = process.communicate()
    killer.cancel()
    return output + rest, process.returncode


def test_topics_are_listed_and_described(ros2, robot):
    listed = ok(ros2("topic", "list", "-t", NO_DAEMON, "--spin-time", "1")).splitlines()
    assert "/chatter [std_msgs/msg/String]" in listed and "/lab/heard [std_msgs/msg/String]" in listed
    assert "/rosout [rcl_interfaces/msg/Log]" in listed
    hidden = ok(ros2("topic", "list", "--include-hidden-topics", NO_DAEMON, "--spin-time", "1")).splitlines()
    assert "/count/_action/status" in hidden and "/count/_action/status" not in listed
    verbose = ok(ros2("topic", "list", "-v", NO_DAEMON, "--spin-time", "1"))
    assert "Published topics:\n" in verbose and " * /chatter [std_msgs/msg/String] 1 publisher\n" in verbose
    assert " * /lab/heard [std_msgs/msg/String] 1 subscriber\n" in verbose
    assert ok(ros2("topic", "type", "/chatter", NO_DAEMON, "--spin-time", "1")) == "std_msgs/msg/String\n"
    assert ros2("topic", "type", "/nothing", NO_DAEMON).returncode == 1
    found = ok(ros2("topic", "find", "std_msgs/msg/String", NO_DAEMON, "--spin-time", "1")).splitlines()
    assert set(found) == {"/chatter", "/lab/heard"}


def test_topic_info(ros2, robot):
    text = ok(ros2("topic", "info", "/chatter", NO_DAEMON, "--spin-time", "1"))
    assert text == "Type: std_msgs/msg/String\nPublisher count: 1\nSubscription count: 0\n"
    verbose = ok(ros2("topic", "info", "-v", "/chatter", NO_DAEMON, "--spin-time", "1"))
    for line in (
        "Node name: robot",
        "Node namespace: /lab",
        "Topic type: std_msgs/msg/String",
        "Endpoint type: PUBLISHER",
        "  Reliability: RELIABLE",
        "  Durability: VOLATILE",
        "  Lifespan: Infinite",
        "  Liveliness: AUTOMATIC",
        "Topic type hash: RIHS01_df668c740482bbd48fb39d76a70dfd4bd59db1288021743503259e948f6b1a18",
    ):
        assert line in verbose.splitlines()
    unknown = ros2("topic", "info", "/nothing", NO_DAEMON)
    assert unknown.returncode == 1 and "Unknown topic '/nothing'" in unknown.stderr


def test_topic_echo(ros2, robot):
    assert ok(ros2("topic", "echo", "--once", "/chatter", NO_DAEMON, "--spin-time", "1")) == "data: hello\n---\n"
    field = ok(ros2("topic", "echo", "--once", "/chatter", "std_msgs/msg/String", "--field", "data"))
    assert field == "hello\n---\n"
    assert ok(ros2("topic", "echo", "--once", "--csv", "/chatter", "std_msgs/msg/String")) == "hello\n"
    short = ok(ros2("topic", "echo", "--once", "-l", "2", "/chatter", "std_msgs/msg/String"))
    assert short == "data: he...\n---\n"
    dropped = ok(ros2("topic", "echo", "/chatter", "std_msgs/msg/String", "--filter", "False", "--timeout", "1"))
    assert dropped == ""
    wrong = ros2("topic", "echo", "/chatter", "no_msgs/msg/Nothing")
    assert wrong.returncode == 1 and "The passed message type is invalid" in wrong.stderr
    silent = ros2("topic", "echo", "/nothing", NO_DAEMON)
    assert silent.returncode == 1 and "Could not determine the type for the passed topic" in silent.stderr


def test_topic_pub_reaches_the_node(ros2, robot):
    text = ok(ros2("topic", "pub", "--once", "/lab/heard", "std_msgs/msg/String", "{data: words}"))
    assert "publisher: beginning loop\npublishing #1: std_msgs.msg.String(data='words')\n" in text
    assert robot.stdout.readline() == "heard words\n"
    twice = ("--times", "2", "-r", "20", "--stdin")
    ok(ros2("topic", "pub", *twice, "/lab/heard", "std_msgs/String", input="data: twice"))
    assert [robot.stdout.readline() for _ in range(2)] == ["heard twice\n"] * 2
    wrong = ros2("topic", "pub", "--once", "/lab/heard", "std_msgs/msg/String", "{datum: x}")
    assert wrong.returncode == 1 and "Failed to populate field" in wrong.stderr
    late = ros2("topic", "pub", "-w", "5", "--max-wait-time-secs", "0.5", "/lab/heard", "std_msgs/msg/String")
    assert late.returncode == 1 and "Timed out waiting for subscribers" in late.stderr


def test_topic_rates(ros2, robot):
    text, _ = interrupt_after(ros2, 2, "topic", "hz", "/chatter")
    figures = re.search(r"average rate: ([\d.]+)\n\tmin: [\d.]+s max: [\d.]+s std dev: [\d.]+s window: \d+", text)
    assert 10 < float(figures[1]) < 25
    text, _ = interrupt_after(ros2, 3, "topic", "bw", "/chatter")
    assert re.search(r"Subscribed to \[/chatter\]\n\d+ B/s from \d+ messages\n\tMessage size mean: \d+ B", text)


def test_nodes(ros2, robot):
    assert "/lab/robot" in ok(ros2("node", "list", NO_DAEMON, "--spin-time", "1")).splitlines()
    text = ok(ros2("node", "info", "/lab/robot", NO_DAEMON, "--spin-time", "1"))
    lines = text.splitlines()
    assert lines[0] == "/lab/robot" and "  Subscribers:" in lines and "  Publishers:" in lines
    for line in (
        "    /lab/heard: std_msgs/msg/String",
        "    /chatter: std_msgs/msg/String",
        "    /lab/switch: std_srvs/srv/SetBool",
        "    /count: example_interfaces/action/Fibonacci",
        "    /lab/robot/get_parameters: rcl_interfaces/srv/GetParameters",
    ):
        assert line in lines
    sections = [line.strip(" :") for line in lines if re.fullmatch(r"  [A-Z].*:", line)]
    assert sections == [
        "Subscribers",
        "Publishers",
        "Service Servers",
        "Service Clients",
        "Action Servers",
        "Action Clients",
    ]
    unknown = ros2("node", "info", "/nobody", NO_DAEMON)
    assert unknown.returncode == 1 and "Unable to find node '/nobody'" in unknown.stderr


def test_services(ros2, robot):
    listed = ok(ros2("service", "list", "-t", NO_DAEMON, "--spin-time", "1")).splitlines()
    assert "/lab/switch [std_srvs/srv/SetBool]" in listed
    assert not any("_action" in line for line in listed)
    text = ok(ros2("service", "call", "/lab/switch", "std_srvs/srv/SetBool", "{data: true}"))
    assert "requester: making request: std_srvs.srv.SetBool_Request(data=True)" in text
    assert "response:\nstd_srvs.srv.SetBool_Response(success=True, message='switched')" in text
    info = ok(ros2("service", "info", "/lab/switch", NO_DAEMON, "--spin-time", "1"))
    assert "Type: std_srvs/srv/SetBool\n" in info and "Services count: 1\n" in info
    wrong = ros2("service", "call", "/lab/switch", "std_srvs/srv/Nothing")
    assert wrong.returncode == 1 and "The passed service type is invalid" in wrong.stderr
    wrong = ros2("service", "call", "/lab/switch", "std_srvs/srv/SetBool", "{data: [1]}")
    assert wrong.returncode in (0, 1)


def test_actions(ros2, robot):
    text = ok(ros2("action", "send_goal", "-f", "/count", "example_interfaces/action/Fibonacci", "{order: 2}"))
    assert "Waiting for an action server to become available...\nSending goal:\n     order: 2\n" in text
    assert "Goal accepted with ID: " in text and "Feedback:\n    sequence:\n- 0\n- 1\n- 1\n" in text
    assert "Result:\n    sequence:\n- 0\n- 1\n- 1\n- 2\n" in text
    assert "Goal finished with status: SUCCEEDED\n" in text
    wrong = ros2("action", "send_goal", "/count", "example_interfaces/action/Nothing", "{}")
    assert wrong.returncode == 1 and "The passed action type is invalid" in wrong.stderr
    wrong = ros2("action", "send_goal", "/count", "example_interfaces/action/Fibonacci", "{no: 1}")
    assert wrong.returncode == 1 and "Failed to populate message fields" in wrong.stderr


def test_ctrl_c_cancels_a_goal(ros2, robot):
    goal = ("action", "send_goal", "--feedback", "/count", "example_interfaces/action/Fibonacci", "{order: 40}")
    text, returncode = interrupt_after(ros2, 16, *goal)  # with feedback the goal's state is known, too
    # In ROS 2 the interrupt ends the context too, and whether the goal was canceled is never told.
    assert "Goal accepted" in text and "Canceling goal...\n" in text
    assert returncode != 0


def test_parameters(ros2, robot):
    at = (NO_DAEMON, "--spin-time", "1")
    names = ok(ros2("param", "list", "/lab/robot", *at)).split()
    assert {"arm.gains", "name", "speed", "use_sim_time"} <= set(names)
    assert "  speed (type: integer)\n" in ok(ros2("param", "list", "/lab/robot", "--param-type", *at))
    assert ok(ros2("param", "get", "/lab/robot", "speed", *at)) == "Integer value is: 3\n"
    assert ok(ros2("param", "get", "/lab/robot", "arm.gains", "--hide-type", *at)) == "[1.0, 2.5]\n"
    assert ok(ros2("param", "set", "/lab/robot", "speed", "7", *at)) == "Set parameter successful\n"
    assert ok(ros2("param", "get", "/lab/robot", "speed", "--hide-type", *at)) == "7\n"
    refused = ros2("param", "set", "/lab/robot", "speed", "70", *at)
    assert refused.stderr.startswith("Setting parameter failed: ")
    described = ok(ros2("param", "describe", "/lab/robot", "speed", *at))
    assert described == (
        "Parameter name: speed\n  Type: integer\n  Description: how fast\n  Constraints:\n"
        "    Min value: 0\n    Max value: 10\n    Step: 1\n"
    )
    missing = ros2("param", "get", "/nobody", "speed", *at)
    assert missing.returncode == 1 and "Node not found" in missing.stderr


def test_parameters_are_dumped_and_loaded(ros2, robot, tmp_path):
    at = (NO_DAEMON, "--spin-time", "1")
    text = ok(ros2("param", "dump", "/lab/robot", *at))
    parameters = yaml.safe_load(text)["/lab/robot"]["ros__parameters"]
    assert parameters["speed"] == 3 and parameters["arm"] == {"gains": [1.0, 2.5]} and parameters["name"] == "left"
    file = tmp_path / "p.yaml"
    file.write_text("/lab/robot:\n  ros__parameters:\n    speed: 5\n    name: right\n")
    loaded = ok(ros2("param", "load", "/lab/robot", str(file), *at))
    assert sorted(loaded.splitlines()) == ["Set parameter name successful", "Set parameter speed successful"]
    assert ok(ros2("param", "get", "/lab/robot", "name", *at)) == "String value is: right\n"


def test_interfaces(ros2):
    shown = ok(ros2("interface", "show", "--no-comments", "std_msgs/msg/Header"))
    assert shown == "builtin_interfaces/Time stamp\n\tint32 sec\n\tuint32 nanosec\nstring frame_id\n"
    service = ok(ros2("interface", "show", "--no-comments", "std_srvs/srv/SetBool")).splitlines()
    # ROS 2 leaves the '#' of a comment at the end of a line.
    assert [line.rstrip(" #") for line in service] == ["bool data", "---", "bool success", "string message"]
    assert "bool data" in ok(ros2("interface", "show", "--all-comments", "std_srvs/srv/SetBool"))
    assert "std_srvs/srv/Trigger" in ok(ros2("interface", "package", "std_srvs")).splitlines()
    listed = ok(ros2("interface", "list", "-a")).splitlines()
    assert listed[0] == "Actions:" and "    example_interfaces/action/Fibonacci" in listed
    assert "std_srvs" in ok(ros2("interface", "packages", "-s")).splitlines()
    assert ok(ros2("interface", "proto", "std_srvs/srv/SetBool", "--no-quotes")) == "data: false\n\n"
    for name in ("std_msgs/msg/Nothing", "std_msgs/String", "no_msgs/msg/String"):
        assert ros2("interface", "show", name).returncode == 1


def test_packages(ros2, package):
    manifest = "<package><name>x</name></package>"
    prefix = package("some_pkg", {"tool": "#!/bin/sh\necho tool $*\n"}, {"package.xml": manifest})
    assert "some_pkg" in ok(ros2("pkg", "list")).splitlines()
    assert ok(ros2("pkg", "prefix", "some_pkg")) == f"{prefix}\n"
    assert ok(ros2("pkg", "prefix", "--share", "some_pkg")) == f"{prefix}/share/some_pkg\n"
    assert ok(ros2("pkg", "executables", "some_pkg")) == "some_pkg tool\n"
    assert ok(ros2("pkg", "executables", "--full-path", "some_pkg")) == f"{prefix}/lib/some_pkg/tool\n"
    assert ok(ros2("pkg", "xml", "some_pkg", "-t", "name")) == "x\n"
    for command in (("prefix",), ("executables",), ("xml",)):
        missing = ros2("pkg", *command, "no_such_pkg")
        assert missing.returncode == 1 and "ot found" in missing.stderr


def test_run_becomes_the_executable(ros2, package):
    package("some_pkg", {"tool": "#!/bin/sh\necho tool $*\nexit 7\n"})
    result = ros2("run", "some_pkg", "tool", "a", "--flag")
    assert result.stdout.splitlines()[0] == "tool a --flag" and result.returncode == 7
    assert "tool" in ros2("run", "--prefix", "/bin/echo -n", "some_pkg", "tool").stdout
    missing = ros2("run", "some_pkg", "nothing")
    assert missing.returncode == 1 and "No executable found" in missing.stderr
    missing = ros2("run", "no_such_pkg", "tool")
    assert missing.returncode == 1 and "Package 'no_such_pkg' not found" in missing.stderr


LAUNCH_FILE = """
from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, LogInfo
from launch.substitutions import LaunchConfiguration

def generate_launch_description():
    return LaunchDescription([
        DeclareLaunchArgument("word", default_value="none", description="What is said", choices=["none", "some"]),
        LogInfo(msg=["the word is ", LaunchConfiguration("word")]),
    ])
"""


def test_launch_of_a_package_or_a_file(ros2, package):
    prefix = package("some_pkg", share={"launch/say.launch.py": LAUNCH_FILE})
    assert "the word is some" in ok(ros2("launch", "some_pkg", "say.launch.py", "word:=some"))
    path = str(prefix / "share" / "some_pkg" / "launch" / "say.launch.py")
    assert "the word is none" in ok(ros2("launch", path))
    assert "the word is some" in ok(ros2("launch", path, "word:=none", "word:=some"))
    arguments = ok(ros2("launch", path, "--show-args"))
    assert arguments == (
        "Arguments (pass arguments as '<name>:=<value>'):\n\n    'word':\n"
        "        What is said. Valid choices are: ['none', 'some']\n        (default: 'none')\n"
    )
    assert "LogInfo('the word is ' + LaunchConfig('word'))" in ok(ros2("launch", path, "--print"))
    assert "[DEBUG]" in ok(ros2("launch", "-d", path))


def test_launch_says_what_is_wrong(ros2, package):
    prefix = package("some_pkg", share={"launch/say.launch.py": LAUNCH_FILE, "launch/bad.launch.py": "x = 1"})
    for arguments, text in (
        (("no_such_pkg", "say.launch.py"), "Package 'no_such_pkg' not found"),
        (("some_pkg", "none.launch.py"), "file 'none.launch.py' was not found in the share directory of package"),
        (("some_pkg", "say.launch.py", "word"), "malformed launch argument 'word', expected format '<name>:=<value>'"),
        (("some_pkg", "say.launch.py", "--launch-prefix-filter", "x"), "--launch-prefix must be specified"),
        (("some_pkg", "say.launch.py", "word:=other"), 'Argument "word" provided value "other" is not valid'),
        (("some_pkg", "bad.launch.py"), "generate_launch_description()"),
    ):
        result = ros2("launch", *arguments)
        assert result.returncode == 1 and text in result.stdout + result.stderr
        assert "Traceback" not in result.stdout + result.stderr
    (prefix / "share" / "some_pkg" / "say.launch.py").write_text(LAUNCH_FILE)
    assert "was found more than once" in ros2("launch", "some_pkg", "say.launch.py").stderr


def test_bag_is_recorded_shown_and_played(ros2, robot, tmp_path):
    bag = str(tmp_path / "bag")
    process = subprocess.Popen(
        [*ros2.command, "bag", "record", "-o", bag, "--topics", "/chatter"], stderr=subprocess.PIPE, text=True
    )
    while "Subscribed to topic '/chatter'" not in process.stderr.readline():
        assert process.poll() is None
    for _ in range(5):
        ok(ros2("topic", "echo", "--once", "/chatter", "std_msgs/msg/String"))
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=20)
    info = ok(ros2("bag", "info", bag))
    assert "Topic: /chatter | Type: std_msgs/msg/String | Count: " in info and "Storage id:        mcap" in info
    robot.kill()
    echo = subprocess.Popen(
        [*ros2.command, "topic", "echo", "--once", "/again", "std_msgs/msg/String"], stdout=subprocess.PIPE, text=True
    )
    ok(ros2("bag", "play", bag, "--remap", "/chatter:=/again", "-d", "2"))
    assert echo.communicate(timeout=20)[0] == "data: hello\n---\n"
    assert ros2("bag", "info", str(tmp_path / "none")).returncode == 2
    assert ros2("bag", "record", "-o", bag, "-a").returncode == 1


def test_help_of_everything(ros2):
    assert "usage: ros2" in ok(ros2("--help"))
    assert "usage: ros2" in ok(ros2())
    for words in ("topic", "topic echo", "bag play", "launch", "run", "param dump", "doctor"):
        assert f"usage: ros2 {words}" in ok(ros2(*words.split(), "--help"))
    assert ros2("nothing").returncode == 2
    assert ros2("topic", "nothing").returncode == 2
