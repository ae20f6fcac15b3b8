"""Quality of service: rclpy's profile to Cyclone DDS's and back, with rmw_cyclonedds's mapping."""

from __future__ import annotations

import ctypes as ct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from .library import INFINITY, LENGTH_UNLIMITED, lib

# rmw/types.h
HISTORY_KEEP_LAST, HISTORY_KEEP_ALL = 1, 2
RELIABILITY_SYSTEM_DEFAULT, RELIABILITY_RELIABLE, RELIABILITY_BEST_EFFORT = 0, 1, 2
DURABILITY_TRANSIENT_LOCAL, DURABILITY_VOLATILE = 1, 2
LIVELINESS_SYSTEM_DEFAULT, LIVELINESS_AUTOMATIC, LIVELINESS_MANUAL_BY_TOPIC = 0, 1, 3
BEST_AVAILABLE = (4, 4, 5)  # reliability, durability, liveliness
IGNORE_LOCAL_PARTICIPANT = 1


@dataclass(frozen=True)
class Profile:
    """A quality of service in rmw's terms: policies as rmw's numbers, durations in nanoseconds (0: unspecified)."""

    history: int = HISTORY_KEEP_LAST
    depth: int = 10
    reliability: int = RELIABILITY_RELIABLE
    durability: int = DURABILITY_VOLATILE
    lifespan: int = 0
    deadline: int = 0
    liveliness: int = LIVELINESS_SYSTEM_DEFAULT
    liveliness_lease_duration: int = 0
    avoid_ros_namespace_conventions: bool = False


def _duration(nanoseconds: int) -> int:
    """rmw's infinite (and anything beyond) is Cyclone's."""
    return INFINITY if nanoseconds >= 0x7FFFFFFFFFFFFFFF else nanoseconds


@contextmanager
def native_qos(profile: Profile, user_data: bytes = b"", ignore_local: bool = False) -> Iterator[Any]:
    """Make a `dds_qos_t` for an endpoint; it lives as long as the `with` block."""
    qos = lib.dds_create_qos()
    try:
        lib.dds_qset_writer_data_lifecycle(qos, False)
        keep_all = profile.history == HISTORY_KEEP_ALL
        depth = LENGTH_UNLIMITED if keep_all else profile.depth or 1
        lib.dds_qset_history(qos, 1 if keep_all else 0, depth)
        if profile.reliability == RELIABILITY_BEST_EFFORT:
            lib.dds_qset_reliability(qos, 0, 0)
        else:
            lib.dds_qset_reliability(qos, 1, INFINITY)
        if profile.durability == DURABILITY_TRANSIENT_LOCAL:
            lib.dds_qset_durability(qos, 1)
            lib.dds_qset_durability_service(
                qos, 0, 1 if keep_all else 0, depth, LENGTH_UNLIMITED, LENGTH_UNLIMITED, LENGTH_UNLIMITED
            )
        else:
            lib.dds_qset_durability(qos, 0)
        if profile.lifespan:
            lib.dds_qset_lifespan(qos, _duration(profile.lifespan))
        if profile.deadline:
            lib.dds_qset_deadline(qos, _duration(profile.deadline))
        lease = _duration(profile.liveliness_lease_duration) if profile.liveliness_lease_duration else INFINITY
        lib.dds_qset_liveliness(qos, 2 if profile.liveliness == LIVELINESS_MANUAL_BY_TOPIC else 0, lease)
        if ignore_local:
            lib.dds_qset_ignorelocal(qos, IGNORE_LOCAL_PARTICIPANT)
        if user_data:
            lib.dds_qset_userdata(qos, user_data, len(user_data))
        yield qos
    finally:
        lib.dds_delete_qos(qos)


def read_user_data(qos: Any) -> bytes:
    """Return the user data in a `dds_qos_t`."""
    value, size = ct.c_void_p(), ct.c_size_t()
    if not qos or not lib.dds_qget_userdata(qos, ct.byref(value), ct.byref(size)) or not value:
        return b""
    try:
        return ct.string_at(value.value or 0, size.value)
    finally:
        lib.dds_free(value)


def read_profile(qos: Any) -> Profile:
    """Return the policies of a discovered endpoint. History is not announced, so rmw says unknown (3), depth 0."""
    kind, duration = ct.c_int(), ct.c_int64()

    def read(name: str, *out: Any) -> bool:
        return bool(qos) and bool(getattr(lib, f"dds_qget_{name}")(qos, *(ct.byref(o) for o in out)))

    reliability, durability, liveliness = 3, 3, 4
    lifespan = deadline = lease = INFINITY
    if read("reliability", kind, duration):
        reliability = RELIABILITY_RELIABLE if kind.value else RELIABILITY_BEST_EFFORT
    if read("durability", kind):
        durability = {0: DURABILITY_VOLATILE, 1: DURABILITY_TRANSIENT_LOCAL}.get(kind.value, 3)
    if read("liveliness", kind, duration):
        liveliness = {0: LIVELINESS_AUTOMATIC, 2: LIVELINESS_MANUAL_BY_TOPIC}.get(kind.value, 4)
        lease = duration.value
    if read("lifespan", duration):
        lifespan = duration.value
    if read("deadline", duration):
        deadline = duration.value
    return Profile(
        history=3,
        depth=0,
        reliability=reliability,
        durability=durability,
        lifespan=lifespan,
        deadline=deadline,
        liveliness=liveliness,
        liveliness_lease_duration=lease,
    )


def parse_user_data(data: bytes) -> dict[str, str]:
    """Split 'typehash=RIHS01_...;enclave=/;' into its pairs; what has another shape is left out."""
    pairs = (item.partition("=") for item in data.decode("utf-8", "replace").split(";"))
    return {key: value for key, equals, value in pairs if equals}
