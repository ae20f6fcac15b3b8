"""Read a run's episodes from its bag: MCAP or sqlite3, of rosbag2 or ros2_lite, whole or cut off by a crash.

Files are read from the front, message by message, and types come from the definitions the bag itself carries, so
neither a bag's index nor its `metadata.yaml` has to have survived.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mcap.exceptions import McapError
from mcap.records import Channel, Message, Schema
from mcap.stream_reader import StreamReader
from rosbags.typesys import Stores, get_types_from_msg, get_typestore

from deft_cem.errors import BagError
from deft_cem.messages import episode_of
from deft_cem.store.episode import Episode

log = logging.getLogger(__name__)

EPISODE_TOPIC = "/deft/episode"
STATE_TOPIC = "/deft/cem_state"
TYPES = {EPISODE_TOPIC: "deft_msgs/msg/Episode", STATE_TOPIC: "deft_msgs/msg/CemState"}
SUFFIXES = (".mcap", ".db3")
MCAP_MAGIC = b"\x89MCAP0\r\n"


@dataclass(frozen=True)
class BagRun:
    """What a bag says of one run.

    Attributes:
        run_id, run_seed, task, hand: Of the run.
        episodes: Fine-tuning and evaluation episodes in order.
        asked: How many fine-tuning episodes the run was to have; None where the bag does not tell.
        damaged: What is cut off or damaged, in words; empty if everything that was written could be read.
    """

    run_id: str
    run_seed: int
    task: str
    hand: str
    episodes: list[Episode]
    asked: int | None = None
    damaged: tuple[str, ...] = ()


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
    asked: dict[str, int] = {}
    damaged: list[str] = []
    for file in bag_files(path):
        for topic, msg in _decoded(file, damaged):
            if topic == STATE_TOPIC:
                asked[msg.run_id] = int(msg.episodes_total)
                continue
            try:
                episode = episode_of(msg)
            except ValueError as error:
                raise BagError(f"{file}: episode {msg.index} of {msg.run_id} is not usable: {error}") from error
            seen[(msg.run_id, *episode.key)] = (msg, episode)
    for text in damaged:
        log.warning("%s; what could be read is used", text)
    if not seen:
        why = f" ({'; '.join(damaged)})" if damaged else ""
        raise BagError(f"{path} holds no finished episode ({EPISODE_TOPIC}){why}; fit from the run's record instead")
    runs = sorted({key[0] for key in seen})
    if len(runs) > 1:
        raise BagError(f"{path} holds episodes of {len(runs)} runs ({', '.join(runs)}); give the bag of one")
    msg = next(iter(seen.values()))[0]
    episodes = sorted((e for _, e in seen.values()), key=lambda e: (e.phase == "evaluation", e.finished_at, e.index))
    return BagRun(msg.run_id, int(msg.run_seed), msg.task, msg.hand, episodes, asked.get(msg.run_id), tuple(damaged))


def _decoded(file: Path, damaged: list[str]) -> Iterator[tuple[str, Any]]:
    """(topic, message) of each episode and optimiser state; says in `damaged` what is lost of the file."""
    rows = _from_mcap(file, damaged) if file.suffix == ".mcap" else _from_sqlite(file, damaged)
    store, known = get_typestore(Stores.ROS2_JAZZY), set()
    for topic, definition, data in rows:
        if topic not in known:
            store.register(get_types_from_msg(definition, TYPES[topic]))
            known.add(topic)
        try:
            msg = store.deserialize_cdr(data, TYPES[topic])
        except Exception as error:  # the library raises whatever the bytes lead it to
            damaged.append(f"{file}: a message of {topic} does not decode ({error})")
            continue
        yield topic, msg


def _from_mcap(file: Path, damaged: list[str]) -> Iterator[tuple[str, str, bytes]]:
    """(topic, definition, CDR) of each message that is read, until the file ends, cleanly or not."""
    schemas: dict[int, Schema] = {}
    channels: dict[int, Channel] = {}
    with file.open("rb") as stream:
        if stream.read(len(MCAP_MAGIC)) != MCAP_MAGIC:
            damaged.append(f"{file} is no MCAP file, or nothing was written to it")
            return
        stream.seek(0)
        try:
            for record in StreamReader(stream).records:
                if isinstance(record, Schema):
                    schemas[record.id] = record
                elif isinstance(record, Channel):
                    channels[record.id] = record
                elif isinstance(record, Message) and (topic := channels[record.channel_id].topic) in TYPES:
                    schema = schemas[channels[record.channel_id].schema_id]
                    if schema.encoding != "ros2msg":
                        raise BagError(f"{file}: types are written as {schema.encoding}, only ros2msg is read")
                    yield topic, schema.data.decode(), record.data
        except BagError:
            raise
        except (McapError, EOFError, KeyError, ValueError, OSError, RuntimeError) as error:
            damaged.append(f"{file} is cut off ({type(error).__name__})")
        except Exception as error:  # struct, lz4 and zstd name their own errors on a torn chunk
            damaged.append(f"{file} is damaged ({type(error).__name__}: {error})")


def _from_sqlite(file: Path, damaged: list[str]) -> Iterator[tuple[str, str, bytes]]:
    """(topic, definition, CDR) of each message read of a rosbag2 sqlite3 file with its definitions (since Iron)."""
    query = (
        "SELECT t.name, d.encoded_message_definition, m.data FROM messages m JOIN topics t ON t.id = m.topic_id "
        "JOIN message_definitions d ON d.topic_type = t.type WHERE t.name IN (?, ?) ORDER BY m.id"
    )
    try:
        with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)) as db:
            rows = db.execute(query, tuple(TYPES))
            while True:
                try:
                    row = rows.fetchone()
                except sqlite3.DatabaseError as error:
                    damaged.append(f"{file} is cut off ({error})")
                    return
                if row is None:
                    return
                yield str(row[0]), str(row[1]), bytes(row[2])
    except sqlite3.DatabaseError as error:
        raise BagError(f"{file} is not a bag that can be read ({error})") from error
