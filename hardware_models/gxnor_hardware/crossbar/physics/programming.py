"""Programming a projection into arrays: weights to conductances, and what becomes of them until they are read."""

import warnings
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from gxnor_snn.errors import InputError
from gxnor_snn.graph import Coding, Weighted

from ..devices import Device, unit_conductance
from ..devices.irdrop import excessive, transfer
from .array import ArraySpec
from .cells import SCHEMES
from .drive import largest_digit
from .lines import Converter, Line, Noise, Tile
from .products import Product, product_of

__all__ = ["Programmed", "program_projection"]

_FLOAT32_EXACT = 1 << 24


@dataclass(frozen=True)
class Programmed:
    """A projection in its arrays, on a number of draws of devices.

    Attributes
    ----------
    product
        How its sums are computed.
    tiles
        Along the fan-in.
    planes
        What the columns of each weight plane count for.
    scale
        What sums are multiplied by, per draw, to make up for drift; None for no compensation.
    dtype
        Floats that hold every sum of a read without rounding integers.
    total_dtype
        Floats that hold the sums over all reads and tiles.
    """

    product: Product
    tiles: tuple[Tile, ...]
    planes: tuple[int, ...]
    scale: Tensor | None
    dtype: torch.dtype
    total_dtype: torch.dtype

    @property
    def exact(self) -> bool:
        """Whether integer levels give exact integer sums."""
        return self.scale is None and all(tile.exact for tile in self.tiles)


@dataclass(frozen=True)
class _Arrays:
    """Cells of a tile's arrays side by side, (draws, groups, rows, columns), in units of one weight.

    `plus` and `minus` are what is added and subtracted, `values` their difference. `spread` says which column of
    `minus` each column of `plus` has; None says its own. `reach` holds the largest sums of the three without any
    error, for drives of 1. `kept` says that every cell is what was wanted, and every wire without resistance.
    """

    values: Tensor
    plus: Tensor
    minus: Tensor
    plus_variance: Tensor
    minus_variance: Tensor
    plus_offset: Tensor
    minus_offset: Tensor
    spread: Tensor | None
    reach: tuple[float, float, float]
    kept: bool


def program_projection(
    projection: Weighted,
    source: Coding,
    device: Device,
    array: ArraySpec,
    generator: torch.Generator,
    draws: int,
    time_s: float,
) -> Programmed:
    """Lay a projection out on arrays and program them, `draws` times.

    Parameters
    ----------
    projection
        Dense or convolution, with any coding of its weights.
    source
        Coding of the levels that will drive it.
    device
        The memory cells.
    array
        How arrays are built and read.
    generator
        Draws on its own device, where everything will lie.
    draws
        Independent copies of all arrays.
    time_s
        Seconds from programming to reading.

    Raises
    ------
    UnsupportedGraphError
        If arrays do not compute its kind.
    InputError
        If `adc_range` does not fit its tiles, or an array is too narrow for one weight.
    ProfileError
        If the device's card lacks what is asked of it.

    Warns
    -----
    UserWarning
        If wires lose more than the closed form of IR drop is good for.
    """
    product = product_of(projection)
    planes = [product.matrix(p) for p in projection.coding.plane_values(projection.weights)]
    largest, cuts = largest_digit(source, array.dac_bits), array.tiles(product.fan_in)
    dtype = _holding(largest * (cuts[0][1] - cuts[0][0]))
    matrix = torch.from_numpy(np.concatenate(planes, axis=2)).to(generator.device, dtype)
    ranges = _ranges(projection, array, len(cuts))
    tiles = []
    kept, wanted = torch.zeros(draws, device=generator.device), 0.0
    for (start, stop), limit in zip(cuts, ranges, strict=True):
        levels = matrix[:, start:stop]
        if array.drive == "two_row":
            levels = torch.cat((levels, -levels), dim=1)
        arrays = _program(levels, device, array, generator, draws, time_s)
        if array.drift_compensation:
            kept += (arrays.values * levels).sum((1, 2, 3))
            wanted += float(levels.square().sum())
        tiles.append(_tile(arrays, product, (start, stop), array, generator, largest, limit))
    scale = None
    if array.drift_compensation and wanted:  # arrays that kept nothing have nothing to be scaled
        scale = torch.where(kept > 0, wanted / kept, 1.0)
    if scale is not None and bool((scale == 1).all()):
        scale = None
    whole = _holding(source.max_abs * projection.coding.max_abs * product.fan_in)
    return Programmed(product, tuple(tiles), tuple(1 << k for k in range(len(planes))), scale, dtype, whole)


def _holding(sums: int) -> torch.dtype:
    """Floats that hold integers up to twice these sums: a single cell stands for 0, 1 or 2 units."""
    return torch.float32 if 2 * sums < _FLOAT32_EXACT else torch.float64


def _ranges(projection: Weighted, array: ArraySpec, n_tiles: int) -> tuple[float | None, ...]:
    if array.adc_range is None:
        return (None,) * n_tiles
    given = array.adc_range.get(projection.name)
    if given is None or len(given) != n_tiles:
        found = "none" if given is None else f"{len(given)}"
        raise InputError(
            f"array: adc_range gives {found} for {projection.where}, needs one per tile ({n_tiles}); "
            "calibrate() with the same array makes them"
        )
    return given


def _program(
    levels: Tensor, device: Device, array: ArraySpec, generator: torch.Generator, draws: int, time_s: float
) -> _Arrays:
    """Program the weight planes (groups, rows, columns) of one tile, array by array."""
    scheme = SCHEMES[array.cells]
    width = scheme.capacity(array.cols)
    if width < 1:
        raise InputError(f"array: cols is {array.cols}, a weight in cells={array.cells!r} needs more")
    unit = unit_conductance(device, array.cells)
    found: list[tuple[Tensor, ...]] = []
    reaches: list[tuple[float, ...]] = []
    spread: list[int] = []
    all_kept = True
    for index, first in enumerate(range(0, levels.shape[2], width)):
        part = levels[..., first : first + width]
        wanted = scheme.targets(part, device)
        sides = scheme.parts(wanted / unit)
        reaches.append(tuple(_reach(side, array.rows_per_input) for side in (part, *sides)))
        target = wanted.expand(draws, -1, -1, -1)
        cells = device.drift(device.program(target, generator), time_s, generator, target)
        cells = device.stick(cells, *device.faults(cells.shape, generator))
        sigma = device.read_noise(cells, time_s, target)
        variance = (sigma / unit).square_() + (cells * (array.switch_noise / unit)).square()
        offset = cells.sum(2) / unit * (array.offset_v / device.v_read_v if array.offset_v else 0.0)
        kept = torch.equal(cells, target)
        if array.r_row_ohm or array.r_col_ohm:
            wires = array.r_row_ohm, array.r_col_ohm
            if (loss := excessive(cells, *wires)) is not None:
                warnings.warn(f"crossbar: {loss}", stacklevel=2)
            reached = transfer(cells, *wires)
            cells, variance, kept = cells * reached, variance * reached.square(), False
        all_kept &= kept
        # cells that took their target exactly stand for the very integers, whatever siemens round to
        values = part.expand(draws, -1, -1, -1) if kept else scheme.subtract(cells / unit)
        found.append((values, *scheme.parts(cells / unit), *scheme.parts(variance), *scheme.parts(offset)))
        spread += [index] * part.shape[2]
    values, plus, minus, plus_variance, minus_variance, plus_offset, minus_offset = (
        torch.cat(columns, dim=-1) for columns in zip(*found, strict=True)
    )
    analog, added, taken = (max(column) for column in zip(*reaches, strict=True))
    return _Arrays(
        values=values,
        plus=plus,
        minus=minus,
        plus_variance=plus_variance,
        minus_variance=minus_variance,
        plus_offset=plus_offset,
        minus_offset=minus_offset,
        spread=torch.tensor(spread, device=levels.device) if scheme.spare else None,
        reach=(analog, added, taken),
        kept=all_kept,
    )


def _reach(cells: Tensor, rows_per_input: int) -> float:
    """The largest column sum of cells (groups, rows, columns) whose inputs drive one row each, by 1 or -1."""
    by_input = torch.unflatten(cells.abs(), 1, (rows_per_input, -1)).amax(1)
    return float(by_input.sum(1).max())


def _tile(
    arrays: _Arrays,
    product: Product,
    cut: tuple[int, int],
    array: ArraySpec,
    generator: torch.Generator,
    largest: int,
    limit: float | None,
) -> Tile:
    def noise(variance: Tensor, spread: Tensor | None = None) -> tuple[Noise, ...]:
        if not bool(variance.any()):
            return ()
        first = variance[..., :1]
        if spread is None and bool(((variance - first).abs() <= 1e-5 * first).all()):
            variance = first
        return (Noise(product.kernel(variance, *cut), spread),)

    def line(
        cells: Tensor,
        noises: tuple[Noise, ...],
        offset: Tensor,
        reach: float,
        sign: int = 1,
        spread: Tensor | None = None,
    ) -> Line:
        reach *= largest
        converter = _converter(offset, array, generator, reach if limit is None else limit)
        exact = (
            arrays.kept
            and not noises
            and converter.exact
            and bool((cells == cells.round()).all())
            and (converter.top is None or reach <= converter.top)
        )
        return Line(product.kernel(cells, *cut), noises, converter, spread, sign, exact)

    def drawn(sums: Tensor) -> Tensor:
        return sums * torch.randn(sums.shape, generator=generator, device=sums.device) if array.offset_v else sums

    a, shared, (reach, plus, minus) = arrays, arrays.spread, arrays.reach
    added, taken = drawn(a.plus_offset), drawn(a.minus_offset)
    if array.subtraction == "digital":
        positive = line(a.plus, noise(a.plus_variance), added, plus)
        return Tile((positive, line(a.minus, noise(a.minus_variance), taken, minus, -1, shared)))
    if shared is None:
        return Tile((line(a.values, noise(a.plus_variance + a.minus_variance), added - taken, reach),))
    noises = noise(a.plus_variance) + noise(a.minus_variance, shared)
    return Tile((line(a.values, noises, added - taken.index_select(2, shared), reach),))


def _converter(offset: Tensor, array: ArraySpec, generator: torch.Generator, limit: float) -> Converter:
    gain = None
    if array.gain_error:
        gain = 1 + array.gain_error * torch.randn(offset.shape, generator=generator, device=offset.device)
    return Converter(offset if bool(offset.any()) else None, gain, array.top_code, limit)
