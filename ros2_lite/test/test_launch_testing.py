"""Launch tests: run by the command, by pytest, and what their tools say. The same holds on real ROS 2."""

import subprocess
import sys
import unittest
import xml.etree.ElementTree as ElementTree

import launch_testing
import launch_testing.tools
import pytest
from launch.actions import ExecuteProcess
from launch_testing.actions import ReadyToTest
from launch_testing.asserts import SequentialTextChecker
from launch_testing.loader import LoadTestsFromPythonModule
from launch_testing.test_runner import LaunchTestRunner
from launch_testing.tools.text import build_line_match, build_text_match
from launch_testing.util import NO_CMD_ARGS, KeepAliveProc, NoMatchingProcessException, resolveProcesses

import launch

GOOD = """
import sys
import unittest

import launch
import launch_testing
import pytest
from launch.actions import DeclareLaunchArgument, ExecuteProcess
from launch.substitutions import LaunchConfiguration
from launch_testing.actions import ReadyToTest
from launch_testing.asserts import assertExitCodes, assertInStdout, assertSequentialStdout

CODE = '''
import signal, sys
try:
    print("starting", sys.argv[1], flush=True)
    print("\\\\x1b[31mred\\\\x1b[0m words", file=sys.stderr, flush=True)
    signal.pause()
except KeyboardInterrupt:
    print("ending", flush=True)
'''


@pytest.mark.launch_test
def generate_test_description():
    process = ExecuteProcess(cmd=[sys.executable, "-c", CODE, LaunchConfiguration("word")], name="proc")
    entities = [DeclareLaunchArgument("word", default_value="word"), process, ReadyToTest()]
    return launch.LaunchDescription(entities), {"process": process, "number": 5}


class TestWhileRunning(unittest.TestCase):
    @classmethod
    def setUpClass(cls, number):
        cls.number_at_start = number

    def test_output(self, proc_output, proc_info, process, number, test_args):
        proc_info.assertWaitForStartup("proc")
        proc_output.assertWaitFor("starting " + test_args.get("word", "word"), process=process, stream="stdout")
        proc_output.assertWaitFor("red words", timeout=10)
        assert self.number_at_start == number == 5
        with self.assertRaises(AssertionError):
            proc_output.assertWaitFor("never", timeout=0.1)
        with self.assertRaises(Exception):
            proc_output.assertWaitFor("x", process="nobody", timeout=0.1)

    def test_more(self, launch_service, proc_info):
        extra = ExecuteProcess(cmd=[sys.executable, "-c", "print('extra')"], name="extra")
        launch_service.include_launch_description(launch.LaunchDescription([extra]))
        proc_info.assertWaitForShutdown(extra)
        assert proc_info[extra].returncode == 0


@launch_testing.post_shutdown_test()
class TestAfterwards(unittest.TestCase):
    def test_exit_codes(self, proc_info):
        assertExitCodes(proc_info)
        with self.assertRaises(AssertionError):
            assertExitCodes(proc_info, [1], "proc")

    def test_order(self, proc_output, process):
        assertInStdout(proc_output, "starting", process)
        with assertSequentialStdout(proc_output, process) as text:
            text.assertInStdout("starting")
            text.assertInStdout("ending")
        with self.assertRaisesRegex(AssertionError, "'starting' not found"):
            with assertSequentialStdout(proc_output, process) as text:
                text.assertInStdout("ending")
                text.assertInStdout("starting")
"""
BAD = GOOD.replace("assertExitCodes(proc_info)", "assertExitCodes(proc_info, [77])")
PARAMETRIZED = GOOD.replace("def generate_test_description():", "def generate_test_description(way):").replace(
    "@pytest.mark.launch_test", "@pytest.mark.launch_test\n@launch_testing.parametrize('way', ['a', 'b'])"
)
NEVER_READY = """
import launch
import launch_testing
import unittest
from launch_testing.actions import ReadyToTest
from launch.actions import TimerAction

@launch_testing.ready_to_test_action_timeout(0.2)
def generate_test_description():
    return launch.LaunchDescription([TimerAction(period=20.0, actions=[ReadyToTest()])])

class Test(unittest.TestCase):
    def test(self):
        pass
"""


def command(tmp_path, text, *arguments):
    file = tmp_path / "sample_test.py"
    file.write_text(text)
    return subprocess.run(
        [sys.executable, "-m", "launch_testing.launch_test", str(file), *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_command_passes_and_reports(tmp_path):
    result = command(tmp_path, GOOD, "word:=given", "--junit-xml", str(tmp_path / "r.xml"), "--package-name", "pkg")
    assert result.returncode == 0, result.stdout + result.stderr
    suites = ElementTree.parse(tmp_path / "r.xml").getroot()
    assert (suites.get("tests"), suites.get("failures"), suites.get("errors")) == ("4", "0", "0")
    names = {(case.get("classname"), case.get("name")) for case in suites.iter("testcase")}
    assert ("pkg.TestWhileRunning", "test_output") in names and ("pkg.TestAfterwards", "test_order") in names


def test_command_fails_with_a_failing_test(tmp_path):
    result = command(tmp_path, BAD)
    assert result.returncode == 1
    assert "exited with code 0" in result.stderr


def test_command_runs_each_parameter(tmp_path):
    result = command(tmp_path, PARAMETRIZED)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "test_exit_codes[a]" in result.stderr and "test_exit_codes[b]" in result.stderr


def test_command_shows_arguments_and_refuses_wrong_ones(tmp_path):
    shown = command(tmp_path, GOOD, "--show-args")
    assert "'word':\n        no description given\n        (default: 'word')" in shown.stdout
    assert command(tmp_path, GOOD, "word=x").returncode == 2
    assert command(tmp_path, "x = 1").returncode != 0


def test_system_that_is_never_ready_fails(tmp_path):
    result = command(tmp_path, NEVER_READY)
    assert result.returncode == 1
    assert "Timed out waiting for processes to start up" in result.stdout


@pytest.mark.parametrize(("text", "passed"), [(GOOD, True), (BAD, False), (PARAMETRIZED, True)])
def test_pytest_collects_marked_modules(tmp_path, text, passed):
    (tmp_path / "test_sample.py").write_text(text)
    (tmp_path / "test_plain.py").write_text("def test_plain():\n    pass\n")
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--launch-args", "word:=given", "--", "."],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert result.returncode == (0 if passed else 1), result.stdout + result.stderr
    assert ("2 passed" if passed else "1 failed, 1 passed") in result.stdout
    if not passed:
        assert "TestAfterwards.test_exit_codes" in result.stdout


class _Module:
    """A module with a launch description, and tests that note how they were run."""

    def __init__(self, description, *tests):
        self.generate_test_description = description
        for test in tests:
            setattr(self, test.__name__, test)


def run_module(description, *tests):
    runs = LoadTestsFromPythonModule(_Module(description, *tests))
    runner = LaunchTestRunner(runs)
    runner.validate()
    return next(iter(runner.run().values()))


def test_launch_that_dies_fails_all_tests(capsys):
    class TestSomething(unittest.TestCase):
        def test_it(self, proc_output):
            proc_output.waitFor("never", timeout=5)

    def describe():
        process = ExecuteProcess(cmd=[sys.executable, "-c", "print('last words'); raise SystemExit(4)"], name="dying")
        return launch.LaunchDescription([process, ReadyToTest()])

    result = run_module(describe, TestSomething)
    assert not result.wasSuccessful()
    output = capsys.readouterr().out
    assert "Processes under test stopped before tests completed" in output
    assert "exited with 4" in output and "last words" in output


def test_skipped_description_skips_all_tests():
    class TestSomething(unittest.TestCase):
        def test_it(self):
            raise AssertionError

    def describe():
        raise unittest.SkipTest("not today")

    result = run_module(describe, TestSomething)
    assert result.wasSuccessful() and [reason for _, reason in result.skipped] == ["not today"]


def test_description_is_validated():
    with pytest.raises(Exception, match="unexpected extra argument 'x'"):
        run_module(lambda x: launch.LaunchDescription([ReadyToTest()]))
    with pytest.raises(Exception, match="ReadyToTest"):
        run_module(lambda: launch.LaunchDescription([]))

    @launch_testing.parametrize("y", [1])
    def describe(x):
        return launch.LaunchDescription([ReadyToTest()])

    with pytest.raises(Exception, match="argument 'y'"):
        run_module(describe)


def test_keep_alive_process_and_processes_of_tests():
    seen = []

    class TestSomething(unittest.TestCase):
        def test_it(self, launch_service, proc_info, proc_output):
            process = ExecuteProcess(cmd=[sys.executable, "-c", "print('hello')", "--flag"], name="mine")
            with launch_testing.tools.launch_process(launch_service, process, proc_info, proc_output) as proxy:
                assert proxy.wait_for_shutdown(timeout=10)
            seen.append((proxy.terminated, proxy.exit_code, proxy.stdout, proxy.stderr))
            proc_info.assertWaitForStartup("mine", cmd_args="--flag")
            seen.append(len(resolveProcesses(proc_info)))
            seen.append([p.process_details["name"][:4] for p in resolveProcesses(proc_info, process="mine")])
            with self.assertRaises(NoMatchingProcessException):
                resolveProcesses(proc_info, process="mine", cmd_args=NO_CMD_ARGS)
            with self.assertRaises(TypeError):
                resolveProcesses(proc_info, process=1)

    result = run_module(lambda: launch.LaunchDescription([KeepAliveProc(), ReadyToTest()]), TestSomething)
    assert result.wasSuccessful(), result.errors + result.failures
    assert seen == [(True, 0, "hello\n", ""), 2, ["mine"]]


def test_post_shutdown_test_decorates_classes_only():
    with pytest.raises(TypeError):
        launch_testing.post_shutdown_test()(lambda: None)


def test_ready_aggregator_counts():
    calls = []
    aggregator = launch_testing.ReadyAggregator(lambda: calls.append(1), 2)
    aggregator.ready_fn()
    assert not calls
    aggregator.ready_fn()
    assert calls == [1]


@pytest.mark.parametrize(
    ("expected", "strict", "found"),
    [
        ("b", False, (1, 2)),
        ("abc", True, (0, 3)),
        ("b", True, None),
        (["a", "c"], False, (0, 3)),
        (["c", "a"], False, None),
        (["a", "c"], True, None),
        (["a", "b"], True, (0, 2)),
    ],
)
def test_text_is_matched(expected, strict, found):
    assert build_text_match(expected, strict=strict)("abc") == found


def test_lines_are_matched():
    lines = ["one", "two", "three"]
    assert build_line_match("wo")(lines) == (1, 2)
    assert build_line_match(["one", "three"])(lines) == (0, 3)
    assert build_line_match(["one", "three"], strict=True)(lines) is None
    with pytest.raises(ValueError):
        build_line_match(1)
    with pytest.raises(ValueError):
        build_text_match(1)


def test_output_tools(tmp_path):
    from launch_testing.tools import basic_output_filter, expect_output, expected_output_from_file

    assert basic_output_filter(["x"], ["y+$"])("xa\nb\nyy\n") == "b\n"
    assert expect_output(text="a\x1b[1mb", expected_text="ab")
    assert not expect_output(lines=["a"], expected_lines=["b"])
    with pytest.raises(ValueError):
        expect_output(text="a", lines=["a"], expected_text="a")
    (tmp_path / "o.txt").write_text("a\nb\n")
    assert expected_output_from_file(str(tmp_path / "o")) == ["a", "b"]
    (tmp_path / "p.regex").write_text("a+\n")
    assert expected_output_from_file(str(tmp_path / "p"))[0].match("aaa")
    with pytest.raises(RuntimeError):
        expected_output_from_file(str(tmp_path / "q"))


def test_sequence_checker_tells_where_it_was():
    checker = SequentialTextChecker(["one\ntwo\n", "three\n"])
    checker.assertInText("two")
    with pytest.raises(AssertionError, match="'one' not found in sequence"):
        checker.assertInText("one")
    checker.assertInText("three")
