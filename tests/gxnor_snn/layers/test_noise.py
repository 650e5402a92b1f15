import copy

import pytest
import torch
from torch.utils.checkpoint import checkpoint

from gxnor_snn.errors import GxnorError
from gxnor_snn.layers import DiscreteActivation, LatentLinear, Noise


def test_draw_k_depends_on_the_seed_and_on_k_only() -> None:
    like = torch.empty(50)
    first, again, other = Noise(1), Noise(1), Noise(2)
    draws = [first.uniform(like) for _ in range(3)]
    assert all(torch.equal(again.uniform(like), d) for d in draws)
    assert not torch.equal(other.uniform(like), draws[0])
    assert len({tuple(d.tolist()) for d in draws}) == 3
    assert all(0 <= v < 1 for d in draws for v in d.tolist())


def test_the_state_dict_and_copies_continue_the_draws() -> None:
    like = torch.empty(5)
    noise = Noise(7)
    noise.uniform(like)
    resumed = Noise(7)
    resumed.load_state_dict(noise.state_dict())
    twin = copy.deepcopy(noise)
    expected = noise.uniform(like)
    assert torch.equal(resumed.uniform(like), expected)
    assert torch.equal(twin.uniform(like), expected)


def test_torch_s_own_generator_is_left_alone() -> None:
    state = torch.get_rng_state()
    Noise.seeded_by(None).uniform(torch.empty(3))
    assert torch.equal(state, torch.get_rng_state())
    first, second = (Noise.seeded_by(torch.Generator().manual_seed(3)).seed for _ in range(2))
    assert first == second


@pytest.mark.parametrize("reentrant", [False, True])
@pytest.mark.parametrize(
    "layer",
    [
        lambda: DiscreteActivation(0, stochastic=True),
        lambda: LatentLinear(4, 4, ("zn", 0), stochastic=True),
    ],
)
def test_draws_are_not_repeated_by_activation_checkpointing(layer, reentrant: bool) -> None:
    net = layer().train()
    x = torch.ones(2, 4, requires_grad=True)
    y = checkpoint(net, x, use_reentrant=reentrant)
    with pytest.raises(GxnorError, match="runs again during backward"):
        y.sum().backward()
    net(x).sum().backward()  # as ever
