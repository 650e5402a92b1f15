"""Mixed precision with gradient scaling works on discrete parameters with fused=False."""

import torch

from gxnor_snn.dst import DST
from gxnor_snn.layers import DiscreteLinear, discrete_parameters


def run(scale: float | None, steps: int = 4) -> tuple[torch.Tensor, int]:
    layer = DiscreteLinear(20, 30, generator=torch.Generator().manual_seed(0))
    dst = DST(discrete_parameters(layer), 0.2)
    scaler = torch.amp.GradScaler("cpu", init_scale=scale or 1.0, enabled=scale is not None)
    g = torch.Generator().manual_seed(1)
    for _ in range(steps):
        with torch.autocast("cpu", torch.bfloat16):
            loss = (layer(torch.randn(8, 20, generator=g)) * torch.randn(8, 30, generator=g)).float().mean()
        scaler.scale(loss).backward()
        assert layer.levels.grad.dtype == torch.float32
        scaler.unscale_(dst)
        torch.nn.utils.clip_grad_norm_(discrete_parameters(layer), 1.0)
        scaler.step(dst)
        scaler.update()
        dst.zero_grad()
    return layer.levels.detach(), dst.transitions


def test_scaling_by_a_power_of_two_changes_nothing() -> None:
    plain, scaled = run(None), run(2.0**10)
    assert torch.equal(plain[0], scaled[0])
    assert plain[1] == scaled[1] > 0


def test_a_step_whose_gradients_overflow_is_skipped_and_the_scale_falls() -> None:
    layer = DiscreteLinear(4, 3)
    dst = DST(discrete_parameters(layer), 0.5)
    before = layer.levels.detach().clone()
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**127)
    scaler.scale(layer(torch.full((1, 4), 1e3)).sum()).backward()
    assert not layer.levels.grad.isfinite().all()
    scaler.step(dst)
    scaler.update()
    assert scaler.get_scale() == 2.0**126
    assert torch.equal(layer.levels, before)
    assert not dst.state
