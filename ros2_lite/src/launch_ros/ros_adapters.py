"""The launch's own node, which listens to lifecycle nodes and to ROS time; made when an action first asks for it."""

from __future__ import annotations

import contextlib
import os
import threading
from typing import Any

import rclpy
from launch.event_handlers import OnShutdown
from launch.launch_context import LaunchContext
from rclpy.executors import ExternalShutdownException, SingleThreadedExecutor


class ROSAdapter:
    """A node in a context of its own, spun in a thread."""

    def __init__(self, *, argv: list[str] | None = None, autostart: bool = True) -> None:
        """Start the node at once, or with `start`; `argv` are its ROS arguments, not those of the process."""
        self.__argv = [] if argv is None else argv
        self.__context: rclpy.Context | None = None
        self.__node: Any = None
        self.__executor: SingleThreadedExecutor | None = None
        self.__thread: threading.Thread | None = None
        if autostart:
            self.start()

    def start(self) -> None:
        """Start; RuntimeError where it runs already."""
        if self.__thread is not None:
            raise RuntimeError("Cannot start a ROS adapter that is already running")
        self.__context = rclpy.Context()
        rclpy.init(args=self.__argv, context=self.__context)
        self.__node = rclpy.create_node(f"launch_ros_{os.getpid()}", context=self.__context)
        self.__executor = SingleThreadedExecutor(context=self.__context)
        self.__executor.add_node(self.__node)
        self.__thread = threading.Thread(target=self.__spin, args=(self.__executor,), name="launch_ros")
        self.__thread.start()

    @staticmethod
    def __spin(executor: SingleThreadedExecutor) -> None:
        with contextlib.suppress(ExternalShutdownException):
            executor.spin()

    def shutdown(self) -> None:
        """Stop; RuntimeError where it does not run."""
        if self.__thread is None or self.__executor is None or self.__context is None:
            raise RuntimeError("Cannot shutdown a ROS adapter that is not running")
        self.__executor.shutdown()
        self.__thread.join()
        self.__thread = None
        self.__node.destroy_node()
        self.__context.try_shutdown()

    @property
    def argv(self) -> list[str]:
        """The ROS arguments."""
        return self.__argv

    @property
    def ros_context(self) -> rclpy.Context | None:
        """The context, once started."""
        return self.__context

    @property
    def ros_node(self) -> Any:
        """The node, once started."""
        return self.__node

    @property
    def ros_executor(self) -> SingleThreadedExecutor | None:
        """The executor, once started."""
        return self.__executor


def get_ros_adapter(context: LaunchContext) -> ROSAdapter:
    """Return the launch's adapter; the first call makes it, and the launch's shutdown ends it."""
    if "ros_adapter" not in context.get_locals_as_dict():
        adapter = ROSAdapter()
        context.extend_globals({"ros_adapter": adapter})
        context.register_event_handler(OnShutdown(on_shutdown=lambda event, context: adapter.shutdown()))
    found: ROSAdapter = context.get_locals_as_dict()["ros_adapter"]
    return found


def get_ros_node(context: LaunchContext) -> Any:
    """Return the launch's node."""
    return get_ros_adapter(context).ros_node
