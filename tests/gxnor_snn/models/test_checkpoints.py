from pathlib import Path
from typing import Any

import pytest
import torch

from gxnor_snn.models import METHODS, NetSpec
from gxnor_snn.train import load_checkpoint, save_checkpoint

DRAWN = {**METHODS["bnn"], "stochastic_weights": True, "stochastic_activations": True}
OTHERS = {"n = 8": {"n1": 8, "n2": 8}, "learnable": {"learn_r": True, "norm": "shift"}, "drawn": DRAWN}
SIZES = {
    "lenet": {"in_shape": [1, 8, 8], "channels": [4, 5], "hidden": 9, "kernel": 3, "padding": 1},
    "resnet": {"in_shape": [1, 8, 8], "width": 3, "depth": 8},
}


@pytest.mark.parametrize("keywords", [*METHODS.values(), *OTHERS.values()], ids=[*METHODS, *OTHERS])
@pytest.mark.parametrize("factory", SIZES)
def test_a_checkpoint_holds_all_of_a_network(factory: str, keywords: dict[str, Any], tmp_path: Path) -> None:
    """Levels of any width, latent weights, statistics, learnt windows, and how far the draws have come."""
    x = torch.randint(0, 256, (5, 8, 8), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    net = NetSpec(factory, {**SIZES[factory], **keywords}).build()
    net(x)
    save_checkpoint(tmp_path / "net.safetensors", net)
    again = load_checkpoint(tmp_path / "net.safetensors")
    assert torch.equal(net.eval()(x), again(x))
    assert torch.equal(net.train()(x), again.train()(x))
