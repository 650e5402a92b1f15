"""Coordinate-descent polish: single weights move to another level where that lowers the loss; no gradients.

After CoNNTrA (arXiv 2009.00540), which trains ternary networks by coordinate descent over their discrete states;
here it takes the last noise of the transitions out of a small trained network. One move changes one output
channel of one layer, so only that channel and what follows are computed again.
"""

import itertools
from collections import Counter
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gxnor_snn.arguments import check_kind, is_integer
from gxnor_snn.errors import InputError
from gxnor_snn.layers import DiscreteConv2d, DiscreteLinear

__all__ = ["Polish", "polish"]

_Layer = DiscreteLinear | DiscreteConv2d


@dataclass(frozen=True)
class Polish:
    """What a polish did.

    Attributes
    ----------
    tried, accepted
        Moves.
    loss_before, loss_after
        Mean cross-entropy over the given samples, in eval mode.
    """

    tried: int
    accepted: int
    loss_before: float
    loss_after: float


@torch.no_grad()
def polish(model: nn.Sequential, x: Tensor, y: Tensor, *, moves: int, generator: torch.Generator) -> Polish:
    """Try `moves` random single-weight moves, one after another, and keep each that lowers the loss.

    The loss is the mean cross-entropy over all of `x` in eval mode, so it never rises. Layers take their turns
    from the first to the last, each with its share of the moves by its number of weights; a move takes one of
    its weights, drawn uniformly, to the level above or below it. Layers inside a child (a residual block, say) and
    latent weights stay as they are.

    Parameters
    ----------
    model
        `nn.Sequential` whose children pass one tensor on; changed in place and left in eval mode.
    x, y
        Training images, as the model takes them, and their classes (N,); on the model's device. All of them are
        run at once, and the sums of one layer are kept: meant for small networks and a part of the data.
    moves
        How many to try.
    generator
        Draws the moves; on the CPU.

    Raises
    ------
    InputError
        If the model is no `nn.Sequential` with discrete weights among its children or uses one of them twice,
        `moves` is below 1, `x` and `y` differ in length, or a label has no logit.
    """
    layers: dict[int, _Layer] = {}
    if isinstance(model, nn.Sequential):
        layers = {i: m for i, m in enumerate(model) if isinstance(m, DiscreteLinear | DiscreteConv2d)}
    if not layers:
        raise InputError(
            "polish takes an nn.Sequential with DiscreteLinear or DiscreteConv2d children, "
            f"got {type(model).__name__}"
        )
    check_kind("polish: x", x, Tensor)
    check_kind("polish: y", y, Tensor)
    check_kind("polish: generator", generator, torch.Generator)
    if not is_integer(moves):
        raise InputError(f"polish: moves is {moves!r}; allowed are integers of at least 1")
    if moves < 1 or not x.ndim or y.ndim != 1 or len(x) != len(y) or not len(y):
        raise InputError(f"polish got {moves} moves, {len(x)} samples, {len(y)} labels; each must be at least 1")
    held = Counter(id(p) for _, p in model.named_parameters(remove_duplicate=False))
    for index, layer in layers.items():
        if held[id(layer.levels)] > 1:
            raise InputError(f"polish: child {index} is used more than once; every move is made in one place only")
    model.eval()
    _check_labels(model, x, y)
    sizes = torch.tensor([m.levels.numel() for m in layers.values()], dtype=torch.float64)
    ends = (sizes.cumsum(0) / sizes.sum() * moves).round().long()
    share = ends.diff(prepend=ends.new_zeros(1)).tolist()
    loss = first = _loss(model, 0, x, y)
    tried = accepted = 0
    for (index, layer), count in zip(layers.items(), share, strict=True):
        descent = _Descent(model, index, layer, _through(model, x, 0, index), y, loss)
        for _ in range(count):
            accepted += descent.move(generator)
        tried, loss = tried + count, descent.loss
    return Polish(tried, accepted, first, loss)


def _check_labels(model: nn.Sequential, x: Tensor, y: Tensor) -> None:
    classes = _through(model, x[:1], 0).shape[1]
    if int(y.min()) < 0 or int(y.max()) >= classes:
        raise InputError(
            f"polish got labels from {int(y.min())} to {int(y.max())}; the model gives {classes} logits"
        )


def _through(model: nn.Sequential, x: Tensor, start: int, stop: int | None = None) -> Tensor:
    """What the children from `start` up to `stop` make of x."""
    for child in itertools.islice(model, start, stop):
        x = child(x)
    return x


def _loss(model: nn.Sequential, start: int, x: Tensor, y: Tensor) -> float:
    """Mean cross-entropy of what the children from `start` on make of x."""
    return float(F.cross_entropy(_through(model, x, start).double(), y))


class _Descent:
    """Moves in one layer: its input and its sums stay at hand."""

    def __init__(self, model: nn.Sequential, index: int, layer: _Layer, x: Tensor, y: Tensor, loss: float) -> None:
        self.model, self.index, self.layer = model, index, layer
        self.y, self.loss = y, loss
        self.x = x
        self.sums = layer(x)

    def move(self, generator: torch.Generator) -> bool:
        """Try one random move; True if it was kept."""
        levels = self.layer.levels
        space = self.layer.space
        number = int(torch.randint(levels.numel(), (), generator=generator))
        at = tuple(int(i) for i in np.unravel_index(number, levels.shape))  # in place in any memory layout
        up = 1 - 2 * int(torch.randint(2, (), generator=generator))
        before = int(levels[at])
        after = before + up * space.level_step
        if abs(after) > space.max_level:
            after = before - up * space.level_step
        levels[at] = after
        out = at[0]
        kept = self.sums[:, out].clone()
        self.sums[:, out] = self._channel(out)
        loss = _loss(self.model, self.index + 1, self.sums, self.y)
        if loss < self.loss:
            self.loss = loss
            return True
        levels[at] = before
        self.sums[:, out] = kept
        return False

    def _channel(self, out: int) -> Tensor:
        """The sums of one output channel, as the layer computes them."""
        if self.layer.real_input or getattr(self.layer, "groups", 1) > 1:
            sums: Tensor = self.layer(self.x)
            return sums[:, out]
        return self.layer.exact_sums(self.x, self.layer.levels[out : out + 1])[:, 0]
