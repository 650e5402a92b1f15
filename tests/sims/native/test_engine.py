"""The native engine on every instruction set of this machine, against the reference walk."""

from typing import Any

import numpy as np
import pytest

import gxnor_sims._kernels as kernels
from gxnor_sims.native import NativeEngine, available_isas
from gxnor_snn.errors import EngineError, InputError
from gxnor_snn.graph import Coding, EventGraph, execute
from tests.conformance.compare import assert_same
from tests.gxnor_snn.graph.small import small_graph, small_input

from .nets import deep, dense, ternary

ISAS = available_isas()


def on_every_isa(graph: EventGraph, x: Any, **options: Any) -> None:
    expected = execute(graph, x, record="all")
    for isa in ISAS:
        for form in ("samples", "neurons"):
            assert_same(expected, NativeEngine(isa, form).run(graph, x, record="all", **options))


@pytest.mark.parametrize("n", [0, 1, 2, 63, 64, 65, 127, 128, 129, 255, 256, 257, 511, 512, 513, 1025])
def test_every_batch_size(n: int) -> None:
    on_every_isa(deep(), ternary(np.random.default_rng(n), n, 90))


@pytest.mark.parametrize("batch", [1, 63, 64, 100, 512, 10_000])
def test_results_do_not_depend_on_the_block(batch: int) -> None:
    on_every_isa(deep(), ternary(np.random.default_rng(3), 300, 90), batch=batch)


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_results_do_not_depend_on_threads(threads: int) -> None:
    on_every_isa(small_graph(), small_input(1500), threads=threads)


@pytest.mark.parametrize("threads", [40_000, 2**31, 2**70, np.int64(3), np.uint8(2)])
def test_any_number_of_threads_will_do(threads: Any) -> None:
    """Two thousand blocks of one sample; as many threads as the engine sees fit."""
    graph, x = small_graph(), small_input(2000)
    trace = NativeEngine().run(graph, x, record="all", threads=threads, batch=np.int32(1))
    assert_same(execute(graph, x, record="all"), trace)


@pytest.mark.parametrize(
    "fan_in", [1, 2, 3, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 129, 500, 1024, 4097, 10_000]
)
def test_every_fan_in_up_to_the_ends_of_its_range(fan_in: int) -> None:
    rng = np.random.default_rng(fan_in)
    one = np.ones((1, fan_in), np.int8)
    weights = np.concatenate([one, -one, ternary(rng, 2, fan_in), 0 * one])
    x = np.concatenate([one, -one, 0 * one, ternary(rng, 3, fan_in)])
    on_every_isa(dense(weights), x)
    assert NativeEngine().run(dense(weights), x).readouts["out"][0, :2].tolist() == [fan_in, -fan_in]


@pytest.mark.parametrize("fan_in", [1, 7, 64, 65, 1000, 10_000])
@pytest.mark.parametrize(
    ("source", "weight"),
    [
        (Coding.bits(8), Coding.ternary()),
        (Coding.bits(8), Coding.signmag(4)),
        (Coding.pm1(1), Coding.pm1(1)),
        (Coding.pm1(3), Coding.pm1(2)),
        (Coding.signmag(3), Coding.signmag(3)),
        (Coding.signmag(4, table=(-8, -2, 1, 7)), Coding.bits(3)),
        (Coding.ternary(lo=0), Coding.pm1(8)),
    ],
)
def test_planes_of_every_coding_on_both_sides(fan_in: int, source: Coding, weight: Coding) -> None:
    rng = np.random.default_rng(fan_in)
    weights = rng.choice(weight.levels, (3, fan_in))
    weights[0] = weight.hi
    x = rng.choice(source.levels, (4, fan_in))
    x[0], x[1] = source.hi, source.lo
    on_every_isa(dense(weights, source, weight, gain=-3), x)


@pytest.mark.parametrize(
    "dtype", [np.int8, np.uint8, np.int16, np.uint16, np.int32, np.uint32, np.int64, np.uint64]
)
def test_every_integer_type_goes_in(dtype: Any) -> None:
    x = np.random.default_rng(0).integers(0, 2, (70, 90)).astype(dtype)
    on_every_isa(deep(), x)


def test_every_layout_of_the_input_goes_in() -> None:
    graph, x = small_graph(), small_input(140)
    read_only = x.copy()
    read_only.setflags(write=False)
    odd = np.frombuffer(b"\0" + x.astype(np.int32).tobytes(), np.uint8)[1:].view(np.int32).reshape(x.shape)
    assert not odd.flags.aligned
    for given in (
        x[::-1],
        x[::3],
        np.asfortranarray(x),
        x.astype(">i4"),
        x.transpose(0, 1, 3, 2),
        read_only,
        odd,
        np.broadcast_to(x[:1], (70, 2, 6, 6)),
        np.concatenate([x, x], axis=1)[:, 1:3],
    ):
        on_every_isa(graph, given)


@pytest.mark.parametrize("up", [True, False])
def test_sums_exactly_at_thresholds(up: bool) -> None:
    """Thresholds are set to sums that occur and to their neighbours; levels come from the rule itself."""
    from gxnor_snn.graph import Dense, Input, Spiking

    from .nets import T, readout

    rng = np.random.default_rng(5)
    weights, x = ternary(rng, 40, 300), ternary(rng, 64, 300)
    sums = x.astype(int) @ weights.T.astype(int)
    coding = Coding.signmag(3, table=(-4, -2, 0, 1, 3))
    thresholds = np.sort(sums[:4].T + rng.integers(-1, 2, (40, 4)), axis=1)
    graph = EventGraph(
        [
            Input(name="in", shape=(300,), coding=T),
            Spiking(name="s", shape=(40,), coding=coding, thresholds=thresholds, increasing=np.full(40, up)),
            readout(1),
        ],
        [
            Dense(name="a", source="in", target="s", weights=weights, coding=T),
            Dense(name="b", source="s", target="out", weights=np.ones((1, 40), np.int8), coding=T),
        ],
    )
    reached = sums[:, :, None] >= thresholds if up else sums[:, :, None] <= thresholds
    levels = coding.levels[reached.sum(axis=2)]
    assert (sums[:, :, None] == thresholds).any()
    for isa in ISAS:
        for form in ("samples", "neurons"):
            np.testing.assert_array_equal(NativeEngine(isa, form).run(graph, x, record=["s"]).spikes["s"], levels)


def test_inputs_by_name() -> None:
    graph, x = small_graph(), small_input(3)
    assert_same(execute(graph, {"input": x}), NativeEngine().run(graph, {"input": x}))


def test_counts_can_be_left_out() -> None:
    assert NativeEngine().run(small_graph(), small_input(3), counts="none").counts is None


def test_the_widest_instruction_set_is_the_default() -> None:
    engine = NativeEngine()
    assert ISAS[0] == "portable"
    assert engine.isa == ISAS[-1]
    assert engine.lanes == dict(kernels.isas(True))[engine.isa]
    assert repr(engine) == f"NativeEngine(isa={engine.isa!r}, form='auto')"


def test_an_unknown_instruction_set_is_refused() -> None:
    with pytest.raises(EngineError, match=r"isa 'mmx' is unknown; allowed here are portable"):
        NativeEngine("mmx")


def test_an_instruction_set_that_the_machine_lacks_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a machine that has only the baseline, with a build that has more."""
    monkeypatch.setattr(kernels, "isas", lambda present: [("portable", 128)] if present else [("avx512", 512)])
    with pytest.raises(EngineError, match=r"isa 'avx512' does not run on this machine; allowed here are portable"):
        NativeEngine("avx512")


def test_the_kernels_themselves_refuse_an_instruction_set_that_is_absent() -> None:
    with pytest.raises(ValueError, match="'mmx' is not available"):
        kernels.Program().run("mmx", 0, [], [], [], None, 1, 1, None)


@pytest.mark.parametrize(
    "options",
    [
        {"threads": 0},
        {"batch": 0},
        {"threads": 1.5},
        {"threads": True},
        {"batch": np.True_},
        {"batch": "2"},
        {"batch": np.int8(-1)},
        {"counts": "most"},
    ],
)
def test_bad_options_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        NativeEngine().run(small_graph(), small_input(), **options)


def test_the_progress_bar_follows_the_run(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    from rich.progress import Progress

    seen: list[float] = []
    update = Progress.update

    def noting(self: Progress, *arguments: Any, **options: Any) -> None:
        seen.append(options["advance"])
        update(self, *arguments, **options)

    monkeypatch.setattr(Progress, "update", noting)
    graph, x = deep(), ternary(np.random.default_rng(0), 600, 90)
    assert_same(execute(graph, x), NativeEngine().run(graph, x, progress=True))
    assert sum(seen) == 600
    assert min(seen) >= 0
    capfd.readouterr()
    NativeEngine().run(graph, x)
    assert capfd.readouterr().out == ""
