"""Reader of N-MNIST: recordings of an event camera, as frames of event counts.

A recording is a sequence of 40-bit events: x (8 bits), y (8), polarity (1), time in microseconds (23), big-endian.
The sensor makes three saccades of about 105 ms in front of an MNIST digit (N-MNIST: Orchard et al., 2015).
"""

import io
import tarfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gxnor_snn.errors import DataError, InputError

from .dataset import Dataset
from .xz import unpack_xz

__all__ = ["event_frames", "nmnist"]

_SIDE = 34
_CLASSES = 10
_BINS = 3
_DURATION_US = 315_000
_EVENT = 5  # bytes
_MAX_RECORDING = 1 << 16  # bytes; the longest of the set has some 40,000
_TAR_OVERHEAD = 2048
_MAX_LABELS = 1 << 20  # bytes of a label file

Recording = tuple[str, bytes, int]


def nmnist(root: Path, *, bins: int = _BINS, duration_us: int = _DURATION_US) -> Dataset:
    """N-MNIST as frames (2 * bins, 34, 34) of event counts; see `event_frames`.

    Read from the folder ``nmnist`` under `root`: either the official folders ``Train`` and ``Test`` with one
    folder of ``.bin`` files per digit, or, for a part of the set, ``nmnist_small.tar.xz`` with ``train1K.txt`` and
    ``test100.txt`` (number and class of each recording).

    Raises
    ------
    DataError
        If a file is missing or damaged.
    InputError
        If `bins` or `duration_us` is not positive.
    """
    if bins < 1 or duration_us < bins:
        raise InputError(f"nmnist: bins is {bins}, duration_us {duration_us}; both must be positive")
    folder = root / "nmnist"
    if not folder.is_dir():
        raise DataError(f"data set 'nmnist': the folder {folder} does not exist")
    read = _official if (folder / "Train").is_dir() else _archive
    arrays: list[NDArray[np.uint8]] = []
    for part in read(folder):
        frames, labels = [], []
        for name, content, label in part:
            frames.append(event_frames(content, bins=bins, duration_us=duration_us, what=name))
            labels.append(label)
        if not labels:
            raise DataError(f"data set 'nmnist': {folder} holds no recordings of one of its two parts")
        arrays += [np.stack(frames), np.array(labels, np.uint8)]
    return Dataset("nmnist", *arrays)  # type: ignore[arg-type]  # labels become int64 there


def event_frames(
    content: bytes, *, bins: int = _BINS, duration_us: int = _DURATION_US, what: str = "recording"
) -> NDArray[np.uint8]:
    """Counts of the events of a recording: uint8 (2 * bins, 34, 34), 255 at most.

    Channel 2 b + p counts the events of polarity p in the time bin b = min(t // (duration_us / bins), bins - 1),
    so with the defaults a bin is a saccade.

    Parameters
    ----------
    content
        Bytes of the recording.
    bins, duration_us
        Number of time bins, and the time that they divide; later events count in the last one.
    what
        Name for messages.

    Raises
    ------
    DataError
        If the bytes are not events of that sensor in rising order of time.
    """
    if not content or len(content) % _EVENT:
        raise DataError(f"{what} has {len(content)} bytes; a recording has {_EVENT} per event, one event at least")
    events = np.frombuffer(content, np.uint8).reshape(-1, _EVENT).astype(np.int32)
    x, y, high = events[:, 0], events[:, 1], events[:, 2]
    largest = int(events[:, :2].max())
    if largest >= _SIDE:
        raise DataError(f"{what} has an event at coordinate {largest}; allowed are 0 to {_SIDE - 1}")
    time = (high & 127) << 16 | events[:, 3] << 8 | events[:, 4]
    if (np.diff(time) < 0).any():
        raise DataError(f"{what} has an event that is earlier than the one before it")
    bin_ = np.minimum(time.astype(np.int64) * bins // duration_us, bins - 1)
    place = ((2 * bin_ + (high >> 7)) * _SIDE + y) * _SIDE + x
    counts = np.bincount(place, minlength=2 * bins * _SIDE * _SIDE)
    return np.minimum(counts, 255).astype(np.uint8).reshape(2 * bins, _SIDE, _SIDE)


def _official(folder: Path) -> Iterator[Iterator[Recording]]:
    for part in ("Train", "Test"):
        yield _files(folder / part)


def _files(folder: Path) -> Iterator[Recording]:
    for label in range(_CLASSES):
        digit = folder / str(label)
        if not digit.is_dir():
            raise DataError(f"data set 'nmnist': the folder {digit} does not exist")
        for file in sorted(digit.glob("*.bin")):
            if file.stat().st_size > _MAX_RECORDING:
                raise DataError(
                    f"{file} has {file.stat().st_size} bytes; a recording has {_MAX_RECORDING} at most"
                )
            yield str(file), file.read_bytes(), label


def _archive(folder: Path) -> Iterator[Iterator[Recording]]:
    labels = {part: _labels(folder / name) for part, name in (("train", "train1K.txt"), ("test", "test100.txt"))}
    file = folder / "nmnist_small.tar.xz"
    total = sum(len(rows) for rows in labels.values())
    unpacked = unpack_xz(file, limit=(total + 10) * (_MAX_RECORDING + _TAR_OVERHEAD))
    recordings = _members(file, unpacked, most=total + 10)
    for part, rows in labels.items():
        yield _labelled(file, recordings, [(f"{part}/{number}.bs2", label) for number, label in rows])


def _labelled(file: Path, recordings: dict[str, bytes], wanted: list[tuple[str, int]]) -> Iterator[Recording]:
    for name, label in wanted:
        if name not in recordings:
            raise DataError(f"{file} has no recording {name!r}")
        yield f"{file}: {name}", recordings[name], label


def _members(file: Path, unpacked: bytes, most: int) -> dict[str, bytes]:
    """Content of the regular files of a tar by name; nothing is written to disk."""
    contents: dict[str, bytes] = {}
    try:
        with tarfile.open(fileobj=io.BytesIO(unpacked), mode="r:") as archive:
            for count, member in enumerate(archive):
                if count >= most:
                    raise DataError(f"{file} holds more than {most} entries, and fewer labels than that")
                stream = archive.extractfile(member) if member.isreg() and not member.issparse() else None
                if stream is not None:
                    if not 0 <= member.size <= _MAX_RECORDING:
                        raise DataError(
                            f"{file}: {member.name} has {member.size} bytes; allowed are {_MAX_RECORDING}"
                        )
                    contents[member.name] = stream.read()
    except (tarfile.TarError, ValueError, OSError, EOFError) as error:
        raise DataError(f"{file} cannot be read as a tar archive: {error}") from error
    return contents


def _labels(file: Path) -> list[tuple[int, int]]:
    """Rows of number and class behind one header line."""
    try:
        if file.stat().st_size > _MAX_LABELS:
            raise DataError(f"{file} has {file.stat().st_size} bytes; allowed are {_MAX_LABELS}")
        lines = file.read_text(encoding="ascii").splitlines()
        rows = [(int(number), int(label)) for number, label in (line.split() for line in lines[1:])]
    except FileNotFoundError as error:
        raise DataError(f"{file} does not exist") from error
    except (OSError, ValueError) as error:
        raise DataError(f"{file} is not a table of number and class: {error}") from error
    wrong = [label for _, label in rows if not 0 <= label < _CLASSES]
    if wrong:
        raise DataError(f"{file} holds the label {wrong[0]}; allowed are 0 to {_CLASSES - 1}")
    return rows
