"""What a node logs goes to /rosout too."""

from __future__ import annotations

from rclpy.constants import S_TO_NS
from rclpy.impl import logging_backend
from rclpy.qos import (
    qos_profile_rosout_default,
)

from ros2_lite import idl
from ros2_lite.node_endpoints import NodeEndpoints


class NodeRosout(NodeEndpoints):
    """The part of `rclpy.node.Node` that concerns /rosout."""

    def _start_rosout(self) -> None:
        from rcl_interfaces.msg import Log

        writer = self._make_writer(Log, "/rosout", qos_profile_rosout_default)
        self._rosout_writer = writer
        make_stamp = type(Log().stamp)

        def sink(stamp: int, severity: int, name: str, text: str, file: str, function: str, line: int) -> None:
            if writer.closed or not self._context._valid:
                return
            seconds, nanoseconds = divmod(stamp, S_TO_NS)
            text = text.encode("utf-8", "replace").decode()  # what is no Unicode must not stop the program
            writer.write(
                idl.serialize(
                    Log(
                        stamp=make_stamp(sec=seconds, nanosec=nanoseconds),
                        level=int(severity),
                        name=name,
                        msg=text,
                        file=file,
                        function=function,
                        line=line,
                    )
                )
            )

        self._rosout_sink = sink
        logging_backend.add_sink(self._logger.name, sink)

    def _stop_rosout(self) -> None:
        if hasattr(self, "_rosout_sink"):
            logging_backend.remove_sink(self._logger.name, self._rosout_sink)
            self._rosout_writer.close()
