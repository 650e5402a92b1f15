"""The yield curve draws what it is given, and refuses what is no accuracy."""

import numpy as np
import pytest

from gxnor_snn.errors import InputError
from gxnor_snn.plots import accuracy_over_yield
from gxnor_snn.plots.style import description


def test_lines_are_means_over_draws() -> None:
    yields = [1.0, 0.95, 0.5]
    draws = np.array([[0.99, 0.97], [0.96, 0.98], [0.3, 0.5]])
    ax = accuracy_over_yield(yields, {"faults": draws, "faults and offsets": draws - 0.01})
    first, second = ax.get_lines()
    np.testing.assert_allclose(first.get_xdata(), [100, 95, 50])
    np.testing.assert_allclose(first.get_ydata(), [98, 97, 40])
    np.testing.assert_allclose(second.get_ydata(), [97, 96, 39])
    assert ax.get_xlim()[0] > ax.get_xlim()[1]
    assert "97.0 % at 95 %" in description(ax)
    assert accuracy_over_yield(yields, {"faults": draws}, ax) is ax


@pytest.mark.parametrize(
    ("yields", "accuracies"),
    [
        ([], {"a": np.zeros((0, 2))}),
        ([1.2], {"a": np.ones((1, 2))}),
        ([1.0], {}),
        ([1.0], {"a": np.ones(1)}),
        ([1.0], {"a": np.ones((2, 3))}),
        ([1.0], {"a": np.full((1, 3), 99.0)}),
        ([1.0], {"a": np.full((1, 3), np.nan)}),
        ([1.0], {"a": np.ones((1, 0))}),
    ],
)
def test_what_is_no_curve_is_refused(yields: list[float], accuracies: dict[str, np.ndarray]) -> None:
    with pytest.raises(InputError, match="accuracy_over_yield"):
        accuracy_over_yield(yields, accuracies)
