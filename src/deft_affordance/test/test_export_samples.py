"""Samples as WebDataset shards: whole, the same bytes every time, and nothing written over."""

import errno
import hashlib
import io
import json
import tarfile

import cv2
import numpy as np
import pytest

from deft_affordance.data.export_samples import main
from deft_affordance.data.shards import FIELDS, write_manifest, write_shard


@pytest.fixture
def data(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    rng = np.random.default_rng(0)
    rows = [
        {
            "crop": rng.integers(0, 256, (32, 32, 3)).astype(np.uint8), "text": f"pour the cup {i}", "verb": "pour",
            "kind": "cup", "contacts": rng.random((5, 2)), "wrist": rng.normal(size=3), "mano": rng.normal(size=45),
            "contacts_true": rng.random((5, 2)), "wrist_true": rng.normal(size=3), "mano_true": rng.normal(size=45),
            "contact_in_wrist": rng.normal(size=3), "side_px": 90 + i, "object": i // 2,
        }
        for i in range(7)
    ]  # fmt: skip
    write_shard(folder, 0, rows[:4], {"sought": 4})
    write_shard(folder, 1, rows[4:], {"sought": 4})
    write_manifest(folder, {"seed": 3})
    return folder, rows


def read(folder):
    """Samples by key, as WebDataset groups them: all up to the first dot is the key."""
    found = {}
    for path in sorted(folder.glob("*.tar")):
        with tarfile.open(path) as tar:
            for entry in tar:
                key, _, kind = entry.name.partition(".")
                found.setdefault(key, {})[kind] = tar.extractfile(entry).read()
    return found


def test_every_sample_comes_back(data, tmp_path, capsys):
    folder, rows = data
    main([str(folder), "--out", str(tmp_path / "out"), "--per-shard", "3"])
    assert "7 samples" in (said := capsys.readouterr().out) and "samples-{00000..00002}.tar" in said
    assert len(list((tmp_path / "out").glob("samples-?????.tar"))) == 3
    for row, (key, files) in zip(rows, sorted(read(tmp_path / "out").items()), strict=True):
        assert files.keys() == {"crop.png", "json", "txt"} and len(key) == 8
        picture = cv2.imdecode(np.frombuffer(files["crop.png"], np.uint8), cv2.IMREAD_COLOR)[..., ::-1]
        np.testing.assert_array_equal(picture, row["crop"])
        assert files["txt"].decode() == row["text"]
        rest = json.loads(files["json"])
        assert rest.keys() == set(FIELDS) - {"crop", "text"}
        for name, value in rest.items():
            np.testing.assert_array_equal(value, row[name])
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["settings"] == {"seed": 3} and manifest["counts"]["sought"] == 8 and manifest["samples"] == 7
    for name, sha256 in manifest["shards"].items():
        assert hashlib.sha256((tmp_path / "out" / name).read_bytes()).hexdigest() == sha256


def test_the_same_data_gives_the_same_bytes(data, tmp_path):
    folder, _ = data
    for name in ("a", "b"):
        main([str(folder), "--out", str(tmp_path / name)])
    one, two = ((tmp_path / name / "samples-00000.tar").read_bytes() for name in ("a", "b"))
    assert one == two
    with tarfile.open(fileobj=io.BytesIO(one)) as tar:
        assert tar.getnames()[:3] == ["00000000.crop.png", "00000000.json", "00000000.txt"]


def stopped_at(row, data, out, monkeypatch, *more):
    """End the command before its `row`-th sample, as a full disk or a kill does."""
    encode, rows = cv2.imencode, iter(range(row))

    def one_less(*arguments):
        if next(rows, None) is None:
            raise OSError(errno.ENOSPC, "no space left")
        return encode(*arguments)

    with monkeypatch.context() as patch, pytest.raises(SystemExit, match="no space left"):
        patch.setattr(cv2, "imencode", one_less)
        main([str(data), "--out", str(out), *more])


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_stopped_half_way_it_goes_on_and_done_again_it_changes_nothing(data, tmp_path, monkeypatch):
    folder, out, fresh = data[0], tmp_path / "out", tmp_path / "fresh"
    stopped_at(5, folder, out, monkeypatch, "--per-shard", "3")
    assert (out / "samples-00000.tar").exists() and not (out / "manifest.json").exists()
    first = (out / "samples-00000.tar").stat().st_mtime_ns
    main([str(folder), "--out", str(out), "--per-shard", "3"])
    main([str(folder), "--out", str(fresh), "--per-shard", "3"])
    assert contents(out) == contents(fresh)
    assert (out / "samples-00000.tar").stat().st_mtime_ns == first  # was not made twice
    before = {path: path.stat().st_mtime_ns for path in out.glob("*.tar")}
    main([str(folder), "--out", str(out), "--per-shard", "3"])
    assert contents(out) == contents(fresh) and before == {path: path.stat().st_mtime_ns for path in before}


def test_what_was_cut_or_damaged_since_is_made_again(data, tmp_path):
    folder, out = data[0], tmp_path / "out"
    main([str(folder), "--out", str(out), "--per-shard", "3"])
    good = contents(out)
    one, two = (out / f"samples-0000{n}.tar" for n in range(2))
    one.write_bytes(good[one.name][:1500])
    two.write_bytes(good[two.name].replace(b"pour the cup", b"pour the cat"))
    main([str(folder), "--out", str(out), "--per-shard", "3"])
    assert contents(out) == good


def test_another_export_s_folder_is_left_alone(data, tmp_path, monkeypatch):
    folder, rows = data
    out = tmp_path / "out"
    stopped_at(5, folder, out, monkeypatch, "--per-shard", "3")
    before = contents(out)
    with pytest.raises(SystemExit, match=r"begun with per_shard 3, not 2: go on with the same settings, or choose"):
        main([str(folder), "--out", str(out), "--per-shard", "2"])
    write_shard(folder, 1, rows[5:], {"sought": 4})
    write_manifest(folder, {"seed": 3})
    with pytest.raises(SystemExit, match="begun with manifest_sha256 "):
        main([str(folder), "--out", str(out), "--per-shard", "3"])
    assert contents(out) == before


def test_what_cannot_be_done_is_one_line(data, tmp_path):
    folder, _ = data
    with pytest.raises(SystemExit, match=r"export_samples: .*not empty"):
        main([str(folder), "--out", str(folder)])
    (folder / "settings.json").write_text('{"seed": 3}')  # as `generate` marks its folders
    with pytest.raises(SystemExit, match=r"export_samples: .*not empty"):
        main([str(folder), "--out", str(folder)])
    with pytest.raises(SystemExit, match="holds no manifest"):
        main([str(tmp_path), "--out", str(tmp_path / "out")])
    with pytest.raises(SystemExit, match="at least 1"):
        main([str(folder), "--out", str(tmp_path / "out"), "--per-shard", "0"])
