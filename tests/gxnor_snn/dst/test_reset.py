"""reset=True: a weight that has jumped gathers its evidence anew."""

import copy
import pickle

import pytest
import torch

from gxnor_snn.dst import DST
from gxnor_snn.dst.draws import Scratch
from gxnor_snn.dst.options import make_rule
from gxnor_snn.dst.tiles import tile_limit, tiles
from gxnor_snn.errors import InputError
from gxnor_snn.layers import DiscreteParameter
from gxnor_snn.spaces import DiscreteSpace

FORMS = [
    ("adam", "float32"),
    ("adam", "bfloat16"),
    ("adam", ("int8", "factored")),
    ("adam", ("int7", "factored")),
    ("adamax_shift", ("int7", "int8")),
    ("sgd", ("int8", "int8")),
]
SHAPES = [(3, 67), (5, 4, 3, 3), (2, 140_000), (300_000,)]  # parts of blocks; several tiles
WIDE = DiscreteSpace(8)  # its levels are int16


def first_moment(dst: DST, p: DiscreteParameter, form: tuple[str, object]) -> torch.Tensor:
    moment, scratch = make_rule(*form).first, Scratch(p.device)
    parts = [moment.load(dst.state[p], tile, scratch).clone() for tile in tiles(tuple(p.shape), tile_limit("cpu"))]
    return torch.cat(parts)


@pytest.mark.parametrize("form", FORMS, ids=str)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_only_the_moments_of_weights_that_jumped_are_zero(
    form: tuple[str, object], shape: tuple[int, ...]
) -> None:
    space, g = DiscreteSpace(2), torch.Generator().manual_seed(0)
    start = DiscreteParameter.drawn(shape, space, g).detach()
    gradient = torch.randn(shape, generator=g)
    found = []
    for reset in (False, True):
        p = DiscreteParameter(start.clone(), space)
        dst = DST([p], lr=0.1, rule=form[0], moments=form[1], reset=reset, seed=4)
        p.grad = gradient.clone()
        dst.step()
        found.append((p.detach().flatten(), first_moment(dst, p, form)))
    (plain, kept), (levels, cleared) = found
    jumped = levels != start.flatten()
    assert torch.equal(levels, plain)
    assert 0 < int(jumped.sum()) < jumped.numel()
    assert not cleared[jumped].any()
    assert torch.equal(cleared[~jumped], kept[~jumped])
    assert kept[jumped].count_nonzero() > 0.9 * int(jumped.sum())


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_weights_that_do_not_lie_in_order_reset_alike(form: tuple[str, object]) -> None:
    g = torch.Generator().manual_seed(0)
    start, gradients = DiscreteParameter.drawn((70, 4100), WIDE, g).detach(), torch.randn(3, 70, 4100, generator=g)
    assert start.dtype == torch.int16
    found = []
    for levels in (start.clone(), start.t().contiguous().t()):
        p = DiscreteParameter(levels, WIDE)
        dst = DST([p], lr=0.1, rule=form[0], moments=form[1], reset=True, seed=4)
        for gradient in gradients:
            p.grad = gradient.clone()
            dst.step()
        found.append((p.detach().clone(), first_moment(dst, p, form), p.is_contiguous()))
    assert [flag for *_, flag in found] == [True, False]
    assert torch.equal(found[0][0], found[1][0])
    assert torch.equal(found[0][1], found[1][1])
    assert not torch.equal(found[0][0], start)


def test_one_gradient_makes_one_jump() -> None:
    """Without reset the memory of it carries the weight on to the next level."""
    for reset, end in ((False, 1), (True, 0)):
        p = DiscreteParameter(torch.full((50,), -1, dtype=torch.int8), DiscreteSpace(1))
        dst = DST([p], lr=0.9, m=50.0, betas=(0.9, 0.999), reset=reset)
        for gradient in (-1.0, 0.0, 0.0):
            p.grad = torch.full((50,), gradient)
            dst.step()
        assert p.detach().unique().tolist() == [end]


def test_a_resumed_run_goes_on_as_the_first() -> None:
    p = DiscreteParameter.drawn((40, 30), DiscreteSpace(1), torch.Generator().manual_seed(1))
    options = {"lr": 0.3, "moments": ("int7", "factored"), "rounding": "power2", "reset": True}
    dst = DST([p], seed=5, **options)
    g = torch.Generator().manual_seed(2)
    gradients = torch.randn(6, 40, 30, generator=g)
    for gradient in gradients[:3]:
        p.grad = gradient.clone()
        dst.step()
    q = DiscreteParameter(p.detach().clone(), p.space)
    other = DST([q], seed=9, **options)
    other.load_state_dict(copy.deepcopy(dst.state_dict()))
    for gradient in gradients[3:]:
        for each, optimizer in ((p, dst), (q, other)):
            each.grad = gradient.clone()
            optimizer.step()
    assert torch.equal(p, q)
    assert dst.transitions == other.transitions


def test_a_state_goes_where_reset_is_the_same_only() -> None:
    p = DiscreteParameter.drawn((4,), DiscreteSpace(1), torch.Generator().manual_seed(1))
    resets = DST([p], 0.1, reset=True)
    state = resets.state_dict()
    resets.release()
    plain = DST([p], 0.1)
    with pytest.raises(InputError, match="reset is True there, False here; it must be the same"):
        plain.load_state_dict(state)
    old = plain.state_dict()
    assert "reset" not in old  # as in those of versions that could not reset
    plain.load_state_dict(old)
    plain.release()
    resets = DST([p], 0.1, reset=True)
    with pytest.raises(InputError, match="reset is False there, True here; it must be the same"):
        resets.load_state_dict(old)


@pytest.mark.parametrize("reset", [False, True])
def test_a_pickle_resets_as_it_did_and_one_of_an_older_version_does_not(reset: bool) -> None:
    p = DiscreteParameter(torch.full((50,), -1, dtype=torch.int8), DiscreteSpace(1))
    dst = DST([p], lr=0.9, m=50.0, betas=(0.9, 0.999), reset=reset)
    if not reset:
        del vars(dst._stepper)["reset"]
    (q,), twin = pickle.loads(pickle.dumps(([p], dst)))
    for gradient in (-1.0, 0.0, 0.0):
        q.grad = torch.full((50,), gradient)
        twin.step()
    assert q.detach().unique().tolist() == [0 if reset else 1]


def test_it_is_true_or_false() -> None:
    with pytest.raises(InputError, match="DST: reset is a str; allowed"):
        DST([DiscreteParameter.drawn((3,), DiscreteSpace(1), None)], 0.1, reset="yes")  # type: ignore[arg-type]
