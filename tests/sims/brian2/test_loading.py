"""Nothing that Brian2 changes in the process is left changed."""

import logging
import signal
import subprocess
import sys
import warnings

import numpy as np
import pytest

from gxnor_sims.brian2 import build_brian2
from gxnor_sims.brian2.loading import session

from .nets import mlp, pixels


def python(code: str) -> str:
    found = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=False
    )
    assert found.returncode == 0, found.stderr
    return found.stdout


def test_importing_and_running_leaves_no_trace(brian2) -> None:
    code = """
import logging, signal, sys, warnings
import numpy as np
def state():
    np.random.get_state()
    return sys.excepthook, signal.getsignal(signal.SIGINT), warnings.showwarning, list(warnings.filters), logging._warnings_showwarning
before, numbers = state(), np.random.get_state()[1].copy()
from gxnor_sims.brian2 import build_brian2
from tests.sims.brian2.nets import mlp, pixels
assert "brian2" not in sys.modules
build_brian2(mlp()).run(pixels(3))
assert "brian2" in sys.modules
assert state() == before
assert np.array_equal(np.random.get_state()[1], numbers)
"""
    python(code)


def test_preferences_device_and_filters_are_put_back(brian2) -> None:
    def state() -> tuple:
        generators = logging.getLogger("brian2.codegen.generators.base")
        return (
            brian2.prefs.as_file,
            brian2.get_device(),
            len(generators.filters),
            list(warnings.filters),
            signal.getsignal(signal.SIGINT),
            brian2.Network._globally_running,
        )

    before = state()
    build_brian2(mlp()).run(pixels(2))
    assert state() == before

    def interrupted() -> None:
        with session("cython"):
            assert not brian2.prefs.core.stop_on_keyboard_interrupt
            assert brian2.prefs.codegen.target == "cython"
            brian2.Network._globally_running = True
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert state() == before


def test_a_device_of_the_users_own_stays_theirs(brian2) -> None:
    from brian2.devices.device import get_device, reset_device, runtime_device

    expected = build_brian2(mlp()).run(pixels(2)).logits
    brian2.set_device("cpp_standalone", build_on_run=False)
    try:
        mine = brian2.get_device()
        assert np.array_equal(build_brian2(mlp()).run(pixels(2)).logits, expected)
        assert brian2.get_device() is mine
    finally:
        reset_device()  # the name brian2.devices.device is a proxy of the device, which has none
    assert get_device() is runtime_device


def test_a_missing_package_is_named_with_the_line_that_installs_it() -> None:
    code = """
import sys
sys.modules["brian2"] = None
from gxnor_sims import get_engine
from gxnor_snn.errors import MissingDependencyError
try:
    del sys.modules["brian2"]
    sys.meta_path.insert(0, type("No", (), {"find_spec": staticmethod(lambda name, *a: (_ for _ in ()).throw(ImportError(name)) if name == "brian2" else None)}))
    get_engine("brian2")
except MissingDependencyError as error:
    print(error)
"""
    assert 'pip install "gxnor-snn[brian2]"' in python(code)


def test_the_first_import_belongs_to_the_main_thread() -> None:
    code = """
import threading
from gxnor_sims import get_engine
from gxnor_snn.errors import EngineError
def use():
    try:
        get_engine("brian2")
    except EngineError as error:
        print(error)
thread = threading.Thread(target=use)
thread.start()
thread.join()
"""
    assert "main thread" in python(code)
