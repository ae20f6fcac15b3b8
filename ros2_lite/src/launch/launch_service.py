"""Runs launch descriptions."""

from __future__ import annotations

import asyncio
import collections.abc
import contextlib
import logging
import signal
import threading
import traceback
from collections.abc import Coroutine, Iterable, Iterator
from typing import Any

from . import logging as launch_logging
from .event import Event
from .event_handlers import OnIncludeLaunchDescription, OnShutdown
from .events import IncludeLaunchDescription, Shutdown
from .launch_context import LaunchContext
from .launch_description import LaunchDescription
from .launch_description_entity import LaunchDescriptionEntity
from .utilities import is_a_subclass


class LaunchService:
    """Visits launch descriptions, and handles events until nothing is left to do.

    SIGINT, SIGTERM, SIGQUIT and SIGHUP end the processes in an orderly way; nothing that was started is left running,
    whatever ends the service.
    """

    def __init__(self, *, argv: Iterable[str] | None = None, noninteractive: bool = False, debug: bool = False) -> None:
        """Create a launch service.

        Args:
            argv: arguments that entities may look at.
            noninteractive: there is no terminal.
            debug: log more, and have asyncio check itself.
        """
        launch_logging.launch_config.level = logging.DEBUG if debug else logging.INFO
        self.__debug = debug
        self.__logger = launch_logging.get_logger("launch")
        self.__context = LaunchContext(argv=argv, noninteractive=noninteractive)
        self.__context.register_event_handler(OnIncludeLaunchDescription())
        self.__context.register_event_handler(OnShutdown(on_shutdown=self.__on_shutdown))
        self.__pending: list[tuple[LaunchDescriptionEntity, asyncio.Future[Any]]] = []
        self.__lock = threading.RLock()
        self.__loop: asyncio.AbstractEventLoop | None = None
        self.__task: asyncio.Task[Any] | None = None
        self.__wake = asyncio.Event()
        self.__watched: set[asyncio.Future[Any]] = set()
        self.__shutting_down = False
        self.__return_code = 0

    @property
    def context(self) -> LaunchContext:
        """The context of the entities."""
        return self.__context

    @property
    def event_loop(self) -> asyncio.AbstractEventLoop | None:
        """The loop it runs in, or None."""
        return self.__loop

    @property
    def task(self) -> asyncio.Task[Any] | None:
        """The task it runs as, or None before the first run."""
        return self.__task

    def include_launch_description(self, launch_description: LaunchDescription) -> None:
        """Have a launch description visited. May be called from any thread, before and during the run."""
        self.emit_event(IncludeLaunchDescription(launch_description))

    def emit_event(self, event: Event) -> None:
        """Queue an event, from any thread."""
        with self.__lock:
            if self.__loop is not None:
                self.__loop.call_soon_threadsafe(self.__context.emit_event_sync, event)
            else:
                self.__context.emit_event_sync(event)

    def shutdown(self, force_sync: bool = False) -> Coroutine[Any, Any, None] | None:
        """End the run, from any thread. Does nothing while it does not run.

        Returns:
            a coroutine to await when called within the run without ``force_sync``.
        """
        with self.__lock:
            if self.__loop is None:
                return None
            return self._shutdown(reason="LaunchService.shutdown() called", due_to_sigint=False, force_sync=force_sync)

    def _shutdown(
        self, *, reason: str, due_to_sigint: bool, force_sync: bool = False
    ) -> Coroutine[Any, Any, None] | None:
        later: Coroutine[Any, Any, None] | None = None
        if not self.__shutting_down:
            event = Shutdown(reason=reason, due_to_sigint=due_to_sigint)
            try:
                inside = asyncio.get_running_loop() is self.__loop
            except RuntimeError:
                inside = False
            if force_sync and inside:
                self.__context.emit_event_sync(event)
            elif inside:
                later = self.__context.emit_event(event)
            else:
                self.emit_event(event)
        self.__shutting_down = True
        self.__context._set_is_shutdown(True)
        return later

    def __on_shutdown(self, event: Event, context: LaunchContext) -> None:
        self.__shutting_down = True
        context._set_is_shutdown(True)

    def run(self, *, shutdown_when_idle: bool = True) -> int:
        """Run until there is nothing left to do, or without ``shutdown_when_idle`` until shut down.

        Returns:
            0, or 1 if an entity or a handler raised an error or a signal other than SIGINT ended the run. The exit
            codes of processes do not count, as upstream.
        """
        loop = asyncio.new_event_loop()
        try:
            asyncio.set_event_loop(loop)
            return loop.run_until_complete(self.run_async(shutdown_when_idle=shutdown_when_idle))
        finally:
            with contextlib.suppress(Exception):
                loop.run_until_complete(loop.shutdown_asyncgens())
            asyncio.set_event_loop(None)
            loop.close()

    async def run_async(self, *, shutdown_when_idle: bool = True) -> int:
        """Run as `run` does, within a loop of the caller. Only in the main thread."""
        if threading.current_thread() is not threading.main_thread():
            raise RuntimeError("LaunchService can only be run in the main thread.")
        with self.__running() as loop, self.__handling_signals(loop):
            launch_logging.log_launch_config(logger=self.__logger)
            try:
                while True:
                    try:
                        if await self.__step(shutdown_when_idle):
                            break
                    except asyncio.CancelledError:
                        # Whoever cancels wants an end, and an end includes the processes.
                        self.__logger.error("run task was canceled")
                        self.__return_code = 1
                        if self.__shutting_down:
                            break
                        self.__shut_down_now("run task was canceled")
                    except Exception as error:
                        message = f"Caught exception in launch (see debug for traceback): {error}"
                        self.__logger.debug(traceback.format_exc())
                        self.__logger.error(message)
                        self.__return_code = 1
                        self.__shut_down_now(message)
            finally:
                from ._process import end_all

                await end_all(self.__logger)
            return self.__return_code

    @contextlib.contextmanager
    def __running(self) -> Iterator[asyncio.AbstractEventLoop]:
        with self.__lock:
            if self.__loop is not None:
                raise RuntimeError("LaunchService cannot be run multiple times concurrently.")
            loop = asyncio.get_running_loop()
            self.__loop = loop
        self.__task = asyncio.current_task(loop)
        self.__return_code = 0
        self.__wake = wake = asyncio.Event()
        loop_thread = threading.get_ident()

        def wake_up() -> None:
            if threading.get_ident() == loop_thread:
                wake.set()
            else:
                loop.call_soon_threadsafe(wake.set)

        def on_exception(loop: asyncio.AbstractEventLoop, details: dict[str, Any]) -> None:
            self.__return_code = 1
            loop.default_exception_handler(details)

        previous_handler = loop.get_exception_handler()
        loop.set_exception_handler(on_exception)
        if self.__debug:
            loop.set_debug(True)
        self.__context._set_asyncio_loop(loop)
        self.__context._wake_up = wake_up
        try:
            yield loop
        finally:
            loop.set_exception_handler(previous_handler)
            with self.__lock:
                self.__context._wake_up = lambda: None
                self.__context._set_asyncio_loop(None)
                self.__loop = None
                self.__shutting_down = False

    @contextlib.contextmanager
    def __handling_signals(self, loop: asyncio.AbstractEventLoop) -> Iterator[None]:
        interrupted = False

        def on_sigint() -> None:
            nonlocal interrupted
            message = "user interrupted with ctrl-c (SIGINT)"
            if interrupted:
                self.__logger.warning("%s again, ignoring...", message)
                return
            interrupted = True
            self.__logger.warning(message)
            self._shutdown(reason="ctrl-c (SIGINT)", due_to_sigint=True, force_sync=True)

        def on_other(number: signal.Signals) -> None:
            self.__return_code = 1
            self.__logger.error("received %s, shutting down", number.name)
            self.__shut_down_now(f"received {number.name}")

        previous = {}
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGQUIT, signal.SIGHUP):
            before = signal.getsignal(number)
            if number == signal.SIGHUP and before == signal.SIG_IGN:
                continue  # started by nohup
            previous[number] = before
            if number == signal.SIGINT:
                loop.add_signal_handler(number, on_sigint)
            else:
                loop.add_signal_handler(number, on_other, number)
        try:
            yield
        finally:
            for number, before in previous.items():
                loop.remove_signal_handler(number)
                if before is not None:
                    signal.signal(number, before)

    def __shut_down_now(self, reason: str) -> None:
        self._shutdown(reason=reason, due_to_sigint=False, force_sync=True)

    async def __step(self, shutdown_when_idle: bool) -> bool:
        """Handle the events there are, then sleep until something happens; return True at the end."""
        events = self.__context._events
        self.__wake.clear()
        while events:
            self.__process_event(events.popleft())
            # Others (output of processes, timers) get their turn even when events beget events.
            await asyncio.sleep(0)
        self.__collect_done()
        if events:
            return False
        if self._is_idle():
            if self.__shutting_down:
                return True
            if shutdown_when_idle:
                self.__shut_down_now("idle")
                return False
        for future in [pair[1] for pair in self.__pending] + self.__context._completion_futures:
            if future not in self.__watched:
                self.__watched.add(future)
                future.add_done_callback(self.__on_done)
        await self.__wake.wait()
        return False

    def _is_idle(self) -> bool:
        return not (self.__pending or self.__context._completion_futures or self.__context._events)

    def __on_done(self, future: asyncio.Future[Any]) -> None:
        self.__watched.discard(future)
        self.__wake.set()

    def __collect_done(self) -> None:
        """Forget what is done, and raise the first of its errors."""
        done = [future for _, future in self.__pending if future.done()]
        done += [future for future in self.__context._completion_futures if future.done()]
        if not done:
            return
        self.__pending = [pair for pair in self.__pending if not pair[1].done()]
        self.__context._completion_futures = [
            future for future in self.__context._completion_futures if not future.done()
        ]
        errors = [future.exception() for future in dict.fromkeys(done) if not future.cancelled()]
        errors = [error for error in errors if error is not None]
        for error in errors[1:]:
            self.__logger.error(error)
        if errors and errors[0] is not None:
            raise errors[0]

    def __process_event(self, event: Event) -> None:
        self.__logger.debug("processing event: '%s'", event)
        for handler in tuple(self.__context._event_handlers):
            if not handler.matches(event):
                continue
            self.__logger.debug("processing event: '%s' ✓ '%s'", event, handler)
            self.__context._push_locals()
            try:
                entities = handler.handle(event, self.__context)
                if not isinstance(entities, collections.abc.Iterable):
                    entities = () if entities is None else (entities,)
                for entity in entities:
                    if entity is None:
                        continue
                    if not is_a_subclass(entity, LaunchDescriptionEntity):
                        raise RuntimeError(f"expected a LaunchDescriptionEntity from event_handler, got '{entity}'")
                    self.__visit(entity)
            finally:
                self.__context._pop_locals()

    def __visit(self, entity: LaunchDescriptionEntity) -> None:
        """Visit an entity and what it yields. Each future is noted at once, lest a later error lose a process."""
        entities = entity.visit(self.__context)
        future = entity.get_asyncio_future()
        if future is not None:
            self.__pending.append((entity, future))
        for sub_entity in entities or ():
            self.__visit(sub_entity)
