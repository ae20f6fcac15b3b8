"""Launch descriptions, run as they would be by a user."""

import os
import signal
import threading

import pytest
from launch.actions import (
    DeclareLaunchArgument,
    EmitEvent,
    ExecuteProcess,
    GroupAction,
    IncludeLaunchDescription,
    LogInfo,
    OpaqueCoroutine,
    OpaqueFunction,
    RegisterEventHandler,
    ResetLaunchConfigurations,
    SetEnvironmentVariable,
    SetLaunchConfiguration,
    Shutdown,
    TimerAction,
    UnregisterEventHandler,
    UnsetLaunchConfiguration,
)
from launch.conditions import IfCondition, UnlessCondition
from launch.event_handlers import (
    OnExecutionComplete,
    OnProcessExit,
    OnProcessIO,
    OnProcessStart,
    OnShutdown,
)
from launch.launch_description_sources import (
    AnyLaunchDescriptionSource,
    InvalidLaunchFileError,
    InvalidPythonLaunchFileError,
    PythonLaunchDescriptionSource,
    get_launch_description_from_any_launch_file,
)
from launch.substitutions import LaunchConfiguration, ThisLaunchFileDir
from launch_helpers import WAIT, note, python, run

import launch
from launch import LaunchDescription, LaunchDescriptionSource, LaunchService


@pytest.fixture(autouse=True)
def _fresh_logging():
    """Have launch log to the standard output and the folder of this test."""
    launch.logging.reset()
    yield
    launch.logging.reset()


# Events


def test_handlers_and_their_order():
    seen = []
    first, second = python("pass", name="first"), python("pass", name="second")
    run(
        RegisterEventHandler(
            OnProcessExit(
                target_action=first,
                on_exit=[OpaqueFunction(function=lambda context: seen.append("first exited")), second],
            )
        ),
        RegisterEventHandler(OnProcessStart(target_action=second, on_start=[note_text(seen, "second started")])),
        RegisterEventHandler(OnShutdown(on_shutdown=lambda event, context: seen.append(event.reason))),
        first,
    )
    assert seen == ["first exited", "second started", "idle"]


def note_text(seen, text):
    return OpaqueFunction(function=lambda context: seen.append(text))


def test_handler_may_be_removed_or_handle_once():
    seen = []
    once = OnProcessStart(on_start=lambda event, context: seen.append("once"), handle_once=True)
    removed = OnProcessStart(on_start=lambda event, context: seen.append("removed"))
    run(
        RegisterEventHandler(once),
        RegisterEventHandler(removed),
        UnregisterEventHandler(removed),
        python("pass"),
        python("pass"),
    )
    assert seen == ["once"]


def test_completion_of_an_action():
    seen = []
    timer = TimerAction(period=0.05, actions=[note_text(seen, "fired")])
    handler = OnExecutionComplete(target_action=timer, on_completion=lambda event, context: seen.append("complete"))
    run(RegisterEventHandler(handler), timer)
    assert sorted(seen) == ["complete", "fired"]


def test_timer_fires_after_its_period_or_is_cancelled():
    seen = []
    cancelled = TimerAction(period=0.05, actions=[note_text(seen, "cancelled")])
    late = TimerAction(period=30.0, actions=[note_text(seen, "late")])
    run(
        SetLaunchConfiguration("period", "0.1"),
        TimerAction(period=[LaunchConfiguration("period")], actions=[note_text(seen, "fired"), Shutdown()]),
        cancelled,
        OpaqueFunction(function=lambda context: cancelled.cancel()),
        late,
    )
    assert seen == ["fired"]


def test_coroutine_runs_and_is_cancelled_by_the_shutdown():
    import asyncio

    seen = []

    async def work(context, value):
        seen.append((context.is_shutdown, value))
        await asyncio.sleep(30)

    run(OpaqueCoroutine(coroutine=work, args=[5]), TimerAction(period=0.05, actions=[Shutdown()]))
    assert seen == [(False, 5)]


def test_wrong_arguments_are_refused():
    with pytest.raises(TypeError):
        OpaqueFunction(function=1)
    with pytest.raises(TypeError):
        OpaqueCoroutine(coroutine=lambda: None)
    with pytest.raises(TypeError):
        TimerAction(period=None, actions=[])
    with pytest.raises(TypeError):
        OnProcessExit(target_action=LogInfo(msg="x"), on_exit=[])
    with pytest.raises(TypeError):
        OnProcessExit(on_exit=["not an entity"])
    with pytest.raises(RuntimeError):
        EmitEvent(event="text")


# Arguments, configurations, groups


def test_argument_has_default_or_must_be_given():
    seen = []
    assert run(DeclareLaunchArgument("a", default_value="1"), note(seen, "a")) == 0
    assert run(SetLaunchConfiguration("a", "2"), DeclareLaunchArgument("a", default_value="1"), note(seen, "a")) == 0
    assert seen == ["1", "2"]
    assert run(DeclareLaunchArgument("b")) == 1


def test_argument_may_have_choices():
    argument = DeclareLaunchArgument("a", default_value="x", choices=["x", "y"], description="Which")
    assert argument.choices == ["x", "y"]
    assert argument.description == "Which. Valid choices are: ['x', 'y']"
    assert DeclareLaunchArgument("a").description == "no description given"
    assert DeclareLaunchArgument("a", choices=["x"]).description == "One of: ['x']"
    assert run(argument) == 0
    assert run(SetLaunchConfiguration("a", "z"), argument) == 1
    with pytest.raises(RuntimeError):
        DeclareLaunchArgument("a", choices=[])
    with pytest.raises(RuntimeError):
        DeclareLaunchArgument("a", default_value="z", choices=["x"])


def test_conditions_decide():
    seen = []
    for condition, text in ((IfCondition("true"), "if"), (UnlessCondition("true"), "unless")):
        action = OpaqueFunction(function=lambda context, text: seen.append(text), args=[text], condition=condition)
        run(action)
    assert seen == ["if"]


def test_group_has_a_scope(monkeypatch):
    monkeypatch.setenv("VARIABLE", "outside")
    seen = []
    run(
        SetLaunchConfiguration("a", "1"),
        GroupAction(
            [
                SetLaunchConfiguration("a", "2"),
                SetEnvironmentVariable("VARIABLE", "inside"),
                note(seen, "a"),
                note(seen, "g"),
            ],
            launch_configurations={"g": "given"},
        ),
        note(seen, "a"),
        OpaqueFunction(function=lambda context: seen.append(context.environment["VARIABLE"])),
        GroupAction([SetLaunchConfiguration("a", "3")], scoped=False),
        note(seen, "a"),
        GroupAction([note(seen)], forwarding=False, launch_configurations={"b": LaunchConfiguration("a")}),
        note(seen, "a"),
    )
    assert seen == ["2", "given", "1", "outside", "3", {"b": "3"}, "3"]


def test_configurations_may_be_unset_and_reset():
    seen = []
    run(
        SetLaunchConfiguration("a", "1"),
        SetLaunchConfiguration("b", "2"),
        UnsetLaunchConfiguration("a"),
        note(seen),
        ResetLaunchConfigurations({"c": LaunchConfiguration("b")}),
        note(seen),
    )
    assert seen == [{"b": "2"}, {"c": "2"}]


# Files

FILE = """
from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, SetLaunchConfiguration
from launch.substitutions import LaunchConfiguration, ThisLaunchFileDir

def generate_launch_description():
    return LaunchDescription([
        DeclareLaunchArgument("needed", description="what is needed"),
        DeclareLaunchArgument("optional", default_value="o"),
        SetLaunchConfiguration("folder", ThisLaunchFileDir()),
        SetLaunchConfiguration("result", [LaunchConfiguration("needed"), LaunchConfiguration("optional")]),
    ])
"""


def test_file_is_included_with_arguments(tmp_path):
    path = tmp_path / "a.launch.py"
    path.write_text(FILE)
    seen = []
    source = PythonLaunchDescriptionSource([str(tmp_path), "/a.launch.py"])
    inclusion = IncludeLaunchDescription(source, launch_arguments=[("needed", "n")])
    assert run(inclusion, note(seen, "result"), note(seen, "folder")) == 0
    assert seen == ["no", str(tmp_path)]
    assert run(IncludeLaunchDescription(str(path), launch_arguments={"needed": "n"}.items())) == 0


def test_missing_argument_of_an_included_file(tmp_path, capfd):
    path = tmp_path / "a.launch.py"
    path.write_text(FILE)
    assert run(IncludeLaunchDescription(AnyLaunchDescriptionSource(str(path)))) == 1
    assert "Included launch description missing required argument 'needed'" in capfd.readouterr().out


def test_arguments_are_seen_through_inclusions(tmp_path):
    path = tmp_path / "a.launch.py"
    path.write_text(FILE)
    inner = IncludeLaunchDescription(PythonLaunchDescriptionSource(str(path)))
    conditional = GroupAction([DeclareLaunchArgument("c", default_value="")], condition=IfCondition("false"))
    unknown = IncludeLaunchDescription(PythonLaunchDescriptionSource(LaunchConfiguration("later")))
    description = LaunchDescription([DeclareLaunchArgument("top"), conditional, inner, unknown])
    arguments = {argument.name: argument for argument in description.get_launch_arguments()}
    assert list(arguments) == ["top", "c", "needed", "optional"]
    assert [name for name, argument in arguments.items() if argument._conditionally_included] == ["c"]


@pytest.mark.parametrize("text", ["x = 1", "raise ValueError('wrong')", "def ("])
def test_unreadable_file_is_one_error(tmp_path, text):
    path = tmp_path / "bad.launch.py"
    path.write_text(text)
    with pytest.raises(InvalidLaunchFileError) as error:
        get_launch_description_from_any_launch_file(str(path))
    assert "exception" in str(error.value)
    if text == "x = 1":
        with pytest.raises(InvalidPythonLaunchFileError, match="generate_launch_description"):
            PythonLaunchDescriptionSource(str(path)).get_launch_description(launch.LaunchContext())


def test_description_is_shown_as_a_tree():
    description = LaunchDescription(
        [
            LogInfo(msg=["a", LaunchConfiguration("b")]),
            ExecuteProcess(cmd=["ls", "-l"], cwd="/"),
            RegisterEventHandler(OnProcessExit(on_exit=[LogInfo(msg="bye")])),
        ]
    )
    text = launch.LaunchIntrospector().format_launch_description(description)
    assert "├── LogInfo('a' + LaunchConfig('b'))" in text
    assert "ExecuteProcess(cmd=['ls', '-l'], cwd=''/'', env=None, shell=False)" in text
    assert "    └── LogInfo('bye')" in text


# The service


def test_idle_service_ends_and_may_run_again():
    service = LaunchService(noninteractive=True)
    assert service.run() == 0
    service.include_launch_description(LaunchDescription([LogInfo(msg="x")]))
    assert service.run() == 0


def test_service_is_shut_down_from_another_thread():
    service = LaunchService(noninteractive=True)
    process = python(WAIT)

    def up(event):
        threading.Thread(target=service.shutdown).start()

    service.include_launch_description(
        LaunchDescription([RegisterEventHandler(OnProcessIO(target_action=process, on_stdout=up)), process])
    )
    assert service.run(shutdown_when_idle=False) == 0
    assert process.return_code == 0


def test_descriptions_are_included_while_running():
    service = LaunchService(noninteractive=True)
    seen = []

    def include(context):
        description = LaunchDescription([note_text(seen, "later"), Shutdown()])
        threading.Thread(target=service.include_launch_description, args=[description]).start()

    service.include_launch_description(LaunchDescription([OpaqueFunction(function=include)]))
    assert service.run(shutdown_when_idle=False) == 0
    assert seen == ["later"]


def test_service_runs_in_the_main_thread_only():
    errors = []

    def attempt():
        try:
            LaunchService(noninteractive=True).run()
        except RuntimeError as error:
            errors.append(str(error))

    thread = threading.Thread(target=attempt)
    thread.start()
    thread.join()
    assert errors and "main thread" in errors[0]


def test_ctrl_c_ends_the_processes_and_returns_0():
    process = python(WAIT)
    up = OnProcessIO(target_action=process, on_stdout=lambda event: os.kill(os.getpid(), signal.SIGINT))
    assert run(RegisterEventHandler(up), process) == 0
    assert process.return_code == 0


def test_context_has_globals_and_locals():
    context = launch.LaunchContext(argv=["a"])
    context.extend_globals({"g": 1, "both": 1})
    context.extend_locals({"both": 2})
    assert (context.locals.g, context.locals.both, context.argv) == (1, 2, ["a"])
    with pytest.raises(AttributeError, match="does not contain attribute 'x', it contains: \\[g, both\\]"):
        _ = context.locals.x
    with pytest.raises(AttributeError):
        context.locals.g = 3


def test_source_may_hold_a_description():
    seen = []
    source = LaunchDescriptionSource(LaunchDescription([note_text(seen, "visited")]))
    assert run(IncludeLaunchDescription(source)) == 0
    assert seen == ["visited"]
    assert isinstance(ThisLaunchFileDir(), launch.Substitution)
