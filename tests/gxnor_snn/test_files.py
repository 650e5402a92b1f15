"""Files are whole or absent."""

import os
from pathlib import Path

import numpy as np
import pytest

from gxnor_snn.errors import CheckpointError, InputError
from gxnor_snn.files import atomic_path, read_tensors, write_bytes, write_json, write_tensors


def test_a_failing_block_leaves_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "a"
    write_bytes(path, b"old")

    def interrupted() -> None:
        with atomic_path(path) as part:
            part.write_bytes(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["a"]


def test_folders_are_made_and_files_are_readable_by_others(tmp_path: Path) -> None:
    path = tmp_path / "x" / "y" / "z.json"
    write_json(path, {"a": 1})
    assert path.read_text() == '{\n  "a": 1\n}\n'
    umask = os.umask(0)
    os.umask(umask)
    assert path.stat().st_mode & 0o777 == 0o666 & ~umask


def test_nan_is_no_json(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="JSON"):
        write_json(tmp_path / "a", float("nan"))
    assert list(tmp_path.iterdir()) == []


def test_a_path_that_is_a_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "dir").mkdir()
    with pytest.raises(InputError, match="cannot write"):
        write_bytes(tmp_path / "dir", b"")
    assert [p.name for p in tmp_path.iterdir()] == ["dir"]


def test_tensors_come_back(tmp_path: Path) -> None:
    tensors = {"a": np.arange(6, dtype=np.int8).reshape(2, 3), "b": np.array(1.5)}
    digest = write_tensors(tmp_path / "t", tensors, {"kind": "k", "note": "é"})
    again, metadata = read_tensors(tmp_path / "t", kind="k", what="thing", error=CheckpointError)
    assert metadata == {"kind": "k", "note": "é"}
    assert len(digest) == 64
    for name, array in tensors.items():
        assert (again[name].dtype, again[name].shape) == (array.dtype, array.shape)
        np.testing.assert_array_equal(again[name], array)
    with pytest.raises(CheckpointError, match="kind is 'k', expected 'other'"):
        read_tensors(tmp_path / "t", kind="other", what="thing", error=CheckpointError)


def test_metadata_under_the_wrong_digest_is_found(tmp_path: Path) -> None:
    write_tensors(tmp_path / "t", {"a": np.zeros(1)}, {"kind": "k", "note": "one"})
    data = (tmp_path / "t").read_bytes()
    (tmp_path / "t").write_bytes(data.replace(b'"one"', b'"two"'))
    with pytest.raises(CheckpointError, match="damaged"):
        read_tensors(tmp_path / "t", kind="k", what="thing", error=CheckpointError)
