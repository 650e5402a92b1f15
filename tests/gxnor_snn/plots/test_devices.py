import numpy as np
import pytest
import torch
from matplotlib.figure import Figure

from gxnor_hardware.crossbar.devices import Device, load_device
from gxnor_snn.errors import InputError, ProfileError
from gxnor_snn.plots import conductance_distributions, drift_curves, style

DAY = 86400.0


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(1)


def test_distributions_have_a_row_per_time_and_a_curve_per_level(generator):
    device = load_device("rram_wan2022")
    ax = conductance_distributions(device, [0, DAY, 2 * DAY], generator, levels=3, draws=4000)
    assert [t.get_text() for t in ax.get_yticklabels()] == ["as programmed", "after 1 d", "after 2 d"]
    assert len(ax.collections) == 9
    # the mean lines stand at the targets, the off state's a little above for the cut at zero
    means = [line.get_xdata()[0] for line in ax.lines if len(line.get_xdata()) == 2 and line.get_xdata()[0] > 1]
    np.testing.assert_allclose(means, [20, 40] * 3, rtol=0.02)
    assert "40" in style.description(ax)


def test_ideal_devices_are_single_lines(generator):
    ax = conductance_distributions(Device.ideal(), [0], generator, draws=10)
    assert "100 ± 0 µS" in style.description(ax)


def test_drift_curves_follow_the_power_law(generator):
    device = load_device("pcm_nandakumar2019").noiseless("programming")
    ax = drift_curves(device, [1.0, 3600.0, DAY, 30 * DAY], generator)
    times, on = ax.lines[-1].get_data()
    np.testing.assert_allclose(on / 25, ((np.array(times) + 20) / 20) ** -0.049, rtol=0.01)
    assert [t.get_text() for t in ax.get_xticklabels()] == ["1 s", "1 min", "1 h", "1 d", "30 d"]
    assert len(ax.collections) == 2


def test_given_axes_are_used(generator):
    given = Figure().add_subplot()
    assert conductance_distributions(Device.ideal(), [0], generator, given, draws=5) is given
    assert drift_curves(Device.ideal(), [1, 2], generator, given, draws=5) is given


def test_bad_arguments(generator):
    for arguments in (([],), ([0], {"levels": 1}), ([0], {"draws": 1})):
        with pytest.raises(InputError):
            conductance_distributions(Device.ideal(), arguments[0], generator, **dict(*arguments[1:]))
    for times in ([1], [2, 1], [0, 1], [1, 1]):
        with pytest.raises(InputError, match="ascending"):
            drift_curves(Device.ideal(), times, generator)
    with pytest.raises(ProfileError, match="retention"):
        drift_curves(load_device("rram_milo2021"), [1, 2], generator)
