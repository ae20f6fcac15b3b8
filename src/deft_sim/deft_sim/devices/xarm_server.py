"""The sockets of the emulated controller: control port (and the one above it), and the report ports."""

import contextlib
import heapq
import itertools
import selectors
import socket
import threading
import time
from types import TracebackType
from typing import Self

from deft_sim.devices.faults import Wire
from deft_sim.devices.xarm_commands import respond
from deft_sim.devices.xarm_controller import XArmController
from deft_sim.devices.xarm_protocol import SERVO_CART, SERVO_CART_AA, SERVO_J, BadFrame, FrameParser
from deft_sim.devices.xarm_report import REPORTS

SERVO_REGISTERS = (SERVO_J, SERVO_CART, SERVO_CART_AA)
# A servo command that came early is answered after this long (wall seconds) at the latest.
_HOLD_S = 0.1


class AddressTaken(OSError):
    """Another program listens where the controller should."""


class XArmServer:
    """Serves a controller at `host`, from `with` to its end, on one thread.

    Args:
        arm: the controller.
        host: an address of this machine. The SDK fixes the report ports, so twins side by side need addresses of their
            own: any of 127.0.0.0/8 serves.
        control_port: the SDK finds it through `XCONF.SocketConf.TCP_CONTROL_PORT`.
        wire: faults of the control connection.

    Raises:
        AddressTaken: names host and port.
    """

    def __init__(self, arm: XArmController, host: str, control_port: int, wire: Wire) -> None:
        self.arm, self.host, self.control_port, self.wire = arm, host, control_port, wire
        self.reporting = True  # False: the report streams fall silent, as a broken cable's would
        self._selector = selectors.DefaultSelector()
        self._listeners: list[socket.socket] = []
        self._parsers: dict[socket.socket, FrameParser] = {}
        self._listening: dict[int, list[socket.socket]] = {port: [] for port in REPORTS}
        self._due: dict[int, float] = {}
        self._late: list[tuple[float, int, socket.socket, bytes]] = []
        self._held: list[tuple[float, socket.socket, bytes]] = []
        self._order = itertools.count()
        self._thread = threading.Thread(target=self._serve, name="xarm-controller", daemon=True)

    def __enter__(self) -> Self:
        """Open the ports and serve them."""
        self._wake, self._waker = socket.socketpair()
        self._selector.register(self._wake, selectors.EVENT_READ, "quit")
        try:
            for port in (self.control_port, self.control_port + 1, *REPORTS):
                self._listen(port)
        except OSError:
            self._close()
            raise
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close every connection and port."""
        self._waker.send(b"q")
        self._thread.join(timeout=5.0)
        self._close()

    def _listen(self, port: int) -> None:
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setblocking(False)
        self._listeners.append(listener)
        try:
            listener.bind((self.host, port))
            listener.listen(8)
        except OSError as error:
            raise AddressTaken(
                f"cannot listen on {self.host}:{port} ({error.strerror}); if another twin is running, stop it, or give "
                "this one another arm.host (any 127.x.y.z), hand.port and camera.address, and its own ROS_DOMAIN_ID"
            ) from error
        self._selector.register(listener, selectors.EVENT_READ, port)

    def _close(self) -> None:
        sockets = [*self._listeners, *self._parsers, *(s for group in self._listening.values() for s in group)]
        for it in sockets:
            it.close()
        self._selector.close()
        self._wake.close()
        self._waker.close()

    def _serve(self) -> None:
        while True:
            for key, _ in self._selector.select(self._patience()):
                if key.data == "quit":
                    return
                it = key.fileobj
                assert isinstance(it, socket.socket)
                if key.data == "control":
                    self._receive(it)
                elif key.data == "report":
                    self._drain(it)
                else:
                    self._accept(it, key.data)
            now = time.monotonic()
            while self._late and self._late[0][0] <= now:
                _, _, client, reply = heapq.heappop(self._late)
                self._send(client, reply)
            self._release(now)
            self._report(now)

    def _release(self, now: float) -> None:
        """Answer servo commands that came early once the arm is about to need more: it keeps their sender in step."""
        if self._held and (not self.arm.is_behind() or now >= self._held[0][0]):
            held, self._held = self._held, []
            for _, client, reply in held:
                self._send(client, reply)

    def _patience(self) -> float | None:
        due = [self._due[port] for port, clients in self._listening.items() if clients]
        due += [self._late[0][0]] if self._late else []
        due += [time.monotonic() + 0.0005] if self._held else []
        return max(0.0, min(due) - time.monotonic()) if due else None

    def _accept(self, listener: socket.socket, port: int) -> None:
        try:
            client, _ = listener.accept()
        except OSError:
            return
        client.setblocking(False)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if port in REPORTS:
            self._listening[port].append(client)
            self._due.setdefault(port, time.monotonic())
            self._selector.register(client, selectors.EVENT_READ, "report")
        else:
            self._parsers[client] = FrameParser()
            self._selector.register(client, selectors.EVENT_READ, "control")

    def _receive(self, client: socket.socket) -> None:
        try:
            data = client.recv(4096)
            requests = self._parsers[client].feed(data)
        except BlockingIOError:
            return
        except (OSError, BadFrame):
            data, requests = b"", []
        for request in requests:
            reply, delay_s = self.wire.pass_through(respond(self.arm, request))
            if request.register in SERVO_REGISTERS and self.arm.is_behind():
                self._held.append((time.monotonic() + _HOLD_S, client, reply))
            elif delay_s:
                heapq.heappush(self._late, (time.monotonic() + delay_s, next(self._order), client, reply))
            else:
                self._send(client, reply)
        if not data:
            self._drop(client)

    def _drain(self, client: socket.socket) -> None:
        try:
            if client.recv(4096):
                return
        except BlockingIOError:
            return
        except OSError:
            pass
        self._drop(client)

    def _drop(self, client: socket.socket) -> None:
        self._parsers.pop(client, None)
        for group in self._listening.values():
            if client in group:
                group.remove(client)
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(client)
        client.close()

    def _send(self, client: socket.socket, data: bytes) -> None:
        if not data or client.fileno() < 0:
            return
        try:
            sent = client.send(data)
        except BlockingIOError:
            sent = 0
        except OSError:
            sent = -1
        if sent != len(data):  # a client that does not read, or has gone; half a frame would confuse it for good
            self._drop(client)

    def _report(self, now: float) -> None:
        for port, clients in self._listening.items():
            if not clients or now < self._due[port]:
                continue
            build, rate = REPORTS[port]
            self._due[port] = max(self._due[port] + 1.0 / rate, now)
            if not self.reporting:
                continue
            with self.arm.lock:
                frame = build(self.arm)
            for client in list(clients):
                self._send(client, frame)
