"""`gxnor profiles`: every card, and of one every constant and source."""

import pytest

from gxnor_hardware import cards, load_profile, profiles
from gxnor_hardware.units import DIMENSIONS


def squeezed(text: str) -> str:
    return "".join(text.split())


def test_list(gxnor, monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    text = gxnor("profiles").stdout
    for name in profiles():
        assert name in text
    row = next(line for line in text.splitlines() if line.startswith("cutie_arxiv_2022"))
    assert row.split() == ["cutie_arxiv_2022", "(cutie)", "unrolled", "22", "nm", "measured", "D"]
    assert [line.split()[0] for line in text.splitlines() if " cards (" in line] == [
        "Digital", "Neuromorphic", "Crossbar",
    ]  # fmt: skip


def test_the_list_fits_80_columns_without_a_broken_word(gxnor, monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    lines = gxnor("profiles").stdout.splitlines()
    assert max(map(len, lines)) <= 80
    words = set(" ".join(lines).split())
    for card in map(load_profile, profiles()):
        assert {card.name, card.model, card.validity.basis, *(f"({alias})" for alias in card.aliases)} <= words


def test_a_card_without_energies_is_structure_alone(tmp_path) -> None:
    from dataclasses import replace

    from gxnor_snn.cli.profiles import _list
    from gxnor_snn.cli.screen import Screen

    card = load_profile("cutie")
    rows: list[str] = []

    class Heard(Screen):
        def table(self, title, columns, table, left=(0,), wrap=None) -> None:
            rows.extend(row[-1] for row in table)

    _list(Heard(True), [card, replace(card, energy={}, power={})])
    assert rows == ["D", "structure"]


@pytest.mark.parametrize("name", profiles())
def test_one_card_in_full(name, gxnor) -> None:
    card = load_profile(name)
    text = squeezed(gxnor("profiles", "show", name).stdout)
    constants = [(f"{group}.{key}", c) for group in DIMENSIONS for key, c in getattr(card, group).items()]
    for key, entry in [*constants, *card.limits.items(), *card.design.items()]:
        assert squeezed(key) in text
        assert squeezed(entry.source) in text
        assert squeezed(entry.note) in text
    assert squeezed(card.display) in text


def test_alias_and_file(gxnor) -> None:
    path = cards._FOLDER / "loihi_micro_2018.toml"
    shown = [gxnor("profiles", "show", name).stdout for name in ("loihi", path, path.stem)]
    assert len({*shown, gxnor("profiles", "loihi").stdout, gxnor("profiles", path).stdout}) == 1
    assert gxnor("profiles", "show", path, "--quiet").output == ""


def test_bad_input_is_refused(tmp_path, refused) -> None:
    refused("profiles", "nope", match="'nope'.*loihi")
    refused("profiles", "show", "nope", match="'nope'.*loihi")
    refused("profiles", "show", match="profiles show: allowed are .* show with one NAME")
    refused("profiles", "loihi", "cutie", match="profiles loihi cutie: allowed are")
    refused("profiles", "show", "loihi", "cutie", match="unexpected extra argument")
    refused("profiles", tmp_path / "none.toml", match="none.toml")


@pytest.mark.parametrize(
    ("old", "new", "match"),
    [
        ("value_pj = 161.2", "value = 161.2", r"energy\.cycle: 'value' has no unit of energy; allowed are value_aj"),
        ("value_pj = 161.2", "value_mw = 161.2", r"energy\.cycle: 'value_mw' has no unit of energy"),
        ("band_pj = [160.9, 225.9]", "", ""),
        ("value_pj = 161.2\nband_pj = [160.9, 225.9]", "value_pj = -161.2", r"energy\.cycle: -1.612e-10 J is not plausible"),
        ("value_pj = 161.2\nband_pj = [160.9, 225.9]", "value_j = 161.2", r"energy\.cycle: 161.2 J is not plausible"),
        ("per = \"busy clock cycle\"", "per = \"cycle\"\ncolour = 3", r"energy\.cycle: unknown key 'colour'"),
        ("[energy.cycle]", "[energy.cycles]", r"unknown energy\.cycles; allowed are cycle"),
        ("[frequency.clock]", "[power.static]\nvalue_mw = 1.0\nscope = \"marginal\"\nper = \"chip\"\n"
         "source = \"s\"\ngrade = \"A\"\n[frequency.clock]", r"cycle and static both hold static \(double charge\)"),
    ],
)  # fmt: skip
def test_a_card_file_that_is_not_sound_is_refused(old, new, match, tmp_path, gxnor, refused) -> None:
    """File, key and reason in one line; a sound one exits with 0."""
    own = tmp_path / "mine.toml"
    text = (cards._FOLDER / "cutie_arxiv_2022.toml").read_text()
    assert old in text
    own.write_text(text.replace(old, new, 1))
    if match:
        refused("profiles", "show", own, match=f"mine\\.toml: {match}")
    else:
        assert "Constants" in gxnor("profiles", "show", own).stdout
