import gc

import pytest
import torch
from torch import nn

from gxnor_snn.dst import DST, check_claims
from gxnor_snn.errors import InputError
from gxnor_snn.layers import BatchNorm1d, DiscreteLinear, DiscreteParameter, discrete_parameters
from gxnor_snn.spaces import DiscreteSpace


def net() -> nn.Sequential:
    return nn.Sequential(DiscreteLinear(3, 4), BatchNorm1d(4), DiscreteLinear(4, 2))


def test_every_parameter_needs_one_optimiser() -> None:
    model = net()
    dst, adam = DST(discrete_parameters(model), 0.1), torch.optim.Adam(model[1].parameters())
    check_claims(model, dst, adam)
    with pytest.raises(InputError, match=r"parameter '1.weight' of shape \(4,\) is claimed by no optimiser"):
        check_claims(model, dst)
    with pytest.raises(InputError, match=r"discrete parameter '0.levels' of shape \(4, 3\) is claimed by no"):
        check_claims(model)
    again = torch.optim.SGD([model[1].bias], lr=0.1)
    with pytest.raises(InputError, match=r"'1.bias' of shape \(4,\) is claimed twice.*DST, Adam, SGD"):
        check_claims(model, dst, adam, again)
    model[1].requires_grad_(False)
    check_claims(model, dst)


def test_two_optimisers_cannot_move_one_parameter() -> None:
    model = net()
    first = DST(discrete_parameters(model), 0.1)
    with pytest.raises(InputError, match="claimed twice: another DST"):
        DST([model[2].levels], 0.1)
    with pytest.raises(InputError, match="claimed twice"):
        first.add_param_group({"params": [model[0].levels]})
    free = DiscreteParameter.drawn((3,), DiscreteSpace(1), None)
    with pytest.raises(InputError, match="claimed twice: another DST"):
        DST([free, model[0].levels], 0.1)
    assert free.owner is None
    first.release()
    second = DST(discrete_parameters(model), 0.1)
    torch.optim.lr_scheduler.ExponentialLR(second, 0.9)  # makes a reference cycle
    del second
    DST(discrete_parameters(model), 0.1)
    gc.collect()


def test_a_constructor_that_fails_claims_nothing() -> None:
    p, q = (DiscreteParameter.drawn((3,), DiscreteSpace(n), None) for n in (1, 0))
    with pytest.raises(InputError, match="zero_bias") as caught:
        DST([{"params": [p]}, {"params": [q], "zero_bias": 0.5}], 0.1)
    assert p.owner is None
    assert caught.value is not None
    DST([p, q], 0.1)


def test_parameters_must_be_discrete_and_given_once() -> None:
    p = DiscreteParameter.drawn((3,), DiscreteSpace(1), None)
    for given in ([p, p], [{"params": [p]}, {"params": [p]}]):
        with pytest.raises(InputError, match="claimed twice"):
            DST(given, lr=0.1)
    with pytest.raises(InputError, match=r"discrete parameters only, got a Parameter of shape \(2,\)"):
        DST([nn.Parameter(torch.zeros(2))], lr=0.1)
    for empty in (torch.zeros(0, dtype=torch.int8), torch.zeros(3, dtype=torch.int8, device="meta")):
        with pytest.raises(InputError, match=r"of shape \(\d,\) on \w+ holds no weights to move"):
            DST([DiscreteParameter(empty, DiscreteSpace(1))], lr=0.1)
    with pytest.raises(InputError, match="no parameters"):
        DST([], lr=0.1)
