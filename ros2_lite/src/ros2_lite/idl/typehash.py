"""RIHS01 type hashes (REP-2011), by which ROS 2 endpoints tell whether they mean the same type."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from rosidl_parser import definition as d

from . import library

_BASE_IDS = {
    "int8": 2,
    "uint8": 3,
    "int16": 4,
    "uint16": 5,
    "int32": 6,
    "uint32": 7,
    "int64": 8,
    "uint64": 9,
    "float": 10,
    "double": 11,
    "long double": 12,
    "char": 13,
    "wchar": 14,
    "boolean": 15,
    "octet": 16,
}
_ARRAY, _BOUNDED, _UNBOUNDED = 48, 96, 144  # added to an element's id (type_description_interfaces/FieldType)
_hashes: dict[str, str] = {}


def type_hash_of(name: str) -> str:
    """Return 'RIHS01_<64 hex digits>' of 'pkg/kind/Name', any derived type included."""
    found = _hashes.get(name)
    if found is None:
        text = json.dumps(type_description(name), separators=(", ", ": "))
        found = _hashes[name] = "RIHS01_" + hashlib.sha256(text.encode()).hexdigest()
    return found


def type_description(name: str) -> dict[str, Any]:
    """Describe a type and every type it refers to, in the form (and key order) that is hashed."""
    top, nested = _individual(name)
    references: dict[str, dict[str, Any]] = {}
    while nested:
        reference = nested.pop()
        if reference not in references:
            references[reference], more = _individual(reference)
            nested += more
    return {"type_description": top, "referenced_type_descriptions": [references[r] for r in sorted(references)]}


def _individual(name: str) -> tuple[dict[str, Any], list[str]]:
    fields = [_field(member) for member in _members(library.definition(name))]
    nested = [f["type"]["nested_type_name"] for f in fields if f["type"]["nested_type_name"]]
    return {"type_name": name, "fields": fields}, nested


def _members(definition: d.Message | d.Service | d.Action) -> list[d.Member]:
    if isinstance(definition, d.Message):
        return definition.structure.members
    if isinstance(definition, d.Service):
        return [
            d.Member(getattr(definition, part).structure.namespaced_type, part)
            for part in ("request_message", "response_message", "event_message")
        ]
    parts = [
        (part, getattr(definition, part))
        for part in ("goal", "result", "feedback", "send_goal_service", "get_result_service", "feedback_message")
    ]
    return [
        d.Member(p.namespaced_type if isinstance(p, d.Service) else p.structure.namespaced_type, n) for n, p in parts
    ]


def _field(member: d.Member) -> dict[str, Any]:
    outer, inner, shift, capacity = member.type, member.type, 0, 0
    if isinstance(outer, d.AbstractNestedType):
        inner = outer.value_type
        if isinstance(outer, d.Array):
            shift, capacity = _ARRAY, outer.size
        elif isinstance(outer, d.BoundedSequence):
            shift, capacity = _BOUNDED, outer.maximum_size
        else:
            shift = _UNBOUNDED
    string_capacity, nested_name = 0, ""
    if isinstance(inner, d.BasicType):
        base = _BASE_IDS[inner.typename]
    elif isinstance(inner, d.AbstractGenericString):
        base = 18 if isinstance(inner, d.AbstractWString) else 17
        if isinstance(inner, d.BoundedString | d.BoundedWString):
            base, string_capacity = base + 4, inner.maximum_size
    else:
        assert isinstance(inner, d.NamespacedType)
        base, nested_name = 1, library.reference(inner)
    return {
        "name": member.name,
        "type": {
            "type_id": base + shift,
            "capacity": capacity,
            "string_capacity": string_capacity,
            "nested_type_name": nested_name,
        },
    }
