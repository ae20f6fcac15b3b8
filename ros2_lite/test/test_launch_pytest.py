"""Launches as pytest fixtures; sample modules are run by a pytest of their own."""

import subprocess
import sys

import pytest

HEAD = """
import asyncio
import sys

import launch
import launch_pytest
import pytest
from launch_pytest.tools import process as tools

CODE = '''
import signal, sys
try:
    print("out")
    print("err", file=sys.stderr)
    signal.pause()
except KeyboardInterrupt:
    pass
'''


def process():
    return launch.actions.ExecuteProcess(cmd=[sys.executable, "-u", "-c", CODE], cached_output=True)
"""
FUNCTIONS = (
    HEAD
    + """
@pytest.fixture
def proc():
    return process()


@launch_pytest.fixture
def system(proc):
    return launch.LaunchDescription([proc, launch_pytest.actions.ReadyToTest()]), "context"


def has(word):
    def validate(output):
        assert word in output
    return validate


@pytest.mark.launch(fixture=system)
def test_function(proc, system, launch_context):
    assert system[1] == "context"
    tools.assert_output_sync(launch_context, proc, has("out"), timeout=10)
    assert tools.wait_for_stderr_sync(launch_context, proc, lambda text: "err" in text, timeout=10)
    assert not tools.wait_for_output_sync(launch_context, proc, lambda text: "never" in text, timeout=0.1)


@pytest.mark.launch(fixture=system)
async def test_coroutine(proc, launch_context, event_loop):
    assert asyncio.get_running_loop() is event_loop
    await tools.assert_stderr(launch_context, proc, has("err"), timeout=10)
    with pytest.raises(AssertionError):
        await tools.assert_output(launch_context, proc, has("never"), timeout=0.1)
    assert not await tools.wait_for_exit(launch_context, proc, timeout=0.1)


@pytest.mark.launch(fixture=system)
def test_generator(proc, launch_service, launch_context):
    tools.assert_output_sync(launch_context, proc, has("out"), timeout=10)
    yield
    assert proc.return_code == 0
    assert launch_service.event_loop is None


@pytest.mark.launch(fixture=system)
async def test_async_generator(proc, launch_context):
    await tools.assert_output(launch_context, proc, has("out"), timeout=10)
    yield
    assert proc.return_code == 0


@pytest.mark.launch(fixture=system, shutdown=True)
def test_afterwards(launch_service):
    assert launch_service.event_loop is None
"""
)
MODULE = (
    HEAD
    + """
order = []


@launch_pytest.fixture(scope="module", params=["a", "b"])
def system(request):
    return launch.LaunchDescription([process()]), request.param


@pytest.mark.launch(fixture=system, shutdown=True)
def test_after(system):
    order.append("after " + system[1])


@pytest.mark.launch(fixture=system)
def test_halves(system, launch_service):
    order.append("first " + system[1])
    yield
    assert launch_service.event_loop is None
    order.append("second " + system[1])


@pytest.mark.launch(fixture=system)
async def test_beside(system):
    order.append("beside " + system[1])


def test_order():
    assert order == [
        "first a", "beside a", "after a", "second a", "first b", "beside b", "after b", "second b"
    ]
"""
)
NO_DESCRIPTION = (
    HEAD
    + """
@launch_pytest.fixture
def system():
    return object()

@pytest.mark.launch(fixture=system)
def test_it():
    pass
"""
)
TWO_YIELDS = (
    HEAD
    + """
@launch_pytest.fixture
def system():
    return launch.LaunchDescription([])

@pytest.mark.launch(fixture=system)
def test_it():
    yield
    yield
"""
)
FAILING = (
    HEAD
    + """
@launch_pytest.fixture
def system():
    return launch.LaunchDescription([])

@pytest.mark.launch(fixture=system)
async def test_it():
    assert 1 == 2
"""
)
NO_FIXTURE = (
    HEAD
    + """
@pytest.mark.launch
def test_it():
    raise AssertionError
"""
)


@pytest.mark.parametrize(
    ("text", "outcome", "message"),
    [
        (FUNCTIONS, "5 passed", ""),
        (MODULE, "9 passed", ""),
        (NO_DESCRIPTION, "1 error", "must be either a launch description"),
        (TWO_YIELDS, "1 failed", "must stop iteration after yielding once"),
        (FAILING, "1 failed", "assert 1 == 2"),
        (NO_FIXTURE, "1 skipped", '"fixture" keyword argument is required'),
    ],
    ids=["functions", "module", "no-description", "two-yields", "failing", "no-fixture"],
)
def test_tests_run_beside_and_after_launches(tmp_path, text, outcome, message):
    (tmp_path / "test_sample.py").write_text(text)
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider", "test_sample.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert outcome in result.stdout.splitlines()[-1], result.stdout + result.stderr
    assert message in result.stdout
