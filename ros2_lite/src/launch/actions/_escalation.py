"""What follows where a process does not end on SIGINT: after a while SIGTERM, after another SIGKILL."""

from __future__ import annotations

import logging
import signal
from typing import TYPE_CHECKING

from ..events import matches_action
from ..events.process import SignalProcess
from ..launch_context import LaunchContext
from ..substitution import Substitution
from ..substitutions import PythonExpression
from ..utilities import perform_substitutions
from .emit_event import EmitEvent
from .opaque_function import OpaqueFunction
from .timer_action import TimerAction

if TYPE_CHECKING:
    from .execute_local import ExecuteLocal


def escalation(
    action: ExecuteLocal,
    logger: logging.Logger,
    sigterm_timeout: list[Substitution],
    sigkill_timeout: list[Substitution],
) -> list[TimerAction]:
    """Return the timers that send SIGTERM and SIGKILL to the process of an action; cancel them when it has ended.

    Args:
        action: the action whose process is ending.
        logger: told when a time-out has passed.
        sigterm_timeout: seconds between SIGINT and SIGTERM.
        sigkill_timeout: seconds between SIGTERM and SIGKILL.
    """
    until_sigkill: list[Substitution] = [
        PythonExpression(("float(", *sigterm_timeout, ") + float(", *sigkill_timeout, ")"))
    ]

    def escalate(timeout: list[Substitution], after: str, number: signal.Signals) -> TimerAction:
        def say(context: LaunchContext) -> None:
            logger.error(
                f"process[{context.locals.process_name}] failed to terminate "
                f"'{perform_substitutions(context, timeout)}' seconds after receiving '{after}', "
                f"escalating to '{number.name}'"
            )

        return TimerAction(
            period=timeout,
            actions=[
                OpaqueFunction(function=say),
                EmitEvent(event=SignalProcess(signal_number=number, process_matcher=matches_action(action))),
            ],
            cancel_on_shutdown=False,
        )

    return [
        escalate(sigterm_timeout, "SIGINT", signal.SIGTERM),
        escalate(until_sigkill, "SIGTERM", signal.SIGKILL),
    ]
