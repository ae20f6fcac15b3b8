"""Spinning ends with its context, whatever wakes the executor."""

import threading

import pytest
import rclpy
from rclpy.context import Context
from rclpy.executors import Executor, MultiThreadedExecutor, SingleThreadedExecutor
from rclpy.node import Node

from deft_ros.spinning import spin, until_shutdown

pytestmark = pytest.mark.graph


class Unwoken(SingleThreadedExecutor):
    """An executor that the context's end does not wake: rclpy's own may go back to waiting just before it."""

    def wake(self) -> None:
        pass


class UnwokenThreads(MultiThreadedExecutor):
    def wake(self) -> None:
        pass


class Spinning(threading.Thread):
    def __init__(self, executor: Executor, context: Context) -> None:
        super().__init__(daemon=True)
        self._executor, self._context = executor, context

    def run(self) -> None:
        with until_shutdown(self._context):
            spin(self._executor, context=self._context)


@pytest.mark.parametrize("kind", [Unwoken, UnwokenThreads])
def test_a_node_with_nothing_to_do_notices_that_its_context_ended(
    ros_environment: None, kind: type[Unwoken | UnwokenThreads]
) -> None:
    context = Context()
    rclpy.init(context=context)
    executor = kind(context=context)
    executor.add_node(Node("idle", context=context, start_parameter_services=False, enable_rosout=False))
    spinning = Spinning(executor, context)
    began = threading.Event()
    executor.create_task(began.set)
    spinning.start()
    assert began.wait(10.0)
    rclpy.shutdown(context=context)
    spinning.join(10.0)
    assert not spinning.is_alive()
