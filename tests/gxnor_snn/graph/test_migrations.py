"""Old files stay readable: golden files of every version, and the path from one version to the next."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gxnor_snn.errors import GraphFormatError
from gxnor_snn.graph import EventGraph, execute
from gxnor_snn.graph.migrations import CURRENT, MIGRATIONS, upgraded

GOLDEN = Path(__file__).parent / "golden"
FILES = sorted(p.stem for p in GOLDEN.glob("v*.safetensors"))


@pytest.mark.parametrize("stem", FILES)
def test_a_golden_file_reads_and_computes_what_it_did(stem: str) -> None:
    graph = EventGraph.load(GOLDEN / f"{stem}.safetensors")
    with np.load(GOLDEN / f"{stem}.npz") as expected:
        trace = execute(graph, expected["x"], record="all")
        held = {**{f"readout/{n}": a for n, a in trace.readouts.items()}}
        held |= {f"spikes/{n}": a for n, a in trace.spikes.items()}
        assert set(held) == set(expected) - {"x", "digest"}
        for name, array in held.items():
            np.testing.assert_array_equal(array, expected[name])
        if stem.startswith(f"v{CURRENT}_"):
            assert graph.digest == str(expected["digest"])


def test_every_version_has_golden_files_and_a_way_on() -> None:
    assert {int(stem[1 : stem.index("_")]) for stem in FILES} == set(range(1, CURRENT + 1))
    assert set(MIGRATIONS) == set(range(1, CURRENT))


def test_metadata_of_version_1_stay() -> None:
    assert EventGraph.load(GOLDEN / "v1_small.safetensors").metadata == {"note": {"text": "of version 1"}}


def _rename(spec: dict[str, Any], tensors: Any) -> tuple[dict[str, Any], Any]:
    return {"nodes": spec["populations"]}, tensors


def _count(spec: dict[str, Any], tensors: Any) -> tuple[dict[str, Any], Any]:
    return {**spec, "count": len(spec["nodes"])}, {**tensors, "new": np.zeros(1)}


def test_migrations_are_applied_one_after_the_other() -> None:
    steps = {1: _rename, 2: _count}
    spec, tensors = upgraded("1", {"populations": [1, 2]}, {}, "file", current=3, migrations=steps)
    assert spec == {"nodes": [1, 2], "count": 2}
    assert set(tensors) == {"new"}
    assert upgraded("2", {"nodes": [1]}, {}, "file", current=3, migrations=steps)[0] == {"nodes": [1], "count": 1}
    assert upgraded("3", {"x": 1}, {}, "file", current=3, migrations=steps)[0] == {"x": 1}


@pytest.mark.parametrize("version", [None, "", "0", "4", "01", "1.0", "-1", "\u0661", "1" * 50])
def test_versions_that_are_none_are_refused(version: str | None) -> None:
    with pytest.raises(GraphFormatError, match=r"file: schema version is .*, this release reads '1' to '3'"):
        upgraded(version, {}, {}, "file", current=3, migrations={})


@pytest.mark.parametrize("spec", [{}, {"populations": {"a": 1}, "more": 2}, [], None, 3])
def test_a_file_that_is_not_what_it_says_is_refused(spec: Any) -> None:
    def strict(spec: dict[str, Any], tensors: Any) -> tuple[dict[str, Any], Any]:
        return {"first": spec["populations"][0]}, tensors

    with pytest.raises(GraphFormatError, match="file: "):
        upgraded("1", spec, {}, "file", current=2, migrations={1: strict})
