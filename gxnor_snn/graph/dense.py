"""The dense projection: every neuron of the target reads every neuron of the source."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ..errors import GraphError
from .coding import Coding
from .projection import FanOut, Shape, Wires
from .region import Region
from .weighted import Weighted

__all__ = ["Dense"]


@dataclass(frozen=True, eq=False, kw_only=True)
class Dense(Weighted):
    """y_o = sum_i W_oi a_i, reading the source flattened in C order; weights (O, I)."""

    kind: ClassVar[str] = "dense"
    own_keys: ClassVar[tuple[str, ...]] = ("shape", "packing", "coding")

    def __post_init__(self) -> None:
        super().__post_init__()
        self._check_weights(2, "(outputs, inputs)")

    def output_shape(self, source_shape: Shape) -> Shape:
        size = int(np.prod(source_shape, dtype=object))
        if size != self.weights.shape[1]:
            raise GraphError(
                f"{self.where}: weights read {self.weights.shape[1]} inputs, the source {source_shape} has {size}"
            )
        return (self.weights.shape[0],)

    def product(self, levels: Any, weights: Any, xp: Any) -> Any:
        return levels.reshape(levels.shape[0], weights.shape[1]) @ weights.T

    def bounds(self, source_shape: Shape, coding: Coding) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        return self._sum_bounds(coding, padded=False)

    def grow(self, region: Region, source_shape: Shape) -> Region:
        return region

    def reads(self, region: Region, source_shape: Shape) -> Region:
        return Region.whole(source_shape)

    def part(self, region: Region, source_shape: Shape) -> "Dense":
        return replace(self, weights=self.weights[list(region.channels)])

    def pick(self, outputs: Sequence[int], inputs: Sequence[int], source_shape: Shape) -> "Dense":
        kept = self._by_channel(source_shape)[list(outputs)][:, list(inputs)]
        return replace(self, weights=kept.reshape(len(kept), -1))

    def constant(self, levels: Mapping[int, int], source_shape: Shape) -> NDArray[np.int64]:
        sums = self._by_channel(source_shape).sum(axis=2, dtype=np.int64)
        return np.asarray(sum((sums[:, c] * v for c, v in levels.items()), np.zeros(len(sums), np.int64)))

    def _by_channel(self, source_shape: Shape) -> NDArray[Any]:
        return self.weights.reshape(len(self.weights), source_shape[0], -1)

    def wires(self, place: Shape, source_shape: Shape) -> Wires:
        row = self.weights[place[0]].astype(np.int64)
        return Wires(np.arange(row.size, dtype=np.int64), row)

    def fan_out(self, source_shape: Shape) -> FanOut:
        outputs = self.weights.shape[0]
        return FanOut(
            dense=np.full(source_shape, outputs, np.int64),
            nonzero=np.count_nonzero(self.weights, axis=0).astype(np.int64).reshape(source_shape),
            planes=self.coding.ones(self.weights).sum(axis=0, dtype=np.int64).reshape(source_shape),
            padded=self.weights.size,
        )
