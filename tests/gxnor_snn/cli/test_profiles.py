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
    assert row.split() == ["cutie_arxiv_2022", "cutie", "digital", "unrolled", "22", "nm", "measured", "1", "D"]


def test_a_card_without_energies_is_structure_only(tmp_path) -> None:
    from dataclasses import replace

    from gxnor_snn.cli.profiles import _list
    from gxnor_snn.cli.screen import Screen

    card = load_profile("cutie")
    rows: list[str] = []

    class Heard(Screen):
        def table(self, title, columns, table, left=(0,)) -> None:
            rows.extend(row[-1] for row in table)

    _list(Heard(True), [card, replace(card, energy={}, power={})])
    assert rows == ["D", "structure only"]


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
    path = next(cards._FOLDER.glob("loihi*.toml"))
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
