"""Launch descriptions, run as they would be by a user; processes are small Python programs."""

import os
import signal
import sys
import threading

import pytest
from launch.actions import (
    AppendEnvironmentVariable,
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
    UnsetEnvironmentVariable,
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
from launch.events.process import ShutdownProcess, SignalProcess, matches_name, matches_pid
from launch.launch_description_sources import (
    AnyLaunchDescriptionSource,
    InvalidLaunchFileError,
    InvalidPythonLaunchFileError,
    PythonLaunchDescriptionSource,
    get_launch_description_from_any_launch_file,
)
from launch.substitutions import LaunchConfiguration, ThisLaunchFileDir

import launch
from launch import LaunchDescription, LaunchDescriptionSource, LaunchService

WAIT = "import signal\ntry:\n    print('up', flush=True)\n    signal.pause()\nexcept KeyboardInterrupt:\n    pass"


@pytest.fixture(autouse=True)
def _fresh_logging():
    """Have launch log to the standard output and the folder of this test."""
    launch.logging.reset()
    yield
    launch.logging.reset()


def python(code, *arguments, **options):
    return ExecuteProcess(cmd=[sys.executable, "-c", code, *arguments], **options)


def run(*entities, **options):
    service = LaunchService(noninteractive=True, **options)
    service.include_launch_description(LaunchDescription(entities))
    return service.run()


def note(seen, key=None):
    """Return an action that notes a launch configuration, or all of them."""

    def function(context):
        seen.append(dict(context.launch_configurations) if key is None else context.launch_configurations.get(key))

    return OpaqueFunction(function=function)


# Processes


def test_output_and_exit_code_are_reported():
    seen = []
    process = python("import sys; print('out'); print('err', file=sys.stderr); sys.exit(3)", cached_output=True)
    on_exit = OnProcessExit(target_action=process, on_exit=lambda event, context: seen.append(event.returncode))
    assert run(RegisterEventHandler(on_exit), process) == 0
    assert seen == [3] and process.return_code == 3
    assert process.get_stdout() == "out\n"
    assert process.get_stderr() == "err\n"


def test_process_events_carry_details():
    events = []
    process = python("import os; os.write(1, b'1\\n')", name="label", cwd="/", additional_env={"A": "b"})
    run(
        RegisterEventHandler(OnProcessStart(on_start=lambda event, context: events.append(event))),
        RegisterEventHandler(OnProcessIO(on_stdout=events.append)),
        RegisterEventHandler(OnProcessExit(on_exit=lambda event, context: events.append(event))),
        process,
    )
    assert [type(event).__name__ for event in events] == ["ProcessStarted", "ProcessStdout", "ProcessExited"]
    for event in events:
        assert event.action is process and event.pid == events[0].pid and event.pid > 0
        assert event.process_name.startswith("label-") and event.cwd == "/" and event.env["A"] == "b"
        assert event.cmd[0] == sys.executable
    assert events[1].text == b"1\n" and events[1].from_stdout and not events[1].from_stderr


def test_environment_is_that_of_the_launch(monkeypatch):
    monkeypatch.setenv("GIVEN", "outside")
    code = "import os; print(*(os.environ.get(n, '-') for n in ('GIVEN', 'SET', 'MORE', 'LIST')))"
    one, other = python(code, cached_output=True), python(code, cached_output=True, additional_env={"MORE": "m"})
    run(
        SetEnvironmentVariable("SET", "s"),
        SetEnvironmentVariable("LIST", "a"),
        AppendEnvironmentVariable("LIST", "b"),
        AppendEnvironmentVariable("LIST", "c", prepend=True),
        other,
        UnsetEnvironmentVariable("GIVEN"),
        UnsetEnvironmentVariable("LIST"),
        one,
    )
    assert other.get_stdout() == "outside s m c:a:b\n"
    assert one.get_stdout() == "- s - -\n"


def test_exact_environment_and_shell():
    exact = ExecuteProcess(cmd=["/usr/bin/env"], env={"ONLY": "this"}, cached_output=True)
    shell = ExecuteProcess(cmd=["echo $((1 + 1)) | cat"], shell=True, cached_output=True)
    run(exact, shell)
    assert exact.get_stdout() == "ONLY=this\n"
    assert shell.get_stdout() == "2\n"


def test_emulated_terminal():
    code = "import sys; print(sys.stdout.isatty(), sys.stderr.isatty())"
    terminal, pipe = python(code, cached_output=True, emulate_tty=True), python(code, cached_output=True)
    run(terminal, pipe)
    assert terminal.get_stdout().split() == ["True", "True"]
    assert pipe.get_stdout().split() == ["False", "False"]


def test_missing_program_is_logged_and_does_not_hang(capfd):
    assert run(ExecuteProcess(cmd=["/no/such/program"]), LogInfo(msg="went on")) == 0
    output = capfd.readouterr().out
    assert "exception occurred while executing process" in output and "went on" in output


def test_launch_prefix_is_put_before(capfd):
    process = ExecuteProcess(cmd=["echo", "x"], cached_output=True)
    run(SetLaunchConfiguration("launch-prefix", "/usr/bin/env echo"), process)
    assert process.get_stdout() == "echo x\n"


def test_output_goes_to_screen_or_log(capfd):
    code = "import sys; print('to stdout'); print('to stderr', file=sys.stderr)"
    run(
        python(code, output="screen", name="screen"), python(code, name="log"), python(code, output="both", name="both")
    )
    screen = capfd.readouterr().out
    assert "to stdout" in screen.split("[screen-")[2]
    lines = [line for line in screen.splitlines() if "to std" in line]
    assert sorted(line.split("-")[0] + line[-6:] for line in lines) == [
        "[bothstderr",
        "[bothstdout",
        "[logstderr",
        "[screenstderr",
        "[screenstdout",
    ]
    with open(launch.logging.launch_config.get_log_file_path()) as file:
        log = file.read()
    assert "[log-" in log and "[both-" in log


def test_output_config_is_checked():
    loggers = launch.logging.get_output_loggers("p", {"stdout": "screen", "stderr": {"log"}})
    assert [logger.name for logger in loggers] == ["p-stdout", "p-stderr"]
    for wrong in ("nowhere", {"stdin": "screen"}, {"stdout": "nowhere"}):
        with pytest.raises(ValueError):
            launch.logging.get_output_loggers("p", wrong)


def test_last_line_without_end_is_shown(capfd):
    run(python("import sys; sys.stdout.write('no end')", output="screen"))
    assert "] no end" in capfd.readouterr().out


def test_respawn_until_retries_are_used_up(tmp_path):
    starts = []
    process = python("raise SystemExit(1)", respawn=True, respawn_max_retries=2, respawn_delay=0.05)
    handler = OnProcessStart(target_action=process, on_start=lambda event, context: starts.append(event.pid))
    run(RegisterEventHandler(handler), process)
    assert len(set(starts)) == 3


def test_required_process_ends_the_launch_with_0(capfd):
    """As upstream: the exit codes of processes are not that of the launch."""
    other, required = python(WAIT), python("raise SystemExit(1)", on_exit=Shutdown())
    up = OnProcessIO(target_action=other, on_stdout=lambda event: required, handle_once=True)
    assert run(RegisterEventHandler(up), other) == 0
    assert "was required: shutting down launched system" in capfd.readouterr().out
    assert other.return_code == 0


def test_error_in_a_handler_ends_the_launch_with_1(capfd):
    def complain(event, context):
        raise RuntimeError(f"process died with {event.returncode}")

    failing, other = python("raise SystemExit(7)"), python(WAIT)
    assert run(RegisterEventHandler(OnProcessExit(target_action=failing, on_exit=complain)), other, failing) == 1
    assert "Caught exception in launch (see debug for traceback): process died with 7" in capfd.readouterr().out
    assert other.return_code is not None


def test_action_runs_once_only():
    process = python("pass")
    assert run(process, process) == 1


def test_stubborn_process_is_ended_by_escalating_signals(capfd):
    code = (
        "import signal; [signal.signal(s, signal.SIG_IGN) for s in (2, 15)]; print('ready', flush=True)\n"
        "while True: signal.pause()"
    )
    process = python(code, sigterm_timeout="0.1", sigkill_timeout="0.1", name="stubborn")
    ready = OnProcessIO(target_action=process, on_stdout=lambda event: Shutdown())
    run(RegisterEventHandler(ready), process)
    assert process.return_code == -signal.SIGKILL
    output = capfd.readouterr().out
    for text in ("escalating to 'SIGTERM'", "escalating to 'SIGKILL'", "sending signal 'SIGINT' to process[stubborn-"):
        assert text in output


@pytest.mark.parametrize("matcher", ["name", "pid", "action"])
def test_signals_reach_the_process_that_is_meant(matcher):
    process, other = python(WAIT, name="meant"), python(WAIT, name="other")

    def send(event, context):
        match = {
            "name": matches_name(event.process_name),
            "pid": matches_pid(event.pid),
            "action": launch.events.matches_action(process),
        }[matcher]
        return [EmitEvent(event=SignalProcess(signal_number=signal.SIGTERM, process_matcher=match))]

    run(
        other,
        RegisterEventHandler(OnProcessStart(target_action=process, on_start=send)),
        RegisterEventHandler(OnProcessExit(target_action=process, on_exit=[Shutdown()])),
        process,
    )
    assert process.return_code == -signal.SIGTERM
    assert other.return_code != -signal.SIGTERM


def test_one_process_may_be_shut_down():
    process = python(WAIT)
    event = ShutdownProcess(process_matcher=launch.events.matches_action(process))
    up = OnProcessIO(target_action=process, on_stdout=lambda _: EmitEvent(event=event))
    assert run(RegisterEventHandler(up), process) == 0
    assert process.return_code == 0


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
