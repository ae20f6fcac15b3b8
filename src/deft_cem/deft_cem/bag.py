"""Read a run's episodes from its bag: MCAP or sqlite3, of rosbag2 or ros2_lite, whole or cut off by a crash.

Files are read from the front, message by message, and types come from the definitions the bag itself carries, so
neither a bag's index nor its `metadata.yaml` has to have survived.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mcap.exceptions import McapError
from mcap.records import Channel, Message, Schema
from mcap.stream_reader import StreamReader
from rosbags.typesys import Stores, get_types_from_msg, get_typestore
from rosbags.typesys.store import Typestore

from deft_cem.errors import BagError
from deft_cem.messages import episode_of
from deft_cem.store.episode import Episode

log = logging.getLogger(__name__)

EPISODE_TOPIC = "/deft/episode"
EPISODE_TYPE = "deft_msgs/msg/Episode"
SUFFIXES = (".mcap", ".db3")


@dataclass(frozen=True)
class BagRun:
    """What a bag says of one run: fine-tuning and evaluation episodes in order."""

    run_id: str
    run_seed: int
    task: str
    hand: str
    episodes: list[Episode]


def bag_files(path: Path) -> list[Path]:
    """Find the bag files of a bag folder, a run folder (its `bag`, `bag_1`, ...), or the file itself.

    Raises:
        BagError: There is none.
    """
    if path.is_file():
        if path.suffix not in SUFFIXES:
            raise BagError(f"{path} is neither .mcap nor .db3")
        return [path]
    folders = [path, *sorted(path.glob("bag*"), key=_in_time)] if path.is_dir() else []
    found = [file for folder in folders for file in sorted(folder.glob("*"), key=_in_time) if file.suffix in SUFFIXES]
    if not found:
        raise BagError(f"{path} holds no bag (no .mcap or .db3 file)")
    return found


def _in_time(path: Path) -> tuple[int, str]:
    """Order of bags and of their files: by the number at the end of the name, so that bag_10 comes after bag_9."""
    number = path.stem.rpartition("_")[2]
    return (int(number) if number.isdigit() else -1, path.name)


def read_run(path: Path) -> BagRun:
    """Read the episodes of the one run in a bag; of an episode recorded twice (resumed, relabelled) the newer counts.

    Args:
        path: A bag file, a bag folder, or a run folder with bags in it.

    Raises:
        BagError: No bag, no episode in it, or episodes of several runs.
    """
    seen: dict[tuple[str, str, str, str, int], tuple[Any, Episode]] = {}
    for file in bag_files(path):
        for msg in _episodes_of(file):
            try:
                episode = episode_of(msg)
            except ValueError as error:
                raise BagError(f"{file}: episode {msg.index} of {msg.run_id} is not usable: {error}") from error
            seen[(msg.run_id, *episode.key)] = (msg, episode)
    if not seen:
        raise BagError(f"{path} holds no finished episode ({EPISODE_TOPIC}); fit from the run's record instead")
    runs = sorted({key[0] for key in seen})
    if len(runs) > 1:
        raise BagError(f"{path} holds episodes of {len(runs)} runs ({', '.join(runs)}); give the bag of one")
    msg = next(iter(seen.values()))[0]
    episodes = sorted((e for _, e in seen.values()), key=lambda e: (e.phase == "evaluation", e.finished_at, e.index))
    return BagRun(msg.run_id, int(msg.run_seed), msg.task, msg.hand, episodes)


def _episodes_of(file: Path) -> Iterator[Any]:
    rows = _from_mcap(file) if file.suffix == ".mcap" else _from_sqlite(file)
    store: Typestore | None = None
    for definition, data in rows:
        if store is None:
            store = get_typestore(Stores.ROS2_JAZZY)
            store.register(get_types_from_msg(definition, EPISODE_TYPE))
        try:
            yield store.deserialize_cdr(data, EPISODE_TYPE)
        except Exception as error:  # the library raises whatever the bytes lead it to
            log.warning("%s: an episode does not decode (%s) and is left out", file, error)


def _from_mcap(file: Path) -> Iterator[tuple[str, bytes]]:
    """(definition, CDR) of each episode, until the file ends, cleanly or not."""
    schemas: dict[int, Schema] = {}
    channels: dict[int, Channel] = {}
    with file.open("rb") as stream:
        try:
            for record in StreamReader(stream).records:
                if isinstance(record, Schema):
                    schemas[record.id] = record
                elif isinstance(record, Channel):
                    channels[record.id] = record
                elif isinstance(record, Message) and channels[record.channel_id].topic == EPISODE_TOPIC:
                    schema = schemas[channels[record.channel_id].schema_id]
                    if schema.encoding != "ros2msg":
                        raise BagError(f"{file}: types are written as {schema.encoding}, only ros2msg is read")
                    yield schema.data.decode(), record.data
        except BagError:
            raise
        except (McapError, EOFError, KeyError, ValueError, OSError, RuntimeError) as error:
            log.warning("%s is cut off (%s: %s); what comes before is used", file, type(error).__name__, error)
        except Exception as error:  # struct, lz4 and zstd name their own errors on a torn chunk
            log.warning("%s is damaged (%s: %s); what comes before is used", file, type(error).__name__, error)


def _from_sqlite(file: Path) -> Iterator[tuple[str, bytes]]:
    """(definition, CDR) of each episode of a rosbag2 sqlite3 file that carries its definitions (since Iron)."""
    query = (
        "SELECT d.encoded_message_definition, m.data FROM messages m JOIN topics t ON t.id = m.topic_id "
        "JOIN message_definitions d ON d.topic_type = t.type WHERE t.name = ? ORDER BY m.id"
    )
    try:
        db = sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)
        rows = db.execute(query, (EPISODE_TOPIC,))
        while True:
            try:
                row = rows.fetchone()
            except sqlite3.DatabaseError as error:
                log.warning("%s is cut off (%s); what comes before is used", file, error)
                return
            if row is None:
                return
            yield str(row[0]), bytes(row[1])
    except sqlite3.DatabaseError as error:
        raise BagError(f"{file} is not a bag that can be read ({error})") from error
