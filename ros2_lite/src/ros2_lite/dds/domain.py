"""Domains and participants, configured as ROS 2 configures Cyclone DDS on one machine."""

from __future__ import annotations

import contextlib
import ctypes as ct
import os
import threading
from pathlib import Path
from xml.sax.saxutils import quoteattr

from .library import Guid, check, lib

# RTPS maps a participant index to ports 7400 + 250 * domain + 10 + 2 * index; 119 is the last that stays in its domain.
MAX_PARTICIPANT_INDEX = 119
MAX_DOMAIN_ID = 232

_lock = threading.Lock()
_domains: dict[int, tuple[int, int]] = {}  # open in this process: their handle, and how many participants are in them


def default_domain_id() -> int:
    """Return ROS_DOMAIN_ID, 0 where it is unset."""
    text = os.environ.get("ROS_DOMAIN_ID", "").strip()
    if not text:
        return 0
    if not text.isdigit() or int(text) > MAX_DOMAIN_ID:
        raise ValueError(f"ROS_DOMAIN_ID must be a whole number from 0 to {MAX_DOMAIN_ID}, got '{text}'")
    return int(text)


def discovery_range() -> str:
    """Return ROS_AUTOMATIC_DISCOVERY_RANGE in capitals; LOCALHOST where it is unset.

    Upstream's default is SUBNET. This house keeps robots of one network apart unless told otherwise.
    """
    value = os.environ.get("ROS_AUTOMATIC_DISCOVERY_RANGE", "").strip().upper() or "LOCALHOST"
    if value not in ("LOCALHOST", "SUBNET", "OFF", "SYSTEM_DEFAULT"):
        raise ValueError(
            f"ROS_AUTOMATIC_DISCOVERY_RANGE must be LOCALHOST, SUBNET, OFF or SYSTEM_DEFAULT, got '{value}'"
        )
    return value


def configuration() -> str:
    """Return Cyclone's configuration for this process; what CYCLONEDDS_URI says comes last and wins."""
    scope = discovery_range()
    peers = [peer for peer in os.environ.get("ROS_STATIC_PEERS", "").split(";") if peer]
    general = discovery = ""
    if scope in ("LOCALHOST", "OFF"):
        general += "<AllowMulticast>false</AllowMulticast>"
    if scope == "OFF":
        discovery = f"<ParticipantIndex>none</ParticipantIndex><Tag>ros_discovery_off_{os.getpid()}</Tag>"
        peers = []
    elif scope != "SYSTEM_DEFAULT":
        discovery = (
            "<ParticipantIndex>auto</ParticipantIndex>"
            f"<MaxAutoParticipantIndex>{MAX_PARTICIPANT_INDEX}</MaxAutoParticipantIndex>"
        )
    uri = os.environ.get("CYCLONEDDS_URI", "")
    if scope == "LOCALHOST":
        peers.insert(0, "127.0.0.1")
        # Bound to loopback it still hears peers on this machine that are bound to other interfaces.
        if not _names_interfaces(uri):
            general += '<Interfaces><NetworkInterface address="127.0.0.1"/></Interfaces>'
        # Loopback carries datagrams of 64 KiB; with the default of 14 KiB an image takes half a millisecond longer.
        general += "<MaxMessageSize>65500B</MaxMessageSize>"
    if peers:
        discovery += "<Peers>" + "".join(f"<Peer address={quoteattr(p)}/>" for p in peers) + "</Peers>"
    own = f"<CycloneDDS><Domain><General>{general}</General><Discovery>{discovery}</Discovery></Domain></CycloneDDS>"
    return f"{own},{uri}" if uri else own


def _names_interfaces(uri: str) -> bool:
    """Does a CYCLONEDDS_URI (XML, or names of files, separated by commas) choose network interfaces itself?"""
    text = uri
    for name in uri.split(","):
        if name and not name.lstrip().startswith("<"):
            with contextlib.suppress(OSError):
                text += Path(name.strip().removeprefix("file://")).read_text()
    return "NetworkInterface" in text


def _enter(domain_id: int) -> None:
    """Open a domain in this process, as the environment says, or use the one that is open."""
    with _lock:
        handle, users = _domains.get(domain_id) or (
            check(lib.dds_create_domain(domain_id, configuration().encode()), f"cannot open domain {domain_id}"),
            0,
        )
        _domains[domain_id] = (handle, users + 1)


def _leave(domain_id: int) -> None:
    """Close a domain that nobody in this process uses any more."""
    with _lock:
        handle, users = _domains.pop(domain_id)
        if users > 1:
            _domains[domain_id] = (handle, users - 1)
        else:
            lib.dds_delete(handle)


class Participant:
    """One presence in one domain; every endpoint of a context belongs to it."""

    def __init__(self, domain_id: int, enclave: str = "/") -> None:
        self.domain_id = domain_id
        _enter(domain_id)
        user_data = f"enclave={enclave};".encode()
        qos = lib.dds_create_qos()
        lib.dds_qset_userdata(qos, user_data, len(user_data))
        try:
            crowded = f"at most {MAX_PARTICIPANT_INDEX + 1} processes share one on a machine"
            handle = lib.dds_create_participant(domain_id, qos, None)
            self.handle = check(handle, f"cannot join domain {domain_id} ({crowded})")
        except BaseException:
            _leave(domain_id)
            raise
        finally:
            lib.dds_delete_qos(qos)
        guid = Guid()
        check(lib.dds_get_guid(self.handle, ct.byref(guid)), "the participant has no guid")
        self.guid = bytes(guid.v)

    def close(self) -> None:
        """Leave the domain and delete all endpoints in it; the last of a process gives its sockets back."""
        lib.dds_delete(self.handle)
        _leave(self.domain_id)
