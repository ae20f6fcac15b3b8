"""What a class is called on the wire, and by which hash its type is known there."""

from __future__ import annotations

from .classes import type_name
from .typehash import type_hash_of


def type_hash(cls: type) -> str:
    """Return the RIHS01 hash of a message, service or action class (derived types too)."""
    return type_hash_of(type_name(cls))


def dds_type_name(cls: type) -> str:
    """Return the DDS type name of a message class: 'std_msgs::msg::dds_::String_'."""
    package, kind, stem = type_name(cls).split("/")
    return f"{package}::{kind}::dds_::{stem}_"
