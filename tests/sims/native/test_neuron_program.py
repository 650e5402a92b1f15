"""Programs of the neurons form and their runs: what does not fit is refused."""

from typing import Any

import numpy as np
import pytest

import gxnor_sims._kernels as kernels

NO_MARKS = np.zeros(0, np.uint8)
WINDOW = (1, 1, 4, 1, 1, 1, 1, 0, 0, 1, 1)


def weights(**changes: Any) -> kernels.Weights:
    parts: dict[str, Any] = {
        "source": 0,
        "window": WINDOW,
        "together": 1,
        "first_channel": 0,
        "outputs": 2,
        "positive": [0, 0, 1],
        "negative": [1, 0, 0],
        "first_level": -1,
        "table": [0] * 16,
        "words": kernels.widths("portable")[0],
        "planes": [(0, 0, 2)],
        "lowest": -1,
        "low": -4,
        "counter_planes": 4,
    } | changes
    if kernels.widths("portable")[0] == 1:
        parts["table"] = parts["table"][: len(parts["table"]) // 2]
    unsigned = {n: np.array(parts[n], np.uint64) for n in ("positive", "negative", "table")}
    return kernels.Weights.make(*(parts | unsigned).values())


def moves(**changes: Any) -> kernels.Moves:
    parts: dict[str, Any] = {
        "source": 0,
        "window": WINDOW,
        "first_channel": 0,
        "gain": 1,
        "minimum": NO_MARKS,
    } | changes
    return kernels.Moves.make(*parts.values())


def add(
    parts: list[kernels.Weights], moved: list[kernels.Moves] | None = None, **changes: Any
) -> kernels.NeuronProgram:
    program = kernels.NeuronProgram("portable")
    program.add_input((1, 1), 4, -1, 1, NO_MARKS)
    layer: dict[str, Any] = {
        "image": (1, 1),
        "channels": 2,
        "readout": False,
        "keeps": False,
        "lowest": -1,
        "highest": 1,
        "bounds": [0, 0, 1, 1],
        "inverted": [0, 1],
        "rises": [1, 1],
    } | changes
    typed = {
        "bounds": np.array(layer["bounds"], np.int64),
        "inverted": np.array(layer["inverted"], np.uint8),
        "rises": np.array(layer["rises"], np.int64),
    }
    program.add_layer(*(layer | typed).values(), parts, moved or [])
    return program


def test_a_well_formed_program_is_taken() -> None:
    add([weights()])
    add([], [moves()], channels=4, bounds=[0] * 8, inverted=[0] * 4)


@pytest.mark.parametrize(
    "changes",
    [
        {"source": 1},
        {"source": -1},
        {"window": (1, 1, 5, 1, 1, 1, 1, 0, 0, 1, 1)},
        {"window": (1, 1, 4, 2, 1, 1, 1, 0, 0, 1, 1)},
        {"together": 0},
        {"together": 2},
        {"first_channel": 1},
        {"first_channel": -1},
        {"outputs": 3},
        {"outputs": 0},
        {"positive": [0, 1]},
        {"negative": [0, 1, 0, 0]},
        {"first_level": 0},
        {"table": [0] * 14},
        {"table": []},
        {"words": 3},
        {"words": 8},
        {"planes": [(1, 0, 2)]},
        {"planes": [(0, 64, 2)]},
        {"planes": [(0, 0, 3)]},
        {"planes": []},
        {"counter_planes": 0},
        {"counter_planes": 63},
    ],
)
def test_weights_that_do_not_fit_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="program: "):
        add([weights(**changes)])


@pytest.mark.parametrize(
    "changes",
    [
        {"source": 1},
        {"window": (1, 1, 3, 1, 1, 1, 1, 0, 0, 1, 1)},
        {"first_channel": 1},
        {"minimum": np.zeros(3, np.uint8)},
    ],
)
def test_moves_that_do_not_fit_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="program: "):
        add([], [moves(**changes)], channels=4, bounds=[0] * 8, inverted=[0] * 4)


@pytest.mark.parametrize(
    "changes",
    [
        {"image": (0, 1)},
        {"image": (1 << 20, 1 << 20)},
        {"channels": 0},
        {"bounds": [0, 0]},
        {"inverted": [0]},
        {"rises": [1, 2]},
        {"rises": [1, -1]},
        {"lowest": 2},
        {"highest": 1 << 40},
    ],
)
def test_layers_that_do_not_fit_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="program: "):
        add([], **changes)


@pytest.mark.parametrize(
    ("layer", "planes", "rows"),
    [
        (2, 0, []),
        (1, 32, []),
        (1, 0, [(4, [1, 1])]),
        (1, 0, [(0, [1])]),
        (1, 0, [(0, [1, -1])]),
        (1, 0, [(0, [1 << 60, 1])]),
    ],
)
def test_rows_that_do_not_fit_are_refused(layer: int, planes: int, rows: list[Any]) -> None:
    program = add([weights()])
    with pytest.raises(ValueError, match="program: "):
        program.add_rows(layer, planes, [(mask, np.array(f, np.int64)) for mask, f in rows])


@pytest.mark.parametrize("options", [{"lanes": 0}, {"threads": 0}, {"first": 3}, {"last": 3}, {"samples": -1}])
def test_runs_that_do_not_fit_are_refused(options: dict[str, Any]) -> None:
    program = add([weights()])
    x = np.zeros((2, 4), np.int8)
    parts = {"samples": 2, "lanes": 1, "threads": 1, "first": 0, "last": 2} | options
    with pytest.raises(ValueError, match="run: "):
        program.run(
            parts["samples"],
            [x],
            [],
            [],
            None,
            parts["lanes"],
            parts["threads"],
            None,
            parts["first"],
            parts["last"],
        )
    with pytest.raises(ValueError, match="run: wrong number of inputs"):
        program.run(2, [], [], [], None, 1, 1, None)
    assert program.run(2, [x], [], [], None, 1, 1, None)
    with pytest.raises(ValueError, match="nothing can be added"):
        program.add_input((1, 1), 4, -1, 1, NO_MARKS)
