"""Do something later."""

from __future__ import annotations

import asyncio
import collections.abc
import warnings
from collections.abc import Iterable
from typing import Any

from .. import logging as launch_logging
from ..action import Action
from ..event_handler import EventHandler
from ..event_handlers import OnShutdown
from ..events import TimerEvent
from ..frontend import expose_action
from ..launch_context import LaunchContext
from ..launch_description_entity import LaunchDescriptionEntity
from ..some_substitutions_type import SomeSubstitutionsType, SomeSubstitutionsType_types_tuple
from ..utilities import ensure_argument_type, is_a_subclass
from ..utilities.type_utils import normalize_typed_substitution, perform_typed_substitution
from .opaque_function import OpaqueFunction


@expose_action("timer")
class TimerAction(Action):
    """Visits entities after a while, unless it is cancelled before."""

    def __init__(
        self,
        *,
        period: float | SomeSubstitutionsType,
        actions: Iterable[LaunchDescriptionEntity],
        cancel_on_shutdown: bool | SomeSubstitutionsType = True,
        **kwargs: Any,
    ) -> None:
        """Create a timer.

        Args:
            period: seconds, a float or substitutions.
            actions: what to visit then.
            cancel_on_shutdown: whether the shutdown cancels it.
            kwargs: for the base class.
        """
        super().__init__(**kwargs)
        types = (*SomeSubstitutionsType_types_tuple, float)
        ensure_argument_type(period, types, "period", "TimerAction")
        ensure_argument_type(actions, collections.abc.Iterable, "actions", "TimerAction")
        if isinstance(period, str):
            period = float(period)
            warnings.warn(
                "The parameter 'period' must be a float or substitution,passing a string literal was deprecated",
                stacklevel=2,
            )
        self.__period = normalize_typed_substitution(period, float)
        self.__actions = list(actions)
        self.__cancel_on_shutdown = normalize_typed_substitution(cancel_on_shutdown, bool)
        self.__locals: dict[str, Any] = {}
        self.__canceled = False
        self.__logger = launch_logging.get_logger(__name__)
        self._completed_future: asyncio.Future[None] | None = None
        self._canceled_future: asyncio.Future[bool] | None = None

    @property
    def period(self) -> Any:
        """Seconds, as given."""
        return self.__period

    @property
    def actions(self) -> list[LaunchDescriptionEntity]:
        """What is visited."""
        return self.__actions

    def describe(self) -> str:
        """Return a description."""
        return f"TimerAction(period={self.__period}, actions=<actions>)"

    def describe_conditional_sub_entities(self) -> list[tuple[str, Iterable[LaunchDescriptionEntity]]]:
        """Return what is visited, under the condition that time passes."""
        return [(f"{self.__period} seconds pass without being canceled", self.__actions)]

    def cancel(self) -> None:
        """Do nothing then."""
        self.__canceled = True
        if self._canceled_future is not None and not self._canceled_future.done():
            self._canceled_future.set_result(True)

    def handle(self, context: LaunchContext) -> list[LaunchDescriptionEntity]:
        """Return what is to be visited, with the locals that held when the timer started."""
        context.extend_locals(self.__locals)
        return self.__actions

    async def _wait_to_fire_event(self, context: LaunchContext) -> None:
        assert self._canceled_future is not None and self._completed_future is not None
        try:
            period = perform_typed_substitution(context, self.__period, float)
            await asyncio.wait([self._canceled_future], timeout=period)
            if not self._canceled_future.done():
                await context.emit_event(TimerEvent(timer_action=self))
        except Exception as error:
            self._completed_future.set_exception(error)
        else:
            self._completed_future.set_result(None)

    def execute(self, context: LaunchContext) -> None:
        """Start to wait."""
        loop = context.asyncio_loop
        self._completed_future = loop.create_future()
        self._canceled_future = loop.create_future()
        if self.__canceled:
            self.__logger.debug(f"timer {self} not waiting because it was canceled before being executed")
            self._completed_future.set_result(None)
            return
        if "_timer_handler" not in context.get_locals_as_dict():
            handler = EventHandler(
                matcher=lambda event: is_a_subclass(event, TimerEvent),
                entities=OpaqueFunction(function=lambda context: context.locals.event.timer_action.handle(context)),
            )
            context.register_event_handler(handler)
            context.extend_globals({"_timer_handler": handler})
        self.__locals = dict(context.get_locals_as_dict())
        self._waiting = loop.create_task(self._wait_to_fire_event(context))
        if perform_typed_substitution(context, self.__cancel_on_shutdown, bool):
            context.register_event_handler(OnShutdown(on_shutdown=lambda event, context: self.cancel()))

    def get_asyncio_future(self) -> asyncio.Future[None] | None:
        """Return a future that is done when the time is over or the timer was cancelled."""
        return self._completed_future
