"""Lifecycle nodes and ROS time in a launch."""

import sys

import pytest
from launch.actions import EmitEvent, OpaqueFunction, RegisterEventHandler, Shutdown, TimerAction
from launch_helpers import run
from launch_ros.actions import LifecycleNode, LifecycleTransition, ROSTimer, SetUseSimTime
from launch_ros.event_handlers import OnStateTransition
from launch_ros.events import matches_node_name
from launch_ros.events.lifecycle import ChangeState, StateTransition
from launch_ros.ros_adapters import ROSAdapter, get_ros_adapter, get_ros_node
from lifecycle_msgs.msg import State, Transition, TransitionEvent

import launch
from launch import LaunchContext

WALKER = f"""#!{sys.executable}
import sys
import rclpy
from rclpy.executors import ExternalShutdownException
from rclpy.lifecycle import LifecycleNode, TransitionCallbackReturn

class Walker(LifecycleNode):
    def on_configure(self, state):
        return getattr(TransitionCallbackReturn, sys.argv[1] if sys.argv[1].isupper() else "SUCCESS")

rclpy.init()
node = Walker("walker")
try:
    rclpy.spin(node)
except (KeyboardInterrupt, ExternalShutdownException):
    pass
"""


@pytest.fixture(autouse=True)
def _fresh_logging():
    """Have launch log to the standard output and the folder of this test."""
    launch.logging.reset()
    yield
    launch.logging.reset()


@pytest.fixture
def walker(package):
    """Return a function that makes the action for a lifecycle node."""
    package("walkers", {"walker": WALKER})

    def make(**options):
        return LifecycleNode(package="walkers", executable="walker", name="walker", namespace="/lab", **options)

    return make


def note(seen):
    return OpaqueFunction(function=lambda context: seen.append(context.locals.event.goal_state))


def test_a_node_is_taken_through_its_transitions(walker):
    node, seen = walker(), []
    assert (
        run(
            node,
            RegisterEventHandler(OnStateTransition(target_lifecycle_node=node, entities=[note(seen)])),
            RegisterEventHandler(OnStateTransition(goal_state="active", entities=[Shutdown()])),
            LifecycleTransition(
                lifecycle_node_names=["/lab/walker"],
                transition_ids=[Transition.TRANSITION_CONFIGURE, str(Transition.TRANSITION_ACTIVATE)],
            ),
            TimerAction(period=20.0, actions=[Shutdown(reason="time is up")]),
        )
        == 0
    )
    assert seen == ["configuring", "inactive", "activating", "active"]
    assert node.node_name == "/lab/walker"


def test_an_error_stops_the_transitions(walker, capfd):
    seen = []
    assert (
        run(
            walker(arguments=["ERROR"]),
            RegisterEventHandler(OnStateTransition(entities=[note(seen)])),
            RegisterEventHandler(OnStateTransition(start_state="errorprocessing", entities=[Shutdown()])),
            LifecycleTransition(
                lifecycle_node_names=["lab/walker"],
                transition_ids=[Transition.TRANSITION_CONFIGURE, Transition.TRANSITION_ACTIVATE],
            ),
            TimerAction(period=20.0, actions=[Shutdown(reason="time is up")]),
        )
        == 0
    )
    assert seen[:2] == ["configuring", "errorprocessing"]
    assert "activating" not in seen
    assert "Stopping transitions for lab/walker" in capfd.readouterr().out


def test_a_refused_transition_is_an_error_in_the_log(walker, capfd):
    ask = ChangeState(
        lifecycle_node_matcher=matches_node_name("/lab/walker"), transition_id=Transition.TRANSITION_CONFIGURE
    )
    back = OnStateTransition(start_state="configuring", entities=[TimerAction(period=2.0, actions=[Shutdown()])])
    assert run(walker(arguments=["FAILURE"]), RegisterEventHandler(back), EmitEvent(event=ask)) == 0
    out = capfd.readouterr().out
    assert "Failed to make transition 'TRANSITION_CONFIGURE' for LifecycleNode '/lab/walker'" in out


def test_events_say_what_they_are(walker):
    ask = ChangeState(lifecycle_node_matcher=matches_node_name("/a"), transition_id=Transition.TRANSITION_CONFIGURE)
    assert ask.transition_id == 1
    assert callable(ask.lifecycle_node_matcher)
    assert ChangeState.valid_transitions[Transition.TRANSITION_DESTROY] == "TRANSITION_DESTROY"
    assert ChangeState.valid_states[State.PRIMARY_STATE_ACTIVE] == "PRIMARY_STATE_ACTIVE"
    with pytest.raises(ValueError):
        ChangeState(lifecycle_node_matcher=matches_node_name("/a"), transition_id=77)
    message = TransitionEvent(timestamp=5)
    message.transition.label, message.start_state.label, message.goal_state.label = "configure", "a", "b"
    action = walker()
    event = StateTransition(action=action, msg=message)
    assert (event.action, event.msg, event.timestamp) == (action, message, 5)
    assert (event.transition, event.start_state, event.goal_state) == ("configure", "a", "b")
    handler = OnStateTransition(target_lifecycle_node=action, transition="configure", entities=[])
    assert handler.matches(event)
    assert not OnStateTransition(goal_state="c", entities=[]).matches(event)
    assert OnStateTransition(entities=[]).matcher_description == "event == StateTransition"
    assert handler.handler_description == "<actions>"


@pytest.mark.parametrize(
    "options",
    [{"lifecycle_node_names": [], "transition_ids": [1]}, {"lifecycle_node_names": ["/a"], "transition_ids": []}],
)
def test_transitions_need_nodes_and_ids(options):
    with pytest.raises(ValueError):
        LifecycleTransition(**options)


def test_a_transition_must_be_a_number():
    with pytest.raises(ValueError):
        LifecycleTransition(lifecycle_node_names=["/a"], transition_ids=["one"]).execute(LaunchContext())


def test_a_handler_is_for_lifecycle_nodes_only():
    with pytest.raises(RuntimeError):
        OnStateTransition(target_lifecycle_node="walker", entities=[])


def test_ros_time_passes_and_may_be_cancelled(capfd):
    seen = []
    cancelled = ROSTimer(period=0.1, actions=[OpaqueFunction(function=lambda context: seen.append("cancelled"))])
    action = SetUseSimTime(False)
    assert action.value is False
    assert (
        run(
            ROSTimer(period=0.1, actions=[OpaqueFunction(function=lambda context: seen.append("fired"))]),
            cancelled,
            OpaqueFunction(function=lambda context: cancelled.cancel()),
        )
        == 0
    )
    assert seen == ["fired"]


def test_the_launch_has_a_node_of_its_own():
    seen = []

    def look(context):
        seen.extend([get_ros_node(context).get_name(), get_ros_adapter(context) is get_ros_adapter(context)])
        context.extend_globals({"seen_adapter": get_ros_adapter(context)})
        seen.append(get_ros_adapter(context).ros_context.ok())

    assert run(SetUseSimTime(True), OpaqueFunction(function=look)) == 0
    assert seen[0].startswith("launch_ros_")
    assert seen[1:] == [True, True]


def test_an_adapter_starts_and_stops():
    adapter = ROSAdapter(argv=["--ros-args", "-r", "__node:=mine"], autostart=False)
    assert adapter.ros_node is None
    adapter.start()
    assert adapter.ros_node.get_name() == "mine"
    assert adapter.ros_executor is not None
    assert adapter.argv[0] == "--ros-args"
    with pytest.raises(RuntimeError):
        adapter.start()
    adapter.shutdown()
    with pytest.raises(RuntimeError):
        adapter.shutdown()
