"""The engine: options, what it keeps, several processes, and the check of its own counters."""

import gc
import logging
import shutil
from pathlib import Path

import pytest

from gxnor_sims import engines, get_engine, simulate
from gxnor_sims.brian2 import Brian2Engine, RandomDelays
from gxnor_sims.brian2.plan import plan
from gxnor_sims.brian2.processes import Children
from gxnor_sims.brian2.runtime import Feeder
from gxnor_sims.brian2.standalone import Project
from gxnor_snn.errors import EngineError, InputError
from tests.conformance.compare import assert_same
from tests.gxnor_snn.graph.small import small_graph, small_input

from .nets import mlp, pixels

pytestmark = pytest.mark.usefixtures("brian2")


def test_it_is_found_by_name_and_takes_options() -> None:
    assert "brian2" in engines()
    made = get_engine("brian2", target="cython", processes=3)
    assert (made.target, made.processes) == ("cython", 3)
    assert repr(made) == "Brian2Engine(target='cython', processes=3)"
    assert get_engine("brian2", cache="here").cache == Path("here")
    with pytest.raises(InputError, match="target is 'gpu', allowed are numpy, cython, cpp_standalone"):
        get_engine("brian2", target="gpu")
    with pytest.raises(InputError, match="processes is 0"):
        get_engine("brian2", processes=0)
    with pytest.raises(InputError, match="delays is 3"):
        get_engine("brian2", delays=3)
    with pytest.raises(InputError, match="no option 'colour'; allowed are target, processes, delays"):
        get_engine("brian2", colour="red")


def test_the_last_network_serves_the_next_call() -> None:
    engine, graph = Brian2Engine(), mlp()
    first = simulate(graph, pixels(3), engine)
    runner = engine._kept[2]
    assert_same(first, simulate(graph, pixels(3), engine))
    assert engine._kept[2] is runner
    simulate(graph, pixels(3), engine, counts="full")
    assert engine._kept[2] is not runner
    simulate(mlp(seed=1), pixels(3), engine)
    assert engine._kept[0] is not graph


def test_a_network_that_failed_is_made_again(monkeypatch: pytest.MonkeyPatch) -> None:
    engine, graph = Brian2Engine(), mlp()
    expected = simulate(graph, pixels(3), engine)
    with monkeypatch.context() as broken:
        broken.setattr(Feeder, "_read", lambda self, sample: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            simulate(graph, pixels(3), engine)
    assert_same(expected, simulate(graph, pixels(3), engine))


@pytest.mark.parametrize(("variable", "more"), [("tally1", 1), ("tally1", 1 << 32), ("level", 1)])
def test_counters_that_spikes_do_not_explain_are_an_error(
    monkeypatch: pytest.MonkeyPatch, variable: str, more: int
) -> None:
    real = Feeder.finish

    def wrong(self: Feeder) -> dict:
        raw = dict(real(self))
        raw[variable][1, :5] = (raw[variable][1, :5] == 0) if variable == "level" else raw[variable][1, :5] + more
        return raw

    monkeypatch.setattr(Feeder, "finish", wrong)
    with pytest.raises(EngineError, match=r"sample 1, .*Brian2 counted \d+, spikes times out-degree are \d+"):
        simulate(mlp(), pixels(3), Brian2Engine())


def test_a_network_that_runs_no_sample_is_dropped_in_silence(caplog: pytest.LogCaptureFixture) -> None:
    gc.collect()
    logging.getLogger("brian2").addHandler(caplog.handler)
    try:
        simulate(mlp(), pixels(0), Brian2Engine())
        gc.collect()
    finally:
        logging.getLogger("brian2").removeHandler(caplog.handler)
    assert not [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING]


def test_several_processes_and_progress() -> None:
    graph, x = small_graph(), small_input(5)
    expected = simulate(graph, x, "reference", record="all")
    engine = Brian2Engine(processes=2, delays=RandomDelays(0, 2, 1))
    assert_same(expected, simulate(graph, x, engine, record="all", progress=True))


def test_what_fails_in_a_process_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "")
    engine = Brian2Engine(processes=2, delays=_Nowhere())
    with pytest.raises(EngineError, match="a worker process failed with code 1"):
        simulate(mlp(), pixels(2), engine)


class _Nowhere:
    """A delay model that another process cannot run."""

    def of(self, wiring: object) -> dict:
        raise RuntimeError("not here")


def test_without_a_compiler_cpp_standalone_says_what_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(EngineError, match="'cpp_standalone' needs make"):
        simulate(mlp(), pixels(1), Brian2Engine("cpp_standalone"))


def test_a_program_is_compiled_once_for_all_processes_and_all_seeds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands: list[str] = []

    def run(self: Children, command: list[str], what: str, cwd: Path | None = None) -> None:
        commands.append(what)
        if what == "writing the C++ project":
            real(self, command, what, cwd)
        elif what == "compiling the C++ project":
            (cwd / "main").write_text("compiled")

    real = Children.run
    monkeypatch.setattr(Children, "run", run)
    monkeypatch.setattr(shutil, "which", lambda tool: tool)
    folders = []
    for seed in (1, 2):  # delays are data, not text
        made = plan(mlp(), delays=RandomDelays(0, 3, seed))
        project = Project(made, 16, tmp_path, Children())
        assert (project._project / "main").read_text() == "compiled"
        folders.append(project._folder)
    assert commands.count("compiling the C++ project") == 1
    Project(plan(mlp((30, 20, 13, 4))), 16, tmp_path, Children())
    assert commands.count("compiling the C++ project") == 2
    del project
    gc.collect()
    assert not any(folder.exists() for folder in folders)
