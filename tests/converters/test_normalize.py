"""A user's input normalisation, folded into the thresholds behind the first layer."""

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from gxnor_converters import from_torch, verify
from gxnor_sims import simulate
from gxnor_snn.errors import ConversionError
from gxnor_snn.graph import execute
from gxnor_snn.layers import (
    BatchNorm1d,
    BatchNorm2d,
    DiscreteActivation,
    DiscreteConv2d,
    DiscreteLinear,
    PixelEncoder,
)

from .nets import randomise_batch_norms


def net(padding: int = 0, groups: int = 1, channels: int = 2) -> nn.Sequential:
    generator = torch.Generator().manual_seed(3)
    model = nn.Sequential(
        DiscreteConv2d(
            channels, 4, 3, padding=padding, groups=groups, max_input=255, real_input=True, generator=generator
        ),
        nn.MaxPool2d(2),
        BatchNorm2d(4),
        DiscreteActivation(2),
        nn.Flatten(),
        DiscreteLinear(36, 3, generator=generator),
        BatchNorm1d(3),
    )
    randomise_batch_norms(model, 2)
    model[2].running_mean.div_(200)
    model[2].running_var.fill_(0.3)
    return model.eval()


def pixels(channels: int = 2, n: int = 30) -> np.ndarray:
    x = np.random.default_rng(0).integers(0, 256, (n, channels, 8, 8)).astype(np.uint8)
    x[0], x[1] = 0, 255
    return x


def reference(graph: Any, x: np.ndarray) -> Any:
    return simulate(graph, x, engine="reference", record="all")


@pytest.mark.parametrize(
    ("normalize", "groups"),
    [((0.1307, 0.3081), 1), (([0.49, 0.48], [0.25, 0.25]), 1), ((0, 1), 2), (((0.5, 0.25), 0.5), 2)],
)
def test_torch_on_normalised_inputs_equals_the_graph_on_pixels(normalize: Any, groups: int) -> None:
    model = net(groups=groups)
    graph = from_torch(model, (2, 8, 8), normalize=normalize)
    assert graph.coding("input").kind == "bits"
    certificate = verify(model, graph, pixels(), reference)
    assert certificate.equal, certificate
    assert certificate.compared["sums"] > 0
    assert certificate.compared["logits"] > 0


def test_thresholds_are_those_of_exact_arithmetic() -> None:
    model = net()
    mean, std = 0.1307, 0.3081
    graph = from_torch(model, (2, 8, 8), normalize=(mean, std))
    population = graph.populations["3.pre"]
    a, b = (v.detach().numpy() for v in model[2].affine())
    weights = model[0].levels.numpy().astype(int)
    low, high = graph.bounds("3.pre")
    for c in range(4):
        sums = np.arange(low[c], high[c] + 1)
        exact = [
            (Fraction(int(s)) - 255 * Fraction(mean) * int(weights[c].sum())) / (255 * Fraction(std)) for s in sums
        ]
        y = np.asarray([float(e) for e in exact]) * a[c] + b[c]
        expected = model[3].levels_of(y[None], channel_axis=0)[0]
        t = population.thresholds[c]
        passed = sums[:, None] >= t if population.increasing[c] else sums[:, None] <= t
        np.testing.assert_array_equal(graph.coding("3.pre").levels[passed.sum(axis=1)], expected)


def test_a_first_layer_alone_reads_out_real_logits() -> None:
    model = nn.Sequential(nn.Flatten(), DiscreteLinear(128, 3, real_input=True, generator=torch.Generator()))
    graph = from_torch(model, (2, 8, 8), normalize=(0.5, 0.25))
    x = pixels()
    real = torch.from_numpy((x / 255 - 0.5) / 0.25).float()
    np.testing.assert_allclose(execute(graph, x).logits, model.eval()(real).numpy(), rtol=1e-4, atol=1e-3)
    certificate = verify(model, graph, x, reference)
    assert certificate.equal
    assert certificate.notes


REFUSED = [
    (lambda: nn.Sequential(*net(padding=1)[:5], DiscreteLinear(64, 3)), (0.5, 0.25), "module '0': pads normalised inputs.*a pixel of 127.5.*without padding"),
    (lambda: net(), (0.5, [0.25, 0.3]), "channels of different scales"),
    (lambda: net(), (0.5, 0), "std > 0"),
    (lambda: net(), ([0.1, 0.2, 0.3], 1), "allowed are one number or 2"),
    (lambda: net(), (float("nan"), 1), "each a finite number"),
    (lambda: net(), 0.5, "allowed is .mean, std."),
    (lambda: nn.Sequential(PixelEncoder(), *net()), (0.5, 0.25), "give one of them up"),
    (lambda: nn.Sequential(DiscreteConv2d(2, 4, 3), *net()[1:]), (0.5, 0.25), "module '0' takes whole levels.*real_input=True"),
    (lambda: nn.Sequential(BatchNorm2d(2), DiscreteActivation(), *net()), (0.5, 0.25), "only a product may stand"),
]  # fmt: skip


@pytest.mark.parametrize(("build", "normalize", "message"), REFUSED)
def test_what_does_not_fold_is_refused_with_the_reason(build: Any, normalize: Any, message: str) -> None:
    with pytest.raises(ConversionError, match=message):
        from_torch(build(), (2, 8, 8), normalize=normalize)


def test_only_pixels_are_normalised() -> None:
    with pytest.raises(ConversionError, match="it turns pixels"):
        from_torch(net(), (2, 8, 8), ("zn", 1), normalize=(0.5, 0.25))


def test_padding_of_a_mean_of_zero_is_silent_and_folds() -> None:
    model = net(padding=1)
    model[5] = DiscreteLinear(64, 3, generator=torch.Generator().manual_seed(1))
    graph = from_torch(model, (2, 8, 8), normalize=(0.0, 0.5))
    assert verify(model, graph, pixels(), reference).equal


def test_pixels_may_be_pooled_before_the_first_product() -> None:
    model = nn.Sequential(nn.MaxPool2d(3, 1, 1), *net())
    graph = from_torch(model, (2, 8, 8), normalize=((0.5, 0.25), 0.25))
    assert verify(model, graph, pixels(), reference).equal
