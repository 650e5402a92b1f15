"""`gxnor simulate`: what it prints and writes are the engine's own integers."""

import numpy as np
import pytest

from gxnor_sims import simulate
from gxnor_snn.cli.counts_file import read_counts
from gxnor_snn.graph import EventGraph
from gxnor_snn.results import SpikeEvents


@pytest.mark.parametrize("engine", ["native", "reference"])
def test_table_trace_and_counts(engine, work, tmp_path, gxnor) -> None:
    out, counts = tmp_path / "trace.npz", tmp_path / "counts.json"
    words = ("--data", work.data, "--engine", engine, "--record", "all", "--out", out, "--counts-out", counts)
    text = gxnor("simulate", work.graph, *words).stdout
    graph = EventGraph.load(work.graph)
    x, y = np.load(work.x), np.load(work.y)
    expected = simulate(graph, x, "reference", record="all")
    held = np.load(out, allow_pickle=False)
    assert np.array_equal(held["readouts/readout"], expected.readouts["readout"])
    assert np.array_equal(held["logits"], expected.logits)
    assert np.array_equal(held["predictions"], expected.predictions)
    assert np.array_equal(held["labels"], y)
    for name, levels in expected.spikes.items():
        assert np.array_equal(held[f"spikes/{name}"], levels)
    for name, entry in expected.counts.synapses.items():
        assert np.array_equal(held[f"counts/projections/{name}/n_gated"], entry.n_gated)
    assert read_counts(counts).counts.to_dict() == expected.counts.to_dict()
    assert read_counts(counts).graph_digest == graph.digest
    rows = {line.split()[0]: line.split()[1:] for line in text.splitlines() if line.strip()}
    assert float(rows["accuracy"][0]) == pytest.approx(100 * np.mean(expected.predictions == y), abs=0.05)
    assert float(rows["resting"][1]) == pytest.approx(100 * expected.counts.resting, abs=0.05)
    assert float(rows["fc1"][0].replace(",", "")) == expected.counts.synapses["fc1"].n_dense.mean()
    assert float(rows["fc1"][3].replace(",", "")) == pytest.approx(
        expected.counts.synapses["fc1"].n_gated.mean(), abs=0.05
    )


def test_arrays_of_the_users_own(work, tmp_path, gxnor) -> None:
    with_labels = gxnor("simulate", work.graph, "--input", work.x, "--labels", work.y).stdout
    assert "accuracy" in with_labels
    assert "accuracy" not in gxnor("simulate", work.graph, "--input", work.x).stdout
    flat = tmp_path / "no_channel_axis.npy"
    np.save(flat, np.load(work.x)[:, 0])
    same = gxnor("simulate", work.graph, "--input", flat, "--labels", work.y).stdout
    assert [w for w in same.split() if w.endswith("%")] == [w for w in with_labels.split() if w.endswith("%")]


def test_samples_batch_and_threads(work, tmp_path, gxnor) -> None:
    out = tmp_path / "t.npz"
    gxnor("simulate", work.graph, "--data", work.data, "--samples", 7, "--out", out)
    first = dict(np.load(out))
    assert len(first["predictions"]) == 7
    words = ("--samples", 7, "--batch", 2, "--threads", 2, "--out", out)
    gxnor("simulate", work.graph, "--data", work.data, *words)
    assert all(np.array_equal(first[name], array) for name, array in np.load(out).items())


def test_full_counts_and_none(work, tmp_path, gxnor) -> None:
    out = tmp_path / "t.npz"
    words = ("simulate", work.graph, "--data", work.data, "--out", out)
    gxnor(*words, "--counts", "full")
    assert "counts/projections/fc1/n_bitcount" in np.load(out)
    text = gxnor(*words, "--counts", "none").stdout
    assert "resting" not in text
    assert not [name for name in np.load(out) if name.startswith("counts")]


@pytest.mark.parametrize("check", [(), ("--check",)])
def test_events_and_summed_counts(check, work, tmp_path, gxnor, refused) -> None:
    out = tmp_path / "t.npz"
    words = ("simulate", work.graph, "--input", work.x, "--record", "act1", "--out", out, *check)
    gxnor(*words)
    dense = dict(np.load(out))
    gxnor(*words, "--events", "--summed")
    held = dict(np.load(out))
    fields = {f: held.pop(f"events/act1/{f}") for f in ("sample", "neuron", "level")}
    shape, n_samples = tuple(held.pop("events/act1/shape").tolist()), int(held.pop("events/act1/n_samples"))
    levels = dense.pop("spikes/act1")
    assert np.array_equal(SpikeEvents(**fields, shape=shape, n_samples=n_samples).dense(), levels)
    assert list(held) == list(dense)
    for name, array in dense.items():
        assert np.array_equal(held[name], array.sum() if name.startswith("counts") else array)
    refused("simulate", work.graph, "--input", work.x, "--events", match="--record")


def test_levels_of_a_file_are_checked_while_it_is_read(work, tmp_path, refused) -> None:
    x = np.load(work.x).astype(np.int16)
    x[17, 0, 3, 4] = 256
    np.save(tmp_path / "x.npy", x)
    out = tmp_path / "t.npz"
    refused("simulate", work.graph, "--input", tmp_path / "x.npy", "--out", out, match="sample 17 holds 256")
    assert not out.exists()


def test_quiet(work, tmp_path, gxnor) -> None:
    words = ("--data", work.data, "--out", tmp_path / "t.npz", "--counts-out", tmp_path / "c.json", "-q")
    assert gxnor("simulate", work.graph, *words).output == ""
    assert len(list(tmp_path.iterdir())) == 2


def test_options_that_contradict_each_other(work, tmp_path, refused) -> None:
    refused("simulate", work.graph, match="none of them")
    refused("simulate", work.graph, "--data", "digits", "--input", work.x, match="both")
    refused("simulate", work.graph, "--data", work.data, "--labels", work.y, match="--labels")
    refused("simulate", work.graph, "--data", work.data, "--record", "act1", match="--out")
    words = ("--counts", "none", "--counts-out", tmp_path / "c.json")
    refused("simulate", work.graph, "--data", work.data, *words, match="--counts none")


def test_names_that_are_unknown(work, tmp_path, refused) -> None:
    data = ("--data", work.data)
    refused("simulate", work.graph, *data, "--engine", "nope", match="'nope'.*reference, native")
    refused("simulate", work.graph, *data, "--counts", "nope", match="'nope'.*basic, full, none")
    refused("simulate", work.graph, *data, "--record", "nope", "--out", tmp_path / "t.npz", match="'nope'.*act1")
    assert list(tmp_path.iterdir()) == []


def test_results_that_cannot_be_written(work, tmp_path, refused) -> None:
    data = ("--data", work.data)
    refused("simulate", work.graph, *data, "--out", tmp_path, match="folder")
    refused("simulate", work.graph, *data, "--counts-out", work.x / "c.json", match="cannot make the folder")
    refused("simulate", work.graph, *data, "--counts-out", tmp_path / "c.txt", match="ends in .json")


def test_check_runs_a_second_engine_and_finds_no_difference(work, gxnor) -> None:
    words = ("simulate", work.graph, "--data", work.data, "--samples", 5, "--check")
    text = gxnor(*words, "--engine", "brian2", "--target", "numpy").stdout
    assert "Differences between brian2 and native" in text
    rows = {line.split("  ")[0]: line.split() for line in text.splitlines() if line.strip()}
    for kind in ("sums of readouts", "levels", "counts"):
        assert rows[kind][-3:] == ["0", "of", "5"]
        assert int(rows[kind][-4].replace(",", "")) > 0
    assert {"brian2", "native"} <= set(rows)
    full = gxnor(*words, "--engine", "brian2", "--counts", "full").stdout
    assert "Differences between brian2 and native" in full
    assert "Differences between native and reference" in gxnor(*words).stdout


def test_check_fails_where_engines_differ(work, invoke, monkeypatch) -> None:
    from dataclasses import replace

    from gxnor_sims.reference import ReferenceEngine

    real = ReferenceEngine.run

    def wrong(self, *words, **options):
        trace = real(self, *words, **options)
        sums = {name: a + (np.arange(len(a)) == 2)[:, None] for name, a in trace.readouts.items()}
        return replace(trace, readouts=sums)

    monkeypatch.setattr(ReferenceEngine, "run", wrong)
    result = invoke("simulate", work.graph, "--data", work.data, "--samples", 5, "--check")
    assert result.exit_code == 1
    assert "1 of 5" in result.stdout
    assert result.stderr == "gxnor: NOT EQUAL: native and reference differ\n"


def test_engine_torch_and_its_device(work, refused, gxnor) -> None:
    words = ("simulate", work.graph, "--data", work.data, "--samples", 5, "--engine", "torch")
    text = gxnor(*words, "--device", "cpu", "--counts", "full", "--check").stdout
    assert "Differences between torch and native" in text
    refused(*words, "--device", "tpu", match="'tpu', allowed are cpu, cuda and cuda:N")
    refused(*words, "--device", "cuda:99", match="'cuda:99' is not there")
    data = ("--data", work.data)
    refused("simulate", work.graph, *data, "--device", "cpu", match="'native' has no option 'device'")


def test_options_of_one_engine_are_refused_by_others(work, refused) -> None:
    data = ("--data", work.data)
    refused("simulate", work.graph, *data, "--target", "numpy", match="'native' has no option 'target'")
    refused("simulate", work.graph, *data, "--engine", "brian2", "--target", "gpu", match="'gpu'.*cpp_standalone")


def test_check_keeps_what_was_to_be_recorded(work, tmp_path, gxnor) -> None:
    out = tmp_path / "t.npz"
    words = ("--data", work.data, "--samples", 3, "--check", "--record", "act1", "--out", out)
    gxnor("simulate", work.graph, *words)
    assert [name for name in np.load(out) if name.startswith("spikes")] == ["spikes/act1"]
