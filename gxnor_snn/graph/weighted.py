"""The contract of a projection with synapses: what Dense and Conv2d share."""

from abc import abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ..errors import GraphError, GraphFormatError
from ..packing import pack_ternary, unpack_ternary
from .coding import Coding
from .fields import FieldReader
from .projection import Projection, Shape, Tensors

__all__ = ["Weighted"]

_MAX_DIMENSIONS = 4
_PACKINGS = {"int8": np.int8, "int16": np.int16, "int32": np.int32}


@dataclass(frozen=True, eq=False, kw_only=True)
class Weighted(Projection):
    """A projection with synapses.

    Attributes
    ----------
    weights
        Integer levels; kept read-only in the smallest of int8, int16, int32 that holds them.
    coding
        Coding of the weights.
    """

    weights: NDArray[Any]
    coding: Coding

    weighted: ClassVar[bool] = True

    def _check_weights(self, ndim: int, form: str) -> None:
        weights = np.asarray(self.weights)
        if weights.dtype.kind not in "iu":
            raise GraphError(f"{self.where}: weights have dtype {weights.dtype}, allowed are integers")
        if weights.ndim != ndim or 0 in weights.shape:
            raise GraphError(f"{self.where}: weights have shape {weights.shape}, allowed is {form}")
        if not self.coding.contains(weights):
            raise GraphError(
                f"{self.where}: weights hold levels outside their coding "
                f"{self.coding.kind}({self.coding.n_planes}) {self.coding.lo}..{self.coding.hi}"
            )
        smallest = next(d for d in (np.int8, np.int16, np.int32) if self.coding.max_abs <= np.iinfo(d).max)
        weights = np.array(weights, dtype=smallest, order="C")
        weights.setflags(write=False)
        object.__setattr__(self, "weights", weights)

    @abstractmethod
    def product(self, levels: Any, weights: Any, xp: Any) -> Any:
        """The bare product with `weights` in place of the projection's own, in the dtype of both.

        Used with the weights themselves, with masks of them (counting) and with conductances (devices).
        """

    def apply(self, levels: Any, coding: Coding, xp: Any) -> Any:
        if xp is np:
            return self.product(levels, self.weights.astype(levels.dtype), xp)
        moved = xp.as_tensor(np.array(self.weights), device=levels.device)
        return self.product(levels, moved.to(levels.dtype), xp)

    def _sum_bounds(self, coding: Coding, padded: bool) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Interval of sum_i w_i a_i per output channel; a padded tap may also contribute nothing."""
        lo, hi = (min(coding.lo, 0), max(coding.hi, 0)) if padded else (coding.lo, coding.hi)
        up, down = self._signed_sums
        return up * lo + down * hi, up * hi + down * lo

    @cached_property
    def _signed_sums(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Sums of the positive and of the negative weights per output channel, without a wide copy of them."""
        flat = self.weights.reshape(self.weights.shape[0], -1)
        up = np.maximum(flat, 0).sum(axis=1, dtype=np.int64)
        return up, flat.sum(axis=1, dtype=np.int64) - up

    def magnitude(self, source_shape: Shape, coding: Coding) -> int:
        up, down = self._signed_sums
        return int((up - down).max()) * coding.max_abs

    def _own_spec(self) -> tuple[dict[str, Any], Tensors]:
        packing = "2bit" if self.coding.kind == "ternary" else str(self.weights.dtype)
        stored = pack_ternary(self.weights) if packing == "2bit" else np.array(self.weights)
        spec = {"shape": list(self.weights.shape), "packing": packing, "coding": self.coding.to_spec()}
        return spec, {"weights": stored}

    @classmethod
    def _own_fields(cls, reader: FieldReader, tensors: Tensors) -> dict[str, Any]:
        shape = reader.integers("shape")
        coding = Coding.from_spec(reader.raw("coding"), f"{reader.where}.coding")
        packing = reader.text("packing")
        stored = tensors.pop("weights", None)
        if stored is None:
            raise GraphFormatError(f"{reader.where}.weights: the tensor is missing from the file")
        count = 1
        for size in shape:
            count *= size
        if len(shape) > _MAX_DIMENSIONS:
            raise GraphFormatError(
                f"{reader.where}.shape: {len(shape)} dimensions, at most {_MAX_DIMENSIONS} allowed"
            )
        expected = np.uint8 if packing == "2bit" else _PACKINGS.get(packing)
        if expected is None:
            allowed = ", ".join(("2bit", *_PACKINGS))
            raise GraphFormatError(f"{reader.where}.packing: got {packing!r}, allowed are {allowed}")
        length = -(-count // 4) if packing == "2bit" else count
        if min(shape, default=0) < 1 or stored.dtype != expected or stored.size != length:
            raise GraphFormatError(
                f"{reader.where}.weights: tensor {stored.dtype} of {stored.size} entries does not hold "
                f"shape {shape} in packing {packing}"
            )
        if packing == "2bit":
            try:
                stored = unpack_ternary(stored.reshape(-1), count)
            except ValueError as error:
                raise GraphFormatError(f"{reader.where}.weights: {error}") from error
        return {"weights": stored.reshape(shape), "coding": coding}
