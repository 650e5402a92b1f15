"""What stands for a tensor while a forward is traced."""

import operator
from collections.abc import Callable
from functools import partialmethod
from typing import Any

import torch
from torch import fx

from .specs import Spec

__all__ = ["Shaped"]


class Shaped(fx.Proxy):
    """A proxy that knows its shape and type, as the tensor it stands for will."""

    @property
    def shape(self) -> torch.Size:
        return self._spec.shape

    @property
    def ndim(self) -> int:
        return self._spec.ndim

    @property
    def dtype(self) -> torch.dtype:
        return self._spec.dtype

    @property
    def _spec(self) -> Spec:
        spec: Spec = self.node.meta["value"]
        return spec

    def _changed(self, operation: Callable[[Any, Any], Any], other: Any) -> fx.Proxy:
        return self.tracer.create_proxy("call_function", operation, (self, other), {})

    # fx traces x += y as x + y; that x itself changes must show
    __iadd__ = partialmethod(_changed, operator.iadd)
    __isub__ = partialmethod(_changed, operator.isub)
    __imul__ = partialmethod(_changed, operator.imul)

    def size(self, dim: int | None = None) -> Any:
        """As of a tensor."""
        return self.shape if dim is None else self.shape[dim]

    def dim(self) -> int:
        """As of a tensor."""
        return self.ndim
