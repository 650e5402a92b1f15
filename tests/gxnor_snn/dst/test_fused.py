"""fused=True: every gradient is consumed during backward, with the same weights as fused=False."""

import copy

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from gxnor_snn.dst import DST
from gxnor_snn.errors import GxnorError, InputError
from gxnor_snn.layers import DiscreteParameter, discrete_parameters
from gxnor_snn.models import lenet
from gxnor_snn.spaces import DiscreteSpace


def net() -> nn.Module:
    return lenet((1, 8, 8), 4, channels=(6, 8), hidden=20, kernel=3, padding=1, seed=1).train()


def batch(step: int) -> tuple[torch.Tensor, torch.Tensor]:
    g = torch.Generator().manual_seed(step)
    return torch.randint(0, 256, (16, 1, 8, 8), generator=g, dtype=torch.uint8), torch.randint(
        0, 4, (16,), generator=g
    )


def backward(model: nn.Module, step: int) -> None:
    x, y = batch(step)
    F.cross_entropy(model(x), y).backward()


FORMS = [
    {},
    {"moments": ("int8", "factored")},
    {"moments": ("int7", "factored")},
    {"moments": ("int7", "factored"), "rounding": "power2", "reset": True},
    {"moments": "bfloat16", "rounding": "lut16"},
    {"rule": "sgd", "zero_bias": 0.5},
    {"rule": "adamax_shift", "moments": "int8", "source": "lfsr7"},
]


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_fused_and_kept_gradients_give_the_same_weights(form: dict[str, object]) -> None:
    models = net(), net()
    optimizers = [
        DST(discrete_parameters(m), 0.1, seed=3, fused=f, **form)
        for m, f in zip(models, (True, False), strict=True)
    ]
    rates = [torch.optim.lr_scheduler.ExponentialLR(o, 0.8) for o in optimizers]
    for step in range(5):
        for model, optimizer, rate in zip(models, optimizers, rates, strict=True):
            backward(model, step)
            optimizer.step()
            optimizer.zero_grad()
            rate.step()
    assert optimizers[0].transitions == optimizers[1].transitions > 0
    for fused, kept in zip(*map(discrete_parameters, models), strict=True):
        assert torch.equal(fused, kept)


def test_no_gradient_is_left_and_weights_move_during_backward() -> None:
    model = net()
    dst = DST(discrete_parameters(model), 0.5, fused=True)
    before = [p.detach().clone() for p in discrete_parameters(model)]
    backward(model, 0)
    assert any(not torch.equal(p, b) for p, b in zip(discrete_parameters(model), before, strict=True))
    dst.step()
    assert all(p.grad is None for p in discrete_parameters(model))


def test_the_gradients_of_earlier_layers_see_the_weights_of_the_forward_pass() -> None:
    """Later layers move first; what backward has saved of them must be the old weights."""
    reference, model = net(), net()
    for m in (reference, model):
        for norm in m.modules():
            if isinstance(norm, nn.modules.batchnorm._BatchNorm):
                norm.eval()
    dst = DST(discrete_parameters(model), 0.9, fused=True)
    x, y = batch(0)
    got = []
    for m in (reference, model):
        inputs = x.float().requires_grad_()
        body = nn.Sequential(*[child for name, child in m.named_children() if name != "encoder"])
        F.cross_entropy(body(inputs), y).backward()
        got.append((inputs.grad, [p.grad for p in body.parameters() if p.requires_grad]))
    assert dst.transitions > 0
    assert torch.equal(got[0][0], got[1][0])
    assert all(torch.equal(a, b) for a, b in zip(got[0][1], got[1][1], strict=True))


def test_accumulation_raises() -> None:
    model = net()
    dst = DST(discrete_parameters(model), 0.1, fused=True)
    backward(model, 0)
    with pytest.raises(GxnorError, match=r"second gradient of a parameter of shape .* before step"):
        backward(model, 1)
    dst.step()
    backward(model, 2)


def test_a_layer_used_twice_raises() -> None:
    model = net()
    dst = DST(discrete_parameters(model), 0.1, fused=True)
    x, y = batch(0)
    with pytest.raises(GxnorError, match="a layer cannot be used twice in one step"):
        F.cross_entropy(model(x) + model(x), y).backward()
    assert dst.transitions > 0


def test_reading_clipping_and_unscaling_raise() -> None:
    model = net()
    dst = DST(discrete_parameters(model), 0.1, fused=True)
    model.zero_grad()  # nothing has been consumed
    dst.zero_grad()
    backward(model, 0)
    with pytest.raises(GxnorError, match="cannot be read, clipped or unscaled"):
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    scaler = torch.amp.GradScaler("cpu")
    scaler.scale(torch.ones(()))
    with pytest.raises(GxnorError, match="GradScaler"):
        scaler.step(dst)
    with pytest.raises(GxnorError, match="call step"):
        dst.zero_grad()
    dst.step()
    dst.zero_grad()
    nn.utils.clip_grad_norm_(discrete_parameters(model), 1.0)


def test_gradients_set_by_hand_raise() -> None:
    p = DiscreteParameter.drawn((3,), DiscreteSpace(1), None)
    dst = DST([p], 0.1, fused=True)
    with pytest.raises(GxnorError, match="set by hand"):
        p.grad = torch.ones(3)
    dst.release()
    p.grad = torch.ones(3)


def test_a_closure_is_evaluated_once_and_its_gradient_consumed() -> None:
    model, other = net(), net()
    dst, kept = DST(discrete_parameters(model), 0.3, fused=True), DST(discrete_parameters(other), 0.3)

    def closure(m: nn.Module, optimizer: DST) -> float:
        optimizer.zero_grad()
        x, y = batch(0)
        loss = F.cross_entropy(m(x), y)
        loss.backward()
        return float(loss.detach())

    for _ in range(2):
        assert dst.step(lambda: closure(model, dst)) == kept.step(lambda: closure(other, kept))
    assert all(
        torch.equal(a, b) for a, b in zip(discrete_parameters(model), discrete_parameters(other), strict=True)
    )
    backward(model, 0)
    with pytest.raises(GxnorError, match="not there any more"):
        dst.step(lambda: closure(model, dst))


def test_a_gradient_that_is_not_finite_raises_in_backward() -> None:
    model = net()
    dst = DST(discrete_parameters(model), 0.1, fused=True)
    before = copy.deepcopy([p.detach() for p in discrete_parameters(model)])
    x, y = batch(0)
    with pytest.raises(GxnorError, match="is not finite"):
        (F.cross_entropy(model(x), y) * float("inf")).backward()
    assert all(torch.equal(p, b) for p, b in zip(discrete_parameters(model), before, strict=True))
    assert dst.transitions == 0


def test_a_process_group_needs_kept_gradients() -> None:
    with pytest.raises(InputError, match="process_group needs gradients that are kept"):
        DST([DiscreteParameter.drawn((3,), DiscreteSpace(1), None)], 0.1, fused=True, process_group=object())


def test_it_resumes_between_steps() -> None:
    model = net()
    dst = DST(discrete_parameters(model), 0.2, fused=True, moments=("int7", "factored"))
    backward(model, 0)
    dst.step()
    twin, other = copy.deepcopy((model, dst))
    for m, optimizer in ((model, dst), (twin, other)):
        backward(m, 1)
        optimizer.step()
    assert all(
        torch.equal(a, b) for a, b in zip(discrete_parameters(model), discrete_parameters(twin), strict=True)
    )
    assert other.transitions == dst.transitions
