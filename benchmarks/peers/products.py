"""torch's single products: float32 linear and convolution, int8 matrix product. On integers all are exact."""

from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
import torch.utils.mkldnn
from numpy.typing import NDArray

from . import Contestant, quickest, versions


def linear_float32(x: NDArray[np.int8], weights: NDArray[np.int8], sums: NDArray[np.int64]) -> Contestant:
    """``linear(x, W)`` in float32; both orders of the weights in memory."""
    a, w = torch.from_numpy(x).float(), torch.from_numpy(weights).float()
    turned = w.t().contiguous()
    forms = {"linear(x, W)": lambda: F.linear(a, w), "x @ W.t, transposed in memory": lambda: a @ turned}
    with torch.inference_mode():
        assert torch.equal(forms["linear(x, W)"]().long(), torch.from_numpy(sums))
    return _chosen(forms, "all sums")


def matmul_int8(x: NDArray[np.int8], weights: NDArray[np.int8], sums: NDArray[np.int64]) -> Contestant:
    """``torch._int_mm``, int32 sums; both orders of the weights in memory. It takes no batch below 17."""
    a, w = torch.from_numpy(x), torch.from_numpy(weights).t()
    kept = w.contiguous()
    forms = {"W.t as a view": lambda: torch._int_mm(a, w), "W.t in memory": lambda: torch._int_mm(a, kept)}
    assert torch.equal(forms["W.t in memory"]().long(), torch.from_numpy(sums))
    return _chosen(forms, "all sums")


def conv_float32(x: NDArray[np.int8], weights: NDArray[np.int8], levels: NDArray[np.int16]) -> Contestant:
    """3x3 convolution in float32: plain and channels-last, oneDNN's own layout, and without oneDNN.

    `levels` are the native engine's levels of the first samples, behind thresholds -t + 1 and t.
    """
    a, w = torch.from_numpy(x).float(), torch.from_numpy(weights).float()
    last, w_last = a.contiguous(memory_format=torch.channels_last), w.contiguous(memory_format=torch.channels_last)
    module = torch.nn.Conv2d(*w.shape[1::-1], 3, padding=1, bias=False).eval()
    module.weight.data = w
    blocked = torch.utils.mkldnn.to_mkldnn(module)  # type: ignore[no-untyped-call]

    def without() -> torch.Tensor:
        with torch.backends.mkldnn.flags(enabled=False):
            return F.conv2d(a, w, padding=1)

    forms = {
        "contiguous": lambda: F.conv2d(a, w, padding=1),
        "channels last": lambda: F.conv2d(last, w_last, padding=1),
        "oneDNN's layout, weights packed": lambda: blocked(a.to_mkldnn()).to_dense(),
        "without oneDNN": without,
    }
    with torch.inference_mode():
        sums = forms["contiguous"]()[: len(levels)].numpy()
    top = np.unique(sums[levels == 1]).min()
    assert ((sums >= top) == (levels == 1)).all()
    assert ((sums <= -top) == (levels == -1)).all()
    return _chosen(forms, f"all levels of {len(levels)} samples")


def _chosen(forms: Any, equal: str) -> Contestant:
    with torch.inference_mode():
        best, tried = quickest(forms)

    def run() -> object:
        with torch.inference_mode():
            return forms[best]()

    return Contestant(run, tried, equal, versions("torch"))
