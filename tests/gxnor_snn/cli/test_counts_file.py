"""``counts.json`` is read back as written, and anything else is refused with the field's name."""

import json
from pathlib import Path

import pytest

from gxnor_sims import simulate
from gxnor_snn.cli.counts_file import read_counts, write_counts
from gxnor_snn.errors import InputError
from gxnor_snn.graph import EventGraph


@pytest.mark.parametrize("mode", ["basic", "full"])
def test_round_trip(mode, work, tmp_path) -> None:
    import numpy as np

    graph = EventGraph.load(work.graph)
    counts = simulate(graph, np.load(work.x), "reference", counts=mode).counts
    path = tmp_path / "sub" / "counts.json"
    write_counts(path, counts, graph, work.graph, {"seed": "0"})
    held = read_counts(path)
    assert held.counts.to_dict() == counts.to_dict()
    assert held.counts.populations["act1.pre"].internal
    assert (path.parent / held.graph_file).resolve() == work.graph.resolve()
    assert held.graph_digest == graph.digest
    assert json.loads(path.read_text())["provenance"] == {"seed": "0"}


def set_at(content: dict, place: str, value: object) -> dict:
    *parents, last = place.split("/")
    inner = content
    for key in parents:
        inner = inner[key]
    inner[last] = value
    return content


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("n_samples", 0),
        ("n_samples", "30"),
        ("n_samples", True),
        ("graph", None),
        ("graph", "file"),
        ("graph/file", 3),
        ("graph/sha256", ""),
        ("projections", []),
        ("projections/fc1", 3),
        ("projections/fc1/n_gated", -1),
        ("projections/fc1/n_gated", 1.5),
        ("projections/fc1/n_gated", None),
        ("projections/fc1/n_gated", 1 << 63),
        ("projections/pool1/n_moved", "1"),
        ("populations/act1", None),
        ("populations/act1/n_neurons", None),
        ("populations/act1/internal", 1),
        ("populations/act1/spikes_pos", "many"),
    ],
)
def test_a_wrong_field_is_named(place, value, work, tmp_path) -> None:
    path = tmp_path / "c.json"
    path.write_text(json.dumps(set_at(json.loads(work.counts.read_text()), place, value)))
    with pytest.raises(InputError, match=place.replace("/", ".")):
        read_counts(path)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "[" * 100_000])
def test_what_is_no_counts_file(text, tmp_path) -> None:
    path = tmp_path / "c.json"
    path.write_text(text)
    with pytest.raises(InputError, match="counts file"):
        read_counts(path)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="counts file"):
        read_counts(path)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="does not exist"):
        read_counts(tmp_path / "none.json")
