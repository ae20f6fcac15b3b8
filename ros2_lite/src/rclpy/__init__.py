"""ROS 2's Python client library, over Eclipse Cyclone DDS: `init`, make nodes, spin, `shutdown`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rclpy.context import Context
from rclpy.signals import SignalHandlerOptions, install_signal_handlers, uninstall_signal_handlers
from rclpy.task import Future
from rclpy.utilities import (
    get_default_context,
    get_rmw_implementation_identifier,
    ok,
    try_shutdown,
)
from rclpy.utilities import shutdown as _shutdown

if TYPE_CHECKING:
    from rclpy.executors import Executor
    from rclpy.node import Node
    from rclpy.parameter import Parameter

__all__ = [
    "Context",
    "Future",
    "SignalHandlerOptions",
    "create_node",
    "get_default_context",
    "get_global_executor",
    "get_rmw_implementation_identifier",
    "init",
    "install_signal_handlers",
    "ok",
    "shutdown",
    "spin",
    "spin_once",
    "spin_until_future_complete",
    "try_shutdown",
    "uninstall_signal_handlers",
]


def init(
    *,
    args: list[str] | None = None,
    context: Context | None = None,
    domain_id: int | None = None,
    signal_handler_options: SignalHandlerOptions | None = None,
) -> None:
    """Initialise a context (None: the default one) with command-line arguments (None: sys.argv).

    Signal handlers are installed for the default context unless said otherwise.
    """
    default = get_default_context()
    context = default if context is None else context
    if signal_handler_options is None:
        signal_handler_options = SignalHandlerOptions.ALL if context is default else SignalHandlerOptions.NO
    context.init(args, domain_id=domain_id)
    install_signal_handlers(signal_handler_options)


_global_executor: Executor | None = None


def get_global_executor() -> Executor:
    """Return the executor that the functions of this module use when given none."""
    global _global_executor
    if _global_executor is None:
        from rclpy.executors import SingleThreadedExecutor

        _global_executor = SingleThreadedExecutor()

        def reset() -> None:
            global _global_executor
            if _global_executor is not None:
                _global_executor.shutdown()
                _global_executor = None

        get_default_context().on_shutdown(reset)
    return _global_executor


def shutdown(*, context: Context | None = None, uninstall_handlers: bool | None = None) -> None:
    """Shut a context (None: the default one) down. For the default one the signal handlers go too."""
    is_default = context is None or context is get_default_context()
    _shutdown(context=context)
    if uninstall_handlers or (uninstall_handlers is None and is_default):
        uninstall_signal_handlers()


def create_node(
    node_name: str,
    *,
    context: Context | None = None,
    cli_args: list[str] | None = None,
    namespace: str | None = None,
    use_global_arguments: bool = True,
    enable_rosout: bool = True,
    start_parameter_services: bool = True,
    parameter_overrides: list[Parameter] | None = None,
    allow_undeclared_parameters: bool = False,
    automatically_declare_parameters_from_overrides: bool = False,
    enable_logger_service: bool = False,
) -> Node:
    """Make a node; see `rclpy.node.Node`."""
    from rclpy.node import Node

    return Node(
        node_name,
        context=context,
        cli_args=cli_args,
        namespace=namespace,
        use_global_arguments=use_global_arguments,
        enable_rosout=enable_rosout,
        start_parameter_services=start_parameter_services,
        parameter_overrides=parameter_overrides,
        allow_undeclared_parameters=allow_undeclared_parameters,
        automatically_declare_parameters_from_overrides=automatically_declare_parameters_from_overrides,
        enable_logger_service=enable_logger_service,
    )


def spin_once(node: Node, *, executor: Executor | None = None, timeout_sec: float | None = None) -> None:
    """Run one callback of the node, waiting for it at most `timeout_sec` (None or negative: for ever)."""
    executor = get_global_executor() if executor is None else executor
    try:
        executor.add_node(node)
        executor.spin_once(timeout_sec=timeout_sec)
    finally:
        executor.remove_node(node)


def spin(node: Node, executor: Executor | None = None) -> None:
    """Run the node's callbacks until the context ends."""
    executor = get_global_executor() if executor is None else executor
    try:
        executor.add_node(node)
        while executor.context.ok():
            executor.spin_once()
    finally:
        executor.remove_node(node)


def spin_until_future_complete(
    node: Node, future: Future, executor: Executor | None = None, timeout_sec: float | None = None
) -> None:
    """Run the node's callbacks until `future` is done, time is up or the context ends."""
    executor = get_global_executor() if executor is None else executor
    added = False
    try:
        added = executor.add_node(node)
        executor.spin_until_future_complete(future, timeout_sec)
    finally:
        if added:
            executor.remove_node(node)


def __getattr__(name: str) -> Any:
    from ros2_lite.missing import missing

    raise missing(__name__, name)
