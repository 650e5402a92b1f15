"""Forwards and layers that have no exact form are refused, with their place and what to do."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from gxnor_converters import from_torch
from gxnor_snn.errors import ConversionError
from gxnor_snn.layers import BatchNorm1d, DiscreteActivation, DiscreteLinear

from .own import Model, conv, linear


class Derived(DiscreteLinear):
    """What a class derived from a layer computes is its own affair."""


REFUSED = {
    "two branches": (lambda m, x: m.act(m.bn(m.fc(x)) + m.fc2(x)), "operation 'add': adds or joins 'fc' behind a batch norm"),
    "joined branches": (lambda m, x: m.act(torch.cat([m.bn(m.fc(x)), x], 1)), "operation 'cat': adds or joins 'fc' behind"),
    "half": (lambda m, x: m.fc(x) + 0.5 * m.fc2(x), "operation 'mul': multiplies by 0.5, allowed is a nonzero int"),
    "batch size": (lambda m, x: m.fc(x) * x.shape[0], "operation 'mul': multiplies by the batch size, allowed"),
    "zero": (lambda m, x: m.fc(x) + 0 * m.fc2(x), "multiplies by 0"),
    "constant": (lambda m, x: m.fc(x) + 1, "operation 'add': adds 1"),
    "division": (lambda m, x: m.fc(x) / 2, "truediv has no event graph.*sums are never divided"),
    "relu": (lambda m, x: torch.relu(m.fc(x)), "relu has no event graph.*use a DiscreteActivation"),
    "slice": (lambda m, x: m.fc(x[:, :3]), "getitem has no event graph"),
    "sum of values": (lambda m, x: m.fc(x) if x.sum() > 0 else m.fc2(x), "sum has no event graph"),
    "value": (lambda m, x: m.fc(x) if x else m.fc2(x), "the model: its forward decides by values"),
    "parameter": (lambda m, x: m.fc(x) * m.bn.weight, "'bn.weight', which no event graph holds"),
    "shapes": (lambda m, x: m.fc(x) + m.narrow(x), r"operation 'add': shapes \(3, 6\) and \(3, 2\) do not fit"),
    "batch axis": (lambda m, x: m.fc(torch.cat([x, x])), "operation 'cat': joins along dimension 0"),
    "twice": (lambda m, x: m.fc(m.act(m.fc(x))), "modules 'fc' and 'fc' are one and the same"),
    "unused": (lambda m, x: (m.fc2(x), m.fc(x))[1], "module 'fc2' runs, but nothing that is given back"),
    "two outputs nested": (lambda m, x: (m.fc(x), (m.fc2(x),)), "gives back .* as readout.1; allowed are a tensor"),
    "nothing": (lambda m, x: (), "gives nothing back"),
    "a number": (lambda m, x: 3, "gives back 3 as readout"),
    "fixed batch": (lambda m, x: m.fc(x.view(5, -1)), "shape .3, 6. cannot become .5, -1."),
    "other shape": (lambda m, x: m.fc(x.view(6, 3)), "reshapes .6,. to .6, 3.|got shape"),
    "real input": (lambda m, x: m.real(x), "module 'real' takes real inputs"),
    "dropout function": (lambda m, x: torch.nn.functional.dropout(m.fc(x), 0.5, m.training), "dropout has no .*use nn.Dropout"),
    "derived": (lambda m, x: m.derived(x), "module 'derived' is a Derived, .*; a class derived from DiscreteLinear"),
    "damaged window": (lambda m, x: m.fc2(m.damaged(m.fc(x))), "module 'damaged': the thresholds"),
    "numpy": (lambda m, x: np.add(m.fc(x), 1), "cannot be traced|add has no event graph"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_has_no_exact_form_is_refused(case: str) -> None:
    forward, message = REFUSED[case]
    damaged = DiscreteActivation(1, learn_r=True, channels=6)
    with torch.no_grad():
        damaged.r[2] = float("nan")
    model = Model(
        forward,
        fc=linear(6, 6),
        fc2=linear(6, 6),
        narrow=linear(6, 2),
        bn=BatchNorm1d(6),
        act=DiscreteActivation(),
        derived=Derived(6, 6),
        damaged=damaged,
        real=DiscreteLinear(6, 6, real_input=True),
    )
    with pytest.raises(ConversionError, match=message):
        from_torch(model, (6,), ("zn", 1))


@pytest.mark.parametrize(
    "layer", [nn.AvgPool2d(2), nn.Conv2d(2, 2, 3), nn.ReLU(), nn.GroupNorm(1, 2), nn.Softmax(1)]
)
def test_the_error_says_what_to_do_instead(layer: nn.Module) -> None:
    with pytest.raises(ConversionError, match=f"module '0' is a {type(layer).__name__}, allowed are .*; .*"):
        from_torch(nn.Sequential(layer, conv(2, 2)), (2, 4, 4), ("zn", 1))


class Two(nn.Module):
    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return x + y


def test_a_forward_takes_one_tensor() -> None:
    with pytest.raises(ConversionError, match=r"takes the inputs \['x', 'y'\], allowed is one tensor"):
        from_torch(Two(), (4,), ("zn", 1))


def test_the_model_is_a_module() -> None:
    with pytest.raises(ConversionError, match="the model is a dict, allowed is an"):
        from_torch({}, (4,), ("zn", 1))  # type: ignore[arg-type]
