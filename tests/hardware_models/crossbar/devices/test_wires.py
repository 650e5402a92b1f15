import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from gxnor_hardware.crossbar.devices import wire, wire_nodes
from gxnor_hardware.crossbar.devices.irdrop import TRUSTED_LOSS, excessive, retained, transfer
from gxnor_hardware.crossbar.devices.nodal import cell_transfer, coefficients, nodal, solve
from gxnor_snn.errors import InputError

Array = NDArray[np.float64]


def array(size: int, on: float, off: float, seed: int = 1) -> Array:
    """One third of the cells on."""
    cells = np.random.default_rng(seed).permutation(size * size).reshape(size, size)
    return np.where(cells < size * size / 3, on, off)


# reference, 3g: size, on, off, node; exact retained fraction, closed form
TABLE = [
    (64, 1e-4, 1e-6, 130, 0.942, 0.946),
    (128, 1e-4, 1e-6, 130, 0.811, 0.811),
    (64, 1e-4, 1e-6, 22, 0.722, 0.723),
    (128, 1e-4, 1e-6, 22, 0.412, 0.374),
    (128, 25e-6, 0.0, 14, 0.587, 0.564),
]


@pytest.mark.parametrize(("size", "on", "off", "node", "exact", "closed"), TABLE)
def test_retained_fractions_of_the_table(
    size: int, on: float, off: float, node: int, exact: float, closed: float
) -> None:
    g, r = array(size, on, off), (wire(node).r_row_ohm, wire(node).r_col_ohm)
    found = nodal(g, np.ones(size), *r)
    # the table's cells were drawn one by one, so its mean conductance is a little off one third
    assert found.sum() / g.sum() == pytest.approx(exact, abs=0.012)
    assert float(retained(torch.from_numpy(g), *r)) == pytest.approx(closed, abs=0.012)
    if exact > 1 - TRUSTED_LOSS:
        estimate = transfer(torch.from_numpy(g), *r).numpy()
        assert np.abs(estimate - cell_transfer(g, *r)).mean() <= 0.02
        assert np.abs((estimate * g).sum(0) - found).mean() <= 0.02 * g.sum(0).mean()


@pytest.mark.parametrize(("size", "node", "seed"), [(64, 22, 1), (64, 22, 2), (128, 130, 1), (128, 130, 2)])
def test_disconnected_rows(size: int, node: int, seed: int) -> None:
    g, r = array(size, 1e-4, 1e-6, seed), (wire(node).r_row_ohm, wire(node).r_col_ohm)
    on = np.random.default_rng(seed).permutation(size) < 0.3 * size
    found = nodal(g, on.astype(float), *r, disconnected=~on)
    estimate = transfer(torch.from_numpy(g), *r, connected=torch.from_numpy(on)).numpy()
    ideal = g[on].sum(0)
    assert np.abs((estimate * g)[on].sum(0) - found).mean() <= 0.05 * ideal.mean()
    assert np.abs(estimate - cell_transfer(g, *r, disconnected=~on))[on].mean() <= 0.05
    # rows at 0 V load the columns like driven ones: the plain form holds, the one of disconnected rows does not
    driven = nodal(g, on.astype(float), *r).sum() / ideal.sum()
    plain = transfer(torch.from_numpy(g), *r).numpy()
    assert (plain * g)[on].sum() / ideal.sum() == pytest.approx(driven, abs=0.02)
    assert (estimate * g)[on].sum() / ideal.sum() > driven + 0.05


def test_with_zero_rows_at_0_v_the_map_does_not_depend_on_the_input() -> None:
    g = array(16, 1e-4, 1e-6)
    w = coefficients(g, 20.0, 60.0)
    x = np.random.default_rng(3).integers(-1, 2, (16, 5)).astype(float)
    assert nodal(g, x, 20.0, 60.0) == pytest.approx(w.T @ x, rel=1e-9, abs=1e-15)
    off = x[:, 0] == 0
    assert not np.allclose(nodal(g, x[:, 0], 20.0, 60.0, disconnected=off), w.T @ x[:, 0], rtol=1e-3)


def test_tensors_are_taken_and_nothing_given_is_changed() -> None:
    g = torch.full((2, 2), 1e-4, dtype=torch.float64)
    found = nodal(g, torch.ones(2), 1.0, 1.0, disconnected=torch.tensor([True, False]))
    assert (g == 1e-4).all()
    assert found == pytest.approx(nodal(g[1:].numpy(), np.ones(1), 1.0, 1.0), rel=1e-12)


def test_one_cell_by_hand() -> None:
    # driver - 100 ohm - cell of 1 kohm - 300 ohm - ground
    assert nodal([[1e-3]], [1.4], 100.0, 300.0)[0] == pytest.approx(1e-3)


def test_two_cells_on_a_row_by_hand() -> None:
    # ideal columns: 1 kohm at the first node; 1 kohm + 1 kohm more behind it
    g, r = [[1e-3, 1e-3]], 1000.0
    first = 0.4  # 1 kohm feeding 1 kohm parallel to 2 kohm: 2/3 over 5/3
    assert nodal(g, [1.0], r, 0.0) == pytest.approx([first * 1e-3, first / 2 * 1e-3])
    # ideal rows: the mirror image on a column, both cells at 1 V: node voltages from 4 u = 3 by hand
    found = solve([[1e-3], [1e-3]], [1.0, 1.0], 0.0, r)
    a, b = found.col_v[:, 0, 0]
    assert 1e-3 * (1 - a) == pytest.approx((a - b) / r)
    assert 1e-3 * (1 - b) + (a - b) / r == pytest.approx(b / r)
    assert found.sense_a[0, 0] == pytest.approx(b / r)


@settings(max_examples=25, deadline=None)
@given(
    st.integers(1, 6), st.integers(1, 6), st.floats(0, 2000), st.floats(0, 2000), st.integers(0, 2**32 - 1), st.booleans()
)  # fmt: skip
def test_currents_and_energy_are_conserved(
    rows: int, cols: int, r_row: float, r_col: float, seed: int, cut: bool
) -> None:
    r_row, r_col = (r if r > 1e-3 else 0.0 for r in (r_row, r_col))
    rng = np.random.default_rng(seed)
    g, v = rng.uniform(1e-6, 1e-3, (rows, cols)), rng.uniform(-1, 1, rows)
    disconnected = rng.random(rows) < 0.5 if cut else None
    if disconnected is not None:
        g = g * ~disconnected[:, None]
    found = solve(g, v, r_row, r_col, disconnected)
    row, col = found.row_v[:, :, 0], found.col_v[:, :, 0]
    assert found.drive_a.sum() == pytest.approx(found.sense_a.sum(), rel=1e-9, abs=1e-12)
    lost = (g * (row - col) ** 2).sum()
    if r_row:
        before = np.concatenate([v[:, None], row], axis=1)
        lost += (np.diff(before, axis=1) ** 2).sum() / r_row
        assert (before[:, 0] - before[:, 1]) / r_row == pytest.approx(found.drive_a[:, 0], rel=1e-9, abs=1e-12)
    if r_col:
        after = np.concatenate([col, np.zeros((1, cols))], axis=0)
        lost += (np.diff(after, axis=0) ** 2).sum() / r_col
        assert col[-1] / r_col == pytest.approx(found.sense_a[:, 0], rel=1e-9, abs=1e-12)
    assert v @ found.drive_a[:, 0] == pytest.approx(lost, rel=1e-9, abs=1e-12)


def test_ideal_wires_lose_nothing() -> None:
    g = array(8, 1e-4, 0.0)
    assert nodal(g, np.arange(8.0), 0.0, 0.0) == pytest.approx(np.arange(8.0) @ g)
    assert (transfer(torch.from_numpy(g), 0.0, 0.0) == 1).all()
    assert float(retained(torch.from_numpy(g), 0.0, 0.0)) == 1


@given(st.integers(1, 40), st.integers(1, 40), st.floats(0, 1e4), st.floats(0, 1e4))
def test_fractions_are_fractions_and_fall_with_distance(rows: int, cols: int, r_row: float, r_col: float) -> None:
    t = transfer(torch.full((2, rows, cols), 1e-4, dtype=torch.float64), r_row, r_col)
    assert t.shape == (2, rows, cols)
    assert bool(((t >= 0) & (t <= 1)).all())
    assert bool((t.diff(dim=-1) <= 1e-15).all())  # away from the driver
    assert bool((t.diff(dim=-2) >= -1e-15).all())  # towards the sense end


def test_beyond_thirty_percent_there_is_a_warning() -> None:
    g = torch.from_numpy(array(128, 1e-4, 1e-6))
    assert excessive(g, wire(130).r_row_ohm, wire(130).r_col_ohm) is None
    text = excessive(g, wire(22).r_row_ohm, wire(22).r_col_ohm)
    assert text is not None
    assert "128 x 128 cells lose 63%" in text


def test_wire_table() -> None:
    assert wire_nodes() == (130, 90, 65, 45, 32, 22, 14, 7)
    assert (wire(22).r_row_ohm, wire(22).r_col_ohm) == (2.12, 6.36)
    assert wire(22, "crossbar").r_row_ohm == wire(22, "crossbar").r_col_ohm == 1.06
    for node in wire_nodes():
        # rows are 4 F long per cell, columns 12 F, bare crosspoints 2 F
        assert wire(node).r_col_ohm / wire(node).r_row_ohm == pytest.approx(3, rel=0.02)
        assert wire(node).r_row_ohm / wire(node, "crossbar").r_row_ohm == pytest.approx(2, rel=0.04)
        assert wire(node).source
    with pytest.raises(InputError, match="allowed are 130, 90"):
        wire(28)


def test_bad_networks() -> None:
    g = np.full((2, 3), 1e-4)
    for arguments in (
        (g, np.ones(3), 1.0, 1.0), (g, np.ones(2), -1.0, 1.0), (g, np.ones(2), 1.0, np.nan), (-g, np.ones(2), 1.0, 1.0),
        (g[0], np.ones(2), 1.0, 1.0), (g, np.ones(2), 1.0, 1.0, np.ones(2)), (g * np.nan, np.ones(2), 1.0, 1.0),
    ):  # fmt: skip
        with pytest.raises(InputError):
            nodal(*arguments)
    for bad in (
        (torch.ones(3), 1.0, 1.0),
        (torch.ones((2, 2)), -1.0, 1.0),
        (torch.ones((2, 2)), 1.0, float("inf")),
    ):
        with pytest.raises(InputError):
            transfer(*bad)
    with pytest.raises(InputError, match="connected"):
        transfer(torch.ones((2, 2)), 1.0, 1.0, torch.ones(3, dtype=torch.bool))
