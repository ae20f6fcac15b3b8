"""Run a process on this machine."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from .. import logging as launch_logging
from .._process_output import ProcessOutput
from ..action import Action
from ..conditions import evaluate_condition_expression
from ..event_handler import EventHandler
from ..event_handlers import OnProcessExit, OnProcessIO, OnProcessStart, OnShutdown
from ..events import matches_action
from ..events.process import (
    ProcessExited,
    ProcessStarted,
    ProcessStderr,
    ProcessStdout,
    ShutdownProcess,
    SignalProcess,
)
from ..launch_context import LaunchContext
from ..launch_description_entity import LaunchDescriptionEntity
from ..some_entities_type import SomeEntitiesType
from ..some_substitutions_type import SomeSubstitutionsType
from ..substitutions import LaunchConfiguration
from ..utilities import is_a_subclass, normalize_to_list_of_substitutions, perform_substitutions
from ..utilities.type_utils import normalize_typed_substitution, perform_typed_substitution
from ._escalation import escalation
from .emit_event import EmitEvent
from .opaque_function import OpaqueFunction
from .timer_action import TimerAction

if TYPE_CHECKING:
    from .._process import Process
    from ..descriptions import Executable


class ExecuteLocal(Action):
    """Starts a process, logs what it writes, and ends it when the launch ends."""

    def __init__(
        self,
        *,
        process_description: Executable,
        shell: bool = False,
        sigterm_timeout: SomeSubstitutionsType | None = None,
        sigkill_timeout: SomeSubstitutionsType | None = None,
        emulate_tty: bool = False,
        output: SomeSubstitutionsType | Mapping[str, Any] = "log",
        output_format: str = "[{this.process_description.final_name}] {line}",
        cached_output: bool = False,
        log_cmd: bool = False,
        on_exit: SomeEntitiesType | Callable[[ProcessExited, LaunchContext], SomeEntitiesType | None] | None = None,
        respawn: bool | SomeSubstitutionsType = False,
        respawn_delay: float | None = None,
        respawn_max_retries: int = -1,
        **kwargs: Any,
    ) -> None:
        """Create the action.

        Args:
            process_description: what to run.
            shell: let a shell read the command line.
            sigterm_timeout: seconds between SIGINT and SIGTERM; default: launch configuration 'sigterm_timeout', or 5.
            sigkill_timeout: seconds between SIGTERM and SIGKILL; default: 'sigkill_timeout', or 5.
            emulate_tty: let it write to a pseudo terminal; launch configuration 'emulate_tty' goes before.
            output: 'screen', 'log' (and errors to the screen), 'both', 'own_log', 'full', or a mapping; see
                `launch.logging.get_output_loggers`. OVERRIDE_LAUNCH_PROCESS_OUTPUT in the environment goes before.
            output_format: how a ``line`` of ``this`` action is shown.
            cached_output: keep the output, for `get_stdout` and `get_stderr`.
            log_cmd: log the command line.
            on_exit: what to do when the process ends.
            respawn: start it again when it ends.
            respawn_delay: seconds to wait before that.
            respawn_max_retries: how often; negative for ever.
            kwargs: for the base class.
        """
        super().__init__(**kwargs)
        self.__description = process_description
        self.__shell = shell
        self.__sigterm_timeout = normalize_to_list_of_substitutions(
            LaunchConfiguration("sigterm_timeout", default=5) if sigterm_timeout is None else sigterm_timeout
        )
        self.__sigkill_timeout = normalize_to_list_of_substitutions(
            LaunchConfiguration("sigkill_timeout", default=5) if sigkill_timeout is None else sigkill_timeout
        )
        self.__emulate_tty = emulate_tty
        output = os.environ.get("OVERRIDE_LAUNCH_PROCESS_OUTPUT", output)
        self.__output: Any = output if isinstance(output, Mapping) else normalize_to_list_of_substitutions(output)
        self.__log = ProcessOutput(output_format, cached_output, self)
        self.__log_cmd = log_cmd
        self.__on_exit = on_exit
        self.__respawn = normalize_typed_substitution(respawn, bool)
        self.__respawn_delay = respawn_delay
        self.__respawn_max_retries = respawn_max_retries
        self.__respawn_retries = 0
        self.__executed = False
        self.__details: dict[str, Any] | None = None
        self.__process: Process | None = None
        self.__timers: list[TimerAction] = []
        self.__completed_future: asyncio.Future[None] | None = None
        self.__shutdown_future: asyncio.Future[None] | None = None

    # What was asked for

    @property
    def process_description(self) -> Executable:
        """What is run."""
        return self.__description

    @property
    def shell(self) -> bool:
        """Whether a shell reads the command line."""
        return self.__shell

    @property
    def emulate_tty(self) -> bool:
        """Whether it writes to a pseudo terminal."""
        return self.__emulate_tty

    @property
    def sigterm_timeout(self) -> Any:
        """Seconds between SIGINT and SIGTERM."""
        return self.__sigterm_timeout

    @property
    def sigkill_timeout(self) -> Any:
        """Seconds between SIGTERM and SIGKILL."""
        return self.__sigkill_timeout

    @property
    def output(self) -> Any:
        """Where its output goes."""
        return self.__output

    # What became of it

    @property
    def process_details(self) -> dict[str, Any] | None:
        """Name, command line, working directory, environment and, once started, process id."""
        return self.__details

    @property
    def return_code(self) -> int | None:
        """Exit code, or None while the process runs or before."""
        return None if self.__process is None else self.__process.returncode

    def get_stdout(self) -> str:
        """Return all of its standard output; needs ``cached_output``."""
        return self.__log.everything(1, self.__description.name)

    def get_stderr(self) -> str:
        """Return all of its standard error; needs ``cached_output``."""
        return self.__log.everything(2, self.__description.name)

    def get_sub_entities(self) -> list[LaunchDescriptionEntity]:
        """Return what happens on exit, as far as known."""
        return self.__on_exit if isinstance(self.__on_exit, list) else []

    def get_asyncio_future(self) -> asyncio.Future[None] | None:
        """Return a future that is done when the process has ended for good."""
        return self.__completed_future

    # Start

    def prepare(self, context: LaunchContext) -> None:
        """Perform the substitutions."""
        self.__description.prepare(context, self)
        self.__details = {
            "action": self,
            "name": self.__description.final_name,
            "cmd": self.__description.final_cmd,
            "cwd": self.__description.final_cwd,
            "env": self.__description.final_env,
        }
        self.__respawn = perform_typed_substitution(context, self.__respawn, bool)

    def execute(self, context: LaunchContext) -> list[LaunchDescriptionEntity] | None:
        """Start the process.

        Raises:
            RuntimeError: the same action was executed before.
        """
        self.prepare(context)
        name = self.__description.final_name
        assert name is not None
        if self.__executed:
            raise RuntimeError(f"ExecuteLocal action '{name}': executed more than once: {self.describe()}")
        self.__executed = True
        if context.is_shutdown:
            return None
        self.__logger = launch_logging.get_logger(name)
        output = self.__output
        if not isinstance(output, Mapping):
            output = perform_substitutions(context, output)
        self.__log.log_to(*launch_logging.get_output_loggers(name, output))
        # The last registered is the first called: output is flushed before the user's on_exit.
        handlers = [
            EventHandler(
                matcher=lambda event: is_a_subclass(event, ShutdownProcess),
                entities=OpaqueFunction(function=self.__on_shutdown_process_event),
            ),
            EventHandler(
                matcher=lambda event: is_a_subclass(event, SignalProcess),
                entities=OpaqueFunction(function=self.__on_signal_process_event),
            ),
            OnProcessIO(
                target_action=self,
                on_stdout=lambda event: self.__log.feed(1, event.text),
                on_stderr=lambda event: self.__log.feed(2, event.text),
            ),
            OnShutdown(on_shutdown=self.__on_shutdown),
            OnProcessExit(target_action=self, on_exit=[] if self.__on_exit is None else self.__on_exit),
            OnProcessExit(target_action=self, on_exit=lambda event, context: self.__log.flush()),
        ]
        for handler in handlers:
            context.register_event_handler(handler)
        self.__completed_future = context.asyncio_loop.create_future()
        self.__shutdown_future = context.asyncio_loop.create_future()
        self.__start(context)
        return None

    def __start(self, context: LaunchContext) -> None:
        self.__running = context.asyncio_loop.create_task(self.__execute_process(context))

    async def __execute_process(self, context: LaunchContext) -> None:
        assert self.__completed_future is not None
        try:
            finished = await self.__run_once(context)
        except Exception as error:
            if not self.__completed_future.done():
                self.__completed_future.set_exception(error)
            return
        if finished:
            self.__cleanup()
        else:
            self.__start(context)

    async def __run_once(self, context: LaunchContext) -> bool:
        """Run the process to its end; return whether that was all."""
        from .. import _process  # here, because only who starts processes needs it

        assert self.__details is not None and self.__shutdown_future is not None
        details = self.__details
        cmd, shown = details["cmd"], " ".join(part for part in details["cmd"] if part.strip())
        if self.__log_cmd:
            self.__logger.info(
                f"process details: cmd='{shown}', cwd='{details['cwd']}', custom_env?={details['env'] is not None}"
            )
        emulate_tty = self.__emulate_tty
        if "emulate_tty" in context.launch_configurations:
            text = normalize_to_list_of_substitutions(context.launch_configurations["emulate_tty"])
            emulate_tty = evaluate_condition_expression(context, text)

        def on_start(process: Process) -> None:
            self.__process = process
            self.__logger.info(f"process started with pid [{process.pid}]")
            details["pid"] = process.pid
            context.emit_event_sync(ProcessStarted(**details))

        def on_output(fd: int, data: bytes) -> None:
            event = ProcessStdout if fd == 1 else ProcessStderr
            context.emit_event_sync(event(text=data, **details))

        try:
            process = await _process.start(
                details["name"],
                cmd,
                cwd=details["cwd"],
                env=details["env"],
                shell=self.__shell,
                emulate_tty=emulate_tty,
                on_start=on_start,
                on_output=on_output,
            )
        except (OSError, ValueError) as error:
            self.__logger.error(f"exception occurred while executing process: {error} (cmd '{shown}')")
            return True
        returncode = await process.ended
        process.close()
        if returncode == 0:
            self.__logger.info(f"process has finished cleanly [pid {process.pid}]")
        else:
            self.__logger.error(f"process has died [pid {process.pid}, exit code {returncode}, cmd '{shown}'].")
        await context.emit_event(ProcessExited(returncode=returncode, **details))
        if not self.__respawn or context.is_shutdown or self.__shutdown_future.done():
            return True
        if 0 <= self.__respawn_max_retries <= self.__respawn_retries:
            return True
        self.__respawn_retries += 1
        if self.__respawn_delay:
            await asyncio.wait((self.__shutdown_future,), timeout=self.__respawn_delay)
        return self.__shutdown_future.done()

    def __cleanup(self) -> None:
        for timer in self.__timers:
            timer.cancel()
        assert self.__completed_future is not None
        if not self.__completed_future.done():
            self.__completed_future.set_result(None)

    # End

    def __on_shutdown(self, event: Any, context: LaunchContext) -> SomeEntitiesType | None:
        if event.due_to_sigint and not context.noninteractive:
            # Ctrl-C on a terminal reaches everything that runs there, and so it does although each process here leads a
            # group of its own.
            return self._shutdown_process(context, send_sigint=False, interrupt_group=True)
        return self._shutdown_process(context, send_sigint=True)

    def _shutdown_process(
        self, context: LaunchContext, *, send_sigint: bool, interrupt_group: bool = False
    ) -> list[LaunchDescriptionEntity] | None:
        """End the process: SIGINT, after a while SIGTERM, after another SIGKILL."""
        if self.__shutdown_future is None or self.__shutdown_future.done():
            return None
        if self.__completed_future is None or self.__completed_future.done():
            self.__shutdown_future.set_result(None)
            return None
        if self.__details is None or self.__process is None:
            # It is being started right now.
            context.register_event_handler(
                OnProcessStart(
                    target_action=self,
                    on_start=lambda event, context: self._shutdown_process(
                        context, send_sigint=send_sigint, interrupt_group=interrupt_group
                    ),
                    handle_once=True,
                )
            )
            return None
        self.__shutdown_future.set_result(None)
        if self.__process.returncode is not None:
            return None
        context.extend_locals({"process_name": self.__details["name"]})
        self.__timers = escalation(self, self.__logger, self.__sigterm_timeout, self.__sigkill_timeout)
        entities: list[LaunchDescriptionEntity] = list(self.__timers)
        if interrupt_group:
            try:
                self.__process.signal_group(signal.SIGINT)
            except ProcessLookupError:
                return None
        elif send_sigint:
            entities.append(
                EmitEvent(event=SignalProcess(signal_number=signal.SIGINT, process_matcher=matches_action(self)))
            )
        return entities

    def __on_shutdown_process_event(self, context: LaunchContext) -> list[LaunchDescriptionEntity] | None:
        if not context.locals.event.process_matcher(self):
            return None
        return self._shutdown_process(context, send_sigint=True)

    def __on_signal_process_event(self, context: LaunchContext) -> None:
        event: SignalProcess = context.locals.event
        if not event.process_matcher(self):
            return
        if self.__details is None or self.__process is None:
            raise RuntimeError("Signal event received before subprocess transport available.")
        name = self.__details["name"]
        if self.__process.returncode is not None:
            self.__logger.debug(f"signal '{event.signal_name}' not sent to '{name}' because it is closed")
            return
        self.__logger.info(f"sending signal '{event.signal_name}' to process[{name}]")
        number = signal.Signals[event.signal_name]
        try:
            if number == signal.SIGKILL or self.__shell:
                # After SIGKILL, what it started would be left alone; and a shell is not what the user means.
                self.__process.signal_group(number)
            else:
                self.__process.send_signal(number)
        except ProcessLookupError:
            self.__logger.debug(f"signal '{event.signal_name}' not sent to '{name}': it has closed already")
