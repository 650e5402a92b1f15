"""The accuracy of a model."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from gxnor_snn.arguments import check_kind, is_integer
from gxnor_snn.errors import InputError

__all__ = ["evaluate"]


@torch.no_grad()
def evaluate(model: nn.Module, x: NDArray[np.uint8], y: NDArray[np.int64], batch_size: int = 500) -> float:
    """Share of samples whose largest logit is the label's, in eval mode; the model's mode is restored.

    Raises
    ------
    InputError
        If there are no samples, images and labels differ in number, or an argument is of another kind.
    """
    check_kind("evaluate: model", model, nn.Module)
    check_kind("evaluate: x", x, np.ndarray)
    check_kind("evaluate: y", y, np.ndarray)
    if not is_integer(batch_size, 1):
        raise InputError(f"evaluate: batch_size is {batch_size!r}; allowed are integers of at least 1")
    if not y.ndim or not x.ndim or len(x) != len(y) or not len(y):
        raise InputError(f"evaluate got {len(x)} images and {len(y)} labels; it takes equally many, at least one")
    first = next(model.parameters(), None)
    device = first.device if first is not None else torch.device("cpu")
    was_training = model.training
    model.eval()
    correct = 0
    for start in range(0, len(y), batch_size):
        part = slice(start, start + batch_size)
        logits = model(torch.tensor(x[part], device=device))
        correct += int((logits.argmax(1).cpu() == torch.tensor(y[part], device="cpu")).sum())
    model.train(was_training)
    return correct / len(y)
