"""Writers and readers of ready CDR bytes.

Each ROS type is declared to Cyclone DDS as an opaque octet under its own type name, so any payload of at least one
octet passes and the CDR layer above, which knows the type, does all the checking and can name what is wrong.
"""

from __future__ import annotations

import ctypes as ct
import threading
from collections.abc import Callable
from typing import Any

import numpy as np

from .library import (
    ANY_STATE,
    DATA_REPRESENTATION_XCDR1,
    INFINITY,
    OPAQUE_OPS,
    RETCODE_BAD_PARAMETER,
    RETCODE_TIMEOUT,
    SERDATA_KIND_DATA,
    TOPIC_RESTRICT_DATA_REPRESENTATION,
    BuiltinEndpoint,
    DDSError,
    Guid,
    IoVec,
    SampleInfo,
    TopicDescriptor,
    check,
    handle_t,
    lib,
)
from .qos import Profile, native_qos, parse_user_data, read_user_data

_MAX_MATCHED = 1024
VIEW_BYTES = 64 * 1024  # from here on copying costs more than keeping account
exiting = False  # the interpreter ends: what threads still write goes nowhere, silently


def create_topic(participant: int, name: str, type_name: str) -> int:
    """Declare DDS topic `name` with the opaque type `type_name`; returns its handle."""
    descriptor = TopicDescriptor(
        size=1,
        align=1,
        flagset=TOPIC_RESTRICT_DATA_REPRESENTATION,
        typename=type_name.encode(),
        nops=2,
        ops=ct.cast(OPAQUE_OPS, ct.POINTER(ct.c_uint32)),
        meta=b"",
        restrict_data_representation=DATA_REPRESENTATION_XCDR1,
    )
    topic = lib.dds_create_topic(participant, ct.byref(descriptor), name.encode(), None, None)
    return check(topic, f"cannot create topic '{name}' of type '{type_name}'")


class Endpoint:
    """What writers and readers share: handle, guid, name, matched peers, and an end that may come at any time."""

    def __init__(self, handle: int, topic: int, name: str) -> None:
        self.handle = handle
        self.topic = topic
        self.topic_name = name
        self.closed = False
        self.on_close: Callable[[], None] | None = None
        self.logger_name = "rclpy"
        self.event_handlers: list[Any] = []
        self._lock = threading.Lock()
        guid = Guid()
        check(lib.dds_get_guid(handle, ct.byref(guid)), f"no guid for '{name}'")
        self.guid = bytes(guid.v)
        ih = handle_t()
        check(lib.dds_get_instance_handle(handle, ct.byref(ih)), f"no instance handle for '{name}'")
        self.instance_handle: int = ih.value

    def close(self) -> None:
        """Take the endpoint out of the graph; calling it again does nothing."""
        with self._lock:
            if self.closed:
                return
            self.closed = True
        if self.on_close is not None:
            self.on_close()
        lib.dds_delete(self.handle)
        lib.dds_delete(self.topic)

    def _matched_handles(self) -> list[int]:
        handles = (handle_t * _MAX_MATCHED)()
        count = self._matched_function(self.handle, handles, _MAX_MATCHED)
        return list(handles[: max(0, min(count, _MAX_MATCHED))])

    @property
    def _matched_function(self):  # type: ignore[no-untyped-def]
        raise NotImplementedError

    @property
    def _matched_data_function(self):  # type: ignore[no-untyped-def]
        raise NotImplementedError

    def matched_count(self) -> int:
        """Count the matched endpoints on the other side."""
        return max(0, self._matched_function(self.handle, None, 0))

    def matched_ids(self, key: str) -> list[str | None]:
        """Return the value of `key` in the user data of each matched endpoint."""
        ids: list[str | None] = []
        for handle in self._matched_handles():
            found, value = self.matched_id(handle, key)
            if found:
                ids.append(value)
        return ids

    def matched_id(self, handle: int, key: str) -> tuple[bool, str | None]:
        """Return (still matched?, value of `key` in its user data) for one matched endpoint."""
        data: ct._Pointer[BuiltinEndpoint] = self._matched_data_function(self.handle, handle)
        if not data:
            return False, None
        try:
            return True, parse_user_data(read_user_data(data.contents.qos)).get(key)
        finally:
            lib.dds_builtintopic_free_endpoint(data)


class Writer(Endpoint):
    """Writes CDR bytes (with their 4-byte header) to one topic."""

    def __init__(self, participant: int, name: str, type_name: str, profile: Profile, user_data: bytes) -> None:
        topic = create_topic(participant, name, type_name)
        with native_qos(profile, user_data) as qos:
            handle = lib.dds_create_writer(participant, topic, qos, None)
        if handle < 0:
            lib.dds_delete(topic)
        super().__init__(check(handle, f"cannot create a writer for '{name}'"), topic, name)
        sertype = ct.c_void_p()
        check(lib.dds_get_entity_sertype(handle, ct.byref(sertype)), f"no type for '{name}'")
        self._sertype = sertype

    @property
    def _matched_function(self):  # type: ignore[no-untyped-def]
        return lib.dds_get_matched_subscriptions

    @property
    def _matched_data_function(self):  # type: ignore[no-untyped-def]
        return lib.dds_get_matched_subscription_data

    def assert_liveliness(self) -> None:
        """Say that this writer is alive."""
        check(lib.dds_assert_liveliness(self.handle), f"cannot assert liveliness of '{self.topic_name}'")

    def wait_for_acks(self, timeout_ns: int | None) -> bool:
        """Block until all reliable readers have acknowledged everything; False where time is up first."""
        code = lib.dds_wait_for_acks(self.handle, INFINITY if timeout_ns is None else timeout_ns)
        return code != RETCODE_TIMEOUT and check(code, f"cannot wait for '{self.topic_name}'") == 0

    def write(self, *parts: bytes) -> None:
        """Send the concatenation of `parts`; blocks, without the interpreter lock, where the QoS says so."""
        count = len(parts)
        vectors = (IoVec * count)()
        size = 0
        for vector, part in zip(vectors, parts, strict=True):
            vector.base = ct.cast(ct.c_char_p(part), ct.c_void_p)
            vector.len = len(part)
            size += len(part)
        serdata = lib.ddsi_serdata_from_ser_iov(self._sertype, SERDATA_KIND_DATA, count, vectors, size)
        if not serdata:
            raise DDSError(RETCODE_BAD_PARAMETER, f"'{self.topic_name}': not a CDR payload ({size} bytes)")
        code = lib.dds_writecdr(self.handle, serdata)  # takes over the reference
        if code < 0 and not self.closed and not exiting:
            raise DDSError(code, f"cannot write to '{self.topic_name}'")


class Reader(Endpoint):
    """Takes CDR bytes from one topic; `condition` is what a WaitSet attaches."""

    def __init__(
        self,
        participant: int,
        name: str,
        type_name: str,
        profile: Profile,
        user_data: bytes,
        ignore_local: bool = False,
    ) -> None:
        topic = create_topic(participant, name, type_name)
        with native_qos(profile, user_data, ignore_local) as qos:
            handle = lib.dds_create_reader(participant, topic, qos, None)
        if handle < 0:
            lib.dds_delete(topic)
        super().__init__(check(handle, f"cannot create a reader for '{name}'"), topic, name)
        self.condition = check(lib.dds_create_readcondition(handle, ANY_STATE), f"no condition for '{name}'")
        self._buffer = (ct.c_void_p * 1)()
        self._info = SampleInfo()
        self._iov = IoVec()

    @property
    def _matched_function(self):  # type: ignore[no-untyped-def]
        return lib.dds_get_matched_publications

    @property
    def _matched_data_function(self):  # type: ignore[no-untyped-def]
        return lib.dds_get_matched_publication_data

    def take(self) -> tuple[bytes | memoryview, int, int] | None:
        """Take the next message: (CDR bytes, source timestamp in ns, writer's instance handle), or None.

        Samples without data (a writer that went away) are skipped.
        """
        buffer, info = self._buffer, self._info
        with self._lock:
            while not self.closed and lib.dds_takecdr(self.handle, buffer, 1, ct.byref(info), ANY_STATE) > 0:
                serdata = buffer[0] or 0
                try:
                    if info.valid_data:
                        return _payload(serdata, self._iov), info.source_timestamp, info.publication_handle
                finally:
                    lib.ddsi_serdata_unref(serdata)
        return None


def _payload(serdata: int, iov: IoVec) -> bytes | memoryview:
    """Return the sample's bytes: a copy of few, a view of many that keeps the sample alive."""
    size = lib.ddsi_serdata_size(serdata)
    held = lib.ddsi_serdata_to_ser_ref(serdata, 0, size, ct.byref(iov))
    if size < VIEW_BYTES:
        try:
            return ct.string_at(iov.base, size)
        finally:
            lib.ddsi_serdata_to_ser_unref(serdata, ct.byref(iov))
    array: Any = _Sample.__new__(_Sample, size, np.uint8, _view_memory(iov.base, size, _PYBUF_READ))
    array.held = held
    return memoryview(array)


class _Sample(np.ndarray):
    """Memory of a received sample. Whatever looks into it refers to this object, and with it the sample ends."""

    held: int | None = None

    def __del__(self) -> None:
        if self.held is not None:
            lib.ddsi_serdata_unref(self.held)


_PYBUF_READ = 0x100
_view_memory = ct.pythonapi.PyMemoryView_FromMemory
_view_memory.restype, _view_memory.argtypes = ct.py_object, [ct.c_void_p, ct.c_ssize_t, ct.c_int]
