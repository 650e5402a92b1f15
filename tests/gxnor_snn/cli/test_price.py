"""`gxnor price`: the same bills from a graph and from its counts file."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest

from gxnor_hardware import cards, compare, load_profile, map_graph, price, profiles
from gxnor_sims import simulate
from gxnor_snn.graph import EventGraph
from gxnor_snn.plots.units import engineering


def bills(path) -> dict:
    return {target["bill"]["profile"]: target["bill"] for target in json.loads(path.read_text())["targets"]}


def test_graph_and_counts_give_the_same_bills(work, tmp_path, gxnor) -> None:
    a, b = tmp_path / "a.json", tmp_path / "b.json"
    text = gxnor("price", work.graph, "--data", work.data, "--out", a).stdout
    gxnor("price", work.counts, "--out", b)
    loihi = load_profile("loihi").name
    for name, bill in bills(a).items():
        other = bills(b)[name]
        # a file holds sums over samples; Loihi's time is not linear in them, so its band is wider there
        assert name == loihi or bill == other
        assert other["total"]["low_j"] <= bill["total"]["low_j"] * (1 + 1e-12)
        assert other["total"]["high_j"] >= bill["total"]["high_j"] * (1 - 1e-12)
    graph = EventGraph.load(work.graph)
    counts = simulate(graph, np.load(work.x), "reference").counts
    cards = [load_profile(name) for name in ("loihi", "crossbar", "cutie")]
    expected = {card.name: price(counts, card, map_graph(graph, card)).to_dict() for card in cards}
    assert bills(a) == json.loads(json.dumps(expected))
    for card in cards:
        assert card.display in text
    provenance = json.loads(a.read_text())["provenance"]
    assert provenance["graph sha256"] == graph.digest
    assert provenance["command"].startswith("gxnor price ")


def test_cards_by_name_by_file_and_twice(work, tmp_path, gxnor) -> None:
    out = tmp_path / "e.json"
    own = tmp_path / "own.toml"
    shipped = cards._FOLDER / "loihi_micro_2018.toml"
    own.write_text(shipped.read_text().replace(shipped.stem, "my_chip"))
    gxnor("price", work.counts, "--card", "cutie", "--card", own, "--card", "cutie", "--out", out, "-q")
    assert list(bills(out)) == [load_profile("cutie").name, "my_chip"]


def test_a_card_under_a_shipped_name_must_say_the_same(work, tmp_path, gxnor, refused) -> None:
    shipped = cards._FOLDER / "loihi_micro_2018.toml"
    own = tmp_path / "own.toml"
    own.write_text("# a copy\n" + shipped.read_text())
    gxnor("price", work.counts, "--card", own, "--card", "loihi", "-q")
    own.write_text(shipped.read_text().replace("value_pj = 23.6", "value_pj = 30.0"))
    for words in (("--card", own), ("--card", own, "--card", "loihi"), ("--card", "loihi", "--card", own)):
        refused("price", work.counts, *words, match=f"another card is named '{shipped.stem}'")


def test_what_one_device_cannot_run_does_not_hide_the_others(work, tmp_path, gxnor, refused) -> None:
    graph = EventGraph.load(work.graph)
    first = next(p for p in graph.projections.values() if p.weighted)
    gains = [replace(p, gain=3) if p is first else p for p in graph.projections.values()]
    path, out = tmp_path / "gain.safetensors", tmp_path / "e.json"
    EventGraph(list(graph.populations.values()), gains).save(path)
    text = gxnor("price", path, "--input", work.x, "--out", out).stdout
    assert "which cannot run here" in " ".join(text.split())
    found = {t["bill"]["kind"]: t for t in json.loads(out.read_text())["targets"]}
    assert found["digital"]["mapping"] is None
    assert found["digital"]["bill"]["total"] is None
    assert "has gain 3; the wall is the datapath" in found["digital"]["bill"]["unpriced"][0]["reason"]
    assert found["crossbar"]["bill"]["total"] is not None
    assert any("digital additions and scalings" in part for part in found["crossbar"]["bill"]["excluded"])
    refused("price", path, "--input", work.x, "--card", "cutie", match="has gain 3; the wall is the datapath")


def test_one_device_that_cannot_run_is_no_error_beside_others_that_can(work, tmp_path, gxnor, refused) -> None:
    graph = EventGraph.load(work.graph)
    first = next(p for p in graph.projections.values() if p.weighted)
    gains = [replace(p, gain=3) if p is first else p for p in graph.projections.values()]
    path, out = tmp_path / "gain.safetensors", tmp_path / "e.json"
    EventGraph(list(graph.populations.values()), gains).save(path)
    words = ("price", path, "--input", work.x, "--card", "cutie", "--card", "horowitz_int8", "--out", out)
    assert "has gain 3; the wall is the datapath" in " ".join(gxnor(*words).stdout.split())
    found = json.loads(out.read_text())["comparison"]
    assert list(found["refusals"]) == ["cutie_arxiv_2022"]
    assert found["ranking"] == ["horowitz_int8_isscc_2014"]


def test_all_cards(work, tmp_path, gxnor) -> None:
    out, own = tmp_path / "e.json", tmp_path / "own.toml"
    shipped = cards._FOLDER / "cutie_arxiv_2022.toml"
    own.write_text(shipped.read_text().replace(shipped.stem, "my_chip").replace('aliases = ["cutie"]', ""))
    text = gxnor("price", work.counts, "--all", "--card", own, "--out", out).stdout
    content = json.loads(out.read_text())
    found = content["comparison"]
    assert [t["bill"]["profile"] for t in content["targets"]] == [*profiles(), "my_chip"]
    assert {*found["ranking"], *found["unpriced"], *found["refusals"]} == {*profiles(), "my_chip"}
    energies = [bills(out)[name]["energy_j"] for name in found["ranking"]]
    assert energies == sorted(energies)
    assert any({"cutie_arxiv_2022", "my_chip"} <= {*group} for group in found["not_distinguishable"])
    for group in found["not_distinguishable"]:
        assert f"not distinguishable, as their bands overlap: {', '.join(group)}" in text
    for name, reason in found["refusals"].items():
        assert f"no price, {name}: the whole graph, which cannot run here: {reason}" in text
    for name, missing in found["unpriced"].items():
        for term in missing:
            assert f"no price, {name}: {term}: " in text
    assert "compute only" in text
    assert "clocking" not in text


def test_boundaries_are_printed(work, gxnor) -> None:
    text = gxnor("price", work.counts, "--card", "crossbar", "--card", "cutie", "--card", "loihi").stdout
    flat = " ".join(text.split())
    for name in ("crossbar", "cutie", "loihi"):
        assert " ".join(load_profile(name).excludes[0].split()) in flat


def test_times_areas_and_programming_are_printed(capsys) -> None:
    from gxnor_snn.cli.screen import Screen
    from gxnor_snn.cli.tables import print_overview
    from gxnor_snn.results import Area, Bill, Latency, Programming, Total

    timed = Bill("x", "X", "digital", 1, {}, Total(1.0, 1.0, 1.0), latency=Latency(2e-6, 1e-6, 3e-6, "A", "f"))
    print_overview(Screen(False), [timed])
    lines = capsys.readouterr().out.replace("\u00a0", " ").splitlines()
    assert " ".join([line for line in lines if line.startswith("X ")][1].split()) == "X 2.00 µs 1.00 µs 3.00 µs A"
    assert not any("Area" in line or "weights" in line for line in lines)

    parts = {
        "area": Area(4.3e-4, 4e-4, 5e-3, "B", "s", "f"),
        "programming": Programming(1200, 12000.0, 3e-9, 2e-9, 4e-9, "C", "s", "f"),
    }
    bare = Programming(7, None, None, None, None, None, "", "f")
    print_overview(Screen(False), [replace(timed, **parts), replace(timed, display="Y", programming=bare)])
    lines = capsys.readouterr().out.replace("\u00a0", " ").splitlines()
    rows = [" ".join(line.split()) for line in lines]
    assert "X 430 mm2 400 mm2 5,000 mm2 B" in rows
    assert "X 1,200 12,000 3.00 nJ 2.00 nJ 4.00 nJ C" in rows
    assert "Y 7 unknown unpriced -" in rows


def test_area_and_programming_are_in_the_file(work, tmp_path, gxnor) -> None:
    out = tmp_path / "e.json"
    text = gxnor("price", work.counts, "--card", "crossbar", "--out", out).stdout
    ((_, bill),) = bills(out).items()
    assert bill["area"]["area_m2"] == pytest.approx(85.4e-6)
    assert bill["programming"]["cells"] > 0
    assert f"{bill['programming']['cells']:,}" in text
    assert "85.4\u00a0mm2" in text


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_tables_break_no_number_and_fit_80_columns(columns, work, gxnor, monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    text = gxnor("price", work.counts, "--all").stdout
    energies = [b.energy_j for b in comparison_of(work).bills.values() if b.energy_j is not None]
    for energy in energies:
        assert engineering(energy, "J") in text
    tables = [line for line in text.splitlines() if not line.startswith(("  no", "  !", "gxnor"))]
    if columns >= 80:
        assert max(map(len, tables)) <= columns
    for word in ("unpriced", "cannot run", "TrueNorth", "compute only"):
        assert word in text


def comparison_of(work):
    graph = EventGraph.load(work.graph)
    return compare(graph, simulate(graph, np.load(work.x), "reference").counts)


def test_ties_are_printed(capsys) -> None:
    from gxnor_snn.cli.screen import Screen
    from gxnor_snn.cli.tables import print_bills
    from gxnor_snn.results import Bill, Total

    print_bills(
        Screen(False),
        [Bill(n, n, "digital", 1, {}, Total(v, low, 4.0)) for n, v, low in (("one", 3.0, 2.0), ("two", 4.0, 3.0))],
    )
    assert "not distinguishable, as their bands overlap: one, two" in capsys.readouterr().out


def test_samples_and_engine(work, tmp_path, gxnor) -> None:
    out = tmp_path / "e.json"
    words = ("--input", work.x, "--samples", 5, "--engine", "reference", "--card", "loihi", "--out", out, "-q")
    assert gxnor("price", work.graph, *words).output == ""
    assert bills(out)[load_profile("loihi").name]["n_samples"] == 5


def test_what_has_no_price_is_said(work, tmp_path, gxnor) -> None:
    shipped = cards._FOLDER / "loihi_micro_2018.toml"
    head, _, rest = shipped.read_text().partition("[energy.synop]\n")
    own = tmp_path / "own.toml"
    own.write_text((head + rest[rest.index("[energy.") :]).replace(shipped.stem, "my_chip"))
    text = gxnor("price", work.counts, "--card", own).stdout
    assert "unpriced" in text


def test_counts_find_their_graph_or_are_refused(work, tmp_path, gxnor, refused) -> None:
    moved = tmp_path / "counts.json"
    shutil.copy(work.counts, moved)
    refused("price", moved, match="graph.safetensors does not exist")
    gxnor("price", moved, "--graph", work.graph, "-q")
    shutil.copy(work.graph, tmp_path / "graph.safetensors")
    gxnor("price", moved, "-q")
    graph = EventGraph.load(work.graph)
    first = next(p for p in graph.projections.values() if p.weighted)
    other = [replace(p, weights=-p.weights) if p is first else p for p in graph.projections.values()]
    EventGraph(list(graph.populations.values()), other).save(tmp_path / "graph.safetensors")
    refused("price", moved, match=graph.digest[:12])


@pytest.mark.parametrize(("part", "name"), [("projections", "fc1"), ("populations", "act1")])
def test_counts_of_other_parts_than_the_graphs_are_refused(part, name, work, tmp_path, refused) -> None:
    content = json.loads(work.counts.read_text())
    path = tmp_path / "counts.json"
    held = content[part].pop(name)
    path.write_text(json.dumps(content))
    refused("price", path, "--graph", work.graph, match=f"the {part} .*'{name}'.* counts of the mapped graph")
    content[part] |= {name: held, "other": held}
    path.write_text(json.dumps(content))
    refused("price", path, "--graph", work.graph, match=f"the {part} .*'other'")


@pytest.mark.parametrize("card", ["nope", "nope.toml"])
def test_unknown_cards_are_refused_before_the_run(card, work, monkeypatch, refused) -> None:
    monkeypatch.setattr("gxnor_snn.cli.runs.simulate", lambda *a, **k: pytest.fail("the graph ran"))
    refused("price", work.graph, "--data", work.data, "--card", "loihi", "--card", card, match=card)


def test_a_damaged_card_is_refused(work, tmp_path, refused) -> None:
    card = tmp_path / "card.toml"
    for text in ("", "= 3", "format = 1\nname = 3", "format = 99"):
        card.write_text(text)
        refused("price", work.counts, "--card", card, match="card.toml")


def test_bad_input_is_refused(work, tmp_path, refused) -> None:
    refused("price", work.graph, match="--data and --input")
    refused("price", work.counts, "--data", work.data, match="counts file")
    refused("price", work.counts, "--samples", 3, match="counts file")
    refused("price", work.graph, "--data", work.data, "--graph", work.graph, match="--graph")
    refused("price", work.checkpoint, "--data", work.data, match="kind")
    refused("price", tmp_path / "none.json", match="none.json")
    refused("price", work.counts, "--out", tmp_path, match="folder")
