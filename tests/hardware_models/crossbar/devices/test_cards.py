import math
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gxnor_hardware.crossbar import devices as package
from gxnor_hardware.crossbar.devices import Device, devices, load_device
from gxnor_hardware.crossbar.devices.card import parse_device
from gxnor_snn.errors import InputError, ProfileError

PRESETS = Path(package.__file__).parent / "presets"
Change = Callable[[dict[str, Any]], Any]

# reference: on, off in microsiemens, read voltage, read time in nanoseconds; None is absent
TABLE = {
    "rram_wan2022": (40, 0, 0.5, 270),
    "rram_milo2021": (225, 50, 0.5, None),
    "rram_neurosim": (1e6 / 6e3, 1e6 / 9e5, 0.5, 10),
    "rram_mnsim": (100, 1, 0.15, 3.16),
    "rram_prime": (1000, 50, 0.2, None),
    "pcm_nandakumar2019": (25, 0, None, 250),
    "pcm_joshi2020": (25, 0.25, None, None),
    "pcm_hermes": (20.7, 0, None, 512),
    "pcm_hermes_single": (10.35, 0, None, 512),
    "cmo_hfox_2024": (88.2, 9, None, 1000),
    "sonos_40nm": (16, 1.6e-6, 0.1, None),
    "rram_hfo2_2t2r": (1e6 / 7500, 1e6 / math.sqrt(5e4 * 1e6), None, None),
    "memristor_quaternary2019": (None, None, None, None),
    "generic_lognormal": (100, 1, 0.2, 10),
}


def card(name: str = "rram_wan2022") -> dict[str, Any]:
    return tomllib.loads((PRESETS / f"{name}.toml").read_text())


def test_every_preset_of_the_table_is_shipped() -> None:
    assert set(devices()) == set(TABLE)


@pytest.mark.parametrize("name", devices())
def test_constants_of_the_presets(name: str) -> None:
    device = load_device(name)
    attributes = ("g_on_s", "g_off_s", "v_read_v", "t_read_s")
    for attribute, value, factor in zip(attributes, TABLE[name], (1e-6, 1e-6, 1, 1e-9), strict=True):
        if value is None:
            with pytest.raises(ProfileError, match=f"{name}.*not on its card"):
                getattr(device, attribute)
        else:
            assert getattr(device, attribute) == pytest.approx(value * factor, rel=1e-6)
    for constant in device.constants.values():
        assert constant.source
        assert constant.low <= constant.value <= constant.high


@pytest.mark.parametrize("name", devices())
def test_what_a_card_lacks_raises_by_name_and_what_it_has_works(name: str) -> None:
    device = load_device(name)
    if "conductance.on" in device.missing:
        device = device.with_constants(g_on_s=1e-4, g_off_s=1e-6)
    generator = torch.Generator().manual_seed(1)
    target = torch.full((2, 3), device.g_on_s, dtype=torch.float64)
    calls = {
        "programming": lambda d: d.program(target, generator),
        "retention": lambda d: d.drift(target, 86400.0, generator),
        "reading": lambda d: d.read_noise(target, 86400.0),
        "faults": lambda d: d.faults((2, 3), generator)[0],
    }
    for effect, call in calls.items():
        if effect in device.missing:
            with pytest.raises(ProfileError, match=rf"{name}.*{effect} is not on its card.*assume_none"):
                call(device)
            assumed = device.assume_none(effect)
            assert effect not in assumed.missing
            call(assumed)
        else:
            result = call(device)
            assert result.shape == target.shape
            assert torch.isfinite(result).all()


def test_memory_grade_is_a_visible_warning() -> None:
    text = " ".join(load_device("rram_hfo2_2t2r").warnings)
    assert "conductance.on" in text
    assert "grade M" in text
    assert load_device("rram_wan2022").warnings == ()


def test_a_card_of_the_users_own(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text((PRESETS / "pcm_hermes.toml").read_text().replace('name = "pcm_hermes"', 'name = "my_own"'))
    assert load_device(path).name == "my_own"
    assert load_device(str(path)).g_on_s == load_device("pcm_hermes").g_on_s


def remove(*path: str) -> Change:
    def change(data: dict[str, Any]) -> None:
        for key in path[:-1]:
            data = data[key]
        del data[path[-1]]

    return change


def put(*path: Any) -> Change:
    def change(data: dict[str, Any]) -> None:
        for key in path[:-2]:
            data = data[key]
        data[path[-2]] = path[-1]

    return change


REFUSED = {
    "unknown key": (put("colour", "red"), "unknown key 'colour'"),
    "unknown constant": (put("voltage", "write", {}), "unknown voltage.write; allowed are read"),
    "no unit": (
        put("conductance", "on", {"value": 4.0, "per": "cell", "source": "x", "grade": "A"}),
        "'value' has no unit of conductance; allowed are value_ns, value_us",
    ),
    "no source": (remove("conductance", "on", "source"), "source is missing"),
    "no grade": (remove("programming", "grade"), "grade is missing"),
    "bad grade": (put("programming", "grade", "E"), "grade is 'E'"),
    "negative": (put("conductance", "on", "value_us", -40.0), "band_us"),
    "absurd": (
        put("conductance", "on", {"value_s": 40.0, "per": "cell", "source": "x", "grade": "A"}),
        "40 S is not plausible",
    ),
    "outside its band": (put("conductance", "on", "value_us", 50.0), "band_us"),
    "off above on": (
        put("conductance", "off", {"value_us": 41.0, "per": "c", "source": "x", "grade": "A"}),
        "below",
    ),
    "unknown model": (put("programming", "model", "magic"), "programming is .*gaussian"),
    "key of another model": (put("programming", "sigma_ln", 0.1), "programming.*sigma_ln"),
    "not a number": (put("programming", "curve", "coefficients", [float("nan")]), "coefficients"),
    "text for a number": (put("programming", "curve", "coefficients", ["1"]), "coefficients"),
    "two scales": (put("programming", "curve", "unit_us", 1.0), "one of reference_us and unit_us"),
    "times descend": (put("retention", "at", list(reversed(card()["retention"]["at"]))), "times must ascend"),
    "fraction": (put("reading", "fraction", 2.0), "fraction"),
    "format": (put("format", 2), "format is 2"),
    "name": (put("name", "Wan 2022"), "name is 'Wan 2022'"),
    "levels": (put("levels", {"value": 1, "source": "x", "grade": "A"}), "levels.value is 1"),
}


@pytest.mark.parametrize(("change", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_damaged_cards_are_refused_with_file_key_and_reason(change: Change, message: str) -> None:
    data = card()
    change(data)
    with pytest.raises(ProfileError, match=r"device card mine\.toml.*") as error:
        parse_device(data, "device card mine.toml")
    assert error.match(message)


VALUES = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=4),
    lambda x: (
        st.lists(x, max_size=3)
        | st.dictionaries(st.sampled_from(["model", "curve", "on", "value_us", "at"]), x, max_size=3)
    ),
    max_leaves=8,
)
GOOD = card()


@settings(max_examples=60, deadline=None)
@given(VALUES, st.sampled_from(["conductance", "programming", "retention", "levels", "name", "notes"]))
def test_no_value_of_a_section_crashes_the_parser(value: Any, section: str) -> None:
    try:
        device = parse_device(GOOD | {section: value}, "device card x.toml")
    except ProfileError as error:
        if "device card x.toml" not in str(error):
            raise
    else:
        assert isinstance(device, Device)


@pytest.mark.parametrize(
    "text", ["", "format = ", "a = [" * 5000, "format = 1"], ids=["empty", "torn", "deep", "bare"]
)
def test_files_that_are_no_cards(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.toml"
    path.write_text(text)
    with pytest.raises(ProfileError, match=r"x\.toml"):
        load_device(path)


@pytest.mark.parametrize("name", ["nobody", "missing.toml", 3, "\0.toml"])
def test_unknown_cards(name: Any) -> None:
    with pytest.raises(ProfileError, match="device card"):
        load_device(name)


def test_copies_state_what_they_change() -> None:
    device = load_device("rram_wan2022")
    changed = device.with_constants(g_on_s=3e-5, v_read_v=0.1).with_faults(0.1, 0.2, 0.05)
    assert (changed.g_on_s, changed.v_read_v) == (3e-5, 0.1)
    assert changed.constants["conductance.on"].source == "stated by the caller"
    assert device.g_on_s == pytest.approx(4e-5)  # the card stays as it is
    assert changed.noiseless("faults").failing is not None
    for bad in (
        {"g_on_s": -1.0},
        {"g_on_s": 40.0},
        {"g_off_s": 1.0},
        {"v": 1.0},
        {"g_on_s": math.nan},
        {"g_off_s": "x"},
    ):
        with pytest.raises(InputError):
            device.with_constants(**bad)  # type: ignore[arg-type]
    for rates in ((-0.1, 0.0), (0.6, 0.6), (math.nan, 0.0), ("x", 0)):
        with pytest.raises(InputError, match="fault rates"):
            device.with_faults(*rates)  # type: ignore[arg-type]
    with pytest.raises(InputError, match="allowed are programming, retention"):
        device.assume_none("noise")
    assert device.assume_none() == device  # nothing is missing


def test_ideal() -> None:
    device = Device.ideal(5e-5, 1e-6)
    generator = torch.Generator().manual_seed(0)
    target = torch.tensor([0.0, 1e-6, 5e-5])
    assert torch.equal(device.program(target, generator), target)
    assert torch.equal(device.drift(target, 1e9, generator), target)
    assert not device.read_noise(target, 1e9).any()
    assert not any(mask.any() for mask in device.faults((10, 10), generator))
    assert device.missing == ()
    with pytest.raises(InputError, match="g_off_s"):
        Device.ideal(1e-6, 1e-5)
