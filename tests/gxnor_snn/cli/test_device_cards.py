"""Memory devices in `gxnor profiles`."""

import pytest

from gxnor_hardware import cards
from gxnor_hardware.crossbar.devices import devices, load_device, store


def squeezed(text: str) -> str:
    return "".join(text.split())


def test_list(gxnor, monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    lines = gxnor("profiles").stdout.splitlines()
    for name in devices():
        assert any(line.startswith(f"{name} ") for line in lines)
    row = next(line for line in lines if line.startswith("pcm_hermes "))
    assert row.split() == ["pcm_hermes", "20.7", "µS", "0", "S", "gaussian,", "power_law,", "one_over_f,", "none"]


@pytest.mark.parametrize("name", devices())
def test_one_device_in_full(name, gxnor) -> None:
    device = load_device(name)
    text = squeezed(gxnor("profiles", "show", name).stdout)
    assert text == squeezed(gxnor("profiles", name).stdout)
    entries = {**device.constants, **{n: m for n, m in device.effects.items() if m is not None}}
    for key, entry in entries.items():
        assert squeezed(key) in text
        assert squeezed(entry.source) in text
        assert squeezed(entry.note) in text
    for sentence in (device.display, *device.notes, *device.excludes, *device.warnings, *device.missing):
        assert squeezed(sentence) in text


def test_a_device_file_of_your_own(tmp_path, gxnor, refused) -> None:
    """It is told from a hardware card by what it says, and checked as one."""
    own = tmp_path / "mine.toml"
    text = (store._FOLDER / "pcm_hermes.toml").read_text()
    own.write_text(text)
    assert gxnor("profiles", "show", own).stdout == gxnor("profiles", "show", "pcm_hermes").stdout
    assert gxnor("profiles", own, "--quiet").output == ""
    own.write_text(text.replace("value_us = 20.7", "value = 20.7"))
    refused("profiles", "show", own, match=r"device card .*mine\.toml: conductance\.on: 'value' has no unit")
    own.write_text((cards._FOLDER / "cutie_arxiv_2022.toml").read_text() + "\n[faults]\nmodel = 'none'\n")
    refused("profiles", "show", own, match=r"mine\.toml: unknown key 'faults'")
    own.write_bytes(b"\xff\xfe")
    refused("profiles", "show", own, match=r"mine\.toml: is not TOML")
    refused("profiles", "show", tmp_path, match="cannot be read")


def test_no_device_hides_a_hardware_card() -> None:
    from gxnor_hardware import load_profile, profiles

    names = {name for card in map(load_profile, profiles()) for name in (card.name, *card.aliases)}
    assert names.isdisjoint(devices())
