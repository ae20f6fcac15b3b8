"""Export to the LeRobot data set format, v3.0, so that other learners can use the episodes.

Layout (https://huggingface.co/docs/lerobot/lerobot-dataset-v3): `meta/info.json` (features, counts, path templates),
`meta/stats.json`, `meta/tasks.parquet` (a pandas frame whose index is the instruction), `meta/episodes/chunk-000/
file-000.parquet` (one row an episode) and `data/chunk-000/file-000.parquet` (one row a frame; images as PNG bytes).

A try is one decision, so an episode is one frame:

| feature | what it is |
|---|---|
| `observation.state` | (22,) the prior's grasp parameters: m, rad |
| `observation.embedding` | (d,) of the initial crop |
| `observation.images.initial` | before the motion |
| `action` | (22,) the grasp that was executed |
| `residual` | (22,) what was added to the prior |
| `next.reward`, `next.success`, `next.done` | after it; `success_known` is false where nobody could tell |
| `next_images.final` | after the motion; not under `observation`, so that no policy sees the future |
| `rater`, `success_source`, `phase`, `objects`, `method` | who said so, and what the try was for |

Depth is left out: the format has no 16-bit images.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from deft_cem.errors import RecordError
from deft_cem.runs.facts import Run
from deft_cem.store import Episode
from deft_cem.store.images import read_color
from deft_core.grasp import PARAMETER_NAMES
from deft_core.task import load_task

VERSION = "v3.0"
FPS = 1
DATA, EPISODES = "data/chunk-000/file-000.parquet", "meta/episodes/chunk-000/file-000.parquet"
IMAGES = {"observation.images.initial": "initial_color", "next_images.final": "final_color"}
VECTORS = {"observation.state": "prior", "action": "executed", "residual": "residual"}
WORDS = ("rater", "success_source", "phase", "objects", "method")
_ARROW = {"float32": pa.float32(), "int64": pa.int64(), "bool": pa.bool_(), "string": pa.string()}


def export_lerobot(runs: Sequence[Run], out: Path) -> dict[str, Any]:
    """Write runs as one data set.

    Args:
        runs: Their finished episodes, of all phases, in order.
        out: Folder to make.

    Returns:
        The content of `meta/info.json`.

    Raises:
        RecordError: The folder is not empty, there is no episode, an image is missing, or hands or encoders differ.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise RecordError(f"{out} is not an empty folder; export into a new one")
    pairs = [(run, e) for run in runs for e in run.tries + run.evaluation]
    if not pairs:
        raise RecordError("the runs have no finished episode to export")
    if not all(kind in e.images for _, e in pairs for kind in IMAGES.values()):
        raise RecordError("the runs were made without keeping images; only --csv can export them")
    _check_alike("hands", {run.config.hand for run in runs})
    _check_alike("encoders", {e.encoder_hash for _, e in pairs if e.encoder_hash})
    lengths = sorted({len(e.embedding) for _, e in pairs if len(e.embedding)})
    if len(lengths) > 1:
        raise RecordError(f"the runs' embeddings are of different lengths ({lengths}); export them apart")
    tasks = list(dict.fromkeys(load_task(run.config.task).instruction for run, _ in pairs))
    shapes = {key: list(_color(*pairs[0], kind).shape) for key, kind in IMAGES.items()}
    features = _features(lengths[0] if lengths else 1, shapes)
    rows = [_row(i, run, e, tasks, features) for i, (run, e) in enumerate(pairs)]
    info = {
        "codebase_version": VERSION,
        "robot_type": f"xarm6_{pairs[0][0].config.hand}",
        "total_episodes": len(rows),
        "total_frames": len(rows),
        "total_tasks": len(tasks),
        "chunks_size": 1000,
        "data_files_size_in_mb": 100,
        "video_files_size_in_mb": 500,
        "fps": FPS,
        "splits": {"train": f"0:{len(rows)}"},
        "data_path": "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet",
        "video_path": None,
        "features": features,
    }
    out.absolute().parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".lerobot-", dir=out.absolute().parent) as folder:
        part = Path(folder) / "set"
        for file in (DATA, EPISODES):
            (part / file).parent.mkdir(parents=True)
        _write_data(part / DATA, rows, features)
        _write_episodes(part / EPISODES, rows, tasks)
        _write_tasks(part / "meta" / "tasks.parquet", tasks)
        for name, content in (("info", info), ("stats", _stats(pairs, rows, features))):
            (part / "meta" / f"{name}.json").write_text(json.dumps(content, indent=4) + "\n", encoding="utf-8")
        if out.exists():
            out.rmdir()
        part.replace(out)
    return info


def _check_alike(what: str, found: set[str]) -> None:
    """Joint angles of two hands, or embeddings of two encoders, are no one feature."""
    if len(found) > 1:
        raise RecordError(f"the runs are of different {what} ({', '.join(sorted(found))}); export them apart")


def _features(embedding: int, shapes: dict[str, list[int]]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {
        key: {"dtype": "float32", "shape": [22], "names": list(PARAMETER_NAMES)} for key in VECTORS
    }
    found["observation.embedding"] = {"dtype": "float32", "shape": [embedding], "names": None}
    found |= {
        k: {"dtype": "image", "shape": shape, "names": ["height", "width", "channels"]} for k, shape in shapes.items()
    }
    found["next.reward"] = {"dtype": "float32", "shape": [1], "names": None}
    for key in ("next.success", "next.done", "success_known"):
        found[key] = {"dtype": "bool", "shape": [1], "names": None}
    found |= {key: {"dtype": "string", "shape": [1], "names": None} for key in WORDS}
    found["timestamp"] = {"dtype": "float32", "shape": [1], "names": None}
    for key in ("frame_index", "episode_index", "index", "task_index"):
        found[key] = {"dtype": "int64", "shape": [1], "names": None}
    return found


def _color(run: Run, episode: Episode, kind: str) -> np.ndarray:
    return read_color(run.folder / episode.images[kind])


def _row(i: int, run: Run, e: Episode, tasks: list[str], features: dict[str, dict[str, Any]]) -> dict[str, Any]:
    row: dict[str, Any] = {key: getattr(e, field).astype(np.float32).tolist() for key, field in VECTORS.items()}
    width = features["observation.embedding"]["shape"][0]
    embedding = e.embedding if len(e.embedding) else np.zeros(width)  # a try whose scene showed nothing has none
    row["observation.embedding"] = np.asarray(embedding, dtype=np.float32).tolist()
    for key, kind in IMAGES.items():
        name = e.images[kind]
        try:
            data = (run.folder / name).read_bytes()
        except OSError as error:
            raise RecordError(f"{run.folder / name}: {error.strerror}; only --csv can export this run") from error
        row[key] = {"bytes": data, "path": f"{i:06d}_{Path(name).name}"}
    row |= {"next.reward": e.reward, "next.success": bool(e.success), "next.done": True}
    row |= {"success_known": e.success is not None} | {key: getattr(e, key) for key in WORDS}
    task = tasks.index(load_task(run.config.task).instruction)
    return row | {"timestamp": 0.0, "frame_index": 0, "episode_index": i, "index": i, "task_index": task}


def _type(feature: dict[str, Any]) -> pa.DataType:
    if feature["dtype"] == "image":
        return pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    plain = _ARROW[feature["dtype"]]
    return plain if feature["shape"] == [1] else pa.list_(plain, feature["shape"][0])


def _hugging_face(feature: dict[str, Any]) -> dict[str, Any]:
    """How the `datasets` library describes a column: images decode only if it is told that they are images."""
    if feature["dtype"] == "image":
        return {"_type": "Image"}
    value = {"dtype": feature["dtype"], "_type": "Value"}
    return value if feature["shape"] == [1] else {"feature": value, "length": feature["shape"][0], "_type": "Sequence"}


def _write_data(path: Path, rows: list[dict[str, Any]], features: dict[str, dict[str, Any]]) -> None:
    about = {"info": {"features": {key: _hugging_face(f) for key, f in features.items()}}}
    schema = pa.schema([(key, _type(f)) for key, f in features.items()], {"huggingface": json.dumps(about)})
    pq.write_table(pa.Table.from_pylist(rows, schema=schema), path)


def _write_episodes(path: Path, rows: list[dict[str, Any]], tasks: list[str]) -> None:
    table = [
        {
            "episode_index": row["episode_index"],
            "tasks": [tasks[row["task_index"]]],
            "length": 1,
            "data/chunk_index": 0,
            "data/file_index": 0,
            "dataset_from_index": row["index"],
            "dataset_to_index": row["index"] + 1,
            "meta/episodes/chunk_index": 0,
            "meta/episodes/file_index": 0,
        }
        for row in rows
    ]
    pq.write_table(pa.Table.from_pylist(table), path)


def _write_tasks(path: Path, tasks: list[str]) -> None:
    """A pandas frame with the instruction as its index, written without pandas."""
    index = "__index_level_0__"
    column = {"metadata": None, "field_name": None}
    about = {
        "index_columns": [index],
        "column_indexes": [],
        "columns": [
            column | {"name": "task_index", "field_name": "task_index", "pandas_type": "int64", "numpy_type": "int64"},
            column | {"name": None, "field_name": index, "pandas_type": "unicode", "numpy_type": "object"},
        ],
        "pandas_version": "2.0.0",
    }
    schema = pa.schema([("task_index", pa.int64()), (index, pa.string())], {"pandas": json.dumps(about)})
    pq.write_table(pa.table([list(range(len(tasks))), tasks], schema=schema), path)


def _stats(
    pairs: list[tuple[Run, Episode]], rows: list[dict[str, Any]], features: dict[str, dict[str, Any]]
) -> dict[str, dict[str, Any]]:
    """min, max, mean, std and count of each feature; of images per channel, in [0, 1]."""
    found = {}
    for key, feature in features.items():
        if feature["dtype"] == "string":
            continue
        if feature["dtype"] == "image":
            pixels = [_color(run, e, IMAGES[key])[::4, ::4].reshape(-1, 3) for run, e in pairs]
            values = np.concatenate(pixels) / 255.0
            shape: tuple[int, ...] = (3, 1, 1)
        else:
            values = np.array([row[key] for row in rows], dtype=np.float64).reshape(len(rows), -1)
            shape = (values.shape[1],)
        measures = {"min": values.min(0), "max": values.max(0), "mean": values.mean(0), "std": values.std(0)}
        found[key] = {name: measure.reshape(shape).tolist() for name, measure in measures.items()}
        found[key]["count"] = [len(rows)]
    return found
