"""The certificate: a trained model and its event graph compared on real samples, integer by integer.

Equal outputs prove little (wrong spikes can cancel), so everything in between is compared as well: torch's
products with the reference's sums, torch's activations with the engine's levels, the engine's counts with the
reference's, readout sums, and predictions.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from gxnor_snn.errors import ConversionError, InputError
from gxnor_snn.graph import EventGraph, Weighted, execute
from gxnor_snn.layers import DiscreteActivation, DiscreteConv2d, DiscreteLinear, PixelEncoder
from gxnor_snn.results import Counts, EventTrace

__all__ = ["Certificate", "verify"]

KINDS = ("sums", "spikes", "counts", "readouts", "logits", "predictions")
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
        Numbers compared, per kind: "sums" (torch products against the reference's), "spikes" (torch activations
        against the engine's levels, and against the reference's), "counts" (every basic count of the engine
        against the reference's), "readouts" (the last sums of torch, reference and engine), "logits"
        (float64, bit for bit), "predictions".
    differing
        Samples in which at least one of them differs, per kind.
    samples_differing
        Samples in which anything differs.
    seconds
        Wall time of the comparison.
    """

    n_samples: int
    engine: str
    graph_digest: str
    compared: dict[str, int]
    differing: dict[str, int]
    samples_differing: int
    seconds: float

    @property
    def equal(self) -> bool:
        """Whether nothing differed."""
        return self.samples_differing == 0

    def to_dict(self) -> dict[str, Any]:
        """A JSON-ready form."""
        return {**asdict(self), "equal": self.equal}


class _Tally:
    """Counts comparisons and marks samples that differ, batch by batch."""

    def __init__(self) -> None:
        self.compared = dict.fromkeys(KINDS, 0)
        self.bad: dict[str, list[NDArray[np.bool_]]] = {kind: [] for kind in KINDS}

    def start(self, n: int) -> None:
        for marks in self.bad.values():
            marks.append(np.zeros(n, bool))

    def compare(self, kind: str, left: NDArray[Any], right: NDArray[Any]) -> None:
        if left.shape != right.shape:
            raise ConversionError(f"certificate: {kind} of shapes {left.shape} and {right.shape} do not match")
        self.compared[kind] += left.size
        differ = (left != right).reshape(len(left), -1).any(axis=1)
        self.bad[kind][-1] |= differ


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
        The trained `nn.Sequential`; it runs in eval mode and is put back into the mode it was in.
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

    Raises
    ------
    ConversionError
        If the graph's names do not match the model's modules.
    InputError
        If `x` is empty, `batch` below 1, or the trace lacks spikes or counts.
    """
    from rich.progress import track

    if len(x) == 0 or batch < 1:
        raise InputError(f"verify needs samples and a batch of at least 1; got {len(x)} samples, batch {batch}")
    started = time.perf_counter()
    tally = _Tally()
    engine = ""
    with _recording(model) as seen:
        for start in track(range(0, len(x), batch), "comparing", disable=not progress, transient=True):
            part = np.ascontiguousarray(x[start : start + batch])
            seen.clear()
            logits = _run_torch(model, part)
            trace = run(graph, part)
            engine = trace.engine
            tally.start(len(part))
            _compare(tally, graph, part, seen, logits, trace)
    marks = {kind: np.concatenate(parts) for kind, parts in tally.bad.items()}
    return Certificate(
        n_samples=len(x),
        engine=engine,
        graph_digest=graph.digest,
        compared=tally.compared,
        differing={kind: int(m.sum()) for kind, m in marks.items()},
        samples_differing=int(np.logical_or.reduce(list(marks.values())).sum()),
        seconds=time.perf_counter() - started,
    )


@contextmanager
def _recording(model: nn.Module) -> Iterator[dict[str, NDArray[Any]]]:
    """Put the model into eval mode and keep the outputs of its products and activations by path."""
    seen: dict[str, NDArray[Any]] = {}
    kinds = (DiscreteLinear, DiscreteConv2d, DiscreteActivation)
    training = {module: module.training for module in model.modules()}

    def keep(path: str) -> Callable[[nn.Module, Any, torch.Tensor], None]:
        def hook(module: nn.Module, inputs: Any, output: torch.Tensor) -> None:
            if path in seen:
                raise ConversionError(
                    f"certificate: module {path!r} runs twice in one pass; give each place its own"
                )
            seen[path] = output.detach().cpu().numpy()

        return hook

    handles = [m.register_forward_hook(keep(n)) for n, m in model.named_modules() if isinstance(m, kinds)]
    model.eval()
    try:
        yield seen
    finally:
        for handle in handles:
            handle.remove()
        for module, mode in training.items():
            module.training = mode


def _run_torch(model: nn.Module, x: NDArray[Any]) -> NDArray[np.float64]:
    pixels = any(isinstance(m, PixelEncoder) for m in model.modules())
    tensor = torch.from_numpy(x.copy() if pixels else x.astype(np.float32))
    device = next((b.device for b in [*model.parameters(), *model.buffers()]), torch.device("cpu"))
    with torch.no_grad():
        return np.asarray(model(tensor.to(device)).double().cpu().numpy())


def _compare(
    tally: _Tally,
    graph: EventGraph,
    x: NDArray[Any],
    seen: dict[str, NDArray[Any]],
    logits: NDArray[np.float64],
    trace: EventTrace,
) -> None:
    sums: dict[str, NDArray[Any]] = {}

    def linear(projection: Weighted, levels: Any) -> Any:
        coding = graph.coding(projection.source)
        sums[projection.name] = projection.apply(levels.astype(np.float64), coding, np).astype(np.int64)
        return sums[projection.name]

    if any(graph.magnitude(n) >= 1 << 53 for n in graph.populations if graph.incoming(n)):
        raise ConversionError("certificate: the graph's sums pass 2^53, beyond which torch is not exact")
    reference = execute(graph, x, linear, record="all")
    missing = [n for n in seen if n not in sums and n not in reference.spikes]
    if missing:
        raise ConversionError(f"certificate: module {missing[0]!r} has no counterpart in the graph")
    unseen = [n for n in sums if n not in seen]
    if unseen:
        raise ConversionError(f"certificate: projection {unseen[0]!r} has no counterpart in the model")
    unrecorded = [n for n in reference.spikes if n not in trace.spikes]
    if unrecorded:
        raise InputError(f"verify: run() did not record population {unrecorded[0]!r}; record all of them")
    for path, output in seen.items():
        if path in sums:
            tally.compare("sums", output.reshape(sums[path].shape), sums[path])
        else:
            tally.compare("spikes", output.reshape(trace.spikes[path].shape), trace.spikes[path])
    for name, levels in reference.spikes.items():
        tally.compare("spikes", levels, trace.spikes[name])
    (name,) = graph.readouts
    last = graph.incoming(name)[0].name
    tally.compare("readouts", reference.readouts[name], trace.readouts[name])
    tally.compare("readouts", seen[last].reshape(trace.readouts[name].shape), trace.readouts[name])
    tally.compare("logits", logits, trace.logits)
    tally.compare("predictions", logits.argmax(axis=1), trace.predictions)
    if trace.counts is None or reference.counts is None:
        raise InputError("verify: run() made no counts; it must run with counts='basic' (or 'full')")
    for left, right in _paired(reference.counts, trace.counts):
        tally.compare("counts", left, right)


def _paired(reference: Counts, other: Counts) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Every basic count of the reference with that of the same name; full counts may hold more."""
    for part in ("projections", "populations"):
        theirs = getattr(other, part)
        for name, counts in getattr(reference, part).items():
            if name not in theirs:
                raise InputError(f"verify: run() has no counts of {name!r}; it must run with counts='basic'")
            for field in fields(counts):
                value = getattr(counts, field.name)
                if isinstance(value, np.ndarray):
                    yield value, np.asarray(getattr(theirs[name], field.name))
