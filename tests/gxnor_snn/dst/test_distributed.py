"""process_group: two processes with half the batch each train the same weights as one with the whole."""

import multiprocessing
from pathlib import Path

import pytest
import torch
from torch import distributed, nn

from gxnor_snn.dst import DST
from gxnor_snn.errors import GxnorError, InputError
from gxnor_snn.layers import DiscreteLinear, ScaleBias, discrete_parameters
from gxnor_snn.train import fit

from ..train.resuming import RECIPE, few

pytestmark = pytest.mark.skipif(not distributed.is_available(), reason="torch was built without processes")

STEPS, BATCH = 4, 8


class Net(nn.Module):
    """Whole numbers and powers of two only, so that no sum is rounded; `spare` is used by one process only."""

    def __init__(self) -> None:
        super().__init__()
        g = torch.Generator().manual_seed(0)
        self.used = DiscreteLinear(6, 4, generator=g)
        self.spare = DiscreteLinear(6, 4, generator=g)
        self.unused = DiscreteLinear(6, 4, generator=g)
        self.scale = ScaleBias(4)

    def forward(self, x: torch.Tensor, with_spare: bool) -> torch.Tensor:
        return self.scale(self.used(x)) + (self.spare(x) if with_spare else 0)


def train(model: nn.Module, net: Net, dst: DST, part: slice, spare: bool) -> None:
    g = torch.Generator().manual_seed(1)
    for step in range(STEPS):
        x = torch.randint(-1, 2, (BATCH, 6), generator=g).float()[part]
        t = torch.randint(-3, 4, (BATCH, 4), generator=g).float()[part]
        ((model(x, spare) * t).sum() / len(x)).backward()
        dst.step()
        dst.zero_grad()
        net.scale.zero_grad()
        spare = spare and step < 2


def clipped(rank: int) -> dict[str, torch.Tensor]:
    """Weights after steps with clipping and scaled losses, of which one overflows in the first process only."""
    net = Net()
    dst = DST(discrete_parameters(net), 0.4, process_group=distributed.group.WORLD)
    sgd = torch.optim.SGD(net.scale.parameters(), 0.1)
    model = nn.parallel.DistributedDataParallel(net)
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**10)
    g = torch.Generator().manual_seed(rank)
    for changes in (
        lambda: nn.utils.clip_grad_norm_(net.parameters(), 1.0),
        lambda: net.used.levels.grad.mul_(2),
    ):
        scaler.scale(model(torch.ones(2, 6), True).sum()).backward()
        changes()
        with pytest.raises(GxnorError, match=r"was changed before .* call average_gradients\(\)"):
            dst.step()
        net.zero_grad()
    scaler.scale(model(torch.ones(2, 6), True).sum()).backward()
    with pytest.raises(GxnorError, match=r"GradScaler has seen .* call average_gradients\(\)"):
        scaler.step(dst)
    net.zero_grad()
    scaler.update()
    for forget in (net.zero_grad, dst.zero_grad, lambda: net.zero_grad(set_to_none=False)):
        model(torch.ones(2, 6), True).sum().backward()  # a batch that is left out, averaged or not
        forget()
        model(torch.ones(2, 6), True).sum().backward()
        dst.average_gradients()
        forget()
    net.zero_grad()
    for step in range(STEPS):
        x = torch.randint(-1, 2, (BATCH, 6), generator=g).float()
        y = model(x, rank == 0).square().sum() * (torch.inf if (rank, step) == (0, 1) else 1.0)
        scaler.scale(y).backward()
        dst.average_gradients()
        for optimizer in (dst, sgd) if step < 3 else (sgd,):
            scaler.unscale_(optimizer)
        nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        scaled, jumps = net.used.levels.grad.clone(), dst.transitions
        for optimizer in (dst, sgd):
            scaler.step(optimizer)
        if step == 1:
            assert dst.transitions == jumps
        else:  # in the last step it is DST that divides by the scale
            assert torch.equal(net.used.levels.grad, scaled / (2.0**9 if step == 3 else 1))
        scaler.update()
        dst.zero_grad()
        sgd.zero_grad()
    assert scaler.get_scale() == 2.0**9
    assert dst.transitions
    model(torch.ones(2, 6), True).sum().backward()
    dst.average_gradients()
    model(torch.ones(2, 6), True).sum().backward()
    with pytest.raises(GxnorError, match=r"a gradient after average_gradients\(\)"):
        dst.step()
    dst.release()
    return net.state_dict()


def process(rank: int, folder: str) -> None:
    torch.set_num_threads(1)
    distributed.init_process_group("gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=2)
    net = Net()
    with pytest.raises(InputError, match="2 processes run and process_group is None"):
        DST(discrete_parameters(net), 0.4)
    DST(discrete_parameters(net), 0.4, process_group=False).release()
    with pytest.raises(InputError, match=f"differ between the processes .*seed = {rank}"):
        DST(discrete_parameters(net), 0.4, seed=rank, process_group=distributed.group.WORLD)
    with pytest.raises(InputError, match="fit trains in one process, and 2 run"):
        fit(net, few(), RECIPE)
    dst = DST(discrete_parameters(net), 0.4, seed=2, process_group=distributed.group.WORLD)
    half = BATCH // 2
    model = nn.parallel.DistributedDataParallel(net)
    train(model, net, dst, slice(rank * half, (rank + 1) * half), spare=rank == 0)
    held = {"weights": net.state_dict(), "steps": len(dst.state), "clipped": clipped(rank)}
    torch.save(held, f"{folder}/{rank}.pt")
    distributed.destroy_process_group()


def test_two_processes_train_like_one(tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    both = [spawn.Process(target=process, args=(rank, str(tmp_path))) for rank in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join(timeout=120)
        assert one.exitcode == 0
    first, second = (torch.load(tmp_path / f"{rank}.pt", weights_only=True) for rank in range(2))
    net = Net()
    start = {name: value.clone() for name, value in net.state_dict().items()}
    dst = DST([net.used.levels], 0.4, seed=2)
    train(net, net, dst, slice(None), spare=False)
    for name in start:
        assert torch.equal(first["weights"][name], second["weights"][name])
        assert torch.equal(first["clipped"][name], second["clipped"][name])
    assert torch.equal(first["weights"]["used.levels"], net.used.levels)
    assert not torch.equal(net.used.levels, start["used.levels"])
    assert not torch.equal(first["weights"]["spare.levels"], start["spare.levels"])
    assert torch.equal(first["weights"]["unused.levels"], start["unused.levels"])
    assert first["steps"] == 2
