"""Processes that a launch starts, as a user would see them; they are small Python programs."""

import signal
import sys

import pytest
from launch.actions import (
    AppendEnvironmentVariable,
    EmitEvent,
    ExecuteProcess,
    LogInfo,
    RegisterEventHandler,
    SetEnvironmentVariable,
    SetLaunchConfiguration,
    Shutdown,
    UnsetEnvironmentVariable,
)
from launch.event_handlers import (
    OnProcessExit,
    OnProcessIO,
    OnProcessStart,
)
from launch.events.process import ShutdownProcess, SignalProcess, matches_name, matches_pid
from launch_helpers import WAIT, python, run

import launch


@pytest.fixture(autouse=True)
def _fresh_logging():
    """Have launch log to the standard output and the folder of this test."""
    launch.logging.reset()
    yield
    launch.logging.reset()


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
