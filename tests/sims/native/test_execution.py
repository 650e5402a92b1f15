"""A plan as a tight loop: `execute_into` gives what `simulate` gives, and refuses what it cannot read."""

import gc
import threading
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gxnor_sims import simulate
from gxnor_sims.native import NativeEngine, available_isas
from gxnor_snn.errors import InputError
from gxnor_snn.graph import Dense, EventGraph, Input
from tests.conformance.compare import assert_same_counts
from tests.conformance.graphs import event_graphs, random_inputs
from tests.gxnor_snn.graph.small import small_graph, small_input

from .nets import T, deep, readout, ternary

FORMS = ["auto", "samples", "neurons"]


def into(graph: EventGraph, x: dict[str, np.ndarray], n: int, **options: Any) -> tuple[dict[str, np.ndarray], Any]:
    plan = NativeEngine().plan(graph)
    out = {name: np.full((n, *graph.populations[name].shape), -7, np.int64) for name in graph.readouts}
    rows = np.full((plan.n_rows, n), -7, np.int64)
    plan.execute_into(x, out, counts=rows, **options)
    return out, plan.counts(rows)


@settings(max_examples=60, deadline=None)
@given(graph=event_graphs(), seed=st.integers(0, 999), n=st.sampled_from([0, 1, 2, 65]))
def test_it_gives_what_simulate_gives(graph: EventGraph, seed: int, n: int) -> None:
    x = random_inputs(graph, n, seed)
    expected = simulate(graph, x, "reference")
    out, counts = into(graph, x, n, form=FORMS[seed % 3], isa=available_isas()[seed % len(available_isas())])
    for name, sums in expected.readouts.items():
        np.testing.assert_array_equal(out[name], sums)
    assert expected.counts is not None
    assert_same_counts(expected.counts, counts)


@pytest.mark.parametrize("form", FORMS)
def test_one_input_and_one_readout_need_no_names(form: str) -> None:
    graph, x = deep(), ternary(np.random.default_rng(0), 5, 90)
    out = np.empty((5, 10), np.int64)
    for start in range(4):  # the working memory of one call is that of the next
        NativeEngine().plan(graph).execute_into(x[start:], out[start:], form=form, threads=1 + start)
        np.testing.assert_array_equal(out[start:], simulate(graph, x[start:], "reference").readouts["out"])


def test_threads_share_a_plan() -> None:
    graph, x = deep(width=200), ternary(np.random.default_rng(0), 40, 90)
    expected = simulate(graph, x, "reference").readouts["out"]
    plan = NativeEngine().plan(graph)
    wrong = []

    def work(form: str) -> None:
        out = np.empty((1, 10), np.int64)
        for i in range(40):
            plan.execute_into(x[i : i + 1], out, form=form)
            if not np.array_equal(out, expected[i : i + 1]):
                wrong.append((form, i))

    workers = [threading.Thread(target=work, args=(form,)) for form in FORMS * 2]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert not wrong


def test_a_plan_outlives_its_graph() -> None:
    plan, x = NativeEngine().plan(deep()), ternary(np.random.default_rng(0), 2, 90)
    gc.collect()
    out = np.empty((2, 10), np.int64)
    for form in FORMS:
        plan.execute_into(x, out, form=form)
        np.testing.assert_array_equal(out, simulate(deep(), x, "reference").readouts["out"])


@pytest.mark.parametrize("form", ["samples", "neurons"])
@pytest.mark.parametrize(
    "changes",
    [
        {"x": np.zeros((2, 89), np.int8)},
        {"x": np.zeros((2, 9, 10), np.int8)},
        {"x": np.zeros((2, 90))},
        {"x": np.full((2, 90), 2)},
        {"x": np.zeros((2, 90), np.int8).tolist()},
        {"x": np.zeros((2, 90), np.int16).astype(">i2")},
        {"x": np.zeros((2, 180), np.int8)[:, ::2]},
        {"x": np.zeros((3, 90), np.int8)},
        {"x": {"nope": np.zeros((2, 90), np.int8)}},
        {"x": None},
        {"out": np.empty((3, 10), np.int64)},
        {"out": np.empty((2, 10), np.int32)},
        {"out": np.empty((2, 10), np.float64)},
        {"out": np.empty((2, 20), np.int64)[:, ::2]},
        {"out": np.empty((2, 9), np.int64)},
        {"out": {"nope": np.empty((2, 10), np.int64)}},
        {"out": None},
        {"counts": np.empty((1, 2), np.int64)},
        {"counts": np.empty((1000, 2), np.int32)},
        {"threads": 0},
        {"threads": "2"},
        {"isa": "mmx"},
        {"form": "lanes"},
    ],
)
def test_what_does_not_fit_is_refused(form: str, changes: dict[str, Any]) -> None:
    given = {"x": np.zeros((2, 90), np.int8), "out": np.empty((2, 10), np.int64), "form": form} | changes
    with pytest.raises(InputError):
        NativeEngine().plan(deep()).execute_into(given.pop("x"), given.pop("out"), **given)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"out": np.empty((3, 10), np.int64)},
            r"readout 'out' is int64 \(3, 10\), allowed is .* int64 array \(2, 10\)",
        ),
        ({"out": np.empty((2, 20), np.int64)[:, ::2]}, "readout 'out' is .*, not contiguous"),
        ({"out": None}, "out is NoneType, needed is an array for each of in, out"),
        ({"x": np.zeros((2, 180), np.int8)[:, ::2]}, "input 'in' is .*, allowed are native bytes, contiguous"),
        ({"counts": np.empty((1000, 2), np.int32)}, r"counts is int32 \(1000, 2\), allowed is"),
        ({"counts": [[1]]}, "counts is list, allowed is"),
        ({"isa": "mmx"}, "^isa is 'mmx', allowed here are portable"),
        ({"isa": []}, r"^isa is \[\], allowed here are portable"),
        ({"form": "lanes"}, "^form is 'lanes', allowed are"),
        ({"threads": []}, r"^threads is \[\], allowed is"),
    ],
)
def test_refusals_name_what_is_wrong(changes: dict[str, Any], message: str) -> None:
    given = {"x": np.zeros((2, 90), np.int8), "out": np.empty((2, 10), np.int64)} | changes
    with pytest.raises(InputError, match=message):
        NativeEngine().plan(deep()).execute_into(given.pop("x"), given.pop("out"), **given)


@pytest.mark.parametrize(
    "options", [{"samples": -1}, {"samples": 1.5}, {"isa": "mmx"}, {"form": "x"}, {"threads": 0}]
)
def test_descriptions_of_impossible_runs_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=f"^{next(iter(options))} is"):
        NativeEngine().plan(small_graph()).describe(**options)


def test_read_only_results_are_refused() -> None:
    out = np.zeros((2, 10), np.int64)
    out.setflags(write=False)
    with pytest.raises(InputError, match="read-only"):
        NativeEngine().plan(deep()).execute_into(np.zeros((2, 90), np.int8), out)


def test_several_inputs_need_names() -> None:
    graph = EventGraph(
        [Input(name="a", shape=(2,), coding=T), Input(name="b", shape=(2,), coding=T), readout(1)],
        [
            Dense(name=n, source=n[0], target="out", weights=np.ones((1, 2), int), coding=T)
            for n in ("a_out", "b_out")
        ],
    )
    x, out = np.ones((1, 2), np.int8), np.zeros((1, 1), np.int64)
    plan = NativeEngine().plan(graph)
    with pytest.raises(InputError):
        plan.execute_into(x, out)
    plan.execute_into({"a": x, "b": -x}, out)
    assert out.tolist() == [[0]]


def test_counts_of_other_rows_are_refused() -> None:
    plan = NativeEngine().plan(small_graph())
    with pytest.raises(InputError, match="counts: rows are"):
        plan.counts(np.zeros((1, 2), np.int64))
    with pytest.raises(InputError, match="counts: rows are NoneType"):
        plan.counts(None)  # type: ignore[arg-type]


@pytest.mark.parametrize("n", [3, 3000])
def test_counts_stay_when_rows_are_used_again(n: int) -> None:
    graph, x = deep(), ternary(np.random.default_rng(0), n, 90)
    plan, expected = NativeEngine().plan(graph), simulate(graph, x).counts
    out, rows = np.empty((n, 10), np.int64), np.empty((NativeEngine().plan(graph).n_rows, n), np.int64)
    plan.execute_into(x, out, counts=rows)
    counts = plan.counts(rows)
    rows[:] = -7
    assert expected is not None
    assert_same_counts(expected, counts)


def test_the_description_follows_the_run() -> None:
    plan = NativeEngine().plan(small_graph())
    simulate(small_graph(), small_input(2))
    one, many = plan.describe(1), plan.describe(5000)
    assert "1 in form neurons, 1 blocks of 1" in one
    assert "in form samples" in many
    assert one.splitlines()[-1].split()[0] == "out"
