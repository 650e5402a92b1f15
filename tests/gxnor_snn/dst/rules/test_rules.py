"""Updates of the rules, against torch's optimisers and the formulas of the papers."""

import math

import pytest
import torch
from torch import nn

from gxnor_snn.dst.draws import Draws, Scratch
from gxnor_snn.dst.moments import Factored, Float32, Held, Logarithmic8, SquareRoot8
from gxnor_snn.dst.rules import SGD, Adam, AdaMaxShift, Rule, Settings
from gxnor_snn.dst.tiles import tiles

SHAPE = (4, 5)
SCRATCH = Scratch(torch.device("cpu"))


def gradients(steps: int) -> list[torch.Tensor]:
    g = torch.Generator().manual_seed(0)
    return [torch.randn(SHAPE, generator=g) * 10.0 ** torch.arange(-3, 2) for _ in range(steps)]


def updates(rule: Rule, given: list[torch.Tensor], **settings) -> list[torch.Tensor]:
    held: Held = {}
    cut = tiles(SHAPE, 1 << 18)
    for moment in rule.moments:
        held |= moment.create(torch.empty(SHAPE), cut)
    draws, out = Draws(torch.Generator().manual_seed(0), SCRATCH), []
    for number, gradient in enumerate(given, start=1):
        written = torch.empty(20)
        one = Settings(**{"eps": 1e-8, "number": number, "unit": 1.0, "scale": 1.0, **settings})
        rule.write(held, cut[0], gradient.reshape(-1), one, draws, written)
        for moment in rule.moments:
            moment.finish(held)
        out.append(written.view(SHAPE))
    return out


def reference(optimizer: torch.optim.Optimizer, p: nn.Parameter, given: list[torch.Tensor]) -> list[torch.Tensor]:
    out = []
    for gradient in given:
        p.data.zero_()
        p.grad = gradient.clone()
        optimizer.step()
        out.append(p.detach().clone())
    return out


def test_adam_is_torch_s() -> None:
    p, given = nn.Parameter(torch.zeros(SHAPE)), gradients(6)
    expected = reference(torch.optim.Adam([p], 0.3, (0.8, 0.99), 1e-3), p, given)
    got = updates(Adam(Float32, Float32), given, lr=0.3, betas=(0.8, 0.99), eps=1e-3)
    torch.testing.assert_close(got, expected)


def test_the_unit_scales_the_update() -> None:
    given = gradients(2)
    for rule in (Adam, AdaMaxShift, SGD):
        one, four = (updates(rule(Float32, Float32), given, lr=0.25, betas=(0.5, 0.9), unit=u) for u in (1.0, 4.0))
        torch.testing.assert_close([4 * u for u in one], four)


def test_adam_s_first_step_with_a_factored_moment_is_exact() -> None:
    given = gradients(1)
    exact, factored = (updates(Adam(Float32, s), given, lr=0.1, betas=(0.9, 0.999)) for s in (Float32, Factored))
    torch.testing.assert_close(exact, factored)


def test_a_factored_moment_is_near_the_whole_one_where_gradients_have_its_form() -> None:
    given = gradients(400)
    exact, factored = (updates(Adam(Float32, s), given, lr=0.1, betas=(0.9, 0.99)) for s in (Float32, Factored))
    difference = (exact[-1] - factored[-1]).norm() / exact[-1].norm()
    assert difference < 0.2


def test_momentum_is_torch_s_in_real_units() -> None:
    """The gradient is one with respect to levels, and a level is `scale` in real units."""
    p, given = nn.Parameter(torch.zeros(SHAPE)), gradients(5)
    expected = reference(torch.optim.SGD([p], 0.2, momentum=0.7), p, [g / 0.25 for g in given])
    got = updates(SGD(Float32, Float32), given, lr=0.2, betas=(0.7, 0.0), scale=0.25)
    torch.testing.assert_close(got, expected)


def power_of_two(x: float) -> float:
    return 2.0 ** round(math.log2(x))


def test_shift_based_adamax_uses_powers_of_two() -> None:
    given, lr, (b1, b2) = gradients(7), 2.0**-10, AdaMaxShift.default_betas
    assert (AdaMaxShift.default_lr, b1, b2) == (lr, 1 - 2.0**-3, 1 - 2.0**-10)
    got = updates(AdaMaxShift(Float32, Float32), given, lr=lr, betas=(b1, b2))
    for i in range(4):
        for j in range(5):
            m = v = 0.0
            for t, gradient in enumerate(given, start=1):
                g = float(gradient[i, j])
                m, v = b1 * m + (1 - b1) * g, max(b2 * v, abs(g))
                expected = -power_of_two(lr / (1 - b1**t)) * m * power_of_two(1 / v)
                assert float(got[t - 1][i, j]) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    "rule",
    [
        Adam(Float32, Float32),
        Adam(SquareRoot8, Logarithmic8),
        AdaMaxShift(SquareRoot8, Logarithmic8),
        SGD(Float32, Float32),
    ],
)
def test_zero_gradients_give_zero_updates_and_others_finite_ones(rule: Rule) -> None:
    still = updates(rule, [torch.zeros(SHAPE)] * 2, lr=0.1, betas=(0.9, 0.99))
    assert all(torch.equal(u, torch.zeros(SHAPE)) for u in still)
    mixed = gradients(50)
    for gradient in mixed:
        gradient[1] = 0
    moved = updates(rule, mixed, lr=0.1, betas=(0.9, 0.99))
    assert all(u.isfinite().all() for u in moved)
    assert all((u[1] == 0).all() for u in moved)


@pytest.mark.parametrize("rule", [Adam, AdaMaxShift, SGD])
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_gradient_that_is_not_finite_shows_in_the_update(rule: type[Rule], value: float) -> None:
    gradient = torch.ones(SHAPE)
    gradient[2, 2] = value
    (update,) = updates(rule(Float32, Float32), [gradient], lr=0.1, betas=(0.9, 0.99))
    assert not update[2, 2].isfinite()
