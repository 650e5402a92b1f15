"""One run by hand: every number that a report shows is known."""

import numpy as np
import pytest

from gxnor_snn.report import ReportData
from gxnor_snn.results import (
    Area,
    Bill,
    Counts,
    Latency,
    MoveCounts,
    PopulationCounts,
    Programming,
    SynapseCounts,
    Term,
    Total,
    Unpriced,
)


def pair(total):
    """Two samples that add up to `total`."""
    return np.array([total // 3, total - total // 3])


@pytest.fixture
def counts():
    fields = ("n_dense", "n_x", "n_w", "n_gated", "n_padded", "n_x_planes", "n_xnor")
    conv = dict(zip(fields, map(pair, (2468024, 1357914, 1234566, 617283, 2600000, 1500000, 700001)), strict=True))
    dense = dict(zip(fields, map(pair, (4000, 3000, 2600, 1800, 4000, 3100, 1900)), strict=True))
    return Counts(
        2,
        {"conv1": SynapseCounts(**conv), "pool1": MoveCounts(pair(4321)), "fc1": SynapseCounts(**dense)},
        {
            "input": PopulationCounts(784, False, pair(300), pair(0)),
            "act1.pre": PopulationCounts(512, True, pair(100), pair(200)),
            "act1": PopulationCounts(128, False, pair(41), pair(23)),
            "readout": PopulationCounts(10),
        },
    )


@pytest.fixture
def bills():
    synapse = Term(
        2.1e-6, 2.0e-6, 3.2e-6, "B", "davies2018 table 2, https://example.org/card", 89123.5, "n_gated x e"
    )
    static = Term(0.98e-6, 0.98e-6, 0.98e-6, "A", "frady2020 table 1", 1.0, "P x t")
    reads = Term(5.5e-9, 4.4e-9, 6.6e-9, "A", "shafiee2016", 777.0, "reads x e")
    return [
        Bill(
            "loihi",
            "A neuromorphic chip",
            "neuromorphic",
            2,
            {"static power": static, "synaptic operations": synapse},
            Total(3.08e-6, 2.98e-6, 4.18e-6),
            excluded=("host processor",),
            warnings=("a pre-silicon minimum",),
            weakest_grade="B",
            latency=Latency(12.4e-6, 11e-6, 25e-6, "B", "the slowest core of every step"),
        ),
        Bill(
            "array",
            "A memristor array",
            "crossbar",
            2,
            {"array reads": reads},
            None,
            unpriced=(Unpriced("buffer traffic", 4242.0, "nobody published a constant"),),
            weakest_grade="A",
            area=Area(85.4e-6, 80e-6, 90e-6, "B", "shafiee2016 table 1", "chips that hold the graph"),
            programming=Programming(65536, 557056.0, 5.6e-6, 1e-6, 9e-6, "M", "from memory", "cells x pulses"),
        ),
    ]


@pytest.fixture
def certificate():
    return {
        "n_samples": 500,
        "engine": "native",
        "graph_digest": "abc123",
        "compared": {"sums": 1234567, "spikes": 7654321, "readouts": 10000, "predictions": 500},
        "differing": {"sums": 0, "spikes": 0, "readouts": 0, "predictions": 0},
        "samples_differing": 0,
        "seconds": 1.5,
        "equal": True,
    }


@pytest.fixture
def png(counts):
    from gxnor_snn.plots import figure_png, sparsity_per_layer

    return figure_png(lambda: sparsity_per_layer(counts), dpi=40)


@pytest.fixture
def data(counts, bills, certificate, png):
    return ReportData(
        title="Digits",
        summary=[("Accuracy", "97.4 %"), ("Samples that differ", "0 of 500")],
        counts=counts,
        bills=bills,
        certificate=certificate,
        figures={"Sparsity": png},
        provenance={"Seed": "0", "Command": "gxnor demo"},
        files=[("graph.safetensors", "the event graph")],
    )
