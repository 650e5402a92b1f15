"""The losses and the accuracy, by hand."""

import numpy as np
import pytest
import torch
from torch import nn

from gxnor_snn.errors import InputError
from gxnor_snn.train import evaluate
from gxnor_snn.train.losses import squared_hinge


def test_squared_hinge_by_hand() -> None:
    logits = torch.tensor([[2.0, -0.5], [0.25, 0.5]])
    expected = (0 + 0.25 + 1.25**2 + 0.25) / 4
    assert float(squared_hinge(logits, torch.tensor([0, 1]))) == pytest.approx(expected)


class Constant(nn.Module):
    """Always answers class 1; counts whether it was asked in training mode."""

    def __init__(self) -> None:
        super().__init__()
        self.zero = nn.Parameter(torch.zeros(()))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        assert not self.training
        return torch.tensor([0.0, 1.0, 1.0]).expand(len(x), 3)


@pytest.mark.parametrize("batch_size", [1, 2, 100])
def test_evaluate_counts_the_right_ones_and_the_first_of_equals_wins(batch_size: int) -> None:
    model = Constant()
    x = np.zeros((5, 1, 2, 2), dtype=np.uint8)
    assert evaluate(model, x, np.array([1, 1, 0, 2, 1]), batch_size) == 0.6
    assert model.training


def test_evaluate_refuses_what_does_not_fit() -> None:
    x = np.zeros((5, 1, 2, 2), dtype=np.uint8)
    with pytest.raises(InputError, match="5 images and 4 labels"):
        evaluate(Constant(), x, np.zeros(4, dtype=np.int64))
    with pytest.raises(InputError, match="0 images"):
        evaluate(Constant(), x[:0], np.zeros(0, dtype=np.int64))


def test_evaluate_takes_a_model_without_parameters() -> None:
    x = np.zeros((5, 1, 1, 2), dtype=np.uint8)
    assert evaluate(nn.Flatten(), x, np.zeros(5, dtype=np.int64)) == 1.0
