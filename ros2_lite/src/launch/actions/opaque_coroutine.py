"""Run a coroutine while launching."""

from __future__ import annotations

import asyncio
import collections.abc
import inspect
from collections.abc import Callable, Coroutine, Iterable
from typing import Any

from ..action import Action
from ..event_handlers import OnShutdown
from ..launch_context import LaunchContext
from ..utilities import ensure_argument_type


class OpaqueCoroutine(Action):
    """Runs a coroutine function as a task, which the shutdown cancels."""

    def __init__(
        self,
        *,
        coroutine: Callable[..., Coroutine[Any, Any, None]],
        args: Iterable[Any] | None = None,
        kwargs: dict[str, Any] | None = None,
        ignore_context: bool = False,
        **left_over_kwargs: Any,
    ) -> None:
        super().__init__(**left_over_kwargs)
        if not inspect.iscoroutinefunction(coroutine):
            raise TypeError(f"OpaqueCoroutine expected a coroutine function for 'coroutine', got '{type(coroutine)}'")
        ensure_argument_type(args, (collections.abc.Iterable, type(None)), "args", "OpaqueCoroutine")
        ensure_argument_type(kwargs, (dict, type(None)), "kwargs", "OpaqueCoroutine")
        ensure_argument_type(ignore_context, bool, "ignore_context", "OpaqueCoroutine")
        self.__coroutine = coroutine
        self.__args = tuple(args or ())
        self.__kwargs = dict(kwargs or {})
        self.__ignore_context = ignore_context
        self.__task: asyncio.Task[None] | None = None

    def execute(self, context: LaunchContext) -> None:
        """Start the task."""
        args = self.__args if self.__ignore_context else (context, *self.__args)
        task = context.asyncio_loop.create_task(self.__coroutine(*args, **self.__kwargs))
        self.__task = task
        context.register_event_handler(OnShutdown(on_shutdown=lambda event, context: self.__cancel(task)))

    def __cancel(self, task: asyncio.Task[None]) -> None:
        task.cancel()

    def get_asyncio_future(self) -> asyncio.Future[None] | None:
        """Return the task."""
        return self.__task
