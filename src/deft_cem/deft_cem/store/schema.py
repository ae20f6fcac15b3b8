"""The layout of a run's record, `run.sqlite`, and its version.

A run folder holds

    run.sqlite            this database (write-ahead log; one transaction an episode)
    run.lock              locked with flock while a process writes; a killed process leaves no lock behind
    images/               <phase>_<objects>_<method>_<index>_{initial,final}_{color,depth}.png
                          colour 8-bit RGB; depth 16-bit, millimetres along the optical axis, 0 = no measurement
    policy.safetensors    the fitted policy
    learning_curve.png, summary.json

| table | a row is | columns |
|---|---|---|
| run | the run (one row) | config, identity, versions: JSON; see `deft_cem.store.record.RunInfo` |
| episode | one finished try | vectors are little-endian float64 (embedding float32); `success` NULL where unknown |
| optimizer_state | the optimiser after an episode (0: before the first) | name, state: JSON, generator included |
| policy | a fitted policy | file, sha256, seconds, report: JSON |
| event | something worth knowing | time, kind, text |

`identity` is the part of the configuration that decides what is proposed; a run resumes only if it is unchanged.
Times are Unix seconds of the host clock. `PRAGMA user_version` is the schema version, `application_id` spells DEFT.
"""

SCHEMA_VERSION = 1
APPLICATION_ID = 0x44454654  # "DEFT"

DDL = """
CREATE TABLE run (
    run_id TEXT PRIMARY KEY, started_at REAL NOT NULL,
    identity TEXT NOT NULL, config TEXT NOT NULL, versions TEXT NOT NULL
);
CREATE TABLE episode (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    phase TEXT NOT NULL CHECK (phase IN ('finetune', 'evaluation')),
    objects TEXT NOT NULL CHECK (objects IN ('train', 'test')),
    method TEXT NOT NULL,
    idx INTEGER NOT NULL CHECK (idx >= 1),
    scene_seed INTEGER NOT NULL,
    prior BLOB NOT NULL, residual BLOB NOT NULL, executed BLOB NOT NULL,
    reward REAL NOT NULL CHECK (reward BETWEEN 0 AND 1), rater TEXT NOT NULL,
    success INTEGER CHECK (success IN (0, 1)), success_source TEXT NOT NULL,
    fault TEXT NOT NULL, note TEXT NOT NULL, rating_details TEXT NOT NULL, timings TEXT NOT NULL,
    embedding BLOB NOT NULL, encoder_hash TEXT NOT NULL,
    initial_capture_id INTEGER NOT NULL, final_capture_id INTEGER NOT NULL,
    images TEXT NOT NULL, finished_at REAL NOT NULL,
    UNIQUE (phase, objects, method, idx)
);
CREATE TABLE optimizer_state (after_episode INTEGER PRIMARY KEY, name TEXT NOT NULL, state TEXT NOT NULL);
CREATE TABLE policy (
    id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, file TEXT NOT NULL, sha256 TEXT NOT NULL,
    seconds REAL NOT NULL, report TEXT NOT NULL
);
CREATE TABLE event (id INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, kind TEXT NOT NULL, text TEXT NOT NULL);
"""
