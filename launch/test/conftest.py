"""A workcell of its own for every test: free ports and a pty."""

import os
import socket
from pathlib import Path

import pytest
import yaml

from deft_core.workcell import WORKCELLS_DIR


def free_ports(count: int) -> int:
    """First of `count` neighbouring free loopback ports (the vendor's SDK also opens its control port + 1)."""
    for _ in range(200):
        with socket.create_server(("127.0.0.1", 0)) as probe:
            first = probe.getsockname()[1]
        if first + count > 65000:
            continue
        try:
            held = [socket.create_server(("127.0.0.1", first + i)) for i in range(count)]
        except OSError:
            continue
        for one in held:
            one.close()
        return int(first)
    raise RuntimeError("no neighbouring free ports on loopback")


@pytest.fixture
def ros_environment(ros_environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Environment of a test's processes, a thread for each."""
    ours = {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"}
    for name, value in ours.items():
        monkeypatch.setenv(name, value)
    return ros_environment | ours


@pytest.fixture
def workcell(tmp_path: Path) -> Path:
    """A copy of the twin's workcell file on free addresses."""
    data = yaml.safe_load((WORKCELLS_DIR / "twin.yaml").read_text())
    first = free_ports(3)
    # The SDK's report ports are fixed: a host of its own keeps this twin apart from others.
    pid = os.getpid()
    data["arm"] |= {"host": f"127.{1 + pid // 62500 % 60}.{pid // 250 % 250}.{1 + pid % 250}", "control_port": first}
    data["camera"]["address"] = f"127.0.0.1:{first + 2}"
    data["hand"]["port"] = str(tmp_path / "hand")
    path = tmp_path / "workcell.yaml"
    path.write_text(yaml.safe_dump(data))
    return path
