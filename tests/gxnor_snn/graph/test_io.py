"""The graph file: round trips, damage, hostile content."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gxnor_snn.errors import GraphFormatError, InputError
from gxnor_snn.files import read_tensors, write_tensors
from gxnor_snn.graph import Coding, Dense, EventGraph, Input, Readout, execute
from tests.conformance.compare import assert_same
from tests.conformance.graphs import event_graphs, random_inputs

from .small import small_graph, small_input

KIND = "gxnor-event-graph"


@settings(max_examples=60, deadline=None)
@given(graph=event_graphs(), seed=st.integers(0, 99))
def test_a_graph_comes_back_as_it_was(
    tmp_path_factory: pytest.TempPathFactory, graph: EventGraph, seed: int
) -> None:
    path = tmp_path_factory.mktemp("io") / "g.safetensors"
    graph.save(path)
    again = EventGraph.load(path)
    assert again.digest == graph.digest
    assert list(again.populations) == list(graph.populations)
    assert list(again.projections) == list(graph.projections)
    x = random_inputs(graph, 3, seed)
    assert_same(execute(graph, x, record="all"), execute(again, x, record="all"))


def test_metadata_travels(tmp_path: Path) -> None:
    small_graph(note={"a": [1, None, "x"]}).save(tmp_path / "g")
    assert EventGraph.load(tmp_path / "g").metadata == {"note": {"a": [1, None, "x"]}}


def test_ternary_weights_take_a_quarter_of_a_byte(tmp_path: Path) -> None:
    weights = np.random.default_rng(0).integers(-1, 2, (512, 2048))
    graph = EventGraph(
        [
            Input(name="i", shape=(2048,), coding=Coding.ternary()),
            Readout(name="o", shape=(512,), scale=np.ones(512), offset=np.zeros(512)),
        ],
        [Dense(name="fc", source="i", target="o", weights=weights, coding=Coding.ternary())],
    )
    graph.save(tmp_path / "g")
    assert (tmp_path / "g").stat().st_size / weights.size <= 0.27


def test_any_flipped_byte_is_found(tmp_path: Path) -> None:
    path = tmp_path / "g"
    small_graph().save(path)
    good = path.read_bytes()
    rng = np.random.default_rng(0)
    for place in rng.choice(len(good), 300, replace=False):
        bad = bytearray(good)
        bad[place] ^= 1 << rng.integers(8)
        path.write_bytes(bytes(bad))
        with pytest.raises(GraphFormatError):
            EventGraph.load(path)


@pytest.mark.parametrize("length", [0, 1, 7, 8, 9, 100, -1])
def test_a_file_cut_short_is_found(tmp_path: Path, length: int) -> None:
    path = tmp_path / "g"
    small_graph().save(path)
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(GraphFormatError, match=str(path)):
        EventGraph.load(path)


def test_missing_and_foreign_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(GraphFormatError, match="does not exist"):
        EventGraph.load(tmp_path / "nothing")
    with pytest.raises(GraphFormatError, match="is not a file"):
        EventGraph.load(tmp_path)
    write_tensors(tmp_path / "other", {"a": np.zeros(1)}, {"kind": "checkpoint"})
    with pytest.raises(GraphFormatError, match="kind is 'checkpoint', expected 'gxnor-event-graph'"):
        EventGraph.load(tmp_path / "other")


def _rewrite(path: Path, change) -> None:
    """Save a file whose content is wrong but whose digest is right."""
    tensors, metadata = read_tensors(path, kind=KIND, what="graph file", error=GraphFormatError)
    spec = json.loads(metadata["graph"])
    change(spec, tensors, metadata)
    metadata.setdefault("graph", json.dumps(spec))
    if metadata["graph"] != "broken":
        metadata["graph"] = json.dumps(spec)
    write_tensors(path, tensors, metadata)


def _set(kind: str, index: int, **values):
    return lambda spec, tensors, metadata: spec[kind][index].update(values)


HOSTILE = {
    "schema version": (lambda s, t, m: m.update(schema="2"), "schema version is '2'"),
    "not json": (lambda s, t, m: m.update(graph="broken"), "not JSON"),
    "no populations": (lambda s, t, m: s.pop("populations"), "missing fields"),
    "populations no list": (lambda s, t, m: s.update(populations={}), "populations is dict"),
    "unknown class": (_set("projections", 0, type="conv9d"), "projections\\[0\\].type"),
    "huge shape": (_set("populations", 0, shape=[2**40, 2**40, 2**40]), "shape"),
    "huge weights": (_set("projections", 0, shape=[2**30, 2**20, 1, 1]), "does not hold"),
    "overflowing weights": (_set("projections", 0, shape=[2**32, 2**32, 2, 1]), "does not hold"),
    "negative weights": (_set("projections", 0, shape=[-3, -2, 3, 3]), "does not hold"),
    "text for a number": (_set("projections", 0, gain="1"), "gain"),
    "a number too large": (_set("projections", 0, gain=2**60), "gain"),
    "a float": (_set("projections", 0, delay=1.5), "delay"),
    "a boolean": (_set("projections", 0, delay=True), "delay"),
    "unknown field": (_set("populations", 1, extra=1), "unknown fields"),
    "wrong packing": (_set("projections", 0, packing="zip"), "packing"),
    "wrong coding": (_set("projections", 0, coding={"kind": "ternary", "n_planes": 1, "lo": 5, "hi": 6}), "coding"),
    "stride": (_set("projections", 0, stride=[0, 1]), "stride"),
    "giant padding": (_set("projections", 0, padding=[2**40] * 4), "padding"),
    "missing tensor": (lambda s, t, m: t.pop("projection/conv/weights"), "missing"),
    "extra tensor": (lambda s, t, m: t.update(stray=np.zeros(3)), "belong to no part"),
    "float weights": (lambda s, t, m: t.update({"projection/conv/weights": np.zeros(14)}), "does not hold"),
    "bad code": (lambda s, t, m: t["projection/conv/weights"].__setitem__(0, 255), "conv|projections"),
    "thresholds unsorted": (
        lambda s, t, m: t.update({"population/spk/thresholds": np.array([[5, 1]] * 3)}), "sorted",
    ),
    "thresholds float": (
        lambda s, t, m: t.update({"population/spk/thresholds": np.zeros((3, 2))}), "thresholds",
    ),
    "metadata no object": (lambda s, t, m: s.update(metadata=[1]), "metadata is list"),
    "many dimensions": (_set("projections", 0, shape=[1] * 70), "70 dimensions"),
    "huge pool": (_set("projections", 1, kernel=[2**20, 2**20]), "places allowed"),
    "giant padding of a pool": (_set("projections", 1, kernel=[200, 200], padding=[199] * 4), "gives"),
    "many neurons": (_set("populations", 0, shape=[2**25]), "at most"),
    "deep nesting": (lambda s, t, m: s["populations"][0].update(coding=[[[[]]]]), "coding"),
}  # fmt: skip


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_content_under_a_right_digest_is_named(tmp_path: Path, case: str) -> None:
    path = tmp_path / "g"
    small_graph().save(path)
    change, message = HOSTILE[case]
    _rewrite(path, change)
    with pytest.raises(GraphFormatError, match=message):
        EventGraph.load(path)


def test_an_interrupted_save_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "g"
    path.write_bytes(b"old")

    def interrupted(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr("safetensors.numpy.save_file", interrupted)
    with pytest.raises(KeyboardInterrupt):
        small_graph().save(path)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_an_unwritable_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(InputError, match="cannot write"):
        small_graph().save(tmp_path / "file" / "g")


def test_the_digest_tells_graphs_apart() -> None:
    graph = small_graph()
    weights = np.array(graph.projections["fc"].weights)
    weights[0, 0] = {-1: 0, 0: 1, 1: -1}[int(weights[0, 0])]
    from dataclasses import replace

    other = [replace(p, weights=weights) if p.name == "fc" else p for p in graph.projections.values()]
    assert EventGraph(list(graph.populations.values()), other).digest != graph.digest
    assert execute(graph, small_input()).engine == "reference"


def test_names_with_slashes_do_not_take_each_others_tensors(tmp_path: Path) -> None:
    from gxnor_snn.graph import Spiking

    def spiking(name: str) -> Spiking:
        return Spiking(
            name=name,
            shape=(1,),
            coding=Coding.ternary(),
            thresholds=np.array([[0, 1]]),
            increasing=np.array([True]),
        )

    def dense(name: str, source: str, target: str) -> Dense:
        return Dense(
            name=name, source=source, target=target, weights=np.ones((1, 1), int), coding=Coding.ternary()
        )

    graph = EventGraph(
        [
            Input(name="i", shape=(1,), coding=Coding.ternary()),
            spiking("block"),
            spiking("block/act"),
            Readout(name="o", shape=(1,), scale=np.ones(1), offset=np.zeros(1)),
        ],
        [dense("a", "i", "block"), dense("a/b", "block", "block/act"), dense("c", "block/act", "o")],
    )
    graph.save(tmp_path / "g")
    assert EventGraph.load(tmp_path / "g").digest == graph.digest


def test_a_full_disk_is_one_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("safetensors.numpy.save_file", full)
    with pytest.raises(InputError, match="No space left"):
        small_graph().save(tmp_path / "g")
    assert list(tmp_path.iterdir()) == []
