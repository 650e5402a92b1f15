"""Cards: what is accepted, what is refused and how, and that every shipped card is complete."""

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gxnor_hardware import load_profile, profiles
from gxnor_hardware.markdown import card_page
from gxnor_hardware.profile import Profile
from gxnor_hardware.units import DIMENSIONS, from_si, to_si
from gxnor_snn.errors import ProfileError

Edit = Callable[..., Profile]
LOIHI, ISAAC, CUTIE = "loihi_micro_2018", "isaac_isca_2016", "cutie_arxiv_2022"
PAGES = Path(__file__).parents[2] / "docs" / "cards"


def test_every_card_has_a_page_and_every_page_a_card() -> None:
    assert tuple(sorted(page.stem for page in PAGES.glob("*.md"))) == profiles()


def test_the_first_cards_have_short_aliases() -> None:
    for alias, name in (("loihi", LOIHI), ("crossbar", ISAAC), ("cutie", CUTIE)):
        assert load_profile(alias).name == name


@pytest.mark.parametrize("name", profiles())
def test_the_documentation_prints_the_card(name: str) -> None:
    page = (PAGES / f"{name}.md").read_text()
    assert page == card_page(load_profile(name)), "run `make cards`"


@pytest.mark.parametrize("section", sorted(DIMENSIONS))
def test_units_round_trip(section: str) -> None:
    for power, value in itertools.product(DIMENSIONS[section].units.values(), (23.6, 1.7, 0.001, 5)):
        assert from_si(to_si(value, power), power) == value
    assert to_si(23.6, -12) == 23.6e-12 == 2.36e-11


def test_one_constant_means_the_same_in_every_unit(edited: Edit) -> None:
    path = "energy/message"
    table = {"scope": "marginal", "per": "message", "source": "paper, table", "grade": "B"}
    given = [
        edited(LOIHI, {path: {**table, key: value}}).energy["message"]
        for key, value in (("value_fj", 1700), ("value_pj", 1.7), ("value_nj", 0.0017), ("value_aj", 1.7e6))
    ]
    assert {c.value for c in given} == {1.7e-12}


SYNOP = "energy/synop"
BAD: list[tuple[str, dict[str, Any], str]] = [
    (LOIHI, {f"{SYNOP}/source": None}, r"energy\.synop: source is missing"),
    (LOIHI, {f"{SYNOP}/source": ""}, r"energy\.synop: source is ''"),
    (LOIHI, {f"{SYNOP}/grade": "Z"}, r"energy\.synop: grade is 'Z'; .*'A', 'B', 'C', 'D' or 'M'"),
    (LOIHI, {f"{SYNOP}/grade": None}, r"energy\.synop: grade is missing"),
    (LOIHI, {f"{SYNOP}/scope": None}, r"energy\.synop: scope is missing"),
    (LOIHI, {f"{SYNOP}/scope": "total"}, r"energy\.synop: scope is 'total'"),
    (LOIHI, {f"{SYNOP}/colour": "red"}, r"energy\.synop: unknown key 'colour'; allowed are scope"),
    (LOIHI, {f"{SYNOP}/value_pj": None}, r"energy\.synop: no value"),
    (LOIHI, {f"{SYNOP}/value_ns": 3}, r"energy\.synop: 'value_ns' has no unit of energy; allowed are value_aj"),
    (LOIHI, {f"{SYNOP}/value": 3}, r"energy\.synop: 'value' has no unit of energy"),
    (LOIHI, {f"{SYNOP}/value_nj": 3}, r"energy\.synop: 'value_pj' and 'value_nj' both stand"),
    (LOIHI, {f"{SYNOP}/value_pj": -1}, r"energy\.synop.*band_pj is .* must hold the value -1"),
    (LOIHI, {"energy/hop_x/value_pj": -1.7}, r"energy\.hop_x: -1.7e-12 J is not plausible"),
    (LOIHI, {"energy/hop_x/value_pj": 1.7e12}, r"energy\.hop_x: 1.7 J is not plausible; allowed are 1e-18"),
    (LOIHI, {"energy/message/value_pj": float("nan")}, r"energy\.message\.value_pj is nan"),
    (LOIHI, {"energy/message/value_pj": "1.7"}, r"energy\.message\.value_pj is '1.7'; allowed is a number"),
    (LOIHI, {"energy/message/value_pj": True}, r"energy\.message\.value_pj is True; allowed is a number"),
    (LOIHI, {f"{SYNOP}/band_pj": [30.0, 40.0]}, r"energy\.synop\.band_pj is .* must hold the value 23.6"),
    (LOIHI, {f"{SYNOP}/band_pj": [30.0]}, r"energy\.synop\.band_pj is .*; allowed is \[low, high\]"),
    (LOIHI, {f"{SYNOP}/band_pj": None, f"{SYNOP}/band_nj": [0.02, 0.03]}, r"differ in unit"),
    (LOIHI, {"energy/synapse": {}}, r"unknown energy\.synapse; allowed are axon_out, chip_link, hop_x"),
    (LOIHI, {"energie": {}}, r"unknown key 'energie'; allowed are format, name"),
    (LOIHI, {"format": 2}, r"format is 2"),
    (LOIHI, {"kind": "quantum"}, r"kind is 'quantum'"),
    (LOIHI, {"name": "Loihi"}, r"name is 'Loihi'"),
    (LOIHI, {"validity/basis": "guessed"}, r"validity\.basis is 'guessed'"),
    (LOIHI, {"limits/neurons_per_core/kind": "soft"}, r"limits\.neurons_per_core\.kind is 'soft'"),
    (LOIHI, {"limits/neurons_per_core/value": 0}, r"limits\.neurons_per_core\.value is 0"),
    (LOIHI, {"limits/neurons_per_core": None}, r"neurons_per_core is missing"),
    (LOIHI, {"design/signed_neurons/value": "three"}, r"design\.signed_neurons is 'three'; allowed is two_comp"),
    (LOIHI, {"design/tiles_x/value": "eight"}, r"design\.tiles_x is 'eight'; allowed is a positive whole number"),
    (LOIHI, {"time/synop/scope": "marginal"}, r"time\.synop: scope and includes belong to energy"),
    (LOIHI, {f"{SYNOP}/includes": ["everything"]}, r"unknown includes of synop\.everything"),
    (LOIHI, {"energy/neuron_update_idle/variant_of": "soma"}, r"variant_of 'soma'; allowed are neuron_update_idle of neuron_up"),
    (LOIHI, {f"{SYNOP}/variant_of": "neuron_update"}, r"synop is variant_of 'neuron_update'; allowed are neuron_up"),
    (LOIHI, {"energy/neuron_update/variant_of": "neuron_update"}, r"neuron_update is variant_of 'neuron_update'"),
    (LOIHI, {"energy/hop_x/variant_of": "static"}, r"hop_x is variant_of 'static'"),
    (LOIHI, {"energy/neuron_update": None}, r"variant_of 'neuron_update', which the card lacks"),
    (LOIHI, {"time/neuron_update_idle/variant_of": "neuron_update"}, r"variant_of belongs to energy and power"),
    (LOIHI, {f"{SYNOP}/value_pj": 10**400}, r"energy\.synop\.value_pj is 1000+; allowed are finite numbers"),
    (LOIHI, {f"{SYNOP}/value_pj": 10**5000}, r"value_pj is a number of thousands of digits; allowed are finite"),
    (LOIHI, {f"{SYNOP}/band_pj": [0, 10**400]}, r"energy\.synop\.band_pj is .*; allowed are finite numbers"),
    (LOIHI, {"design/tiles_x/value": 10**30}, r"design\.tiles_x is 10+; allowed is a positive whole number below"),
    (LOIHI, {"limits/neurons_per_core/value": 10**30}, r"limits\.neurons_per_core\.value is 10+"),
    (LOIHI, {"limits/neurons_per_core/kind": "deadline"}, r"limits\.neurons_per_core is a deadline without a unit"),
    (CUTIE, {"frequency/clock/value_mhz": 0}, r"frequency\.clock is 0, .*; allowed are numbers above 0"),
    (CUTIE, {"frequency/clock/band_mhz": [0, 60]}, r"frequency\.clock is 5.4e\+07, its band starts at 0;"),
    (CUTIE, {"ratio/reference_activity/band": [0, 1]}, r"ratio\.reference_activity is .*; allowed are numbers abo"),
    (ISAAC, {"energy/tile_digital/includes": []}, r"energy\.tile_digital: an aggregate must name"),
]  # fmt: skip


@pytest.mark.parametrize(("card", "changes", "message"), BAD, ids=[m[:40] for _, _, m in BAD])
def test_a_damaged_card_is_refused_naming_card_field_and_what_is_allowed(
    edited: Edit, card: str, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(ProfileError, match=f"card test.*{message}"):
        edited(card, changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"energy/synop/includes": ["message"]},
        {"energy/synop/scope": "aggregate", "energy/synop/includes": ["static", "hop_x"]},
        {"energy/synop/includes": ["neuron_update"]},
        {"energy/synop/includes": ["leakage"]},
        {"energy/synop/includes": ["neuron_update_idle"]},
        {"energy/synop/includes": ["synop"]},
        {"energy/neuron_update/includes": ["neuron_update_idle"]},
        {"energy/neuron_update_idle/includes": ["neuron_update"]},
        {"energy/neuron_update_idle/variant_of": None, "energy/neuron_update_idle/includes": ["neuron_update"]},
    ],
)
def test_two_constants_that_hold_one_quantity_are_refused(edited: Edit, changes: dict[str, Any]) -> None:
    with pytest.raises(ProfileError, match="double charge"):
        edited(LOIHI, changes)


def test_an_unknown_card_lists_the_known_ones() -> None:
    with pytest.raises(ProfileError, match=r"'loihi9' is unknown; known are .*cutie_arxiv_2022 \(cutie\), "):
        load_profile("loihi9")


def test_a_card_of_the_users_own_is_read_by_path_with_the_same_checks(tmp_path: Path) -> None:
    import gxnor_hardware

    shipped = Path(gxnor_hardware.__file__).parent / "profiles" / f"{LOIHI}.toml"
    own = tmp_path / "mine.toml"
    own.write_text(shipped.read_text().replace('name = "loihi_micro_2018"', 'name = "my_loihi_2030"'))
    assert load_profile(own).name == "my_loihi_2030"
    assert load_profile(str(own)).energy == load_profile("loihi").energy
    own.write_text(shipped.read_text().replace('grade = "B"', 'grade = "Q"', 1))
    with pytest.raises(ProfileError, match=r"mine\.toml: energy\.synop: grade is 'Q'"):
        load_profile(own)


@pytest.mark.parametrize(
    "content",
    [
        b"format = ",
        b"\xff\xfe",
        b"",
        b"energy = 3\n",
        b"format = " + b"9" * 5000,
        b"x = " + b"[" * 3000,
    ],
    ids=range(6),
)
def test_a_file_that_is_no_card_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bad.toml"
    path.write_bytes(content)
    with pytest.raises(ProfileError, match=r"bad\.toml"):
        load_profile(path)


@pytest.mark.parametrize("name", [None, 3, b"loihi", "a\0b.toml", "\0", "x" * 5000 + ".toml"], ids=range(6))
def test_a_name_that_can_be_no_card_is_refused_in_one_line(name: Any) -> None:
    with pytest.raises(ProfileError, match=r"^[^\n\0]*$"):
        load_profile(name)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match=r"none\.toml: cannot be read: No such file"):
        load_profile(tmp_path / "none.toml")


@pytest.mark.parametrize("node", [float("inf"), float("nan"), 0.0, -28.0, 1e9])
def test_a_technology_node_that_cannot_be_is_refused(edited: Callable[..., Profile], node: float) -> None:
    with pytest.raises(ProfileError, match=r"card test: validity\.node_nm is"):
        edited("isaac_isca_2016", {"validity/node_nm": node})
