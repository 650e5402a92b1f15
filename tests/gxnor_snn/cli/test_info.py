"""`gxnor info`: what a file holds; a damaged file never passes."""

import json

import numpy as np
import pytest
from safetensors.numpy import save_file

from gxnor_snn.graph import Coding, Conv2d, Dense, EventGraph, Identity, Input, Pool2d, Readout, Relay, Spiking
from gxnor_snn.train import load_checkpoint


def test_graph(work, gxnor) -> None:
    text = gxnor("info", work.graph).stdout
    graph = EventGraph.load(work.graph)
    assert graph.digest in text
    for name in (*graph.populations, *graph.projections):
        assert name in text
    zeros = sum(int((p.weights == 0).sum()) for p in graph.projections.values() if p.weighted)
    total = sum(p.weights.size for p in graph.projections.values() if p.weighted)
    assert f"{100 * zeros / total:.1f} %" in text
    assert "bits(8) 0..255" in text
    assert "gxnor convert" in text


def test_checkpoint(work, gxnor) -> None:
    text = gxnor("info", work.checkpoint).stdout
    model = load_checkpoint(work.checkpoint)
    for name, _ in model.named_children():
        assert name in text
    assert "2 epochs" in text
    assert "1x8x8" in text
    assert "gxnor train" in text


def test_every_form_of_projection_and_population(tmp_path, gxnor) -> None:
    one, ternary = np.ones(1), Coding.ternary()
    weights = np.ones((2, 1, 3, 3), np.int8)
    thresholds = np.array([[-5, 5], [-7, 9]])
    graph = EventGraph(
        [
            Input(name="x", shape=(2, 8, 8), coding=Coding.signmag(2)),
            Spiking(
                name="s",
                shape=(2, 8, 8),
                coding=ternary,
                thresholds=thresholds,
                increasing=np.array([True, False]),
            ),
            Relay(name="p", shape=(2, 4, 4)),
            Relay(name="sum", shape=(2, 4, 4), kind="sum", lo=-2, hi=2),
            Readout(name="out", shape=(1,), scale=one, offset=one),
        ],
        [
            Conv2d(
                name="c", source="x", target="s", weights=weights, coding=ternary, groups=2, padding=(1, 1, 1, 1)
            ),
            Pool2d(name="pool", source="s", target="p", mode=("max", "min"), kernel=(2, 2), stride=(2, 2)),
            Identity(name="i", source="p", target="sum", gain=-2),
            Dense(
                name="d", source="sum", target="out", weights=np.ones((1, 32), np.int8), coding=ternary, delay=3
            ),
        ],
    )
    path = tmp_path / "g.safetensors"
    graph.save(path)
    text = " ".join(gxnor("info", path).stdout.split())
    for words in ("groups 2", "padding 1", "max/min", "kernel 2", "gain -2", "delay 3", "decreasing", "-7 .. 9"):
        assert words in text
    assert "Notes" not in text


def test_quiet_says_it_by_the_exit_code(work, gxnor) -> None:
    assert gxnor("info", work.graph, "--quiet").output == ""


@pytest.mark.parametrize("part", ["graph", "checkpoint"])
def test_one_flipped_bit_anywhere_is_refused(part, work, tmp_path, refused) -> None:
    whole = getattr(work, part).read_bytes()
    path = tmp_path / "flipped.safetensors"
    rng = np.random.default_rng(0)
    for position in (0, 3, 7, 8, len(whole) - 1, *rng.integers(0, len(whole), 40)):
        flipped = bytearray(whole)
        flipped[position] ^= 1 << int(rng.integers(8))
        path.write_bytes(flipped)
        refused("info", path, "--quiet", match="flipped.safetensors")
    path.write_bytes(whole[: len(whole) // 2])
    refused("info", path, match="flipped.safetensors")


def test_another_schema_version_is_refused(work, tmp_path, refused) -> None:
    from safetensors import safe_open

    from gxnor_snn.files import write_tensors

    with safe_open(work.graph, "numpy") as held:
        tensors = {name: held.get_tensor(name) for name in held.keys()}  # noqa: SIM118
        metadata = {k: v for k, v in held.metadata().items() if k != "sha256"}
    path = tmp_path / "later.safetensors"
    write_tensors(path, tensors, metadata | {"schema": "2"})
    refused("info", path, match="schema version is '2', this release reads '1'")
    refused("simulate", path, "--input", work.x, match="schema version")


def test_files_of_another_kind_are_refused(work, tmp_path, refused) -> None:
    foreign = tmp_path / "foreign.safetensors"
    save_file({"a": np.zeros(3)}, foreign)
    refused("info", foreign, match="kind None.*gxnor-event-graph, gxnor-checkpoint")
    save_file({"a": np.zeros(3)}, foreign, metadata={"kind": "gxnor-event-graph"})
    refused("info", foreign, match="foreign.safetensors")
    refused("info", work.counts, match="not a safetensors file")
    refused("info", tmp_path, match="not a file")
    refused("info", tmp_path / "none", match="does not exist")


def test_notes_cannot_drive_the_terminal(work, tmp_path, gxnor) -> None:
    path = tmp_path / "g.safetensors"
    EventGraph.load(work.graph).with_metadata(note="\x1b[31mred [bold]text[/bold]").save(path)
    text = gxnor("info", path).stdout
    assert "\x1b" not in text
    assert "\\x1b[31mred [bold]text[/bold]" in text
    assert json.dumps("x") not in text
