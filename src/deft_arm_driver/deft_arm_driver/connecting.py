"""Connect to an xArm controller with the vendor's SDK. SDK call made: XArmAPI."""

import contextlib
import io
import socket
import threading
import time
from collections.abc import Callable
from typing import Any

from deft_core.workcell import ArmSettings
from deft_driver.faults import DeviceFault

with contextlib.redirect_stdout(io.StringIO()):  # it prints its version on import
    from xarm.core.comm import socket_port
    from xarm.core.config.x_config import XCONF
    from xarm.wrapper import XArmAPI


class _Sockets:
    """The module `socket` as the SDK sees it: all of it but the timeout of everybody else's sockets.

    With each connection it makes, from threads of its own too, it sets the default of the whole process to a second
    and then its own socket's by name. The second is all that it needs.
    """

    def __getattr__(self, name: str) -> Any:
        return getattr(socket, name)

    def setdefaulttimeout(self, seconds: float | None) -> None:
        """Leave it."""


socket_port.socket = _Sockets()


def connect(settings: ArmSettings, deadline_s: float, alive: Callable[[], bool]) -> XArmAPI:
    """Connect, trying again until the deadline or while `alive()`; a twin may still be coming up.

    Raises:
        DeviceFault: names the address and what to check.
    """
    # Process-global in the SDK. Its report ports cannot be moved: it tells the layouts apart by their numbers.
    XCONF.SocketConf.TCP_CONTROL_PORT = settings.control_port
    end = time.monotonic() + deadline_s
    pause = threading.Event()
    while True:
        api, reason = _try(settings)
        if not reason:
            return api
        if time.monotonic() > end or not alive():
            where = f"{settings.host}:{settings.control_port}"
            raise DeviceFault(
                f"cannot reach an xArm controller at {where} within {deadline_s:.0f} s ({reason}); "
                "check power, network and arm.host in the workcell file"
            )
        pause.wait(0.2)


def _try(settings: ArmSettings) -> tuple[XArmAPI | None, str]:
    """Connect once: the SDK's object and nothing, or why not."""
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            api = XArmAPI(settings.host, is_radian=True, report_type="real", forbid_uds=True, enable_report=True)
    except Exception as error:  # the SDK raises plain Exception
        return None, str(error) or type(error).__name__
    if api.connected and api.axis == 6:
        return api, ""
    axis = api.axis
    api.disconnect()
    return None, f"it has {axis} axes" if axis != 6 else "connection lost at once"
