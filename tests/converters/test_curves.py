"""Curves evaluate what layers evaluate; torch's own batch norm is caught where it depends on the place."""

from fractions import Fraction

import numpy as np
import pytest
import torch
from torch import nn

from gxnor_converters.curves import Normalisation, Normalised, Stock, Straight
from gxnor_converters.fold import integer_thresholds
from gxnor_snn.errors import ConversionError
from gxnor_snn.layers import DiscreteActivation


def stock(channels: int = 3, seed: int = 0) -> nn.BatchNorm2d:
    torch.manual_seed(seed)
    norm = nn.BatchNorm2d(channels).eval()
    norm.running_mean.uniform_(-50, 50)
    norm.running_var.uniform_(1, 900)
    norm.weight.data.uniform_(-2, 2)
    norm.bias.data.uniform_(-1, 1)
    return norm


def steps(y: np.ndarray) -> np.ndarray:
    return DiscreteActivation(2).levels_of(y, channel_axis=0) + 2


@pytest.mark.parametrize("seed", range(8))
def test_stock_thresholds_are_where_torch_switches(seed: int) -> None:
    norm = stock(seed=seed)
    curve = Stock("module 'bn'", norm, (3, 5, 7))
    low, high = np.full(3, -120), np.full(3, 130)
    thresholds = integer_thresholds(curve, 4, steps, low, high)
    sums = torch.arange(-120, 131).float()
    with torch.no_grad():
        y = norm(sums[None, None, :, None].expand(2, 3, -1, 9))
    levels = DiscreteActivation(2)(y).long().numpy()
    for c in range(3):
        s = sums.numpy()[:, None]
        passed = s >= thresholds[c] if curve.increasing[c] else s <= thresholds[c]
        expected = np.broadcast_to((passed.sum(axis=1) - 2)[None, :, None], levels[:, c].shape)
        np.testing.assert_array_equal(levels[:, c], expected)


class Uneven(Stock):
    """A batch norm whose last sample is one unit larger."""

    def _run(self, x: torch.Tensor) -> torch.Tensor:
        y = super()._run(x).clone()
        y[-1] += 1
        return y


def test_results_that_depend_on_the_place_are_refused() -> None:
    curve = Uneven("module 'bn'", stock(), (3, 4, 4))
    with pytest.raises(ConversionError, match=r"module 'bn': torch's batch norm gives channel \d results on both"):
        integer_thresholds(curve, 4, steps, np.full(3, -120), np.full(3, 130))


def test_stock_parameters_must_be_finite() -> None:
    norm = stock()
    norm.running_var[1] = -2
    with pytest.raises(ConversionError, match="module 'bn': scale of channel 1 is nan"):
        Stock("module 'bn'", norm, (3, 4, 4))


def test_a_normalised_sum_is_rounded_once() -> None:
    mean, std = Fraction(0.1307), Fraction(0.3081)
    shift, divisor = Normalisation((mean,), std).of_edge(np.array([[1, -1, 1, 1]]), 1)
    assert shift == [255 * mean * 2]
    assert divisor == 255 * std
    curve = Normalised(Straight.identity(1), tuple(shift), divisor)
    for s in (-500, 0, 7, 510):
        assert curve(np.array([[float(s)]]))[0, 0] == float((s - shift[0]) / divisor)


def test_means_go_with_their_channels_and_groups() -> None:
    means = (Fraction(1, 2), Fraction(1, 4))
    weights = np.array([[[[1]], [[-1]]], [[[2]], [[3]]]])
    shift, _ = Normalisation(means, Fraction(1)).of_edge(weights, 2)
    assert shift == [255 * (means[0] - means[1]), 255 * (2 * means[0] + 3 * means[1])]
    depthwise, _ = Normalisation(means, Fraction(1)).of_edge(np.array([[[[1]]], [[[2]]]]), 2, groups=2)
    assert depthwise == [255 * means[0], 255 * 2 * means[1]]
