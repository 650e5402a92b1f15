"""Operations in place: exact where their result is read, refused where what they changed is read under its old name."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from gxnor_converters import from_torch
from gxnor_snn.errors import ConversionError
from gxnor_snn.layers import BatchNorm1d, DiscreteActivation

from .own import Model, converted, linear

Forward = Callable[[Any, Tensor], Any]


def model(forward: Forward) -> Model:
    return Model(
        forward,
        fc=linear(6, 6),
        fc2=linear(6, 6),
        last=linear(6, 3),
        bn=BatchNorm1d(6),
        act=DiscreteActivation(),
        act2=DiscreteActivation(half_range=4.0),
    )


def plus(m: Any, x: Tensor) -> Tensor:
    h = m.fc(x)
    h += m.fc2(x)
    return m.last(m.act(m.bn(h)))


def minus(m: Any, x: Tensor) -> Tensor:
    h = m.act2(m.fc(x))
    h -= x
    h *= 3
    return m.last(m.act(m.bn(h)))


def method(m: Any, x: Tensor) -> Tensor:
    return m.last(m.act(m.bn(m.fc(x).add_(m.fc2(x), alpha=2))))


def before(m: Any, x: Tensor) -> Tensor:
    h = m.fc(x)
    a = m.act2(h)
    h += m.fc2(a)
    return m.last(m.act(m.bn(h)))


@pytest.mark.parametrize("forward", [plus, minus, method, before])
def test_the_result_of_an_operation_in_place_is_exact(forward: Forward) -> None:
    converted(model(forward), (6,))  # and compares


def alias(m: Any, x: Tensor) -> Tensor:
    h = m.fc(x)
    total = h
    total += x
    return m.last(m.act(m.bn(h)) + total)


def discarded(m: Any, x: Tensor) -> Tensor:
    h = m.fc(x)
    h.mul_(-2)
    return m.last(m.act(m.bn(h)))


def view(m: Any, x: Tensor) -> Tensor:
    h = m.fc(x)
    flat = h.flatten(1)
    flat += x
    return m.last(m.act(m.bn(h)))


def below(m: Any, x: Tensor) -> Tensor:
    h = m.fc(x)
    flat = h.reshape(h.shape[0], -1)
    h += x
    return m.last(m.act(m.bn(flat))), h


def given_back(m: Any, x: Tensor) -> Any:
    h = m.fc(x)
    return m.last(m.act2(h.add_(x))), h


@pytest.mark.parametrize(
    ("forward", "message"),
    [
        (alias, "operation 'iadd' changes 'fc' in place, and 'bn' reads"),
        (discarded, "operation 'mul_' changes 'fc' in place, and 'bn' reads"),
        (view, "operation 'iadd' changes 'fc' in place, and 'bn' reads"),
        (below, "operation 'iadd' changes 'reshape' in place, and 'bn' reads"),
        (given_back, "operation 'add_' changes 'fc' in place, and the output reads"),
    ],
)
def test_what_was_changed_is_not_read_as_it_was(forward: Forward, message: str) -> None:
    with pytest.raises(ConversionError, match=message):
        from_torch(model(forward), (6,), ("zn", 1))


def test_operands_may_be_given_by_name() -> None:
    net = model(lambda m, x: m.last(m.act(torch.add(input=m.fc(torch.flatten(input=x, start_dim=1)), other=x))))
    assert set(converted(net, (6,)).projections) == {"fc", "add.in1", "last"}
