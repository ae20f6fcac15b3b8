"""Quality of service on the command line."""

from __future__ import annotations

import argparse
from typing import Any


def add_qos_arguments(parser: argparse.ArgumentParser, verb: str, default_profile: str) -> None:
    """Declare the arguments. ``verb``: what is done with the topic, 'subscribe' or 'publish'."""
    from rclpy import qos

    default = qos.QoSPresetProfiles.get_from_short_key(default_profile)
    compatible = "default: Compatible profile with running endpoints"
    parser.add_argument(
        "--qos-profile",
        choices=qos.QoSPresetProfiles.short_keys(),
        help=f"Quality of service preset profile to {verb} with (default: {default_profile})",
        default=default_profile,
    )
    parser.add_argument(
        "--qos-depth",
        metavar="N",
        type=int,
        help=f"Queue size setting to {verb} with (overrides depth value of --qos-profile option)",
    )
    for name, policies, title, default_text in (
        ("history", qos.QoSHistoryPolicy, "History of samples", f"default: {default.history.short_key}"),
        ("reliability", qos.QoSReliabilityPolicy, "Quality of service reliability", compatible),
        ("durability", qos.QoSDurabilityPolicy, "Quality of service durability", compatible),
        ("liveliness", qos.QoSLivelinessPolicy, "Quality of service liveliness", "default: that of the profile"),
    ):
        parser.add_argument(
            f"--qos-{name}",
            choices=policies.short_keys(),
            help=f"{title} setting to {verb} with (overrides {name} value of --qos-profile option, {default_text})",
        )
    parser.add_argument(
        "--qos-liveliness-lease-duration-seconds",
        type=float,
        help=f"Quality of service liveliness lease duration setting to {verb} with (overrides liveliness lease "
        "duration value of --qos-profile option",
    )


def any_given(args: argparse.Namespace) -> bool:
    """Return whether a policy was set on the command line."""
    names = ("depth", "history", "reliability", "durability", "liveliness", "liveliness_lease_duration_seconds")
    return any(getattr(args, f"qos_{name}") is not None for name in names)


def profile_of(args: argparse.Namespace) -> Any:
    """Return the profile with the policies that were set."""
    from rclpy import qos
    from rclpy.duration import Duration

    profile = qos.QoSPresetProfiles.get_from_short_key(args.qos_profile)
    if args.qos_history:
        profile.history = qos.QoSHistoryPolicy.get_from_short_key(args.qos_history)
    if args.qos_durability:
        profile.durability = qos.QoSDurabilityPolicy.get_from_short_key(args.qos_durability)
    if args.qos_reliability:
        profile.reliability = qos.QoSReliabilityPolicy.get_from_short_key(args.qos_reliability)
    if args.qos_liveliness:
        profile.liveliness = qos.QoSLivelinessPolicy.get_from_short_key(args.qos_liveliness)
    lease = args.qos_liveliness_lease_duration_seconds
    if lease and lease >= 0:
        profile.liveliness_lease_duration = Duration(seconds=lease)
    if args.qos_depth and args.qos_depth >= 0:
        profile.depth = args.qos_depth
    elif profile.durability == qos.QoSDurabilityPolicy.TRANSIENT_LOCAL and profile.depth == 0:
        profile.depth = 1  # the last message is what a latched topic is for
    return profile


def profile_for_publishers(args: argparse.Namespace, publishers: list[Any]) -> Any:
    """Return the profile that was asked for, else one that fits all publishers of a topic."""
    from rclpy import qos

    if any_given(args) or not publishers:
        return profile_of(args)
    profile = qos.QoSPresetProfiles.get_from_short_key(args.qos_profile)
    for name, strict, lax in (
        ("reliability", qos.QoSReliabilityPolicy.RELIABLE, qos.QoSReliabilityPolicy.BEST_EFFORT),
        ("durability", qos.QoSDurabilityPolicy.TRANSIENT_LOCAL, qos.QoSDurabilityPolicy.VOLATILE),
    ):
        count = sum(getattr(info.qos_profile, name) == strict for info in publishers)
        if 0 < count < len(publishers):
            kind = type(strict).__name__
            print(
                f"Some, but not all, publishers are offering {kind}.{strict.name}. "
                f"Falling back to {kind}.{lax.name} as it will connect to all publishers"
            )
        setattr(profile, name, strict if count == len(publishers) else lax)
    return profile
