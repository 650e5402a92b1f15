"""One step of one parameter: rule, candidates, transition, tile by tile."""

import math
from typing import Any

import torch
from torch import Tensor

from gxnor_snn.errors import GxnorError
from gxnor_snn.spaces import DiscreteSpace

from .draws import Draws
from .moments import Held
from .rounding import Rounding
from .rules import Rule, Settings
from .sources import Source
from .tiles import Tile, tile_limit, tiles
from .transition import jump

__all__ = ["Stepper"]


class Stepper:
    """Moves the levels of a parameter by one gradient; holds no state of its own.

    The jump of an element needs its draw below tau <= c p, so only the few elements whose draw lies below c p
    are looked at one by one (`Source.candidates`); the result is that of `transition` on all of them.
    """

    reset = False  # in pickles of versions that could not reset

    def __init__(self, rule: Rule, rounding: Rounding, source: Source, *, reset: bool) -> None:
        self.rule = rule
        self.rounding = rounding
        self.source = source
        self.reset = reset

    def create(self, p: Tensor, draws: Draws) -> Held:
        """State of a parameter before its first step."""
        cut = _tiles(p)
        held: Held = {"step": 0, **self.source.create(p, cut, draws)}
        for moment in self.rule.moments:
            held.update(moment.create(p, cut))
        return held

    def move(
        self, p: Tensor, gradient: Tensor, space: DiscreteSpace, held: Held, group: dict[str, Any], draws: Draws
    ) -> Tensor:
        """Take one step in place, without grad mode; give the number of levels that changed, int64 ().

        Raises
        ------
        GxnorError
            If the gradient is not finite; the levels have not moved then, but the moments are of no use any more.
        """
        held["step"] += 1
        zero_bias = group["zero_bias"]
        slope = max(self.rounding.slope(group["m"]) * (1 + zero_bias), 1.0)  # a whole step always moves
        bound_unit = slope * self.source.unit
        settings = Settings(
            lr=group["lr"],
            betas=group["betas"],
            eps=group["eps"],
            number=held["step"],
            unit=bound_unit / space.step,
            scale=space.scale,
        )
        levels, gradient = p.detach().reshape(-1), gradient.contiguous()
        found = [self._candidates(tile, gradient, settings, held, draws) for tile in _tiles(p)]
        peaks, indices, bounds, uniforms = zip(*found, strict=True)
        index, bound, uniform = (p[0] if len(p) == 1 else torch.cat(p) for p in (indices, bounds, uniforms))
        before = levels.index_select(0, index)
        steps, whole = bound.double().div_(bound_unit), max(peaks) >= bound_unit
        after = jump(before, steps, uniform, space, group["m"], self.rounding, zero_bias, whole=whole)
        levels.scatter_(0, index, after)
        jumped = after != before
        if self.reset:
            parts = torch.split(jumped, [len(part) for part in indices])
            for tile, part, moved in zip(_tiles(p), indices, parts, strict=True):
                self.rule.first.clear(held, tile, part[moved] - tile.start)
        for moment in self.rule.moments:
            moment.finish(held)
        if not p.is_contiguous():  # then `levels` is a copy
            p.detach().copy_(levels.view(p.shape))
        return jumped.sum()

    def _candidates(
        self, tile: Tile, gradient: Tensor, settings: Settings, held: Held, draws: Draws
    ) -> tuple[float, Tensor, Tensor, Tensor]:
        """What may move in a tile: the largest bound (the update times its unit), positions, bounds and draws."""
        bound = draws.scratch.get("bound", tile.size)
        flat = gradient.view(-1)[tile.start : tile.stop]
        self.rule.write(held, tile, flat, settings, draws, bound)
        low, high = torch.stack(torch.aminmax(bound)).tolist()  # one wait for the device
        if not math.isfinite(high - low):
            raise GxnorError(
                f"DST: the gradient of a parameter of shape {tuple(gradient.shape)} is not finite, or its product "
                f"with the learning rate {settings.lr} is not; lower the learning rate"
            )
        peak = max(high, -low)
        index, uniform = self.source.candidates(held, tile, bound, peak, draws)
        at = bound.index_select(0, index)
        return peak, index.add_(tile.start) if tile.start else index, at, uniform


def _tiles(p: Tensor) -> tuple[Tile, ...]:
    return tiles(tuple(p.shape), tile_limit(p.device.type))
