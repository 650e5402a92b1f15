from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from gxnor_snn.data import Dataset, load

from .resuming import few


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Small networks train no faster on several threads, and far slower where cores are shared."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def data() -> Dataset:
    return few()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "run.safetensors"


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return load("digits")
