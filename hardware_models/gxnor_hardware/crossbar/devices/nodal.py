r"""Exact wire loss of an array: every node of the resistive network, solved sparsely.

Row i is a wire of `cols` nodes, driven to :math:`v_i` at its left end through one wire segment; column j a wire of
`rows` nodes, held at 0 V (virtual ground) below its last row through one segment. Neighbouring nodes are one
segment apart. Cell (i, j) joins row node (i, j) and column node (i, j). Kirchhoff's current law at every node
gives :math:`A u = B v`, A symmetric and positive definite, with two unknowns per cell.

The reference for `irdrop.transfer`; 128 x 128 cells take about a second.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gxnor_snn.errors import InputError

from .checks import check_ohm

if TYPE_CHECKING:
    from scipy.sparse import csc_matrix

__all__ = ["Solution", "cell_transfer", "coefficients", "nodal", "solve"]

Array = NDArray[np.float64]
_MOST_CELLS = 1 << 20
_MOST_VOLTAGES = 1 << 26  # unknown node voltages at once: half a gigabyte


@dataclass(frozen=True)
class Solution:
    """Voltages and currents of a solved array.

    Attributes
    ----------
    row_v, col_v
        Node voltages (rows, cols, k), volt.
    drive_a
        Current from every driver into its row (rows, k), ampere.
    sense_a
        Current from every column into its virtual ground (cols, k), ampere.
    """

    row_v: Array
    col_v: Array
    drive_a: Array
    sense_a: Array


def solve(
    g_s: ArrayLike, v: ArrayLike, r_row_ohm: float, r_col_ohm: float, disconnected: ArrayLike | None = None
) -> Solution:
    """Solve the network for k vectors of row voltages at once.

    Parameters
    ----------
    g_s
        Cell conductances (rows, cols), siemens.
    v
        Row voltages (rows,) or (rows, k), volt.
    r_row_ohm, r_col_ohm
        Resistance of one wire segment, ohm; 0 is an ideal wire.
    disconnected
        Rows whose cells are cut off by their access transistors: bools (rows,). None connects all.

    Raises
    ------
    InputError
        If shapes do not fit, a number is negative or not finite, or there are more than 2^20 cells or 2^26 node
        voltages, two per cell and vector.
    """
    from scipy.sparse.linalg import splu

    g, volts = _checked(g_s, v, r_row_ohm, r_col_ohm, disconnected)
    rows, cols = g.shape
    k = volts.shape[1]
    row_v = np.repeat(volts[:, None], cols, axis=1)
    col_v = np.zeros((rows, cols, k))
    if r_row_ohm or r_col_ohm:
        matrix, rhs, unknown = _network(g, volts, r_row_ohm, r_col_ohm)
        found = splu(matrix, permc_spec="MMD_AT_PLUS_A", options={"SymmetricMode": True}).solve(rhs)
        both = np.stack([row_v, col_v]).reshape(-1, k)
        both[unknown] = found
        row_v, col_v = both.reshape(2, rows, cols, k)
    through = g[:, :, None] * (row_v - col_v)
    return Solution(row_v, col_v, through.sum(axis=1), through.sum(axis=0))


def nodal(
    g_s: ArrayLike, v: ArrayLike, r_row_ohm: float, r_col_ohm: float, disconnected: ArrayLike | None = None
) -> Array:
    """Column currents with wire loss, ampere: (cols,), or (cols, k) for k vectors; arguments as of `solve`."""
    sense = solve(g_s, v, r_row_ohm, r_col_ohm, disconnected).sense_a
    return sense[:, 0] if np.ndim(v) == 1 else sense


def coefficients(
    g_s: ArrayLike, r_row_ohm: float, r_col_ohm: float, disconnected: ArrayLike | None = None
) -> Array:
    """Exact linear map of an array with wires: W (rows, cols), siemens, ``I_j = sum_i v_i W_ij`` for every v.

    One solve per row. Without wire resistance W is `g_s`; with it, currents also sneak through neighbouring cells,
    so W_ij is not zero where g_ij is.
    """
    return nodal(g_s, np.eye(len(np.asarray(g_s))), r_row_ohm, r_col_ohm, disconnected).T


def cell_transfer(
    g_s: ArrayLike, r_row_ohm: float, r_col_ohm: float, disconnected: ArrayLike | None = None
) -> Array:
    """Voltage over every cell (rows, cols) per volt, all rows driven alike: what `irdrop.transfer` estimates.

    Cells of disconnected rows carry nothing; their entries are the voltage between their two wires.
    """
    found = solve(g_s, np.ones(len(np.asarray(g_s))), r_row_ohm, r_col_ohm, disconnected)
    whole: Array = (found.row_v - found.col_v)[:, :, 0]
    return whole


def _checked(
    g_s: ArrayLike, v: ArrayLike, r_row_ohm: float, r_col_ohm: float, disconnected: ArrayLike | None
) -> tuple[Array, Array]:
    try:
        g, volts = np.asarray(g_s, dtype=np.float64), np.asarray(v, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"g_s and v are not arrays of numbers: {error}") from error
    if g.ndim != 2 or not 0 < g.size <= _MOST_CELLS or not (np.isfinite(g).all() and (g >= 0).all()):
        raise InputError(
            f"g_s has shape {g.shape}; allowed are (rows, cols), at most {_MOST_CELLS} cells, finite, not negative"
        )
    if volts.ndim not in (1, 2) or len(volts) != len(g) or not np.isfinite(volts).all():
        raise InputError(f"v has shape {volts.shape}; allowed are finite ({len(g)},) or ({len(g)}, k)")
    if 2 * g.size * (volts.size // len(g)) > _MOST_VOLTAGES:
        raise InputError(
            f"{volts.size // len(g)} vectors on {g.size} cells have too many node voltages; allowed are "
            f"{_MOST_VOLTAGES} (two per cell and vector): solve fewer vectors at once"
        )
    check_ohm("r_row_ohm", r_row_ohm)
    check_ohm("r_col_ohm", r_col_ohm)
    if disconnected is not None:
        cut = np.asarray(disconnected)
        if cut.shape != (len(g),) or cut.dtype != np.bool_:
            raise InputError(f"disconnected is {cut.dtype} {cut.shape}; allowed are bools of shape ({len(g)},)")
        g = np.where(cut[:, None], 0.0, g)
    return g, volts if volts.ndim == 2 else volts[:, None]


def _network(g: Array, volts: Array, r_row: float, r_col: float) -> "tuple[csc_matrix, Array, NDArray[np.bool_]]":
    """Matrix, right-hand side and mask of the unknown nodes; ideal wires keep their nodes known."""
    from scipy.sparse import coo_matrix

    rows, cols = g.shape
    ids = np.arange(2 * g.size).reshape(2, rows, cols)
    a, b, c = [ids[0].ravel()], [ids[1].ravel()], [g.ravel()]
    if r_row:
        a.append(ids[0, :, :-1].ravel())
        b.append(ids[0, :, 1:].ravel())
        c.append(np.full(rows * (cols - 1), 1 / r_row))
    if r_col:
        a.append(ids[1, :-1].ravel())
        b.append(ids[1, 1:].ravel())
        c.append(np.full((rows - 1) * cols, 1 / r_col))
    one, other, between = map(np.concatenate, (a, b, c))
    diagonal = np.bincount(one, between, ids.size) + np.bincount(other, between, ids.size)
    known_v = np.zeros((ids.size, volts.shape[1]))
    rhs = np.zeros_like(known_v)
    unknown = np.zeros((2, rows, cols), dtype=bool)
    if r_row:
        unknown[0] = True
        diagonal[ids[0, :, 0]] += 1 / r_row
        rhs[ids[0, :, 0]] += volts / r_row
    else:
        known_v[ids[0]] = volts[:, None]
    if r_col:
        unknown[1] = True
        diagonal[ids[1, -1]] += 1 / r_col
    free = unknown.ravel()
    every = np.arange(ids.size)
    entries = np.concatenate([-between, -between, diagonal])
    place = (np.concatenate([one, other, every]), np.concatenate([other, one, every]))
    whole: Any = coo_matrix((entries, place), shape=(ids.size, ids.size)).tocsr()
    rhs -= whole @ known_v
    return whole[free][:, free].tocsc(), rhs[free], free
