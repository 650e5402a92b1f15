"""Card files that are no cards: refused at once with the file and the reason, never read to no end."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gxnor_hardware import load_profile
from gxnor_hardware.crossbar.devices import load_device
from gxnor_snn.errors import ProfileError

Load = Callable[[Path], Any]


def pipe(path: Path) -> None:
    os.mkfifo(path)


def loop(path: Path) -> None:
    path.symlink_to(path)


def endless(path: Path) -> None:
    path.symlink_to("/dev/zero")


def binary(path: Path) -> None:
    path.write_bytes(bytes(range(256)) * 20)


def large(path: Path) -> None:
    path.write_text("# nothing\n" * 30_000)


def dotted(path: Path) -> None:
    path.write_text("a." * 60_000 + "b = 1")


def brackets(path: Path) -> None:
    path.write_text("a = " + "[" * 5000)


CASES: list[tuple[Callable[[Path], None], str]] = [
    (Path.mkdir, "is a directory or a device; allowed is a file"),
    (pipe, "is a directory or a device; allowed is a file"),
    (endless, "is a directory or a device; allowed is a file"),
    (loop, "cannot be read: Too many levels of symbolic links"),
    (binary, "is not TOML"),
    (large, "has 300000 bytes; a (device )?card has at most 262144"),
    (dotted, "is nested too deeply"),
    (brackets, "is nested too deeply"),
    (Path.touch, "format is missing"),
    (lambda path: None, "No such file"),
]


@pytest.mark.parametrize("load", [load_profile, load_device])
@pytest.mark.parametrize(("make", "reason"), CASES)
def test_a_file_that_is_no_card_is_refused(
    tmp_path: Path, load: Load, make: Callable[[Path], None], reason: str
) -> None:
    path = tmp_path / "own.toml"
    make(path)
    with pytest.raises(ProfileError, match=rf"card .*own\.toml.*{reason}"):
        load(path)
