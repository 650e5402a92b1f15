"""Curves: what stands between an integer sum and an activation, as a monotone function of the sum, per channel.

A curve evaluates the very expression that the trained layer evaluates, with its own roundings; thresholds are
then found by searching it (`fold`), so no algebra on floats is trusted.
"""

import copy
import itertools
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from gxnor_snn.errors import ConversionError

__all__ = ["Curve", "Normalisation", "Normalised", "Stock", "Straight"]

Reals = NDArray[np.float64]
Judge = Callable[[Reals], NDArray[np.int64]]


class Curve(ABC):
    """A monotone function of a value, per channel.

    Attributes
    ----------
    increasing
        bool (C,): False where larger values give smaller results.
    exact_logits
        Whether `scale` and `offset` reproduce torch's logits bit for bit.
    """

    increasing: NDArray[np.bool_]
    exact_logits: bool = True

    @abstractmethod
    def __call__(self, values: Reals) -> Reals:
        """float64 (C, L) from float64 (C, L)."""

    @abstractmethod
    def check(self, values: Reals, judge: Judge) -> None:
        """Refuse a curve whose results for values (C, L) are not judged alike wherever they stand in a tensor."""

    @abstractmethod
    def readout(self) -> tuple[Reals, Reals]:
        """(scale, offset), float64 (C,), of the logits value * scale + offset."""


@dataclass(frozen=True)
class Straight(Curve):
    """y = v * a, then + b, in float64: our batch norms and `ScaleBias` in eval mode."""

    a: Reals
    b: Reals

    @classmethod
    def checked(cls, where: str, a: Reals, b: Reals) -> "Straight":
        """The curve, after refusing what is not finite."""
        for label, values in (("scale", a), ("offset", b)):
            if not np.all(np.isfinite(values)):
                channel = int(np.flatnonzero(~np.isfinite(values))[0])
                raise ConversionError(
                    f"{where}: {label} of channel {channel} is {values[channel]}, allowed are finite numbers; its "
                    "running statistics or parameters are damaged"
                )
        return cls(a, b)

    @classmethod
    def identity(cls, channels: int) -> "Straight":
        """Y = v."""
        return cls(np.ones(channels), np.zeros(channels))

    @property
    def increasing(self) -> NDArray[np.bool_]:  # type: ignore[override]
        return np.asarray(self.a >= 0)

    def __call__(self, values: Reals) -> Reals:
        product = values * self.a[:, None]
        return product + self.b[:, None]

    def check(self, values: Reals, judge: Judge) -> None:
        """Elementwise float64 is the same everywhere."""

    def readout(self) -> tuple[Reals, Reals]:
        return self.a, self.b


class Stock(Curve):
    """Torch's own batch norm in eval mode, evaluated by torch itself in float32.

    Torch may compute it by other instructions where a tensor fills a vector register than at its end, so that one
    sum gives two results which differ in the last bit; `check` finds out whether a threshold lies between them.

    Parameters
    ----------
    where
        For messages.
    module
        `nn.BatchNorm1d` or `nn.BatchNorm2d` with running statistics.
    shape
        (C,) or (C, H, W) of one sample in the network.
    """

    exact_logits = False

    def __init__(self, where: str, module: nn.BatchNorm1d | nn.BatchNorm2d, shape: tuple[int, ...]) -> None:
        if module.running_mean is None or module.running_var is None:
            raise ConversionError(
                f"{where}: keeps no running statistics, so its eval mode depends on the batch; set "
                "track_running_stats=True and train again"
            )
        if module.running_mean.dtype != torch.float32:
            raise ConversionError(f"{where}: is of {module.running_mean.dtype}, allowed is torch.float32")
        self._norm = copy.deepcopy(module).cpu().eval()
        mean, var = (v.detach().cpu().double().numpy() for v in (module.running_mean, module.running_var))
        weight = np.ones(len(mean)) if module.weight is None else self._norm.weight.detach().double().numpy()
        bias = np.zeros(len(mean)) if module.bias is None else self._norm.bias.detach().double().numpy()
        with np.errstate(invalid="ignore", divide="ignore"):
            a = weight / np.sqrt(var + module.eps)
        self._straight = Straight.checked(where, a, bias - mean * a)
        self._where, self._shape = where, shape
        self.increasing = np.asarray(weight >= 0)

    def __call__(self, values: Reals) -> Reals:
        x = torch.from_numpy(np.ascontiguousarray(values.T)).to(torch.float32)
        y = self._run(x.reshape(*x.shape, *[1] * (len(self._shape) - 1)))
        return np.ascontiguousarray(y.reshape(x.shape).T.double().numpy())

    @torch.no_grad()
    def _run(self, x: torch.Tensor) -> torch.Tensor:
        y: torch.Tensor = self._norm(x)
        return y

    def readout(self) -> tuple[Reals, Reals]:
        return self._straight.readout()

    def check(self, values: Reals, judge: Judge) -> None:
        expected = judge(self(values))
        rows = torch.from_numpy(np.ascontiguousarray(values.T)).to(torch.float32)  # (L, C)
        images = rows.reshape(*rows.shape, *[1] * (len(self._shape) - 1)).expand(-1, *self._shape)
        layouts = [torch.contiguous_format] + [torch.channels_last] * (len(self._shape) == 3)
        for batch, layout in itertools.product((1, 2, 17), layouts):
            x = images.repeat(batch, *[1] * len(self._shape)).contiguous(memory_format=layout)
            y = self._run(x).double().transpose(0, 1).reshape(len(values), batch, values.shape[1], -1)
            found = judge(y.reshape(len(values), -1).numpy()).reshape(y.shape)
            uneven = np.argwhere((found != expected[:, None, :, None]).any(axis=(1, 3)))
            if uneven.size:
                channel, sums = uneven[0]
                raise ConversionError(
                    f"{self._where}: torch's batch norm gives channel {channel} results on both sides of a "
                    f"threshold for one sum ({values[channel, sums]:.0f}), by the place in the tensor; use "
                    "gxnor_snn.layers.BatchNorm2d"
                )


@dataclass(frozen=True)
class Normalisation:
    """x = (p / 255 - mean) / std of a user's input pipeline, for pixels p.

    Attributes
    ----------
    mean
        Per channel of the image, or one for all.
    std
        One for all channels: integers of different scales cannot be added.
    """

    mean: tuple[Fraction, ...]
    std: Fraction

    def of_edge(
        self, weights: NDArray[np.integer], channels: int, groups: int = 1
    ) -> tuple[list[Fraction], Fraction]:
        """(shift, divisor) with sum w x = (s - shift_o) / divisor for s = sum w p, without padding.

        Parameters
        ----------
        weights
            (O, I) of a dense projection, or (O, I / groups, rows, columns).
        channels
            Of the image.
        groups
            Of a convolution.
        """
        outputs = len(weights)
        own = weights.reshape(groups, outputs // groups, channels // groups, -1).sum(axis=3, dtype=np.int64)
        means = np.asarray(self.mean * (channels if len(self.mean) == 1 else 1), object).reshape(groups, -1)
        shifts = [
            255 * sum((m * int(w) for m, w in zip(means[g], row, strict=True)), Fraction(0))
            for g in range(groups)
            for row in own[g]
        ]
        return shifts, 255 * self.std


@dataclass(frozen=True)
class Normalised(Curve):
    """A curve of the real sum (s - shift) / divisor, which is exact and rounded to float64 once."""

    curve: Curve
    shift: tuple[Fraction, ...]
    divisor: Fraction
    exact_logits = False

    @property
    def increasing(self) -> NDArray[np.bool_]:  # type: ignore[override]
        return self.curve.increasing

    def __call__(self, values: Reals) -> Reals:
        return self.curve(self._real(values))

    def _real(self, values: Reals) -> Reals:
        real = [
            [float((Fraction(int(v)) - shift) / self.divisor) for v in row]
            for row, shift in zip(values, self.shift, strict=True)
        ]
        return np.asarray(real, np.float64).reshape(values.shape)

    def check(self, values: Reals, judge: Judge) -> None:
        self.curve.check(self._real(values), judge)

    def readout(self) -> tuple[Reals, Reals]:
        a, b = self.curve.readout()
        scale = a / float(self.divisor)
        return scale, b - scale * np.asarray([float(s) for s in self.shift])
