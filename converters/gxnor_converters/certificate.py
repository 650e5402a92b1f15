"""The certificate: a trained model and its event graph compared on real samples, integer by integer.

Equal outputs prove little (wrong spikes can cancel), so everything in between is compared as well: torch's
products with the reference's sums, torch's activations with the engine's levels, the engine's counts with the
reference's, readout sums, logits and predictions. Torch runs as it is, with hooks on its layers: the comparison
knows nothing of how the graph was made.
"""

import hashlib
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from gxnor_snn.errors import ConversionError, InputError
from gxnor_snn.graph import EventGraph
from gxnor_snn.provenance import provenance
from gxnor_snn.results import EventTrace

from .comparison import KINDS, Comparison
from .recording import recording

__all__ = ["Certificate", "certify", "model_digest", "verify"]

Run = Callable[[EventGraph, NDArray[Any]], EventTrace]


@dataclass(frozen=True)
class Certificate:
    """What was compared, and what differed.

    Attributes
    ----------
    n_samples
        Samples run through torch, the reference and the engine.
    engine
        Name of the engine.
    graph_digest
        `EventGraph.digest` of the graph compared.
    compared
        Numbers compared, per kind: "sums" (torch products against the reference's, and the engine's sums where it
        holds them), "spikes" (torch activations against the engine's levels, and against the reference's),
        "counts" (every basic count of the engine against the reference's), "readouts" (the last sums of torch,
        reference and engine), "logits" (float64, bit for bit), "predictions".
    differing
        Samples in which at least one of them differs, per kind.
    samples_differing
        Samples in which anything differs.
    seconds
        Wall time of the comparison.
    model_digest
        SHA-256 over names, types and bytes of the model's parameters and buffers.
    samples_digest
        SHA-256 over the samples.
    notes
        What was left out, and why.
    provenance
        Versions, machine, time.
    """

    n_samples: int
    engine: str
    graph_digest: str
    compared: dict[str, int]
    differing: dict[str, int]
    samples_differing: int
    seconds: float
    model_digest: str = ""
    samples_digest: str = ""
    notes: tuple[str, ...] = ()
    provenance: dict[str, str] = field(default_factory=dict)

    @property
    def equal(self) -> bool:
        """Whether nothing differed."""
        return self.samples_differing == 0

    def to_dict(self) -> dict[str, Any]:
        """A JSON-ready form."""
        return {**asdict(self), "notes": list(self.notes), "equal": self.equal}


def verify(
    model: nn.Module,
    graph: EventGraph,
    x: NDArray[Any],
    run: Run,
    *,
    batch: int = 500,
    progress: bool = False,
) -> Certificate:
    """Run model, reference and engine on the same samples and compare everything they hold.

    Parameters
    ----------
    model
        The trained network; it runs in eval mode and is put back into the mode it was in.
    graph
        What `from_torch` made of it.
    x
        Integer inputs (N, *shape) in the graph's input coding.
    run
        ``run(graph, x) -> EventTrace`` with every population recorded, as in
        ``lambda g, x: simulate(g, x, record="all")``.
    batch
        Samples held at a time.
    progress
        Show a progress bar.

    Returns
    -------
    Certificate
        `certify` stores it in the graph.

    Raises
    ------
    ConversionError
        If the graph's names do not match the model's modules.
    InputError
        If `x` is no array or empty, `batch` below 1, or the trace lacks spikes or counts.
    """
    if not isinstance(x, np.ndarray):
        raise InputError(f"verify: x is a {type(x).__name__}, allowed is a numpy array of integers")
    if len(x) == 0 or batch < 1:
        raise InputError(f"verify needs samples and a batch of at least 1; got {len(x)} samples, batch {batch}")
    started = time.perf_counter()
    comparison = Comparison(graph)
    digest = hashlib.sha256(f"{x.dtype} {x.shape[1:]}".encode())
    engine = ""
    with recording(model, graph) as recorder:
        for start in _shown(range(0, len(x), batch), progress):
            part = np.ascontiguousarray(x[start : start + batch])
            digest.update(part.tobytes())
            outputs = recorder.run(part)
            trace = run(graph, part)
            engine = trace.engine
            comparison.add(part, recorder.seen, outputs, trace)
    marks = comparison.marks()
    return Certificate(
        n_samples=len(x),
        engine=engine,
        graph_digest=graph.digest,
        compared=comparison.compared,
        differing={kind: int(marks[kind].sum()) for kind in KINDS},
        samples_differing=int(np.logical_or.reduce(list(marks.values())).sum()),
        seconds=time.perf_counter() - started,
        model_digest=model_digest(model),
        samples_digest=digest.hexdigest(),
        notes=comparison.notes,
        provenance=provenance(),
    )


def _shown(starts: range, progress: bool) -> Iterable[int]:
    if not progress:
        return starts
    from rich.progress import track

    return track(starts, "comparing", transient=True)


def certify(graph: EventGraph, certificate: Certificate, **facts: object) -> EventGraph:
    """The graph with the certificate, and further facts about the samples, in its metadata.

    Raises
    ------
    ConversionError
        If the certificate is of another graph.
    """
    if certificate.graph_digest != graph.digest:
        raise ConversionError(
            f"the certificate is of graph {certificate.graph_digest:.12}..., this is {graph.digest:.12}...; "
            "verify this one"
        )
    return graph.with_metadata(certificate={**facts, **certificate.to_dict()})


def model_digest(model: nn.Module) -> str:
    """SHA-256 over names, types, shapes and bytes of a model's parameters and buffers."""
    sha = hashlib.sha256()
    for name, value in sorted(model.state_dict().items()):
        tensor = value.detach().cpu().contiguous()
        sha.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        sha.update(tensor.numpy().tobytes())
    return sha.hexdigest()
