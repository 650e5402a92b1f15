"""A penalty that pulls the 2-D kernels of convolutions together, so that more of them share their results.

Each convolution has a codebook: its K most frequent kernels, up to the sign. With kernels k of n taps and levels
up to m, the penalty is

    P = mean over kernels of min over codewords c, signs s of |k - s c|^2 / (4 m^2 n), between 0 and 1;

for binary weights it is the share of taps in which a kernel differs from the nearest codeword or its inverse. A
layer whose P is 0 computes at most K maps per input channel (see `gxnor_converters.sharing`). The gradient reaches
weights as that of the loss does: through the straight-through rule, or as the pressure on a transition.
"""

from typing import ClassVar

import torch
from pydantic import Field
from torch import Tensor, nn

from gxnor_snn.errors import InputError
from gxnor_snn.layers import DiscreteLayer

from .settings import Settings
from .watching import WatchingPenalty

__all__ = ["KernelPenalty", "KernelSettings"]

_CHUNK = 1 << 16  # kernels compared with the codebook at a time


class KernelSettings(Settings):
    """How hard kernels are pulled together.

    Attributes
    ----------
    weight
        What is added to the loss is weight times P. The gradient on one weight is about weight / (number of
        weights), so useful values are tens to thousands.
    codebook
        K, codewords per layer.
    refresh
        Forward passes from one choice of codewords to the next.
    warm_up
        Share of all steps over which the weight rises linearly from 0.

    Raises
    ------
    RecipeError
        If a value is unknown or out of range.
    """

    what: ClassVar[str] = "kernels"

    weight: float = Field(gt=0, allow_inf_nan=False)
    codebook: int = Field(default=64, ge=1)
    refresh: int = Field(default=50, ge=1)
    warm_up: float = Field(default=0.0, ge=0, le=1)


class KernelPenalty(WatchingPenalty):
    """Watches the convolutions of a model in training and says how far their kernels are from a codebook.

    It is a `gxnor_snn.train.Penalty`: ``fit(model, data, recipe, penalty=KernelPenalty(model, settings))``.

    Parameters
    ----------
    model
        Its convolutions with discrete weights and more than one tap are watched.
    settings
        Weight, codebook, warm-up.
    layers
        Paths of the layers to pull; None takes all but the first convolution.

    Raises
    ------
    InputError
        If a path is no such layer, or there is none.
    """

    def __init__(self, model: nn.Module, settings: KernelSettings, layers: "list[str] | None" = None) -> None:
        found = {
            path: m
            for path, m in model.named_modules()
            if isinstance(m, DiscreteLayer) and m.levels.ndim == 4 and m.levels[0, 0].numel() > 1
        }
        names = list(found)[1:] if layers is None else layers
        for path in names:
            if path not in found:
                raise InputError(f"KernelPenalty: {path!r} is no convolution of more than one tap; {_list(found)}")
        if not names:
            raise InputError(f"KernelPenalty: no layer to watch; {_list(found)}")
        super().__init__([found[path] for path in names], settings)
        self._settings = settings
        self._books: dict[DiscreteLayer, Tensor] = {}
        self._passes = 0
        self._far: list[Tensor] = []
        self._kernels = 0

    def share(self) -> Tensor:
        """P of the pass that was watched, between 0 and 1.

        Raises
        ------
        InputError
            If no watched layer has run in training mode inside the context.
        """
        return self._sum(self._far) / self._kernels

    def _begin(self) -> None:
        self._far, self._kernels = [], 0
        if self._passes % self._settings.refresh == 0:
            self._books = {}
        self._passes += 1

    def _watch(self, layer: DiscreteLayer, x: Tensor, levels: Tensor) -> None:
        kernels = levels.reshape(-1, levels[0, 0].numel())
        if layer not in self._books:
            self._books[layer] = codebook(kernels.detach(), self._settings.codebook)
        target = nearest(kernels.detach(), self._books[layer])
        scale = 4 * layer.max_level**2 * kernels.shape[1]
        self._far.append((kernels - target).square().sum() / scale)
        self._kernels += len(kernels)


@torch.no_grad()
def codebook(kernels: Tensor, size: int) -> Tensor:
    """The `size` most frequent kernels of (N, taps), up to the sign, the most frequent first."""
    first = (kernels != 0).to(torch.int8).argmax(dim=1, keepdim=True)
    sign = kernels.gather(1, first).sign()
    different, counts = torch.unique(kernels * sign, dim=0, return_counts=True)
    order = counts.argsort(descending=True, stable=True)
    book: Tensor = different[order[:size]]
    return book


@torch.no_grad()
def nearest(kernels: Tensor, book: Tensor) -> Tensor:
    """For each kernel, the codeword or inverse of one at the smallest Euclidean distance."""
    size = book.square().sum(dim=1)
    parts = []
    for part in torch.split(kernels, _CHUNK):
        dot = part @ book.T
        at = (size - 2 * dot.abs()).argmin(dim=1)  # |k - s c|^2 less |k|^2, for the better sign s
        sign = torch.where(dot.gather(1, at[:, None]) < 0, -1.0, 1.0)
        parts.append(book[at] * sign)
    return torch.cat(parts)


def _list(found: "dict[str, DiscreteLayer]") -> str:
    return f"allowed are {', '.join(found)}" if found else "the model has none"
