"""Loggers, their filters, and /rosout."""

import re

import pytest
import rclpy.logging
from rcl_interfaces.msg import Log
from rcl_interfaces.srv import GetLoggerLevels, SetLoggerLevels
from rclpy.clock import Clock
from rclpy.clock_type import ClockType
from rclpy.logging import LoggingSeverity, get_logger


def test_console_format(ros, capfd):
    ros.node("node", namespace="/ns").get_logger().warning("be careful")
    line = capfd.readouterr().err.strip()
    assert re.fullmatch(r"\[WARN\] \[\d+\.\d{9}\] \[ns\.node\]: be careful", line)


def test_levels_are_inherited():
    parent, child = get_logger("parent"), get_logger("parent").get_child("child")
    assert child.get_effective_level() == LoggingSeverity.INFO
    parent.set_level(LoggingSeverity.ERROR)
    assert child.get_effective_level() == LoggingSeverity.ERROR
    assert not child.is_enabled_for(LoggingSeverity.WARN)
    assert child.warning("no") is False
    rclpy.logging.set_logger_level("parent.child", LoggingSeverity.DEBUG)
    assert child.debug("yes")
    assert rclpy.logging.get_logger_level("parent.child") == LoggingSeverity.DEBUG
    assert rclpy.logging.get_logger_effective_level("parent") == LoggingSeverity.ERROR
    assert rclpy.logging.get_logging_severity_from_string("warn") == LoggingSeverity.WARN
    with pytest.raises(RuntimeError):
        rclpy.logging.get_logging_severity_from_string("loud")
    with pytest.raises(ValueError):
        get_logger("")


def test_once_and_skip_first():
    logger = get_logger("filters")
    assert [logger.info("once", once=True) for _ in range(3)] == [True, False, False]
    assert [logger.info("skip", skip_first=True) for _ in range(3)] == [False, True, True]


def test_throttle():
    logger = get_logger("throttled")
    steady = Clock(clock_type=ClockType.STEADY_TIME)
    logged = [logger.info("often", throttle_duration_sec=0.2, throttle_time_source_type=steady) for _ in range(5)]
    assert logged == [True, False, False, False, False]


def test_wrong_filters_are_refused():
    logger = get_logger("wrong")
    with pytest.raises(TypeError):
        logger.info("x", thrice=True)
    with pytest.raises(ValueError):
        for severity in (LoggingSeverity.INFO, LoggingSeverity.WARN):
            logger.log("one line, two severities", severity, once=True)


def test_messages_go_to_rosout(ros):
    got = []
    listener = ros.node("listener")
    listener.create_subscription(Log, "/rosout", got.append, 10)
    node = ros.node("talker", namespace="/ns")
    ros.until(lambda: listener.count_publishers("/rosout") == 2)
    ros.spin_for(0.2)
    node.get_logger().error("it broke")
    node.get_logger().get_child("part").info("a part")
    node.get_logger().debug("not this")
    ros.until(lambda: len([m for m in got if m.name.startswith("ns.talker")]) == 2)
    first, second = [m for m in got if m.name.startswith("ns.talker")]
    assert (first.name, first.msg, first.level) == ("ns.talker", "it broke", 40)
    assert first.function == "test_messages_go_to_rosout"
    assert first.file.endswith("test_rclpy_logging.py")
    assert first.line > 0
    assert first.stamp.sec > 0
    assert (second.name, second.msg) == ("ns.talker.part", "a part")


def test_a_node_may_leave_rosout_alone(ros):
    node = ros.node("quiet", enable_rosout=False)
    assert "/rosout" not in dict(node.get_publisher_names_and_types_by_node("quiet", "/"))


def test_levels_can_be_set_from_outside(ros):
    ros.node("server", enable_logger_service=True)
    node = ros.node("client")
    setter = node.create_client(SetLoggerLevels, "server/set_logger_levels")
    getter = node.create_client(GetLoggerLevels, "server/get_logger_levels")
    assert setter.wait_for_service(10.0)
    assert getter.wait_for_service(10.0)
    request = SetLoggerLevels.Request()
    request.levels = [rclpy.logging.get_logger and _level("outside", 50)]
    assert ros.wait(setter.call_async(request)).results[0].successful
    answer = ros.wait(getter.call_async(GetLoggerLevels.Request(names=["outside"])))
    assert answer.levels[0].level == 50
    assert get_logger("outside").get_effective_level() == LoggingSeverity.FATAL


def _level(name, level):
    from rcl_interfaces.msg import LoggerLevel

    return LoggerLevel(name=name, level=level)
