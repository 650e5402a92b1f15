"""Layers that have no event graph, and what to put in their place."""

from collections.abc import Iterable, Mapping

from torch import nn

from gxnor_snn.errors import ConversionError
from gxnor_snn.layers import DiscreteActivation, DiscreteLayer, PixelEncoder, SumPool2d

from .values import Place

__all__ = ["refusal"]

_FLOAT = "it holds float weights; replace it by a DiscreteLinear or DiscreteConv2d and train that"
_REAL = "it gives real numbers; replace it by a DiscreteActivation and train with that"
_AVERAGE = "it divides; sum levels with a SumPool2d, whose scale the next batch norm absorbs"
_ADVICE: Mapping[tuple[type[nn.Module], ...], str] = {
    (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.ConvTranspose2d, nn.Bilinear, nn.Embedding): _FLOAT,
    (nn.ReLU, nn.ReLU6, nn.Hardtanh, nn.Tanh, nn.Sigmoid, nn.GELU, nn.LeakyReLU, nn.SiLU): _REAL,
    (nn.AvgPool2d, nn.AdaptiveAvgPool2d, nn.AvgPool1d): _AVERAGE,
    (nn.GroupNorm, nn.LayerNorm, nn.InstanceNorm2d): (
        "it depends on the sample; use BatchNorm2d, which is fixed after training"
    ),
    (nn.Softmax, nn.LogSoftmax): "take it out of the network and apply it to the logits",
}
_EXACT = (DiscreteLayer, DiscreteActivation, PixelEncoder, SumPool2d, nn.BatchNorm1d, nn.BatchNorm2d)
"""Classes whose integers are known; those derived from them may compute others."""


def refusal(at: Place, module: nn.Module, allowed: Iterable[str]) -> ConversionError | None:
    """Why a layer of torch's (or of a class derived from one) has no event graph, and what to do; else None."""
    advice = next((f"; {text}" for kinds, text in _ADVICE.items() if isinstance(module, kinds)), None)
    if advice is None and isinstance(module, _EXACT):
        advice = f"; a class derived from {type(module).__mro__[1].__name__} may compute something else: use that"
    elif advice is None and not type(module).__module__.startswith("torch.nn"):
        return None
    return ConversionError(f"{at} is a {type(module).__name__}, allowed are {', '.join(allowed)}{advice or ''}")
