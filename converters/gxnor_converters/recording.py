"""Running a torch model and keeping what its layers give."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from gxnor_snn.errors import ConversionError
from gxnor_snn.graph import EventGraph
from gxnor_snn.layers import PixelEncoder

from .modules import RECORDED
from .outputs import named_outputs
from .tracing import eval_mode

__all__ = ["Recorder", "recording"]


class Recorder:
    """Runs a model on integer inputs.

    Attributes
    ----------
    seen
        Outputs of the last run by module path, of every product, activation and sum-pool that ran.
    """

    def __init__(self, model: nn.Module, graph: EventGraph) -> None:
        self._model = model
        self._pixels = any(isinstance(m, PixelEncoder) for m in model.modules())
        self._normalize = graph.metadata.get("source", {}).get("normalize")
        self._device = next((b.device for b in [*model.parameters(), *model.buffers()]), torch.device("cpu"))
        self.seen: dict[str, NDArray[Any]] = {}

    def run(self, x: NDArray[Any]) -> Mapping[str, NDArray[np.float64]]:
        """The model's outputs by readout, float64."""
        self.seen.clear()
        with torch.no_grad():
            output = self._model(self._tensor(x).to(self._device))
        return {name: value.double().cpu().numpy() for name, value in named_outputs(output).items()}

    def _tensor(self, x: NDArray[Any]) -> torch.Tensor:
        if self._pixels:
            return torch.from_numpy(x.copy())
        real = torch.from_numpy(x.astype(np.float64))
        if self._normalize is not None:  # as a user's pipeline does it, in float32 at the end
            mean, std = self._normalize
            real = (real / 255 - torch.tensor(mean, dtype=torch.float64).reshape(-1, *[1] * (x.ndim - 2))) / std
        return real.to(torch.float32)

    def keep(self, path: str) -> Callable[[nn.Module, Any, torch.Tensor], None]:
        """The hook of one layer."""

        def hook(module: nn.Module, inputs: Any, output: torch.Tensor) -> None:
            if path in self.seen:
                raise ConversionError(
                    f"certificate: module {path!r} runs twice in one pass; give each place its own"
                )
            self.seen[path] = output.detach().cpu().numpy().copy()  # later layers may change it in place

        return hook


@contextmanager
def recording(model: nn.Module, graph: EventGraph) -> Iterator[Recorder]:
    """A recorder on the model in eval mode; hooks and mode are undone at the end."""
    recorder = Recorder(model, graph)
    named = [(n, m) for n, m in model.named_modules() if isinstance(m, RECORDED)]
    handles = [m.register_forward_hook(recorder.keep(n)) for n, m in named]
    with eval_mode(model):
        try:
            yield recorder
        finally:
            for handle in handles:
                handle.remove()
