"""What launch offers to actions and event handlers of one's own."""

import asyncio
import os

import pytest
from launch.actions import (
    ExecuteLocal,
    IncludeLaunchDescription,
    OpaqueFunction,
    PopEnvironment,
    PopLaunchConfigurations,
    PushEnvironment,
    PushLaunchConfigurations,
    SetEnvironmentVariable,
    SetLaunchConfiguration,
)
from launch.condition import Condition
from launch.conditions.if_condition import IfCondition
from launch.descriptions import Executable
from launch.event_handlers.on_process_exit import OnProcessExit
from launch.event_handlers.on_shutdown import OnShutdown
from launch.events import ExecutionComplete, Shutdown, TimerEvent
from launch.events.process import ProcessTargetedEvent, RunningProcessEvent, matches_executable
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions.path_join_substitution import PathJoinSubstitution
from launch.substitutions.text_substitution import TextSubstitution
from launch.utilities import (
    is_a,
    is_a_subclass,
    normalize_to_list_of_substitutions,
    perform_substitutions,
    visit_all_entities_and_collect_futures,
)
from launch_helpers import python, run

import launch
from launch import Action, Event, EventHandler, LaunchContext, LaunchDescription, LaunchDescriptionEntity


@pytest.fixture(autouse=True)
def _fresh_logging():
    """Have launch log to the standard output and the folder of this test."""
    launch.logging.reset()
    yield
    launch.logging.reset()


class Note(Action):
    """An action of one's own."""

    def __init__(self, seen, **options):
        super().__init__(**options)
        self.seen = seen

    def execute(self, context):
        self.seen.append("executed")


def test_an_action_of_ones_own_is_visited_if_its_condition_holds():
    seen = []
    assert run(Note(seen), Note(seen, condition=IfCondition("false"))) == 0
    assert seen == ["executed"]
    action = Note(seen, condition=Condition(predicate=lambda context: False))
    assert isinstance(action, LaunchDescriptionEntity)
    assert action.visit(LaunchContext()) is None
    assert action.describe_sub_entities() == []
    assert len(list(action.describe_conditional_sub_entities())) == 1
    assert action.get_asyncio_future() is None
    assert action.get_sub_entities() == []
    assert action.condition is not None
    assert "Note" in action.describe()


def test_an_event_of_ones_own_reaches_its_handler():
    class Rain(Event):
        """An event."""

        name = "rain"

    seen = []
    handler = EventHandler(
        matcher=lambda event: event.name == "rain", entities=OpaqueFunction(function=lambda c: seen.append("wet"))
    )

    def start(context):
        context.register_event_handler(handler)
        assert context.would_handle_event(Rain())
        context.emit_event_sync(Rain())

    assert run(OpaqueFunction(function=start)) == 0
    assert seen == ["wet"]
    context = LaunchContext()
    assert not context.would_handle_event(Rain())
    context.register_event_handler(handler)
    context.unregister_event_handler(handler)
    assert not context.would_handle_event(Rain())


def test_a_context_has_an_event_queue_and_locals():
    async def emit(context):
        await context.emit_event(Shutdown(reason="done"))

    context = LaunchContext(argv=["a:=b"])
    assert context.argv == ["a:=b"]
    loop = asyncio.new_event_loop()  # asyncio.run would leave none to the launches after it
    loop.run_until_complete(emit(context))
    loop.close()
    assert context.would_handle_event(Shutdown()) is False
    context.extend_locals({"x": 1})
    assert context.get_locals_as_dict()["x"] == 1
    assert context.locals.x == 1
    assert context.perform_substitution(TextSubstitution(text="t")) == "t"


def test_environment_and_configurations_are_pushed_and_popped(monkeypatch):
    monkeypatch.setenv("LAUNCH_PARTS", "before")
    context = LaunchContext()
    for action in (
        SetLaunchConfiguration("name", "outer"),
        PushLaunchConfigurations(),
        PushEnvironment(),
        SetLaunchConfiguration("name", "inner"),
        SetEnvironmentVariable("LAUNCH_PARTS", "inside"),
    ):
        action.visit(context)
    assert (context.launch_configurations["name"], os.environ["LAUNCH_PARTS"]) == ("inner", "inside")
    PopEnvironment().visit(context)
    PopLaunchConfigurations().visit(context)
    assert (context.launch_configurations["name"], os.environ["LAUNCH_PARTS"]) == ("outer", "before")


def test_a_description_grows_and_tells_its_parts(tmp_path):
    description = LaunchDescription(deprecated_reason="old")
    description.add_action(Note([]))
    description.add_entity(Note([]))
    assert len(description.entities) == 2
    assert description.deprecated
    assert description.deprecated_reason == "old"
    assert len(list(description.describe_sub_entities())) == 2
    file = tmp_path / "x.launch.py"
    file.write_text("import launch\ndef generate_launch_description():\n    return launch.LaunchDescription()\n")
    source = PythonLaunchDescriptionSource(str(file))
    include = IncludeLaunchDescription(source)
    assert include.launch_description_source is source
    assert source.method == "interpreted python launch file"
    description.add_action(include)
    assert description.get_launch_arguments_with_include_launch_description_actions() == []


def test_entities_are_visited_with_all_that_follows():
    seen = []

    def more(context):
        seen.append("first")
        return [OpaqueFunction(function=lambda context: seen.append("then"))]

    futures = visit_all_entities_and_collect_futures(OpaqueFunction(function=more), LaunchContext())
    assert seen == ["first", "then"]
    assert futures == []


def test_utilities_for_types_and_text():
    assert is_a(Shutdown(), Shutdown)
    assert is_a_subclass(Shutdown(), Event)
    parts = normalize_to_list_of_substitutions(["a", TextSubstitution(text="b")])
    assert perform_substitutions(LaunchContext(), parts) == "ab"
    assert perform_substitutions(LaunchContext(), [PathJoinSubstitution(["a", "b"])]) == os.path.join("a", "b")


def test_events_carry_what_they_are_about():
    action = Note([])
    assert ExecutionComplete(action=action).action is action
    assert Shutdown(reason="why", due_to_sigint=True).due_to_sigint
    assert TimerEvent.name == "launch.events.TimerEvent"
    assert issubclass(RunningProcessEvent, Event)
    matcher = ProcessTargetedEvent(process_matcher=matches_executable("python")).process_matcher
    assert callable(matcher)


def test_handlers_describe_themselves():
    handler = OnProcessExit(target_action=python("pass"), on_exit=lambda event, context: None)
    assert "ProcessExited" in handler.matcher_description
    assert OnShutdown(on_shutdown=[]).matcher_description == "event issubclass of launch.events.Shutdown"


def test_an_executable_is_described_apart_from_its_execution():
    executable = Executable(cmd=["echo", "x"], name="speaker")
    process = ExecuteLocal(process_description=executable, output="log")
    assert process.process_description is executable
    assert run(process) == 0
    assert process.return_code == 0
    assert executable.final_cmd == ["echo", "x"]
    assert executable.final_name.startswith("speaker-")
    assert process.process_details["cmd"] == ["echo", "x"]
    assert process.get_sub_entities() == []
