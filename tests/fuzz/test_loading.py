"""Files that once broke the readers, and some thousand mutations of sound ones, every one signed again."""

import random
import time
from pathlib import Path

import pytest

from .mutation import mutated, opened, signed
from .targets import TARGETS, seeds

CRASHERS = Path(__file__).parent / "crashers"


@pytest.mark.parametrize("target", TARGETS)
def test_files_that_once_broke_a_reader_do_so_no_more(target: str) -> None:
    for path in sorted((CRASHERS / target).iterdir()):
        began = time.process_time()
        TARGETS[target](path.read_bytes())
        assert time.process_time() - began < 10, path.name


def flipped(data: bytes, most: int) -> bytes:
    """A few bytes changed, by a generator seeded with the bytes."""
    rng = random.Random(data)
    changed = bytearray(data)
    for _ in range(rng.randrange(4)):
        if changed:
            changed[rng.randrange(len(changed))] = rng.randrange(256)
    return bytes(changed[:most])


@pytest.mark.parametrize(("target", "count"), [("graph", 600), ("checkpoint", 200)])
def test_mutations_are_refused_or_harmless(target: str, count: int) -> None:
    files = seeds(target)
    accepted = sum(TARGETS[target](mutated(files[k % len(files)], k, flipped)) for k in range(count))
    assert 0 < accepted < count / 2


@pytest.mark.parametrize("target", TARGETS)
def test_taking_apart_and_signing_loses_nothing(target: str) -> None:
    for data in seeds(target):
        parts = opened(data)
        assert parts is not None
        again = opened(signed(*parts))
        assert again is not None
        assert again[0] == parts[0]
        assert set(again[1]) == set(parts[1])
        assert TARGETS[target](signed(*parts))
