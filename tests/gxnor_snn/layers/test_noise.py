import copy

import torch

from gxnor_snn.layers import Noise


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
