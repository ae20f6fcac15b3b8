"""Every test, of whichever room, has a ROS domain of its own on the loopback interface, and its own folder for logs."""

import itertools
import logging
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

# Which of how many processes of pytest-xdist this is: each has domains of its own.
_worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
_workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
# The ports of higher domains lie among the ephemeral ones (from 32768 on Linux), where any socket may sit on them.
_domains = itertools.cycle(range(1 + _worker, 101, _workers))
for _ in range(os.getpid() % 100):
    next(_domains)


def pytest_configure(config: pytest.Config) -> None:
    """Have DEFT's messages checked: an int in a float field is sent as garbage, or ends the process in C.

    What ros2_lite does by default, which is no such check, is tested apart.
    """
    if not any("ros2_lite" in argument for argument in config.args):
        os.environ.setdefault("ROS_PYTHON_CHECK_FIELDS", "1")


def _is_free(domain: int) -> bool:
    """Is nobody else on this machine in a domain? Its first participant takes this port (DDSI-RTPS 9.6.1.1)."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("", 7400 + 250 * domain + 10))
        except OSError:
            return False
    return True


@pytest.fixture(scope="session")
def free_domain() -> Callable[[], int]:
    """Gives a domain that nobody uses: for what several tests share."""

    def choose() -> int:
        for domain in itertools.islice(_domains, 100):
            if _is_free(domain):
                return domain
        raise RuntimeError("somebody is in every ROS domain from 1 to 100 on this machine")

    return choose


@pytest.fixture
def caplog(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """Hears our loggers themselves: those made after ROS 2's `launch` was imported do not propagate."""
    known = logging.root.manager.loggerDict.items()
    deaf = [o for name, o in known if name.startswith("deft") and isinstance(o, logging.Logger) and not o.propagate]
    for logger in deaf:
        logger.addHandler(caplog.handler)
    yield caplog
    for logger in deaf:
        logger.removeHandler(caplog.handler)


@pytest.fixture(autouse=True)
def ros_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, free_domain: Callable[[], int]) -> dict[str, str]:
    """Environment of a test and its processes."""
    monkeypatch.setenv("ROS_DOMAIN_ID", str(free_domain()))
    monkeypatch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", "LOCALHOST")
    monkeypatch.setenv("ROS_LOG_DIR", str(tmp_path / "log"))
    return dict(os.environ)
