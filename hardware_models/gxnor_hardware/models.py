"""The device models. To add one, add its folder and a line here."""

from collections.abc import Mapping
from types import MappingProxyType

from .crossbar import arrays
from .device_model import DeviceModel
from .digital import arithmetic, throughput, unrolled
from .neuromorphic import fixed, layers, lists, software

__all__ = ["MODELS"]

MODELS: Mapping[str, DeviceModel] = MappingProxyType(
    {
        model.name: model
        for model in (
            lists.MODEL,
            fixed.MODEL,
            software.MODEL,
            layers.MODEL,
            arrays.MODEL,
            unrolled.MODEL,
            arithmetic.MODEL,
            throughput.MODEL,
        )
    }
)
"""Device models by the word on the card."""
