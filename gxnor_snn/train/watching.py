"""Penalties that see the products of a model through the probes of its layers."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from types import TracebackType
from typing import Protocol, Self

import torch
from torch import Tensor

from gxnor_snn.errors import InputError
from gxnor_snn.layers import DiscreteLayer

__all__ = ["WatchingPenalty", "WeightSettings"]


class WeightSettings(Protocol):
    """How much a penalty counts: its weight, and the share of all steps over which that rises from 0."""

    @property
    def weight(self) -> float: ...

    @property
    def warm_up(self) -> float: ...


class WatchingPenalty(ABC):
    """A `gxnor_snn.train.Penalty` of what layers compute: weight times a share P between 0 and 1.

    You must implement `share`, `_begin` (forget the pass before) and `_watch` (look at one product).

    Parameters
    ----------
    layers
        The layers to watch, one penalty at a time.
    settings
        Weight and warm-up.
    """

    def __init__(self, layers: Iterable[DiscreteLayer], settings: WeightSettings) -> None:
        self._watched = tuple(layers)
        self._weight, self._warm_up = settings.weight, settings.warm_up

    @abstractmethod
    def share(self) -> Tensor:
        """P of the pass that was watched, between 0 and 1.

        Raises
        ------
        InputError
            If no watched layer has run in training mode inside the context.
        """

    @abstractmethod
    def _begin(self) -> None:
        """Forget what was watched before."""

    @abstractmethod
    def _watch(self, layer: DiscreteLayer, x: Tensor, levels: Tensor) -> None:
        """See one product of `x` with the float `levels` of a layer."""

    def __enter__(self) -> Self:
        if any(layer.probe is not None for layer in self._watched):
            raise InputError(
                f"{type(self).__name__}: another penalty watches these layers; allowed is one at a time"
            )
        self._begin()
        for layer in self._watched:
            layer.probe = self._watch
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for layer in self._watched:
            layer.probe = None

    def value(self, done: float) -> Tensor:
        """Weight times P, after the share `done` of all steps."""
        rise = min(1.0, done / self._warm_up) if self._warm_up else 1.0
        return self.share() * (self._weight * rise)

    def _sum(self, seen: list[Tensor]) -> Tensor:
        """The sum of what was seen; its graph is let go of once the gradient is on its way, the numbers stay."""
        if not seen:
            name = type(self).__name__
            raise InputError(f"{name}: no watched layer has run; call the model in training mode inside it")
        total = torch.stack(seen).sum()

        def forget(gradient: Tensor) -> None:
            seen[:] = [part.detach() for part in seen]

        if total.requires_grad:
            total.register_hook(forget)  # type: ignore[no-untyped-call]
        return total
