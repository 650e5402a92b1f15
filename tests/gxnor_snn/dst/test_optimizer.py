import copy
import zlib

import pytest
import torch
from torch import nn

from gxnor_snn.dst import DST
from gxnor_snn.errors import GxnorError, InputError
from gxnor_snn.layers import DiscreteLinear, DiscreteParameter, discrete_parameters
from gxnor_snn.spaces import DiscreteSpace

from .closed_form import TAUS, assert_follows, closed_form, followed


def parameter(n: int = 1, size: int = 2000, seed: int = 0) -> DiscreteParameter:
    return DiscreteParameter.drawn((size,), DiscreteSpace(n), torch.Generator().manual_seed(seed))


def with_gradient(p: DiscreteParameter, seed: int) -> DiscreteParameter:
    p.grad = torch.randn(p.shape, generator=torch.Generator().manual_seed(seed))
    return p


def test_a_step_is_adam_followed_by_a_transition() -> None:
    """Rows of equal weights with equal gradients: their frequencies follow the closed form of Adam's own update."""
    space, draws = DiscreteSpace(3), 20_000
    start = torch.tensor([-4, -3, 0, 1, 4], dtype=torch.int8)
    gradients = torch.tensor([[0.3], [-2.0], [0.01], [1.0], [5.0]]) * torch.tensor([1.0, -0.5, 2.0])
    for lr in (0.002, 0.4):  # few candidates, many candidates
        p = DiscreteParameter(start[:, None].expand(5, draws).clone(), space)
        dst = DST([p], lr=lr, m=2.0, betas=(0.8, 0.99), eps=1e-6, seed=11)
        real = nn.Parameter(torch.zeros(5))
        adam = torch.optim.Adam([real], lr=lr, betas=(0.8, 0.99), eps=1e-6)
        expected = [{int(level): 1.0} for level in start]
        for g in gradients.T:
            p.grad = g[:, None].expand(5, draws).clone()
            real.grad = g.clone()
            at = real.detach().clone()
            adam.step()
            dst.step()
            update = (real.detach() - at).tolist()
            expected = [followed(e, u, space, 2.0) for e, u in zip(expected, update, strict=True)]
        for row, probability in zip(p.detach(), expected, strict=True):
            assert_follows(row, probability)


@pytest.mark.parametrize("rounding", TAUS)
@pytest.mark.parametrize("zero_bias", [0.0, 1.5])
def test_every_rounding_reaches_the_weights(rounding: str, zero_bias: float) -> None:
    """The first step of Adam is lr, whatever the gradient: few candidates and many."""
    space, draws = DiscreteSpace(4), 20_000
    start = torch.tensor([-8, -1, 0, 2], dtype=torch.int8)
    for lr in (0.004, 0.07, 0.4):
        p = DiscreteParameter(start[:, None].expand(4, draws).clone(), space)
        dst = DST([p], lr=lr, m=1.7, rounding=rounding, zero_bias=zero_bias)
        p.grad = torch.tensor([[-1.0], [2.0], [-0.5], [1.0]]).expand(4, draws).clone()
        dst.step()
        for row, level, sign in zip(p.detach(), start.tolist(), (1, -1, 1, -1), strict=True):
            assert_follows(row, closed_form(level, sign * lr, space, 1.7, TAUS[rounding], zero_bias))


def test_sixteen_bit_levels_move_like_eight_bit_ones() -> None:
    space, draws = DiscreteSpace(8), 20_000
    p = DiscreteParameter(torch.full((draws,), 127), space)
    dst = DST([p], lr=2.3 * space.step, m=1.0)
    p.grad = -torch.ones(draws)
    dst.step()
    assert_follows(p.detach(), closed_form(127, 2.3 * space.step, space, 1.0))
    assert p.dtype == torch.int16


def test_the_default_path_never_changes_its_bits() -> None:
    """Pins seeds, order of draws and arithmetic; a change here breaks the resuming of old runs."""
    shapes, g = [(30, 1, 3, 3), (20, 40), (3, 100_000), (7,)], torch.Generator().manual_seed(1)
    parameters = [
        DiscreteParameter.drawn(s, DiscreteSpace(n), g) for s, n in zip(shapes, (1, 3, 1, 0), strict=True)
    ]
    dst = DST(parameters, lr=0.1, betas=(0.9, 0.99), seed=2**40 + 5)
    for lr in (0.3, 0.1, 0.01, 0.001):
        dst.param_groups[0]["lr"] = lr
        for p in parameters:
            p.grad = torch.randint(-8, 9, p.shape, generator=g).float()
        dst.step()
    assert dst.transitions == 166526
    checks = [zlib.crc32(p.detach().numpy().tobytes()) for p in parameters]
    assert checks == [3540541795, 2340817740, 1744942811, 1539489498]


def test_draws_do_not_depend_on_the_other_parameters() -> None:
    alone, first, second = parameter(seed=1), parameter(seed=1), parameter(seed=2)
    one, two = DST([alone], lr=0.1), DST([first, second], lr=0.1)
    for step in range(3):
        with_gradient(alone, step), with_gradient(first, step)
        second.grad = None if step == 1 else torch.ones(second.shape)
        one.step()
        two.step()
    assert torch.equal(alone, first)


def test_weights_stay_int8_levels() -> None:
    p = parameter()
    dst = DST([p], lr=0.5)
    for step in range(10):
        with_gradient(p, step)
        dst.step()
    assert p.dtype == torch.int8
    assert p.unique().tolist() == [-1, 0, 1]


def test_parameters_without_gradient_stay() -> None:
    p = parameter()
    before = p.detach().clone()
    DST([p], lr=0.5).step()
    assert torch.equal(p, before)


def test_the_seed_decides_the_draws_and_torch_s_generator_is_not_read() -> None:
    results = []
    state = torch.get_rng_state()
    for seed in (3, 3, 4):
        p = with_gradient(parameter(), 0)
        DST([p], lr=0.3, seed=seed).step()
        results.append(p.detach())
    assert torch.equal(results[0], results[1])
    assert not torch.equal(results[0], results[2])
    for seed in (3, 3, 4):
        given = with_gradient(parameter(), 0)
        DST([given], lr=0.3, generator=torch.Generator().manual_seed(seed)).step()
        results.append(given.detach())
    assert torch.equal(results[3], results[4])
    assert not torch.equal(results[3], results[5])
    assert torch.equal(state, torch.get_rng_state())


def test_state_dict_continues_the_same_run() -> None:
    p = parameter()
    dst = DST([p], lr=0.3, seed=5)
    for step in range(3):
        with_gradient(p, step)
        dst.step()
    q = DiscreteParameter(p.detach().clone(), p.space)
    other = DST([q], lr=0.1, seed=99)
    other.load_state_dict(copy.deepcopy(dst.state_dict()))
    for step in range(3, 6):
        for each, optimizer in ((p, dst), (q, other)):
            with_gradient(each, step)
            optimizer.step()
    assert torch.equal(p, q)
    assert other.state[q]["exp_avg"].dtype == torch.float32


def test_schedulers_and_closures_work() -> None:
    layer = DiscreteLinear(4, 3, generator=torch.Generator().manual_seed(0))
    dst = DST(discrete_parameters(layer), lr=0.5)
    scheduler = torch.optim.lr_scheduler.ExponentialLR(dst, 0.1)

    def closure() -> float:
        dst.zero_grad()
        loss = layer(torch.ones(2, 4)).square().sum()
        loss.backward()
        return float(loss.detach())

    assert dst.step(closure) >= 0
    scheduler.step()
    assert dst.param_groups[0]["lr"] == pytest.approx(0.05)


def test_groups_may_have_settings_of_their_own() -> None:
    p, q = parameter(), parameter(seed=1)
    dst = DST([{"params": [p], "lr": 1e-9}, {"params": [q]}], lr=0.5)
    before = p.detach().clone(), q.detach().clone()
    with_gradient(p, 0)
    with_gradient(q, 0)
    dst.step()
    assert torch.equal(p, before[0])
    assert not torch.equal(q, before[1])


def test_it_learns_a_ternary_map() -> None:
    g = torch.Generator().manual_seed(0)
    target = torch.randint(-1, 2, (1, 20), generator=g).float()
    x = torch.randint(-1, 2, (400, 20), generator=g).float()
    layer = DiscreteLinear(20, 1, generator=g)
    dst = DST(discrete_parameters(layer), lr=0.2, betas=(0.9, 0.999))
    for step in range(1000):
        dst.param_groups[0]["lr"] = 0.2 * 1e-2 ** (step / 999)
        dst.zero_grad()
        (layer(x) - x @ target.T).square().mean().backward()
        dst.step()
    assert torch.equal(layer.levels.detach().float(), target)


def test_a_gradient_that_is_not_finite_raises_and_moves_nothing() -> None:
    p = with_gradient(parameter(), 0)
    p.grad[3] = float("nan")
    before = p.detach().clone()
    with pytest.raises(GxnorError, match="is not finite"):
        DST([p], lr=0.3).step()
    assert torch.equal(p, before)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"lr": 0.0}, "lr is 0.0"),
        ({"lr": float("nan")}, "lr is nan"),
        ({"lr": 0.1, "m": -1.0}, "m is -1.0"),
        ({"lr": 0.1, "eps": 0.0}, "eps is 0.0"),
        ({"lr": 0.1, "betas": (0.9, 1.0)}, "betas is"),
        ({}, "lr is missing; rule 'adam'"),
        ({"lr": True}, "lr is True"),
        ({"lr": 0.1, "betas": (0.9,)}, "betas is"),
        ({"lr": 0.1, "zero_bias": -0.1}, "zero_bias is -0.1"),
        ({"lr": 0.1, "rule": "lion"}, "rule is 'lion'; allowed are adam, adamax_shift, sgd"),
        (
            {"lr": 0.1, "rounding": "floor"},
            "rounding is 'floor'; allowed are tanh, power2, power3, power4, unbiased, piecewise, lut4",
        ),
        ({"lr": 0.1, "source": "lfsr4"}, "source is 'lfsr4'; allowed are generator, lfsr3"),
        ({"lr": 0.1, "moments": "float16"}, "the first of moments is 'float16'; allowed are float32"),
        ({"lr": 0.1, "moments": ("int8", "int7")}, r"the second of moments \(rule 'adam'\) is 'int7'"),
        ({"rule": "adamax_shift", "moments": "factored"}, "the second of moments .* is 'factored'"),
        ({"lr": 0.1, "moments": ["int8"]}, "one name or a pair"),
        ({"lr": 0.1, "moments": ["int8", ["factored"]]}, "the second of moments .* is \\['factored'\\]"),
        ({"lr": 0.1, "rounding": None}, "rounding is None"),
    ],
)
def test_bad_settings_are_named(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        DST([parameter()], **arguments)


def test_bad_parameters_are_refused() -> None:
    p = parameter()
    with pytest.raises(InputError, match="claimed twice"):
        DST([p, p], lr=0.1)
    with pytest.raises(InputError, match="claimed twice"):
        DST([{"params": [p]}, {"params": [p]}], lr=0.1)
    with pytest.raises(InputError, match=r"discrete parameters only, got a Parameter of shape \(2,\)"):
        DST([nn.Parameter(torch.zeros(2))], lr=0.1)
    with pytest.raises(InputError, match="no parameters"):
        DST([], lr=0.1)
    with pytest.raises(InputError, match="'generators' is missing"):
        DST([p], lr=0.1).load_state_dict({"state": {}, "param_groups": []})
