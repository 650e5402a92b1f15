"""A compiled network trains to the very weights of the plain one; generated code itself is not tried here."""

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn

from gxnor_snn.dst import DST
from gxnor_snn.layers import discrete_parameters
from gxnor_snn.models import METHODS, mlp


def trained(backend: str | None, fused: bool, keywords: dict[str, Any]) -> nn.Module:
    net = mlp((1, 4, 4), [8], 5, seed=0, **keywords)
    discrete = list(discrete_parameters(net))
    members: list[torch.optim.Optimizer] = [DST(discrete, 0.3, fused=fused)] if discrete else []
    members.append(torch.optim.SGD([p for p in net.parameters() if p.requires_grad], 0.1))
    images = torch.randint(0, 256, (10, 1, 4, 4), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))

    def steps(forward: Callable[..., Any]) -> None:
        for _ in range(3):
            nn.functional.cross_entropy(forward(images), torch.arange(10) % 5).backward()
            for optimizer in members:
                optimizer.step()
                optimizer.zero_grad()

    steps(net if backend is None else torch.compile(net, dynamic=False, backend=backend))
    return net


@pytest.mark.filterwarnings("ignore::Warning")  # torch's own, of its tracer
@pytest.mark.parametrize(
    ("fused", "keywords"),
    [(False, {}), (True, {"learn_r": True}), (False, {**METHODS["qnn"]}), (False, {"n2": 7, "coding2": "mbn"})],
)
def test_a_compiled_pass_trains_alike(fused: bool, keywords: dict[str, Any]) -> None:
    plain, traced = trained(None, fused, keywords), trained("aot_eager", fused, keywords)
    for (name, one), (_, other) in zip(plain.state_dict().items(), traced.state_dict().items(), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-6, atol=1e-6, msg=name)


@pytest.mark.filterwarnings("ignore::Warning")
@pytest.mark.parametrize("keywords", [{}, {**METHODS["bwn"]}, {"norm": "shift"}, {**METHODS["bnn"]}])
def test_a_compiled_network_evaluates_to_the_same_bits(keywords: dict[str, Any]) -> None:
    net = mlp((1, 4, 4), [8], 5, seed=0, **keywords).eval()
    images = torch.randint(0, 256, (10, 1, 4, 4), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))
    traced = torch.compile(net, backend="aot_eager")
    assert torch.equal(traced(images), net(images))


def test_the_compiler_is_not_loaded_before_it_is_used() -> None:
    program = "import sys, gxnor_snn.train; assert 'torch._dynamo' not in sys.modules"
    subprocess.run([sys.executable, "-c", program], check=True)
