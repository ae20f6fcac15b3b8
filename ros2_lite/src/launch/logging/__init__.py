"""Logging to the screen and to files below one folder for each launch, with upstream's names and formats."""

from __future__ import annotations

import datetime
import logging
import os
import socket
import warnings
from collections.abc import Mapping
from typing import Any

from . import handlers

__all__ = ["get_logger", "get_output_loggers", "handlers", "launch_config", "log_launch_config", "reset"]

_SCREEN_FORMATS = {
    "default": "[{levelname}] [{name}]: {msg}",
    "default_with_timestamp": "{created:.7f} [{levelname}] [{name}]: {msg}",
}
_LOG_FORMATS = {"default": "{created:.7f} [{levelname}] [{name}]: {msg}"}
_own_loggers: set[str] = set()


class _Formatter(logging.Formatter):
    """Formats with ``{msg}``, which upstream does not merge with arguments: here it is, before formatting."""

    def format(self, record: logging.LogRecord) -> str:
        if record.args:
            record.msg, record.args = record.getMessage(), None
        return super().format(record)


def _logging_directory() -> str:
    """Return $ROS_LOG_DIR, else $ROS_HOME/log, else ~/.ros/log."""
    folder = os.environ.get("ROS_LOG_DIR")
    if not folder:
        folder = os.path.join(os.environ.get("ROS_HOME") or os.path.join("~", ".ros"), "log")
    return os.path.normpath(os.path.expanduser(folder))


def _make_unique_log_dir(base: str) -> str:
    while True:
        stamp = datetime.datetime.now().strftime("%Y-%m-%d-%H-%M-%S-%f")
        folder = os.path.join(base, f"{stamp}-{socket.gethostname()}-{os.getpid()}")
        try:
            os.makedirs(folder)
        except FileExistsError:
            continue
        return folder


def _renew_latest_link(folder: str) -> None:
    link = os.path.join(os.path.dirname(folder), "latest")
    try:
        if os.path.lexists(link):
            if not os.path.islink(link):
                raise OSError(f"{link} is not a link")
            os.unlink(link)
        os.symlink(folder, link, target_is_directory=True)
    except FileExistsError:
        pass  # another launch that started at the same moment won
    except OSError as error:
        warnings.warn(f"Cannot create a symlink to latest log directory: {error}", stacklevel=2)


class LaunchConfig:
    """Where and how is logged. There is one, `launch_config`."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Return to the defaults."""
        self._log_dir: str | None = None
        self.file_handlers: dict[str, Any] = {}
        self.screen_handler: handlers.ScreenHandler | None = None
        self.screen_formatter: logging.Formatter | None = None
        self.file_formatter: logging.Formatter | None = None
        self.log_handler_factory: Any = None
        logging.root.setLevel(logging.INFO)
        self.set_screen_format("default")
        self.set_log_format("default")

    @property
    def level(self) -> int:
        """The verbosity of all loggers."""
        return logging.root.getEffectiveLevel()

    @level.setter
    def level(self, new_level: int) -> None:
        logging.root.setLevel(new_level)

    @property
    def log_dir(self) -> str:
        """The folder of this launch's logs, made when first asked for."""
        if self._log_dir is None:
            self._log_dir = _make_unique_log_dir(_logging_directory())
            _renew_latest_link(self._log_dir)
        return self._log_dir

    @log_dir.setter
    def log_dir(self, new_log_dir: str | None) -> None:
        if new_log_dir is not None:
            if self.file_handlers:
                warnings.warn(
                    f"Loggers have been already configured to output to log files below {self._log_dir}. "
                    "Proceed at your own risk.",
                    stacklevel=2,
                )
            if not os.path.isdir(new_log_dir):
                raise ValueError(f"{new_log_dir} is not a directory")
        self._log_dir = new_log_dir

    def set_screen_format(self, screen_format: str | None, *, screen_style: str | None = None) -> None:
        """Set the format of the screen, or one of 'default' and 'default_with_timestamp'.

        OVERRIDE_LAUNCH_SCREEN_FORMAT in the environment goes before it.
        """
        self.screen_formatter = _make_formatter(
            "screen", _SCREEN_FORMATS, screen_format, screen_style, "OVERRIDE_LAUNCH_SCREEN_FORMAT"
        )
        if self.screen_handler is not None:
            self.screen_handler.setFormatter(self.screen_formatter)

    def set_log_format(self, log_format: str | None, *, log_style: str | None = None) -> None:
        """Set the format of the main log file. OVERRIDE_LAUNCH_LOG_FORMAT in the environment goes before it."""
        self.file_formatter = _make_formatter("log", _LOG_FORMATS, log_format, log_style, "OVERRIDE_LAUNCH_LOG_FORMAT")
        for handler in self.file_handlers.values():
            handler.setFormatter(self.file_formatter)

    def get_screen_handler(self) -> handlers.ScreenHandler:
        """Return the one handler of the screen."""
        if self.screen_handler is None:
            self.screen_handler = handlers.ScreenHandler()
            self.screen_handler.setFormatter(self.screen_formatter)
        return self.screen_handler

    def get_log_file_path(self, file_name: str = "launch.log") -> str:
        """Return the path of a log file."""
        return os.path.join(self.log_dir, file_name)

    def get_log_file_handler(self, file_name: str = "launch.log") -> Any:
        """Return the one handler of a log file."""
        handler = self.file_handlers.get(file_name)
        if handler is None:
            if self.log_handler_factory is not None:
                handler = self.log_handler_factory(self.get_log_file_path(file_name), encoding="utf-8")
            else:
                handler = handlers.LazyFileHandler(lambda: self.get_log_file_path(file_name))
            handler.setFormatter(self.file_formatter)
            self.file_handlers[file_name] = handler
        return handler


def _make_formatter(
    kind: str, aliases: Mapping[str, str], text: str | None, style: str | None, variable: str
) -> logging.Formatter | None:
    override = os.environ.get(variable)
    if override:
        text, style = override.encode("latin1").decode("unicode_escape"), "{"
    if text is None:
        return None
    if text in aliases:
        if style is not None:
            raise ValueError(f'Cannot set a custom format style for the "{text}" {kind} format.')
        text = aliases[text]
    return _Formatter(text, style=style or "{")  # type: ignore[arg-type]


launch_config = LaunchConfig()


def log_launch_config(*, logger: logging.Logger = logging.root) -> None:
    """Log where the log files are, and the verbosity."""
    if launch_config.file_handlers:
        logger.info("All log files can be found below %s", launch_config.log_dir)
    logger.info("Default logging verbosity is set to %s", logging.getLevelName(launch_config.level))


def _own(name: str | None) -> logging.Logger:
    logger = logging.getLogger(name)
    if name is not None:
        logger.propagate = False
        _own_loggers.add(name)
    return logger


def _add_handler(logger: logging.Logger, handler: logging.Handler) -> None:
    if handler not in logger.handlers:
        logger.addHandler(handler)


def get_logger(name: str | None = None) -> logging.Logger:
    """Return a logger that writes to the screen and to launch.log."""
    logger = _own(name)
    _add_handler(logger, launch_config.get_screen_handler())
    _add_handler(logger, launch_config.get_log_file_handler())
    return logger


def _normalize_output_configuration(config: str | Mapping[str, Any]) -> dict[str, set[str]]:
    """Return the destinations of 'stdout', 'stderr' and 'both'."""
    normalized: dict[str, set[str]] = {"both": set(), "stdout": set(), "stderr": set()}
    if isinstance(config, str):
        presets: dict[str, dict[str, set[str]]] = {
            "screen": {"both": {"screen"}},
            "log": {"both": {"log"}, "stderr": {"screen"}},
            "both": {"both": {"log", "screen"}},
            "own_log": {"both": {"own_log"}, "stdout": {"own_log"}, "stderr": {"own_log"}},
            "full": {"both": {"screen", "log", "own_log"}, "stdout": {"own_log"}, "stderr": {"own_log"}},
        }
        if config not in presets:
            raise ValueError(f'{config} is not a valid standard output config i.e. "screen", "log" or "both"')
        return {**normalized, **presets[config]}
    if not isinstance(config, Mapping):
        raise ValueError(f"{config} is not a valid output configuration")
    for source, destinations in config.items():
        if source not in normalized:
            raise ValueError(f'{source} is not a valid output source i.e. "stdout", "stderr" or "both"')
        chosen = {destinations} if isinstance(destinations, str) else set(destinations)
        for destination in chosen - {"screen", "log", "own_log"}:
            raise ValueError(f'{destination} is not a valid output destination i.e. "screen", "log" or "own_log"')
        normalized[source] = chosen
    return normalized


def get_output_loggers(
    process_name: str, output_config: str | Mapping[str, Any]
) -> tuple[logging.Logger, logging.Logger]:
    """Return the loggers of a process's standard output and standard error.

    Args:
        process_name: name of the process.
        output_config: 'screen', 'log', 'both', 'own_log' or 'full', or a mapping of 'stdout', 'stderr' and 'both' to
            destinations out of 'screen', 'log' and 'own_log'.
    """
    config = _normalize_output_configuration(output_config)
    loggers = []
    for source in ("stdout", "stderr"):
        logger = _own(f"{process_name}-{source}")
        destinations = config["both"] | config[source]
        if "screen" in destinations:
            screen = launch_config.get_screen_handler()
            screen.setFormatterFor(logger, logging.Formatter("{msg}", style="{"))
            _add_handler(logger, screen)
        if "log" in destinations:
            main = launch_config.get_log_file_handler()
            main.setFormatterFor(logger, logging.Formatter("{created:.7f} {msg}", style="{"))
            _add_handler(logger, main)
        if "own_log" in config[source]:
            own = launch_config.get_log_file_handler(f"{process_name}-{source}.log")
            own.setFormatter(logging.Formatter(fmt=None))
            _add_handler(logger, own)
        if "own_log" in config["both"]:
            combined = launch_config.get_log_file_handler(f"{process_name}.log")
            combined.setFormatter(logging.Formatter("{msg}", style="{"))
            _add_handler(logger, combined)
        loggers.append(logger)
    return loggers[0], loggers[1]


def reset() -> None:
    """Forget every handler and return to the defaults."""
    for handler in launch_config.file_handlers.values():
        handler.close()
    for name in _own_loggers:
        logger = logging.getLogger(name)
        logger.setLevel(logging.NOTSET)
        logger.handlers.clear()
    _own_loggers.clear()
    launch_config.reset()
