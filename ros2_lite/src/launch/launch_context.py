"""What entities know and share while they are visited."""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import Callable, Iterable, MutableMapping
from typing import TYPE_CHECKING, Any, NoReturn

from . import logging as launch_logging

if TYPE_CHECKING:
    from .event import Event
    from .event_handler import BaseEventHandler
    from .substitution import Substitution


class _Locals:
    """Read-only attribute access to the locals."""

    def __init__(self, values: dict[str, Any]) -> None:
        object.__setattr__(self, "_values", values)

    def __getattr__(self, key: str) -> Any:
        try:
            return self._values[key]
        except KeyError:
            raise AttributeError(
                f"context.locals does not contain attribute '{key}', it contains: [{', '.join(self._values)}]"
            ) from None

    def __setattr__(self, key: str, value: object) -> NoReturn:
        raise AttributeError(f"can't set attribute '{key}', locals are read-only")


class LaunchContext:
    """Launch configurations, environment, locals and events of one launch service."""

    def __init__(self, *, argv: Iterable[str] | None = None, noninteractive: bool = False) -> None:
        """Create a context.

        Args:
            argv: arguments that entities may look at.
            noninteractive: there is no terminal whose Ctrl-C reaches the processes by itself.
        """
        self.__argv = list(argv) if argv is not None else []
        self.__noninteractive = noninteractive
        self.__globals: dict[str, Any] = {}
        self.__locals: dict[str, Any] = {}
        self.__locals_stack: list[dict[str, Any]] = []
        self.__configurations: dict[str, Any] = {}
        self.__configurations_stack: list[dict[str, Any]] = []
        self.__environment_stack: list[dict[str, str]] = []
        self.__environment_at_start = dict(os.environ)
        self.__is_shutdown = False
        self.__loop: asyncio.AbstractEventLoop | None = None
        self.__logger = launch_logging.get_logger(__name__)
        self._events: deque[Event] = deque()
        self._event_handlers: deque[BaseEventHandler] = deque()
        self._completion_futures: list[asyncio.Future[Any]] = []
        # Set by the launch service, which sleeps while nothing happens.
        self._wake_up: Callable[[], object] = lambda: None

    @property
    def argv(self) -> list[str]:
        """Arguments of the launch service."""
        return self.__argv

    @property
    def noninteractive(self) -> bool:
        """Whether there is no terminal."""
        return self.__noninteractive

    @property
    def is_shutdown(self) -> bool:
        """Whether the launch service is shutting down."""
        return self.__is_shutdown

    def _set_is_shutdown(self, state: bool) -> None:
        self.__is_shutdown = state

    @property
    def asyncio_loop(self) -> asyncio.AbstractEventLoop:
        """The loop of the running launch service (None while it does not run)."""
        return self.__loop  # type: ignore[return-value]

    def _set_asyncio_loop(self, loop: asyncio.AbstractEventLoop | None) -> None:
        self.__loop = loop

    def add_completion_future(self, completion_future: asyncio.Future[Any]) -> None:
        """Make the launch service wait for a future before it is idle."""
        self._completion_futures.append(completion_future)

    # Locals

    @property
    def locals(self) -> Any:
        """Values of the current scope, as attributes."""
        return _Locals(self.get_locals_as_dict())

    def get_locals_as_dict(self) -> dict[str, Any]:
        """Return the values of the current scope."""
        return {**self.__globals, **self.__locals}

    def extend_globals(self, extensions: dict[str, Any]) -> None:
        """Add values to every scope; locals of the same name hide them."""
        self.__globals.update(extensions)

    def extend_locals(self, extensions: dict[str, Any]) -> None:
        """Add values to the current scope."""
        self.__locals.update(extensions)

    def _push_locals(self) -> None:
        self.__locals_stack.append(dict(self.__locals))

    def _pop_locals(self) -> None:
        if not self.__locals_stack:
            raise RuntimeError("locals stack unexpectedly empty")
        self.__locals = self.__locals_stack.pop()

    # Launch configurations

    @property
    def launch_configurations(self) -> dict[str, Any]:
        """Launch configurations by name. (Text, but launch_ros keeps its lists of global parameters here too.)"""
        return self.__configurations

    def _push_launch_configurations(self) -> None:
        self.__configurations_stack.append(dict(self.__configurations))

    def _pop_launch_configurations(self) -> None:
        if not self.__configurations_stack:
            raise RuntimeError("launch_configurations stack unexpectedly empty")
        self.__configurations = self.__configurations_stack.pop()

    # Environment

    @property
    def environment(self) -> MutableMapping[str, str]:
        """The environment that processes are started with."""
        return os.environ

    def _push_environment(self) -> None:
        self.__environment_stack.append(dict(os.environ))

    def _pop_environment(self) -> None:
        if not self.__environment_stack:
            raise RuntimeError("environment stack unexpectedly empty")
        _replace_environment(self.__environment_stack.pop())

    def _reset_environment(self) -> None:
        _replace_environment(self.__environment_at_start)

    # Events

    def would_handle_event(self, event: Event) -> bool:
        """Return whether any handler matches the event."""
        return any(handler.matches(event) for handler in self._event_handlers)

    def register_event_handler(self, event_handler: BaseEventHandler, append: bool = False) -> None:
        """Add a handler before those there are, or after them with ``append``."""
        if append:
            self._event_handlers.append(event_handler)
        else:
            self._event_handlers.appendleft(event_handler)

    def unregister_event_handler(self, event_handler: BaseEventHandler) -> None:
        """Remove a handler."""
        self._event_handlers.remove(event_handler)

    def emit_event_sync(self, event: Event) -> None:
        """Queue an event."""
        self.__logger.debug("emitting event synchronously: '%s'", event.name)
        self._events.append(event)
        self._wake_up()

    async def emit_event(self, event: Event) -> None:
        """Queue an event."""
        self.__logger.debug("emitting event: '%s'", event.name)
        self._events.append(event)
        self._wake_up()

    def perform_substitution(self, substitution: Substitution) -> str:
        """Return the text of a substitution."""
        return substitution.perform(self)


def _replace_environment(values: dict[str, str]) -> None:
    # os.environ itself must stay: it is what putenv() follows and what others hold on to.
    for name in [name for name in os.environ if name not in values]:
        del os.environ[name]
    os.environ.update(values)
