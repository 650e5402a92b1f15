"""A device in the training forward: what it does to levels, to gradients, to nothing else, and what it is good for."""

import contextlib
import copy
from typing import Any

import numpy as np
import pytest
import torch

from gxnor_converters import from_torch
from gxnor_hardware.crossbar import ArraySpec, accuracy
from gxnor_hardware.crossbar.devices import Device, load_device
from gxnor_hardware.crossbar.devices.effects import ConstantReading, GaussianProgramming
from gxnor_snn.data import load
from gxnor_snn.device import TrainingDevice
from gxnor_snn.errors import InputError
from gxnor_snn.layers import DiscreteConv2d, DiscreteLinear, LatentLinear, attached, levels_on_device
from gxnor_snn.models import mlp
from gxnor_snn.spaces import DiscreteSpace
from gxnor_snn.train import PRESETS, fit


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def programming(sigma: float) -> Device:
    """The same deviation on every cell, a fraction of the largest conductance."""
    curve = {"form": "polynomial", "unit_us": 1.0, "coefficients": [100 * sigma]}
    model = {"model": "gaussian", "source": "test", "grade": "D", "curve": curve}
    return Device.ideal(g_off_s=1e-6).replace(programming=GaussianProgramming.model_validate(model))


def test_devices_of_the_hardware_models_take_part() -> None:
    assert isinstance(Device.ideal(), TrainingDevice)
    assert isinstance(load_device("rram_wan2022"), TrainingDevice)
    assert not isinstance(object(), TrainingDevice)


@pytest.mark.parametrize("largest", [1, 4])
def test_an_ideal_device_holds_the_levels(largest: int) -> None:
    levels = torch.arange(-largest, largest + 1).float()
    held = levels_on_device(levels, largest, Device.ideal(g_off_s=3e-6), seeded(0))
    torch.testing.assert_close(held, levels)


def test_levels_spread_as_the_cells_do() -> None:
    read = ConstantReading(model="constant", fraction=0.05, source="test", grade="D")
    device = Device.ideal().replace(reading=read)
    held = levels_on_device(torch.ones(200_000), 1, device, seeded(0))
    assert float(held.mean()) == pytest.approx(1, abs=1e-3)
    assert float(held.std()) == pytest.approx(0.05 * 2**0.5, rel=0.02)


@pytest.mark.parametrize(
    "make",
    [
        lambda: (DiscreteLinear(6, 3, generator=seeded(0), max_input=1), torch.ones(2, 6)),
        lambda: (DiscreteConv2d(2, 3, 3, space=DiscreteSpace(2), generator=seeded(0)), torch.ones(2, 2, 4, 4)),
        lambda: (LatentLinear(6, 3, generator=seeded(0), max_input=1), torch.ones(2, 6)),
    ],
)
def test_training_passes_are_disturbed_and_gradients_pass_straight_through(make: Any) -> None:
    layer, x = make()
    owner = layer.weight if isinstance(layer, LatentLinear) else layer.levels

    def trained() -> tuple[torch.Tensor, torch.Tensor]:
        owner.grad = None
        layer.train()
        sums = layer(x)
        sums.sum().backward()
        return sums.detach(), owner.grad.clone()

    clean, gradient = trained()
    with attached(layer, programming(0.2), seeded(1)):
        first, straight = trained()
        second, _ = trained()
        layer.eval()
        inside = layer(x)
        copied = copy.deepcopy(layer)
    assert not torch.equal(first, clean)
    assert not torch.equal(first, second)
    torch.testing.assert_close(straight, gradient)
    layer.eval()
    assert torch.equal(layer(x), inside)  # eval passes are exact, attached or not
    assert torch.equal(trained()[0], clean)  # and nothing stays behind
    assert not hasattr(layer, "device_generator")
    assert copied.disturb is None  # a copy is not what the context can clean
    copied.train()
    assert torch.equal(copied(x), clean)


def test_what_cannot_be_attached_is_refused() -> None:
    layer = DiscreteLinear(2, 2, generator=seeded(0))
    with (
        pytest.raises(InputError, match="Linear has no discrete layer"),
        attached(torch.nn.Linear(1, 1), Device.ideal(), seeded(0)),
    ):
        pass
    with pytest.raises(InputError, match="got object and Generator"), attached(layer, object(), seeded(0)):  # type: ignore[arg-type]
        pass
    with (
        attached(layer, Device.ideal(), seeded(0)),
        pytest.raises(InputError, match="already"),
        attached(layer, Device.ideal(), seeded(0)),
    ):
        pass
    assert layer.disturb is None


def on_digits(device: Device, time_s: float, *, aware: bool) -> np.ndarray:
    """Accuracies over 12 draws of the device, trained with it or without."""
    digits, preset = load("digits"), PRESETS["best"]
    model = mlp((1, 8, 8), [64], 10, **preset.model, seed=1)
    with attached(model, device, seeded(1), time_s=time_s) if aware else contextlib.nullcontext():
        fit(model, digits, preset.recipe.replace(epochs=10, seed=1, threads=1))
    graph, x, y = from_torch(model, model.input_shape), digits.x_test, digits.y_test
    array = ArraySpec(dac_bits=8, adc_bits=None)
    return accuracy(graph, x, y, device, seeded(9), draws=12, at_once=12, array=array, time_s=time_s)


@pytest.mark.parametrize(
    ("device", "time_s", "margin"),
    [(programming(0.6), 0.0, 0.05), (load_device("pcm_nandakumar2019").assume_none(), 30 * 86400.0, 0.02)],
    ids=["programming noise", "drift"],
)
def test_training_with_the_noise_on_pays_under_that_noise(device: Device, time_s: float, margin: float) -> None:
    plain, aware = (on_digits(device, time_s, aware=a) for a in (False, True))
    assert aware.mean() > plain.mean() + margin


def test_a_run_with_a_device_goes_on_after_a_break(tmp_path: Any) -> None:
    digits, preset = load("digits"), PRESETS["best"]
    recipe = preset.recipe.replace(epochs=2, seed=1, threads=1)

    def run(epochs: tuple[int, ...]) -> torch.Tensor:
        for stop in epochs:
            model = mlp((1, 8, 8), [8], 10, **preset.model, seed=1)
            with attached(model, programming(0.3), seeded(1)):
                state = tmp_path / f"{len(epochs)}.state"

                def stopping(record: Any, stop: int = stop) -> None:
                    if record.epoch == stop:
                        raise KeyboardInterrupt

                with contextlib.suppress(KeyboardInterrupt):
                    fit(model, digits, recipe, checkpoint=state, resume=True, on_epoch=stopping)
        return torch.cat([p.detach().float().flatten() for p in model.parameters()])

    assert torch.equal(run((99,)), run((1, 99)))
