import io
import lzma
import os
import tarfile
from pathlib import Path

import numpy as np
import pytest

from gxnor_snn.data import event_frames, load
from gxnor_snn.data.nmnist import nmnist
from gxnor_snn.errors import DataError, InputError

Event = tuple[int, int, int, int]


def recording(events: list[Event]) -> bytes:
    return b"".join(bytes([x, y]) + (p << 23 | t).to_bytes(3, "big") for x, y, p, t in events)


def drawn(seed: int, count: int = 50) -> list[Event]:
    rng = np.random.default_rng(seed)
    times = np.sort(rng.integers(0, 340_000, count))
    return [(int(rng.integers(34)), int(rng.integers(34)), int(rng.integers(2)), int(t)) for t in times]


def frames_by_hand(events: list[Event], bins: int, duration: int) -> np.ndarray:
    frames = np.zeros((2 * bins, 34, 34), int)
    for x, y, p, t in events:
        b = min(t * bins // duration, bins - 1)
        frames[2 * b + p, y, x] += 1
    return frames


@pytest.mark.parametrize(("bins", "duration"), [(3, 315_000), (1, 315_000), (7, 100_000)])
def test_every_event_is_counted_in_its_frame(bins: int, duration: int) -> None:
    events = drawn(0, 400)
    frames = event_frames(recording(events), bins=bins, duration_us=duration)
    assert (frames.dtype, frames.shape) == (np.uint8, (2 * bins, 34, 34))
    np.testing.assert_array_equal(frames, frames_by_hand(events, bins, duration))


def test_the_edges_of_bins_and_the_largest_time() -> None:
    times = [0, 104_999, 105_000, 209_999, 210_000, 314_999, 315_000, 2**23 - 1]
    frames = event_frames(recording([(33, 0, 1, t) for t in times]))
    assert frames[:, 0, 33].tolist() == [0, 2, 0, 2, 0, 4]


def test_counts_stop_at_255() -> None:
    assert event_frames(recording([(1, 2, 0, 5)] * 300))[0, 2, 1] == 255


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "0 bytes"),
        (recording([(1, 1, 0, 1)])[:-1], "4 bytes; a recording has 5 per event"),
        (recording([(34, 1, 0, 1)]), "coordinate 34; allowed are 0 to 33"),
        (recording([(1, 240, 0, 1)]), "coordinate 240"),
        (recording([(1, 1, 0, 9), (1, 1, 0, 8)]), "earlier than the one before it"),
    ],
)
def test_malformed_recordings_are_refused(content: bytes, message: str) -> None:
    with pytest.raises(DataError, match=f"this one .*{message}"):
        event_frames(content, what="this one")


def archive(members: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return stream.getvalue()


MEMBERS = {f"train/{k}.bs2": recording(drawn(k)) for k in (1, 2, 3)} | {"test/60001.bs2": recording(drawn(4))}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "nmnist"
    folder.mkdir()
    (folder / "nmnist_small.tar.xz").write_bytes(lzma.compress(archive(MEMBERS)))
    (folder / "train1K.txt").write_text("#sample #class\n1\t5\n3\t0\n2\t9\n")
    (folder / "test100.txt").write_text("#sample #class\n60001\t7\n")
    return tmp_path


def test_the_archive_in_the_order_of_its_labels(root: Path) -> None:
    data = load("nmnist", root=root)
    assert data.name == "nmnist"
    assert data.y_train.tolist() == [5, 0, 9]
    assert data.y_test.tolist() == [7]
    for frames, seed in zip([*data.x_train, *data.x_test], [1, 3, 2, 4], strict=True):
        np.testing.assert_array_equal(frames, frames_by_hand(drawn(seed), 3, 315_000))


def test_other_bins(root: Path) -> None:
    assert nmnist(root, bins=5).x_train.shape == (3, 10, 34, 34)
    with pytest.raises(InputError, match="bins is 0"):
        nmnist(root, bins=0)


def test_the_official_folders(tmp_path: Path) -> None:
    for part, count in (("Train", 2), ("Test", 1)):
        for digit in range(10):
            folder = tmp_path / "nmnist" / part / str(digit)
            folder.mkdir(parents=True)
            for k in range(count):
                (folder / f"{k:05}.bin").write_bytes(recording(drawn(10 * digit + k)))
    data = load("nmnist", root=tmp_path)
    assert data.y_train.tolist() == np.repeat(np.arange(10), 2).tolist()
    np.testing.assert_array_equal(data.x_train[7], frames_by_hand(drawn(31), 3, 315_000))
    (tmp_path / "nmnist" / "Test" / "4" / "00000.bin").write_bytes(bytes(70_000))
    with pytest.raises(DataError, match="has 70000 bytes; a recording has 65536 at most"):
        load("nmnist", root=tmp_path)
    (tmp_path / "nmnist" / "Test" / "3").rename(tmp_path / "nmnist" / "Test" / "three")
    with pytest.raises(DataError, match="Test/3 does not exist"):
        load("nmnist", root=tmp_path)


def refused(root: Path, message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        load("nmnist", root=root)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"nothing packed here", "cannot be read as .xz"),
        (lzma.compress(archive(MEMBERS))[:-20], "cut short"),
        (lzma.compress(b"no archive" * 100), "cannot be read as a tar archive"),
        (lzma.compress(archive(MEMBERS)[:-9000]), "cannot be read as a tar archive|no recording"),
        (lzma.compress(archive({"train/1.bs2": MEMBERS["train/1.bs2"]})), r"no recording 'train/3\.bs2'"),
        (lzma.compress(archive(MEMBERS | {"train/2.bs2": b"1234567"})), r"train/2\.bs2 has 7 bytes"),
        (lzma.compress(archive(MEMBERS | {"x": bytes(70_000)})), "x has 70000 bytes"),
        (lzma.compress(archive(MEMBERS | {str(k): b"" for k in range(11)})), "more than 14 entries"),
        (lzma.compress(bytes(40_000_000)), "holds more than the"),
    ],
)
def test_damaged_archives_are_refused(root: Path, content: bytes, message: str) -> None:
    (root / "nmnist" / "nmnist_small.tar.xz").write_bytes(content)
    refused(root, message)


def test_links_and_sparse_members_are_no_recordings(root: Path) -> None:
    stream = io.BytesIO(archive({k: v for k, v in MEMBERS.items() if k != "train/2.bs2"}))
    with tarfile.open(fileobj=stream, mode="a") as tar:
        link = tarfile.TarInfo("train/2.bs2")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
    (root / "nmnist" / "nmnist_small.tar.xz").write_bytes(lzma.compress(stream.getvalue()))
    refused(root, r"no recording 'train/2\.bs2'")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("#sample #class\n1\n", "no.* a table of number and class"),
        ("#sample #class\n1 two\n", "not a table of number and class"),
        ("#sample #class\n1 2 3\n", "not a table of number and class"),
        ("#sample #class\n1 10\n", "label 10; allowed are 0 to 9"),
        ("#sample #class\n1 -1\n", "label -1"),
        ("#sample #class\n99 1\n", r"no recording 'train/99\.bs2'"),
        ("", "holds no recordings"),
        ("\xff", "not a table"),
    ],
)
def test_damaged_labels_are_refused(root: Path, text: str, message: str) -> None:
    (root / "nmnist" / "train1K.txt").write_text(text, encoding="latin-1")
    refused(root, message)


def test_a_huge_label_file_is_refused(root: Path) -> None:
    (root / "nmnist" / "train1K.txt").write_bytes(bytes(2_000_000))
    refused(root, "2000000 bytes")


@pytest.mark.parametrize("name", ["nmnist_small.tar.xz", "train1K.txt", "test100.txt"])
def test_missing_files_are_named(root: Path, name: str) -> None:
    (root / "nmnist" / name).unlink()
    refused(root, f"{name} does not exist")


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    refused(tmp_path, "the folder .*nmnist does not exist")


@pytest.mark.data
@pytest.mark.skipif("GXNOR_DATA" not in os.environ, reason="needs nmnist under GXNOR_DATA")
def test_the_real_part() -> None:
    data = load("nmnist")
    assert data.x_train.shape == (1000, 6, 34, 34)
    assert data.x_test.shape == (100, 6, 34, 34)
    assert np.bincount(data.y_train).tolist() == [97, 116, 99, 93, 105, 92, 94, 117, 87, 100]
    assert int(data.x_train.sum()) == 4_133_231  # every event of the 1,000 recordings
