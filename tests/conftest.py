"""Shared by all tests: reproducible hypothesis runs, and the data sets outside the repository."""

import os
from pathlib import Path

import pytest
import torch
from hypothesis import settings

# The everyday suite draws the same examples on every machine; HYPOTHESIS_PROFILE=explore draws new ones.
settings.register_profile("everyday", derandomize=True, deadline=None)
settings.register_profile("explore", derandomize=False, deadline=None, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "everyday"))


@pytest.fixture(scope="session", autouse=True)
def _one_torch_thread() -> None:
    """Workers of pytest-xdist share the cores; threads of small products would only wait for each other."""
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def data_root() -> Path:
    """The folder of real data sets; tests that need it skip where GXNOR_DATA is not set."""
    root = os.environ.get("GXNOR_DATA")
    if not root:
        pytest.skip("GXNOR_DATA is not set: this test needs the real data sets")
    return Path(root)
