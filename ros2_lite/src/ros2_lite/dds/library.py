"""The C API of Cyclone DDS (the `cyclonedds` wheel's own library) as typed ctypes functions.

Only what this package calls is declared. ctypes lets go of the interpreter lock during each call, so a wait or a
write that blocks in C never stops the other Python threads.
"""

from __future__ import annotations

import ctypes as ct
import importlib.util
from ctypes.util import find_library
from pathlib import Path
from typing import Any

entity_t = ct.c_int32
handle_t = ct.c_uint64

INFINITY = 0x7FFFFFFFFFFFFFFF
ANY_STATE = 1 | 2 | 4 | 8 | 16 | 32 | 64
INSTANCE_ALIVE = 16
LENGTH_UNLIMITED = -1

_PSEUDO = 0x7FFF0000
BUILTIN_PARTICIPANT = _PSEUDO + 1
BUILTIN_PUBLICATION = _PSEUDO + 3
BUILTIN_SUBSCRIPTION = _PSEUDO + 4

RETCODE_TIMEOUT = -10
RETCODE_ALREADY_DELETED = -9
RETCODE_BAD_PARAMETER = -3

# dds_opcodes.h: one octet at offset 0, then the end of the description.
_OP_ADR = 0x01 << 24
_OP_TYPE_1BY = 0x01 << 16
OPAQUE_OPS = (ct.c_uint32 * 3)(_OP_ADR | _OP_TYPE_1BY, 0, 0)
TOPIC_RESTRICT_DATA_REPRESENTATION = 1 << 7
DATA_REPRESENTATION_XCDR1 = 1 << 0
SERDATA_KIND_DATA = 2


class DDSError(RuntimeError):
    """A call into Cyclone DDS failed; `code` is its return code."""

    def __init__(self, code: int, what: str) -> None:
        text = lib.dds_strretcode(code)
        super().__init__(f"{what}: {text.decode() if text else code}")
        self.code = code


class SampleInfo(ct.Structure):
    """`dds_sample_info_t`."""

    _fields_ = [
        ("sample_state", ct.c_int),
        ("view_state", ct.c_int),
        ("instance_state", ct.c_int),
        ("valid_data", ct.c_bool),
        ("source_timestamp", ct.c_int64),
        ("instance_handle", handle_t),
        ("publication_handle", handle_t),
        ("disposed_generation_count", ct.c_uint32),
        ("no_writers_generation_count", ct.c_uint32),
        ("sample_rank", ct.c_uint32),
        ("generation_rank", ct.c_uint32),
        ("absolute_generation_rank", ct.c_uint32),
    ]


class IoVec(ct.Structure):
    """`ddsrt_iovec_t` (POSIX `struct iovec`)."""

    _fields_ = [("base", ct.c_void_p), ("len", ct.c_size_t)]


class _TypeMeta(ct.Structure):
    _fields_ = [("data", ct.c_void_p), ("size", ct.c_uint32)]


class TopicDescriptor(ct.Structure):
    """`dds_topic_descriptor_t`."""

    _fields_ = [
        ("size", ct.c_uint32),
        ("align", ct.c_uint32),
        ("flagset", ct.c_uint32),
        ("nkeys", ct.c_uint32),
        ("typename", ct.c_char_p),
        ("keys", ct.c_void_p),
        ("nops", ct.c_uint32),
        ("ops", ct.POINTER(ct.c_uint32)),
        ("meta", ct.c_char_p),
        ("type_information", _TypeMeta),
        ("type_mapping", _TypeMeta),
        ("restrict_data_representation", ct.c_uint32),
    ]


class Guid(ct.Structure):
    """`dds_guid_t`."""

    _fields_ = [("v", ct.c_uint8 * 16)]


class BuiltinParticipant(ct.Structure):
    """`dds_builtintopic_participant_t`."""

    _fields_ = [("key", Guid), ("qos", ct.c_void_p)]


class BuiltinEndpoint(ct.Structure):
    """`dds_builtintopic_endpoint_t`."""

    _fields_ = [
        ("key", Guid),
        ("participant_key", Guid),
        ("participant_handle", handle_t),
        ("topic_name", ct.c_char_p),
        ("type_name", ct.c_char_p),
        ("qos", ct.c_void_p),
    ]


def _library_path() -> str:
    """Find libddsc in the cyclonedds wheel. Importing the wheel's package instead would cost 0.1 s at every start."""
    spec = importlib.util.find_spec("cyclonedds")
    for location in (spec.submodule_search_locations or []) if spec else []:
        package = Path(location)
        for pattern in ("cyclonedds*.libs/libddsc*", "cyclonedds/.dylibs/libddsc*", "cyclonedds*.libs/ddsc*"):
            for found in sorted(package.parent.glob(pattern)):
                return str(found)
    system = find_library("ddsc")
    if system is None:
        raise ImportError("ros2_lite needs Cyclone DDS: pip install cyclonedds==11.0.1")
    return system


lib: Any = ct.CDLL(_library_path())

_P = ct.POINTER
_qos = ct.c_void_p
_ret = ct.c_int32
_PROTOTYPES: dict[str, tuple[Any, list[Any]]] = {
    "dds_strretcode": (ct.c_char_p, [_ret]),
    "dds_create_domain": (entity_t, [ct.c_uint32, ct.c_char_p]),
    "dds_create_participant": (entity_t, [ct.c_uint32, _qos, ct.c_void_p]),
    "dds_create_topic": (entity_t, [entity_t, _P(TopicDescriptor), ct.c_char_p, _qos, ct.c_void_p]),
    "dds_create_reader": (entity_t, [entity_t, entity_t, _qos, ct.c_void_p]),
    "dds_create_writer": (entity_t, [entity_t, entity_t, _qos, ct.c_void_p]),
    "dds_create_readcondition": (entity_t, [entity_t, ct.c_uint32]),
    "dds_create_guardcondition": (entity_t, [entity_t]),
    "dds_set_guardcondition": (_ret, [entity_t, ct.c_bool]),
    "dds_take_guardcondition": (_ret, [entity_t, _P(ct.c_bool)]),
    "dds_create_waitset": (entity_t, [entity_t]),
    "dds_waitset_attach": (_ret, [entity_t, entity_t, ct.c_ssize_t]),
    "dds_waitset_detach": (_ret, [entity_t, entity_t]),
    "dds_waitset_wait": (_ret, [entity_t, _P(ct.c_ssize_t), ct.c_size_t, ct.c_int64]),
    "dds_delete": (_ret, [entity_t]),
    "dds_get_guid": (_ret, [entity_t, _P(Guid)]),
    "dds_get_instance_handle": (_ret, [entity_t, _P(handle_t)]),
    "dds_get_qos": (_ret, [entity_t, _qos]),
    "dds_set_status_mask": (_ret, [entity_t, ct.c_uint32]),
    "dds_assert_liveliness": (_ret, [entity_t]),
    "dds_wait_for_acks": (_ret, [entity_t, ct.c_int64]),
    "dds_writecdr": (_ret, [entity_t, ct.c_void_p]),
    "dds_takecdr": (_ret, [entity_t, _P(ct.c_void_p), ct.c_uint32, _P(SampleInfo), ct.c_uint32]),
    "dds_take": (_ret, [entity_t, _P(ct.c_void_p), _P(SampleInfo), ct.c_size_t, ct.c_uint32]),
    "dds_return_loan": (_ret, [entity_t, _P(ct.c_void_p), ct.c_int32]),
    "dds_get_entity_sertype": (_ret, [entity_t, _P(ct.c_void_p)]),
    "dds_get_matched_subscriptions": (_ret, [entity_t, _P(handle_t), ct.c_size_t]),
    "dds_get_matched_publications": (_ret, [entity_t, _P(handle_t), ct.c_size_t]),
    "dds_get_matched_subscription_data": (_P(BuiltinEndpoint), [entity_t, handle_t]),
    "dds_get_matched_publication_data": (_P(BuiltinEndpoint), [entity_t, handle_t]),
    "dds_builtintopic_free_endpoint": (None, [_P(BuiltinEndpoint)]),
    "ddsi_serdata_from_ser_iov": (ct.c_void_p, [ct.c_void_p, ct.c_int, ct.c_size_t, _P(IoVec), ct.c_size_t]),
    "ddsi_serdata_size": (ct.c_uint32, [ct.c_void_p]),
    "ddsi_serdata_to_ser_ref": (ct.c_void_p, [ct.c_void_p, ct.c_size_t, ct.c_size_t, _P(IoVec)]),
    "ddsi_serdata_to_ser_unref": (None, [ct.c_void_p, _P(IoVec)]),
    "ddsi_serdata_unref": (None, [ct.c_void_p]),
    "dds_create_qos": (_qos, []),
    "dds_delete_qos": (None, [_qos]),
    "dds_free": (None, [ct.c_void_p]),
    "dds_qset_userdata": (None, [_qos, ct.c_char_p, ct.c_size_t]),
    "dds_qget_userdata": (ct.c_bool, [_qos, _P(ct.c_void_p), _P(ct.c_size_t)]),
    "dds_qset_history": (None, [_qos, ct.c_int, ct.c_int32]),
    "dds_qget_history": (ct.c_bool, [_qos, _P(ct.c_int), _P(ct.c_int32)]),
    "dds_qset_reliability": (None, [_qos, ct.c_int, ct.c_int64]),
    "dds_qget_reliability": (ct.c_bool, [_qos, _P(ct.c_int), _P(ct.c_int64)]),
    "dds_qset_durability": (None, [_qos, ct.c_int]),
    "dds_qget_durability": (ct.c_bool, [_qos, _P(ct.c_int)]),
    "dds_qset_durability_service": (None, [_qos, ct.c_int64, ct.c_int, ct.c_int32, ct.c_int32, ct.c_int32, ct.c_int32]),
    "dds_qset_lifespan": (None, [_qos, ct.c_int64]),
    "dds_qget_lifespan": (ct.c_bool, [_qos, _P(ct.c_int64)]),
    "dds_qset_deadline": (None, [_qos, ct.c_int64]),
    "dds_qget_deadline": (ct.c_bool, [_qos, _P(ct.c_int64)]),
    "dds_qset_liveliness": (None, [_qos, ct.c_int, ct.c_int64]),
    "dds_qget_liveliness": (ct.c_bool, [_qos, _P(ct.c_int), _P(ct.c_int64)]),
    "dds_qset_ignorelocal": (None, [_qos, ct.c_int]),
    "dds_qset_writer_data_lifecycle": (None, [_qos, ct.c_bool]),
}
for _name, (_restype, _argtypes) in _PROTOTYPES.items():
    _function = getattr(lib, _name)
    _function.restype = _restype
    _function.argtypes = _argtypes


def check(code: int, what: str) -> int:
    """Return `code`, or raise DDSError where it is negative."""
    if code < 0:
        raise DDSError(code, what)
    return code
