"""An optimiser that is saved, copied or pickled goes on as if nothing had happened."""

import copy
import io
import pickle
from types import SimpleNamespace

import pytest
import torch

from gxnor_snn.dst import DST
from gxnor_snn.errors import GxnorError, InputError
from gxnor_snn.layers import DiscreteParameter
from gxnor_snn.spaces import DiscreteSpace

FORMS = [
    {},
    {"moments": "bfloat16"},
    {"moments": "int8"},
    {"moments": ("int7", "factored")},
    {"rule": "adamax_shift", "lr": None, "moments": "bfloat16", "source": "lfsr15"},
    {"rule": "sgd", "source": "lfsr32", "rounding": "piecewise"},
]


def parameters() -> list[DiscreteParameter]:
    g = torch.Generator().manual_seed(0)
    return [
        DiscreteParameter.drawn(s, DiscreteSpace(n), g) for s, n in (((7, 30), 1), ((5, 2, 3, 3), 4), ((9,), 8))
    ]


def made(given: list[DiscreteParameter], form: dict[str, object], seed: int = 5) -> DST:
    return DST(given, **{"lr": 0.3, "seed": seed, **form})


def advance(given: list[DiscreteParameter], dst: DST, steps: range) -> None:
    for step in steps:
        g = torch.Generator().manual_seed(step)
        for p in given:
            p.grad = torch.randn(p.shape, generator=g)
        dst.step()


def assert_equal(some: list[DiscreteParameter], others: list[DiscreteParameter]) -> None:
    assert all(torch.equal(p, q) and p.dtype == q.dtype for p, q in zip(some, others, strict=True))


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_a_saved_run_goes_on_bit_for_bit(form: dict[str, object]) -> None:
    whole = parameters()
    uninterrupted = made(whole, form)
    advance(whole, uninterrupted, range(6))
    first = parameters()
    before = made(first, form)
    advance(first, before, range(3))
    file = io.BytesIO()
    torch.save(before.state_dict(), file)
    file.seek(0)
    second = [DiscreteParameter(p.detach().clone(), p.space) for p in first]
    after = made(second, {**form, "lr": 0.1}, seed=99)
    after.load_state_dict(torch.load(file, weights_only=True))
    advance(second, after, range(3, 6))
    assert_equal(whole, second)
    assert after.transitions == uninterrupted.transitions > 0


@pytest.mark.parametrize("form", FORMS, ids=str)
@pytest.mark.parametrize("copied", [copy.deepcopy, lambda both: pickle.loads(pickle.dumps(both))])
def test_a_copy_goes_on_alike(form: dict[str, object], copied) -> None:
    given = parameters()
    dst = made(given, form)
    advance(given, dst, range(2))
    twins, twin = copied((given, dst))
    assert {id(p) for p in twin.state} == {id(p) for p in twins}
    advance(given, dst, range(2, 4))
    advance(twins, twin, range(2, 4))
    assert_equal(given, twins)
    assert all(p.owner is twin for p in twins)


def test_states_of_another_form_are_refused() -> None:
    p = parameters()
    dst = made(p, {"moments": ("int8", "factored")})
    state = dst.state_dict()
    assert state["moments"] == "int8+factored"
    with pytest.raises(InputError, match=r"moments is 'int8\+factored' there, 'float32' here"):
        made(parameters(), {}).load_state_dict(state)
    with pytest.raises(InputError, match="'generators' is missing"):
        dst.load_state_dict({"state": {}, "param_groups": []})
    with pytest.raises(InputError, match="holds 3 random streams for 1 parameters"):
        made(parameters()[:1], {"moments": ("int8", "factored")}).load_state_dict(state)


def test_states_of_other_parameters_are_refused() -> None:
    p, q = parameters()[:1], parameters()[1:2]
    one, other = made(p, {}), made(q, {})
    advance(p, one, range(1))
    advance(q, other, range(1))
    before = other.state_dict()["state"][0]["exp_avg"].clone()
    with pytest.raises(
        InputError, match=r"exp_avg of a parameter of shape \(5, 2, 3, 3\) is torch.float32 of shape \(7"
    ):
        other.load_state_dict(one.state_dict())
    assert torch.equal(other.state[q[0]]["exp_avg"], before)
    state = one.state_dict()
    state["state"] = {0: {"step": 1}}
    with pytest.raises(InputError, match="has the entries step; allowed are step, exp_avg, exp_avg_sq"):
        one.load_state_dict(state)
    state["state"] = {0: {**one.state[p[0]], "step": "1"}}
    with pytest.raises(InputError, match=r"step of a parameter of shape \(7, 30\) is str there; allowed is int"):
        one.load_state_dict(state)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: None, "got a NoneType"),
        (lambda s: {k: v for k, v in s.items() if k != "state"}, "'state' is missing"),
        (lambda s: {k: v for k, v in s.items() if k != "param_groups"}, "'param_groups' is missing"),
        (lambda s: {**s, "state": 3}, "state is no dict of dicts by parameter, but int"),
        (lambda s: {**s, "generators": None}, "holds None for 1 parameters"),
        (lambda s: {**s, "generators": [torch.zeros(3, dtype=torch.uint8)]}, "a random stream has no state"),
        (lambda s: {**s, "generators": ["x"]}, "a random stream has no state"),
        (lambda s: {**s, "transitions": "x"}, "transitions is 'x'"),
        (lambda s: {**s, "state": {0: 3}}, "state is no dict of dicts"),
        (lambda s: {**s, "param_groups": [3]}, r"groups of None parameters; allowed are \[1\]"),
        (lambda s: {**s, "param_groups": [{}]}, r"groups of \[0\] parameters; allowed are \[1\]"),
        (lambda s: {**s, "param_groups": [{"params": [0], "lr": 1.0}]}, "a group has no betas, eps"),
        (lambda s: {**s, "param_groups": [{**s["param_groups"][0], "lr": float("nan")}]}, "lr is nan"),
    ],
)
def test_what_is_no_state_is_refused_before_anything_is_taken(change, message: str) -> None:
    given, other = parameters()[:1], parameters()[:1]
    one, source = made(given, {}), made(other, {})
    advance(given, one, range(1))
    advance(other, source, range(2))
    before = copy.deepcopy(one.state_dict())
    with pytest.raises(InputError, match=f"DST.load_state_dict.*{message}"):
        one.load_state_dict(change(source.state_dict()))
    assert repr(one.state_dict()) == repr(before)
    one.load_state_dict(source.state_dict())


@pytest.mark.parametrize(
    ("name", "value"), [("lr", -0.5), ("lr", float("nan")), ("betas", (1.0, 1.0)), ("m", 0.0), ("zero_bias", -1.0)]
)
def test_settings_are_checked_when_they_are_used(name: str, value: object) -> None:
    given = parameters()[:1]
    dst = made(given, {})
    dst.param_groups[0][name] = value
    before = given[0].clone()
    with pytest.raises(InputError, match=f"DST: {name} is"):
        advance(given, dst, range(1))
    assert torch.equal(before, given[0])


@pytest.mark.parametrize("rate", [0.0, -5.9e-18])  # the second is what LinearLR leaves of 0
def test_a_rate_of_zero_moves_nothing(rate: float) -> None:
    given = parameters()[:1]
    dst = made(given, {})
    dst.param_groups[0]["lr"] = rate
    before = given[0].clone()
    advance(given, dst, range(2))
    assert torch.equal(before, given[0])
    dst.load_state_dict(dst.state_dict())


def test_conversions_keep_levels_and_moments() -> None:
    module = torch.nn.Module()
    module.levels = parameters()[0]
    dst = made([module.levels], {"moments": "int8"})
    advance([module.levels], dst, range(2))
    module.half().to("cpu").double()
    assert module.levels.dtype == torch.int8
    assert dst.state[module.levels]["exp_avg"].dtype == torch.uint8
    advance([module.levels], dst, range(2))


def test_a_parameter_that_was_moved_afterwards_is_named() -> None:
    p = parameters()[0]
    dst = made([p], {})
    dst._streams[p] = SimpleNamespace(device=torch.device("cuda", 0))
    with pytest.raises(GxnorError, match=r"shape \(7, 30\) was on cuda:0, now it is on cpu; move the model first"):
        dst.consume(p, torch.zeros(7, 30))


def test_weights_in_another_memory_format_are_moved_as_well() -> None:
    p = parameters()[1]
    q = DiscreteParameter(p.detach().clone(), p.space)
    q.data = q.data.to(memory_format=torch.channels_last)
    assert not q.is_contiguous()
    for each in (p, q):
        dst = made([each], {})
        advance([each], dst, range(3))
    assert torch.equal(p, q)
    assert not q.is_contiguous()
