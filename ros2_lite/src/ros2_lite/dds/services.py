"""Requests and replies over two topics, with rmw_cyclonedds's in-band header.

Behind the 4-byte CDR header stand the client's id (8 bytes, the instance handle of its request writer in its own
process) and the sequence number (8 bytes); the body follows. 16 bytes keep every alignment up to 8.
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass

from . import names
from .domain import Participant
from .endpoints import Reader, Writer
from .qos import Profile

HEADER_SIZE = 16
_REMEMBERED_ASKERS = 1024


@dataclass(frozen=True)
class RequestId:
    """Who asked, and which of its questions; `writer` is this process's handle for the asking writer."""

    client: int
    sequence_number: int
    writer: int = 0

    def pack(self) -> bytes:
        """Return the header, to stand between the CDR header and the body."""
        return struct.pack("<Qq", self.client, self.sequence_number)


class HeaderError(ValueError):
    """A request or reply too short, or not CDR."""


def _unpack(data: bytes | memoryview, writer: int) -> RequestId:
    if len(data) < 4 + HEADER_SIZE:
        raise HeaderError(f"{len(data)} bytes hold no request header")
    if data[0] != 0 or data[1] not in (0, 1):
        raise HeaderError(f"encapsulation {data[:2].hex()} is not plain CDR")
    client, sequence = struct.unpack_from("<Qq" if data[1] == 1 else ">Qq", data, 4)
    return RequestId(client, sequence, writer)


class _Pair:
    """The writer and reader of one client or server, tied by an id in their user data."""

    def __init__(
        self,
        participant: Participant,
        writes: tuple[str, str, str],
        reads: tuple[str, str, str],
        profile: Profile,
        id_key: str,
    ) -> None:
        # rmw_cyclonedds lets the matching side pair reader and writer by this id: 16 bytes in dotted hexadecimal.
        self.id = ".".join(f"{byte:02x}" for byte in os.urandom(16))
        tie = f"{id_key}={self.id};"
        name, type_name, type_hash = writes
        self.writer = Writer(participant.handle, name, type_name, profile, f"{tie}typehash={type_hash};".encode())
        name, type_name, type_hash = reads
        try:
            self.reader = Reader(participant.handle, name, type_name, profile, f"{tie}typehash={type_hash};".encode())
        except BaseException:
            self.writer.close()
            raise

    def close(self) -> None:
        """Take both endpoints out of the graph."""
        self.reader.close()
        self.writer.close()


class Requester(_Pair):
    """A service client: numbers requests, takes the replies meant for it."""

    def __init__(
        self,
        participant: Participant,
        service: str,
        request: tuple[str, str],
        reply: tuple[str, str],
        profile: Profile,
    ) -> None:
        """`request` and `reply` are (DDS type name, type hash)."""
        super().__init__(
            participant,
            (names.request_name(service), *request),
            (names.reply_name(service), *reply),
            profile,
            "clientid",
        )
        self._sequence = 0

    def next_sequence(self) -> int:
        """Reserve a sequence number. Callers hold their own lock."""
        self._sequence += 1
        return self._sequence

    def header(self, sequence: int) -> bytes:
        """Return the header of the request with this number."""
        return RequestId(self.writer.instance_handle, sequence).pack()

    def send(self, cdr: bytes) -> None:
        """Send one request, its header included."""
        self.writer.write(cdr)

    def take(self) -> tuple[int, bytes | memoryview, int] | None:
        """Take the next reply meant for this client: (sequence number, CDR bytes with header, source timestamp)."""
        while (taken := self.reader.take()) is not None:
            header = _unpack(taken[0], taken[2])
            if header.client == self.writer.instance_handle:
                return header.sequence_number, taken[0], taken[1]
        return None

    def server_is_ready(self) -> bool:
        """Is there a server both of whose endpoints match ours?"""
        servers = self.writer.matched_ids("serviceid")
        if not servers:
            return False
        repliers = self.reader.matched_ids("serviceid")
        known = {server for server in servers if server is not None}
        if not known:
            return bool(repliers)
        return any(replier in known for replier in repliers)


class Replier(_Pair):
    """A service server: takes requests, answers each to its asker."""

    def __init__(
        self,
        participant: Participant,
        service: str,
        request: tuple[str, str],
        reply: tuple[str, str],
        profile: Profile,
    ) -> None:
        """`request` and `reply` are (DDS type name, type hash)."""
        super().__init__(
            participant,
            (names.reply_name(service), *reply),
            (names.request_name(service), *request),
            profile,
            "serviceid",
        )
        # Asking DDS takes 25 us; a reply to an asker that has gone since does no harm.
        self._matched_askers: set[int] = set()

    def take(self) -> tuple[RequestId, bytes | memoryview, int] | None:
        """Take the next request: (who and which, CDR bytes with header, source timestamp)."""
        taken = self.reader.take()
        if taken is None:
            return None
        return _unpack(taken[0], taken[2]), taken[0], taken[1]

    def asker_is_matched(self, header: RequestId) -> bool | None:
        """Does the asker's reader match our writer? None: the asker is gone.

        A reply sent before that match exists is lost, so senders wait for it.
        """
        if header.writer in self._matched_askers:
            return True
        found, client = self.reader.matched_id(header.writer, "clientid")
        if not found:
            return None
        matched = client is None or client in self.writer.matched_ids("clientid")
        if matched:
            if len(self._matched_askers) >= _REMEMBERED_ASKERS:
                self._matched_askers.clear()
            self._matched_askers.add(header.writer)
        return matched

    def send(self, cdr: bytes) -> None:
        """Send one reply, its header included."""
        self.writer.write(cdr)
