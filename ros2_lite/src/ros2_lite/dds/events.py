"""Communication statuses of endpoints: deadlines, liveliness, incompatible peers, losses, matches."""

from __future__ import annotations

import ctypes as ct
from collections.abc import Iterable
from typing import Any

from .library import check, handle_t, lib

_COUNTS: list[tuple[str, Any]] = [("total_count", ct.c_uint32), ("total_count_change", ct.c_int32)]
_CURRENT: list[tuple[str, Any]] = [("current_count", ct.c_uint32), ("current_count_change", ct.c_int32)]
_ALIVE: list[tuple[str, Any]] = [
    ("alive_count", ct.c_uint32),
    ("not_alive_count", ct.c_uint32),
    ("alive_count_change", ct.c_int32),
    ("not_alive_count_change", ct.c_int32),
]
_POLICY: list[tuple[str, Any]] = [("last_policy_id", ct.c_uint32)]
_HANDLE: list[tuple[str, Any]] = [("last_handle", handle_t)]

# name -> (number of the status, fields of its C struct), dds.h and dds_public_status.h
_STATUSES: dict[str, tuple[int, list[tuple[str, Any]]]] = {
    "offered_deadline_missed": (1, _COUNTS + _HANDLE),
    "requested_deadline_missed": (2, _COUNTS + _HANDLE),
    "offered_incompatible_qos": (3, _COUNTS + _POLICY),
    "requested_incompatible_qos": (4, _COUNTS + _POLICY),
    "sample_lost": (5, _COUNTS),
    "liveliness_lost": (9, _COUNTS),
    "liveliness_changed": (10, _ALIVE + _HANDLE),
    "publication_matched": (11, _COUNTS + _CURRENT + _HANDLE),
    "subscription_matched": (12, _COUNTS + _CURRENT + _HANDLE),
}
# dds_public_qosdefs.h -> rmw/incompatible_qos_events_statuses.h
_POLICY_KINDS = {2: 1 << 1, 4: 1 << 2, 8: 1 << 3, 11: 1 << 4, 13: 1 << 5, 21: 1 << 6}

_structs: dict[str, type[ct.Structure]] = {}
_functions: dict[str, Any] = {}
for _name, (_, _fields) in _STATUSES.items():
    _struct = type(_name, (ct.Structure,), {"_fields_": _fields})
    _function = getattr(lib, f"dds_get_{_name}_status")
    _function.restype, _function.argtypes = ct.c_int32, [ct.c_int32, ct.POINTER(_struct)]
    _structs[_name], _functions[_name] = _struct, _function


def watch(endpoint: int, kinds: Iterable[str]) -> None:
    """Let these statuses, and no others, trigger the wait sets the endpoint is attached to."""
    mask = 0
    for kind in kinds:
        mask |= 1 << _STATUSES[kind][0]
    check(lib.dds_set_status_mask(endpoint, mask), "cannot watch an endpoint's statuses")


def take(endpoint: int, kind: str) -> dict[str, int] | None:
    """Return a status as a dictionary where it has changed since the last call, else None."""
    status = _structs[kind]()
    if _functions[kind](endpoint, ct.byref(status)) < 0:
        return None
    values = {name: getattr(status, name) for name, _ in _STATUSES[kind][1] if not name.startswith("last_")}
    if not any(value for name, value in values.items() if name.endswith("_change")):
        return None
    if kind.endswith("incompatible_qos"):
        # an id that rmw has no word for counts as invalid
        values["last_policy_kind"] = _POLICY_KINDS.get(status.last_policy_id, 1 << 0)
    return values
