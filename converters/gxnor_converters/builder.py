"""Growing an event graph layer by layer: what a walk over a trained network tells, and the parts it makes.

The walk is at one of two places. Between blocks, `source` names the population whose levels travel on. Inside a
block, `block` holds a product (or an identity) with the pools and the affine map seen since; an activation
closes it into populations, the end of the network closes it into a readout.
"""

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from gxnor_snn.errors import ConversionError
from gxnor_snn.graph import (
    Coding,
    EventGraph,
    Identity,
    Input,
    Pool2d,
    Population,
    Projection,
    Readout,
    Relay,
    Spiking,
)

from .fold import Steps, integer_thresholds

__all__ = ["Builder"]

_FLOAT64_EXACT = 1 << 53
Affine = tuple[NDArray[np.float64], NDArray[np.float64]]


@dataclass
class _Block:
    """A product and what stands between it and its activation."""

    projection: Projection
    shape: tuple[int, ...]
    affine: Affine | None = None
    pools: list[tuple[Pool2d, bool]] = field(default_factory=list)  # with: before the affine map?


class Builder:
    """Collects populations and projections; every complaint is a `ConversionError` naming the module's path."""

    def __init__(self, shape: tuple[int, ...], coding: Coding) -> None:
        first = Input(name="input", shape=shape, coding=coding)
        self._populations: list[Population] = [first]
        self._projections: list[Projection] = []
        self.source = first.name
        self.shape = shape
        self.coding = coding
        self.flat = len(shape) == 1
        self._block: _Block | None = None

    def product(self, path: str, projection: Projection, max_input: int) -> None:
        """Open a block with a weighted projection that reads the current source."""
        if self._block is not None:
            raise ConversionError(
                f"module {path!r}: a second product follows {self._block.projection.name!r} "
                "without an activation between them; put batch norm and an activation there"
            )
        if self.coding.max_abs > max_input:
            raise ConversionError(
                f"module {path!r}: max_input is {max_input}, its input has levels up to {self.coding.max_abs}; "
                "construct it with that max_input"
            )
        shape = projection.output_shape(self.shape)
        self._block = _Block(projection, shape)

    def pool(self, path: str, pool: Pool2d) -> None:
        """Add a max-pool: inside the open block, or on travelling levels."""
        if self._block is not None:
            shape = pool.output_shape(self._block.shape)
            self._block.pools.append((pool, self._block.affine is None))
            self._block.shape = shape
            return
        self._relay(path, pool)

    def affine(self, path: str, affine: Affine) -> None:
        """Add a per-channel affine map y = s * a + b to the open block."""
        block = self._open(path)
        a, b = affine
        if block.affine is not None:
            raise ConversionError(f"module {path!r}: a second batch norm follows the first; keep one per block")
        if a.shape != (block.shape[0],):
            raise ConversionError(
                f"module {path!r}: has {a.shape[0]} channels, {block.projection.name!r} gives {block.shape[0]}"
            )
        for label, values in (("scale", a), ("offset", b)):
            if not np.all(np.isfinite(values)):
                channel = int(np.flatnonzero(~np.isfinite(values))[0])
                raise ConversionError(
                    f"module {path!r}: {label} of channel {channel} is {values[channel]}, allowed are finite "
                    "numbers; its running statistics or parameters are damaged"
                )
        block.affine = affine

    def activation(self, path: str, coding: Coding, steps: Steps) -> None:
        """Close the block with an activation of the given coding and step function."""
        block = self._open(path)
        channels = block.shape[0]
        a, b = block.affine or (np.ones(channels), np.zeros(channels))
        inner = block.projection.output_shape(self.shape)
        low, high = block.projection.bounds(self.shape, self.coding)
        if block.projection.magnitude(self.shape, self.coding) >= _FLOAT64_EXACT:
            raise ConversionError(f"module {path!r}: its sums pass 2^53, beyond which float64 is not exact")
        thresholds, increasing = integer_thresholds(a, b, coding.n_thresholds, steps, low, high)
        name = f"{path}.pre" if block.pools else path
        self._populations.append(
            Spiking(
                name=name,
                shape=inner,
                coding=coding,
                thresholds=thresholds,
                increasing=increasing,
                internal=bool(block.pools),
            )
        )
        self._projections.append(replace(block.projection, target=name))
        self.source, self.shape, self.coding, self._block = name, inner, coding, None
        for index, (pool, before_affine) in enumerate(block.pools, start=1):
            # max(s) then a decreasing map is the minimum of the mapped values
            modes = tuple("min" if before_affine and not up else "max" for up in increasing)
            mode = modes[0] if len(set(modes)) == 1 else modes
            target = path if index == len(block.pools) else f"{path}.pool{index}"
            self._relay(target, replace(pool, mode=mode))

    def flatten(self, path: str) -> None:
        """Note that the layers to come see vectors."""
        if self._block is not None and len(self._block.shape) != 1:
            raise ConversionError(
                f"module {path!r}: flattens the sums of {self._block.projection.name!r} before their activation; "
                "flatten after it"
            )
        self.flat = True

    def finish(self, metadata: dict[str, object]) -> EventGraph:
        """Close the last block into a readout and make the graph."""
        block = self._block
        if block is None:
            raise ConversionError(
                f"the network ends with {self.source!r}; its last layer must be a product with or without batch "
                "norm, whose sums are read out"
            )
        if block.pools:
            raise ConversionError(
                f"the network ends with pool {block.pools[-1][0].name!r} on sums; pool after an activation instead"
            )
        channels = block.shape[0]
        scale, offset = block.affine or (np.ones(channels), np.zeros(channels))
        self._populations.append(Readout(name="readout", shape=block.shape, scale=scale, offset=offset))
        self._projections.append(replace(block.projection, target="readout"))
        return EventGraph(self._populations, self._projections, metadata)

    def _open(self, path: str) -> _Block:
        """The open block, or a new one that reads the source neuron by neuron."""
        if self._block is None:
            if self.flat and len(self.shape) != 1:
                raise ConversionError(
                    f"module {path!r}: acts on the flattened levels of {self.source!r}; put it before the flatten"
                )
            direct = Identity(name=f"{path}.in", source=self.source, target="")
            self._block = _Block(direct, self.shape)
        return self._block

    def _relay(self, name: str, pool: Pool2d) -> None:
        if self.flat and len(self.shape) != 1:
            raise ConversionError(f"module {pool.name!r}: pools a flattened source; put it before the flatten")
        shape = pool.output_shape(self.shape)
        self._projections.append(replace(pool, source=self.source, target=name))
        self._populations.append(Relay(name=name, shape=shape))
        self.source, self.shape = name, shape
