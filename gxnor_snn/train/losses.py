"""What training makes small."""

from collections.abc import Callable, Mapping

import torch.nn.functional as F
from torch import Tensor

__all__ = ["LOSSES", "cross_entropy", "squared_hinge"]


def squared_hinge(logits: Tensor, labels: Tensor, smoothing: float = 0.0) -> Tensor:
    """Mean over batch and classes of max(0, 1 - t y)^2 with t = +1 for the label, else -1 (L2-SVM)."""
    signs = 2 * F.one_hot(labels, logits.shape[1]) - 1
    return (1 - signs * logits).clamp(min=0).square().mean()


def cross_entropy(logits: Tensor, labels: Tensor, smoothing: float = 0.0) -> Tensor:
    """Mean over the batch of -sum_c q_c log softmax(y)_c, q = (1 - s) [c = label] + s / classes, s = smoothing."""
    return F.cross_entropy(logits, labels, label_smoothing=smoothing)


LOSSES: Mapping[str, Callable[[Tensor, Tensor, float], Tensor]] = {
    "squared_hinge": squared_hinge,
    "cross_entropy": cross_entropy,
}
"""By name: logits (B, classes), labels (B,) and the smoothing of the labels to a scalar."""
