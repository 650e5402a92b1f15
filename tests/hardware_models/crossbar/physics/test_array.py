"""Arguments that make no arrays are refused, naming what is allowed."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from gxnor_hardware.crossbar import ArraySpec, accuracy, calibrate, mean_and_std, program, simulate
from gxnor_hardware.crossbar.devices import Device, load_device
from gxnor_snn.errors import InputError, ProfileError
from tests.gxnor_snn.graph.small import small_graph, small_input

from .nets import seeded


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"rows": 0}, "rows is 0, allowed is an integer 1"),
        ({"rows": 1, "drive": "two_row"}, "two_row drive needs at least 2"),
        ({"cols": 1}, "cols is 1"),
        ({"cells": "triple"}, "cells is 'triple', allowed are pair, single"),
        ({"drive": "ac"}, "allowed are bipolar, two_phase, two_row"),
        ({"subtraction": None}, "allowed are analog, digital"),
        ({"adc_bits": 1}, "adc_bits is 1, allowed is an integer 2..24"),
        ({"adc_bits": 8.0}, "adc_bits is 8.0"),
        ({"dac_bits": True}, "dac_bits is True"),
        ({"gain_error": -0.1}, "gain_error is -0.1"),
        ({"offset_v": float("nan")}, "offset_v is nan"),
        ({"r_row_ohm": "1"}, "r_row_ohm is '1'"),
        ({"drift_compensation": 1}, "drift_compensation is 1"),
        ({"adc_range": {"fc": (0.0,)}}, "positive number per tile"),
        ({"adc_range": [1]}, "positive number per tile"),
    ],
)
def test_arrays_that_cannot_be_are_refused(arguments: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        ArraySpec(**arguments)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"draws": 0}, "draws is 0"),
        ({"draws": 1.5}, "draws is 1.5"),
        ({"batch": 0}, "batch is 0"),
        ({"record": ["nope"]}, "nope"),
        ({"counts": "some"}, "counts is 'some'"),
        ({"time_s": -1.0}, "time_s is -1.0"),
        ({"array": ArraySpec(adc_range={"nope": (1.0,)})}, "'nope', which the graph does not have"),
        ({"array": ArraySpec(adc_range={"conv": (1.0,)})}, "gives none for projection 'fc'"),
        ({"array": ArraySpec(rows=4, adc_range={"conv": (1.0,)})}, r"gives 1 for projection 'conv', .* \(5\)"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(options: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        simulate(small_graph(), small_input(), Device.ideal(), seeded(0), **options)


@pytest.mark.parametrize("name", ["graph", "device", "generator", "array"])
def test_arguments_of_another_kind_are_refused(name: str) -> None:
    given: dict[str, Any] = {
        "graph": small_graph(),
        "device": Device.ideal(),
        "generator": seeded(0),
        "array": None,
    }
    with pytest.raises(InputError, match=f"{name} is a int; allowed is "):
        simulate(x=small_input(), **given | {name: 3})


def test_reads_need_a_generator_where_the_arrays_lie() -> None:
    crossbars = program(small_graph(), Device.ideal(), seeded(0))
    with pytest.raises(InputError, match="generator is a NoneType"):
        crossbars.run(small_input(), None)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="generator is on cpu, allowed is meta"):
        replace(crossbars, place=torch.device("meta")).run(small_input(), seeded(0))


def test_cards_that_lack_something_say_so() -> None:
    with pytest.raises(ProfileError, match="memristor_quaternary2019"):
        simulate(small_graph(), small_input(), load_device("memristor_quaternary2019"), seeded(0))


def test_accuracy_is_one_number_per_draw() -> None:
    graph, x = small_graph(), small_input(40)
    right = simulate(graph, x, Device.ideal(), seeded(0), array=ArraySpec(adc_bits=16)).predictions
    options: Any = {"array": ArraySpec(adc_bits=16), "draws": 5, "at_once": 2}
    np.testing.assert_array_equal(accuracy(graph, x, right, Device.ideal(), seeded(0), **options), np.ones(5))
    noisy = accuracy(graph, x, right, Device.ideal().with_faults(0.2, 0.2), seeded(0), **options)
    assert noisy.shape == (5,)
    assert 0 < noisy.mean() < 1
    assert mean_and_std(noisy) == pytest.approx((noisy.mean(), np.std(noisy, ddof=1)))
    assert mean_and_std([0.5]) == (0.5, 0.0)
    with pytest.raises(InputError, match="40 samples and 39 labels"):
        accuracy(graph, x, right[:-1], Device.ideal(), seeded(0))
    with pytest.raises(InputError, match="at least one"):
        accuracy(graph, x[:0], right[:0], Device.ideal(), seeded(0))
    with pytest.raises(InputError, match="at least one"):
        mean_and_std([])


def test_calibration_holds_the_percentile_of_the_sums() -> None:
    graph, x = small_graph(), small_input(30)
    array = ArraySpec(rows=7, adc_bits=6)
    lossless = calibrate(graph, x, array, 100)
    assert lossless.adc_range is not None
    assert {name: len(r) for name, r in lossless.adc_range.items()} == {"conv": 3, "fc": 1, "fc2": 1}
    found = simulate(graph, x, Device.ideal(), seeded(0), array=lossless, record="all")
    wide = simulate(graph, x, Device.ideal(), seeded(0), array=ArraySpec(rows=7, adc_bits=20), record="all")
    for name in wide.spikes:
        np.testing.assert_array_equal(found.spikes[name], wide.spikes[name])  # nothing was clipped
    half = calibrate(graph, x, array, 50)
    assert half.adc_range is not None
    pairs = zip(half.adc_range["conv"], lossless.adc_range["conv"], strict=True)
    assert all(a < b for a, b in pairs)
    for percentile in (0, 101, float("nan"), True, "99"):
        with pytest.raises(InputError, match="percentile"):
            calibrate(graph, x, array, percentile)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="array is a NoneType"):
        calibrate(graph, x, None)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="at least one sample"):
        calibrate(graph, x[:0], array)


def test_the_names_are_imported_when_they_are_asked_for() -> None:
    import gxnor_hardware.crossbar as crossbar

    assert crossbar.simulate is simulate
    with pytest.raises(AttributeError, match="nope"):
        _ = crossbar.nope
