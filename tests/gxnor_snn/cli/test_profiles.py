"""`gxnor profiles`: every card, and of one every constant and source."""

import pytest

from gxnor_hardware import cards, load_profile, profiles


def squeezed(text: str) -> str:
    return "".join(text.split())


def test_list(gxnor) -> None:
    text = gxnor("profiles").stdout
    for name in profiles():
        assert name in text


@pytest.mark.parametrize("name", profiles())
def test_one_card_in_full(name, gxnor) -> None:
    card = load_profile(name)
    text = squeezed(gxnor("profiles", name).stdout)
    constants = [
        (f"{group}.{key}", c)
        for group in ("energy", "power", "time", "frequency", "ratio")
        for key, c in getattr(card, group).items()
    ]
    for key, entry in [*constants, *card.limits.items(), *card.design.items()]:
        assert squeezed(key) in text
        assert squeezed(entry.source) in text
        assert squeezed(entry.note) in text
    assert squeezed(card.display) in text


def test_alias_and_file(gxnor) -> None:
    path = next(cards._FOLDER.glob("loihi*.toml"))
    assert (
        gxnor("profiles", "loihi").stdout == gxnor("profiles", path).stdout == gxnor("profiles", path.stem).stdout
    )
    assert gxnor("profiles", path, "--quiet").output == ""


def test_bad_input_is_refused(tmp_path, refused) -> None:
    refused("profiles", "nope", match="'nope'.*loihi")
    refused("profiles", tmp_path / "none.toml", match="none.toml")
