"""ros2 doctor: check the set-up and show what there is."""

from __future__ import annotations

import argparse
import os
import platform
import re
import socket
import sys
from collections.abc import Callable, Iterator
from typing import Any

from ros2cli._names import topics
from ros2cli._node import open_node

# Topics that every node has, and that nobody needs to listen to.
_USUAL_TOPICS = ("/parameter_events", "/rosout")

Items = list[tuple[str, object]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    group = parser.add_mutually_exclusive_group(required=False)
    group.add_argument("--report", "-r", action="store_true", help="Print all reports.")
    group.add_argument("--report-failed", "-rf", action="store_true", help="Print reports of failed checks only.")
    parser.add_argument("--exclude-packages", "-ep", action="store_true", help="Exclude package checks or report.")
    parser.add_argument(
        "--include-warnings",
        "-iw",
        action="store_true",
        help="Include warnings as failed checks. Warnings are ignored by default.",
    )


class _Findings:
    """What a check found."""

    def __init__(self) -> None:
        self.errors = 0
        self.warnings = 0

    def error(self, text: str) -> None:
        self.errors += 1
        print(f"UserWarning: ERROR: {text}", file=sys.stderr)

    def warn(self, text: str) -> None:
        self.warnings += 1
        print(f"UserWarning: {text}", file=sys.stderr)


def _pairs(node: Any) -> Iterator[tuple[str, Any, Any, Any, str]]:
    """Return (topic, publisher, subscription, compatibility, reason) of each publisher and subscription of a topic."""
    from rclpy.qos import qos_check_compatible

    for topic, _ in topics(node, include_hidden=True):
        for publisher in node.get_publishers_info_by_topic(topic):
            for subscription in node.get_subscriptions_info_by_topic(topic):
                found = qos_check_compatible(publisher.qos_profile, subscription.qos_profile)
                yield topic, publisher, subscription, *found


def _check_middleware(node: Any, findings: _Findings) -> None:
    from rclpy.qos import QoSCompatibility

    for topic, _, _, result, reason in _pairs(node):
        why = re.sub("^(warning|error): ", "", reason, flags=re.IGNORECASE)
        if result == QoSCompatibility.ERROR:
            findings.error(f"QoS compatibility error found on topic '{topic}': {why}")
        elif result == QoSCompatibility.WARNING:
            findings.warn(f"QoS compatibility warning found on topic '{topic}': {why}")


def _check_network(node: Any, findings: _Findings) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("127.0.0.1", 0))
        except OSError as error:
            findings.error(f"the loopback interface cannot be used: {error}")


def _check_packages(node: Any, findings: _Findings) -> None:
    from ament_index_python import get_packages_with_prefixes

    for name, prefix in sorted(get_packages_with_prefixes().items()):
        if not os.path.isfile(os.path.join(prefix, "share", name, "package.xml")):
            findings.warn(f"package '{name}' in '{prefix}' has no package.xml")


def _check_topics(node: Any, findings: _Findings) -> None:
    for topic, _ in topics(node):
        if topic in _USUAL_TOPICS:
            continue
        publishers, subscriptions = node.count_publishers(topic), node.count_subscribers(topic)
        if publishers and not subscriptions:
            findings.warn(f"Publisher without subscriber detected on {topic}.")
        elif subscriptions and not publishers:
            findings.warn(f"Subscriber without publisher detected on {topic}.")


def _report_middleware(node: Any) -> Items:
    from rclpy.utilities import get_rmw_implementation_identifier

    return [
        ("middleware name", get_rmw_implementation_identifier()),
        ("domain id", os.environ.get("ROS_DOMAIN_ID", "0")),
        ("discovery range", os.environ.get("ROS_AUTOMATIC_DISCOVERY_RANGE", "not set")),
    ]


def _report_compatibility(node: Any) -> Items:
    from rclpy.qos import QoSCompatibility

    items: Items = []
    for topic, publisher, subscription, result, reason in _pairs(node):
        items.append(("topic [type]", f"{topic} [{publisher.topic_type}]"))
        items.append(("publisher node", publisher.node_name))
        items.append(("subscriber node", subscription.node_name))
        items.append(("compatibility status", "OK" if result == QoSCompatibility.OK else reason))
    return items or [("compatibility status", "No publisher/subscriber pairs found")]


def _report_network(node: Any) -> Items:
    return [("interface", name) for _, name in socket.if_nameindex()]


def _report_packages(node: Any) -> Items:
    from ament_index_python import get_packages_with_prefixes

    return sorted(get_packages_with_prefixes().items())


def _report_platform(node: Any) -> Items:
    from importlib.metadata import PackageNotFoundError, version

    items: Items = [
        ("system", platform.system()),
        ("platform info", platform.platform()),
        ("release", platform.release()),
        ("processor", platform.processor()),
        ("python", platform.python_version()),
    ]
    for distribution in ("ros2-lite", "cyclonedds", "numpy"):
        try:
            items.append((distribution, version(distribution)))
        except PackageNotFoundError:
            items.append((distribution, "not installed"))
    return items


def _report_topics(node: Any) -> Items:
    items: Items = []
    for topic, _ in topics(node):
        if topic not in _USUAL_TOPICS:
            items.append(("topic", topic))
            items.append(("publisher count", node.count_publishers(topic)))
            items.append(("subscriber count", node.count_subscribers(topic)))
    return items or [("topic", "none"), ("publisher count", 0), ("subscriber count", 0)]


_CHECKS: dict[str, Callable[[Any, _Findings], None]] = {
    "middleware": _check_middleware,
    "network": _check_network,
    "package": _check_packages,
    "topic": _check_topics,
}
# (category, title, report)
_REPORTS: list[tuple[str, str, Callable[[Any], Items]]] = [
    ("network", "NETWORK CONFIGURATION", _report_network),
    ("package", "PACKAGE PREFIXES", _report_packages),
    ("platform", "PLATFORM INFORMATION", _report_platform),
    ("middleware", "QOS COMPATIBILITY LIST", _report_compatibility),
    ("middleware", "RMW MIDDLEWARE", _report_middleware),
    ("topic", "TOPIC LIST", _report_topics),
]


def _print_report(title: str, items: Items) -> None:
    print("\n  ", title)
    padding = max([len(name) + 4 for name, _ in items if len(name) >= 8], default=8)
    for name, value in items:
        print(f"{name:{padding}}: {value}")


def main(args: argparse.Namespace) -> None:
    """Run the checks, or print the reports."""
    left_out = {"package"} if args.exclude_packages else set()
    with open_node(args) as node:
        if args.report:
            for category, title, report in _REPORTS:
                if category not in left_out:
                    _print_report(title, report(node))
            return
        failed = []
        checks = {category: check for category, check in _CHECKS.items() if category not in left_out}
        for category, check in checks.items():
            findings = _Findings()
            check(node, findings)
            if findings.errors or (args.include_warnings and findings.warnings):
                failed.append(category)
        if not failed:
            print(f"\nAll {len(checks)} checks passed\n")
            return
        print(f"\n{len(failed)}/{len(checks)} check(s) failed\n")
        print("Failed modules:", *failed)
        for category, title, report in _REPORTS if args.report_failed else ():
            if category in failed:
                _print_report(title, report(node))
