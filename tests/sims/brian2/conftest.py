"""Tests that run Brian2 skip where it is not installed."""

import pytest

from gxnor_sims.brian2.loading import load_brian2
from gxnor_snn.errors import MissingDependencyError


@pytest.fixture(scope="session")
def brian2():
    """The module, imported the way the engine imports it."""
    try:
        return load_brian2()
    except MissingDependencyError as error:
        pytest.skip(str(error))
