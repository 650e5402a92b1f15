"""The kernels check every index on the way in: a malformed program is refused, never run."""

from typing import Any

import numpy as np
import pytest

from gxnor_sims._kernels import Program, Term

UNIT = (1, 1, 4, 1, 1, 1, 1, 0, 0, 1, 1)
ANY = (-(1 << 40), 1 << 40, np.zeros(0, np.uint8))
POOL = (3, 3, 2, 2, 2, 1, 1, 0, 0, 1, 1)


def term(source: int = 0, window: Any = UNIT, first: int = 0, outputs: int = 2, **changes: Any) -> Term:
    parts: dict[str, Any] = {
        "digits": [(1, 0)],
        "runs": [0, 1, 2],
        "channels": [0, 3],
        "constants": [-1, -1],
    } | changes
    return Term.make(
        source,
        window,
        first,
        outputs,
        parts["digits"],
        np.array(parts["runs"], np.int64),
        np.array(parts["channels"], np.int32),
        np.array(parts["constants"], np.int64),
    )


def sums(program: Program, terms: list[Term], target: int = 1, **changes: Any) -> None:
    parts: dict[str, Any] = {
        "out": (1, 1),
        "planes": 3,
        "lows": [-2, -2],
        "keeps": False,
        "thresholds": [1, 2, 1, 2],
        "inverted": [0, 0],
        "rises": [1, 1],
    } | changes
    program.add_sum(
        target,
        parts["out"],
        parts["planes"],
        np.array(parts["lows"], np.int64),
        parts["keeps"],
        np.array(parts["thresholds"], np.uint64),
        np.array(parts["inverted"], np.uint8),
        np.array(parts["rises"], np.uint64),
        terms,
    )


@pytest.fixture
def program() -> Program:
    """Slab 0: four ternary inputs; slab 1: two ternary neurons; slab 2: a 3x3 image of two channels; slab 3: pooled."""
    made = Program()
    made.add_slab(1, 4, 2, True, -1, 1)
    made.add_slab(1, 2, 2, True, -1, 1)
    made.add_slab(9, 2, 2, True, -1, 1)
    made.add_slab(4, 2, 2, True, -1, 1)
    made.add_input(0, *ANY)
    made.add_input(2, *ANY)
    return made


def test_the_well_formed_program_is_taken(program: Program) -> None:
    sums(program, [term()])
    program.add_pool(2, 3, POOL, (2, 2), 0, np.zeros(2, np.uint8))
    assert program.add_done(1, 0, [(0, np.ones(2, np.int64))]) == 0
    assert program.n_rows == 1


def test_full_counts_are_taken(program: Program) -> None:
    mask = program.add_slab(1, 4, 1, False, 0, 1)
    program.add_part(0, mask, -1, 1, 1)
    assert program.add_reached(1, (1, 1), [term(source=mask)]) == 0
    assert program.add_reached(1, (1, 1), []) == 2
    assert program.n_rows == 3


@pytest.mark.parametrize(
    ("source", "target", "changes", "message"),
    [
        (9, 4, {}, "no such slab"),
        (1, 4, {}, "no levels yet"),
        (0, 0, {}, "the same slab"),
        (0, 1, {}, "sizes differ"),
        (2, 4, {}, "sizes differ"),
        (5, 4, {}, "lowest out of range"),
        (4, 0, {}, "must be binary"),
        (0, 4, {"part": 3}, "unknown part"),
        (0, 4, {"part": -1}, "unknown part"),
        (0, 4, {"step": -1}, "must not be negative"),
    ],
)
def test_a_bad_part_of_levels_is_refused(
    program: Program, source: int, target: int, changes: dict[str, int], message: str
) -> None:
    program.add_slab(1, 4, 1, False, 0, 1)
    program.add_slab(1, 4, 1, False, -(1 << 40), 1)
    program.add_input(5, *ANY)
    if source == 4:
        program.add_part(0, 4, 0, 1, 0)
    parts = {"lowest": -1, "step": 1, "part": 1} | changes
    with pytest.raises(ValueError, match=message):
        program.add_part(source, target, parts["lowest"], parts["step"], parts["part"])


@pytest.mark.parametrize(
    ("target", "out", "changes"),
    [
        (9, (1, 1), {}),
        (1, (2, 1), {}),
        (1, (0, 1), {}),
        (1, (1, 1), {"source": 1}),
        (1, (1, 1), {"first": 1}),
        (1, (1, 1), {"channels": [0, 4]}),
        (1, (1, 1), {"digits": [(1, 0), (1, 1)]}),
    ],
)
def test_bad_full_counts_are_refused(
    program: Program, target: int, out: tuple[int, int], changes: dict[str, Any]
) -> None:
    with pytest.raises(ValueError, match="program: "):
        program.add_reached(target, out, [term(**changes)])


@pytest.mark.parametrize(
    "changes",
    [
        {"source": 9},
        {"source": -1},
        {"source": 1},  # has no levels yet
        {"first": 1},
        {"first": -1},
        {"outputs": 0},
        {"outputs": 3},
        {"window": (1, 1, 5, 1, 1, 1, 1, 0, 0, 1, 1)},
        {"window": (1, 1, 4, 1, 1, 0, 1, 0, 0, 1, 1)},
        {"window": (1, 1, 4, 1, 1, 1, 1, -1, 0, 1, 1)},
        {"window": (1, 1, 4, 1, 1, 1, 1, 0, 0, 0, 1)},
        {"window": (1, 1, 4, 1 << 40, 1, 1, 1, 0, 0, 1, 1)},
        {"digits": [(2, 0)]},
        {"digits": [(1, 64)]},
        {"digits": [(1, -1)]},
        {"runs": [0, 2, 1]},
        {"runs": [1, 1, 2]},
        {"runs": [0, 1, 3]},
        {"runs": [0, 2]},
        {"channels": [0, 4]},
        {"channels": [-1, 0]},
        {"constants": [0]},
    ],
)
def test_malformed_terms_are_refused(program: Program, changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="program: "):
        sums(program, [term(**changes)])


@pytest.mark.parametrize(
    "changes",
    [
        {"target": 7},
        {"out": (1, 2)},
        {"out": (0, 1)},
        {"planes": 0},
        {"planes": 63},
        {"lows": [0]},
        {"inverted": [0]},
        {"thresholds": [1, 2, 1]},
        {"thresholds": [1, 2, 1, 8]},
        {"rises": [1, 4]},
        {"rises": [1], "thresholds": [1, 1]},
        {"keeps": True},
    ],
)
def test_malformed_sums_are_refused(program: Program, changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="program: "):
        sums(program, [term()], **changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"source": 3},
        {"target": 2},
        {"target": 1},
        {"target": 5},
        {"out": (3, 2)},
        {"first": 1},
        {"minimum": [0]},
        {"window": (3, 3, 2, 2, 2, 1, 1, 3, 0, 1, 1)},  # the first window lies above the image
        {"window": (3, 3, 2, 2, 2, 9, 1, 0, 0, 1, 1)},  # the second one below
        {"window": (9, 1, 2, 2, 2, 1, 1, 0, 9, 1, 1)},
    ],
)
def test_malformed_pools_are_refused(program: Program, changes: dict[str, Any]) -> None:
    parts: dict[str, Any] = {
        "source": 2, "target": 3, "window": POOL, "out": (2, 2), "first": 0, "minimum": [0, 1],
    } | changes  # fmt: skip
    minimum = np.array(parts.pop("minimum"), np.uint8)
    with pytest.raises(ValueError, match="program: "):
        program.add_pool(*parts.values(), minimum)


@pytest.mark.parametrize(
    "arguments",
    [
        (9, 0, []),
        (1, 0, []),  # has no levels yet
        (0, -1, []),
        (0, 99, []),
        (0, 0, [(4, np.ones(4, np.int64))]),
        (0, 0, [(-1, np.ones(4, np.int64))]),
        (0, 0, [(3, np.ones(4, np.int64))]),  # planes of the magnitude are not made
        (0, 0, [(0, np.ones(3, np.int64))]),
        (0, 0, [(0, -np.ones(4, np.int64))]),
        (0, 0, [(0, np.full(4, 1 << 60, np.int64))]),
    ],
)
def test_malformed_counts_are_refused(program: Program, arguments: Any) -> None:
    with pytest.raises(ValueError, match="program: "):
        program.add_done(*arguments)


@pytest.mark.parametrize(
    "arguments",
    [
        (0, 4, 2, True, -1, 1),
        (1, 0, 2, True, -1, 1),
        (1, 4, 0, False, -1, 1),
        (1, 4, 63, False, -1, 1),
        (1, 4, 3, True, -1, 1),
        (1, 4, 2, True, -1, 0),
        (1, 4, 2, True, -1, (1 << 63) - 1),
        (1 << 20, 1 << 20, 1, False, 0, 1),
    ],
)
def test_malformed_slabs_are_refused(arguments: Any) -> None:
    with pytest.raises(ValueError, match="program: slab"):
        Program().add_slab(*arguments)


@pytest.mark.parametrize(
    ("low", "high", "marks"),
    [(1, 0, 0), (0, 3, 3), (0, 3, 5), (-(1 << 62), 1 << 62, 1), (-(1 << 63), 0, 0), (0, (1 << 63) - 1, 0)],
)
def test_malformed_limits_are_refused(program: Program, low: int, high: int, marks: int) -> None:
    with pytest.raises(ValueError, match="program: limits"):
        program.add_input(0, low, high, np.ones(marks, np.uint8))


def test_a_slab_is_done_once_and_a_readout_needs_sums(program: Program) -> None:
    program.add_done(0, 0, [])
    with pytest.raises(ValueError, match="done already"):
        program.add_done(0, 0, [])
    with pytest.raises(ValueError, match="no sums yet"):
        program.add_readout(1)


def run(program: Program, x: Any, samples: int = 2, **changes: Any) -> None:
    parts: dict[str, Any] = {
        "inputs": [x], "readouts": [], "records": [], "tallies": None, "lanes": 64, "threads": 1,
    } | changes  # fmt: skip
    program.run("portable", samples, *parts.values(), None)


@pytest.mark.parametrize(
    ("x", "changes"),
    [
        (np.zeros((2, 5), np.int8), {}),
        (np.zeros((3, 4), np.int8), {}),
        (np.zeros(2, np.int8), {}),
        (np.zeros((2, 4)), {}),
        (np.zeros((2, 4), np.bool_), {}),
        (np.zeros((2, 8), np.int8)[:, ::2], {}),
        (np.zeros((2, 4), np.int8), {"inputs": []}),
        (np.zeros((2, 4), np.int8), {"readouts": [np.zeros((2, 4), np.int64)]}),
        (np.zeros((2, 4), np.int8), {"records": [(0, np.zeros((2, 3), np.int16))]}),
        (np.zeros((2, 4), np.int8), {"records": [(1, np.zeros((2, 2), np.int16))]}),
        (np.zeros((2, 4), np.int8), {"records": [(-1, np.zeros((2, 2), np.int16))]}),
        (np.zeros((2, 4), np.int8), {"tallies": np.zeros((1, 3), np.int64)}),
        (np.zeros((2, 4), np.int8), {"lanes": 0}),
        (np.zeros((2, 4), np.int8), {"lanes": 1 << 12}),
        (np.zeros((2, 4), np.int8), {"threads": 0}),
        (np.zeros((2, 4), np.int8), {"samples": -1}),
    ],
)
def test_arrays_that_do_not_fit_are_refused(x: np.ndarray, changes: dict[str, Any]) -> None:
    made = Program()
    made.add_slab(1, 4, 2, True, -1, 1)
    made.add_slab(1, 2, 2, True, -1, 1)
    made.add_input(0, *ANY)
    made.add_done(0, 0, [(0, np.ones(4, np.int64))])
    kept = np.full((2, 4), 7, np.int16)
    run(made, np.ones((2, 4), np.int8), records=[(0, kept)], tallies=np.zeros((1, 2), np.int64))
    assert kept.tolist() == [[1] * 4] * 2
    with pytest.raises(ValueError, match=r"run: |program: "):
        run(made, x, **changes)


@pytest.mark.parametrize(("samples", "rows"), [(1 << 62, 4), (1 << 61, 8), (1 << 48, 1 << 16), (1 << 49, 0)])
def test_numbers_of_samples_whose_products_wrap_are_refused(samples: int, rows: int) -> None:
    """2^62 samples of 4 counts are 0 in 64 bits, the size of an empty array."""
    made = Program()
    made.add_slab(1, 1, 2, True, -1, 1)
    made.add_input(0, *ANY)
    made.add_done(0, 0, [(0, np.ones(1, np.int64))] * rows)
    x = np.broadcast_to(np.zeros((1, 1), np.int8), (samples, 1))
    with pytest.raises(ValueError, match="run: "):
        run(made, x, samples, tallies=np.zeros((rows, 0), np.int64) if rows else None)


def test_nothing_is_added_to_a_program_that_has_run() -> None:
    made = Program()
    made.add_slab(1, 4, 2, True, -1, 1)
    made.add_input(0, *ANY)
    run(made, np.zeros((2, 4), np.int8))
    with pytest.raises(ValueError, match="nothing can be added"):
        made.add_slab(1, 4, 2, True, -1, 1)
