"""A trained network to its event graph, compared with it sample by sample: for `convert` and `demo`."""

from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from gxnor_converters import Certificate, verify
from gxnor_sims import simulate
from gxnor_snn.graph import EventGraph
from gxnor_snn.models import DiscreteNet

from .screen import Screen

__all__ = ["compare", "say_verdict", "verdict"]


def compare(
    model: DiscreteNet, graph: EventGraph, x: NDArray[Any], *, engine: str, threads: int | None, progress: bool
) -> Certificate:
    """Compare torch, the reference and an engine on every sample of `x`: sums, spikes, counts, predictions."""

    def run(graph: EventGraph, part: NDArray[Any]) -> Any:
        return simulate(graph, part, engine, record="all", threads=threads)

    return verify(model, graph, x, run, progress=progress)


def verdict(certificate: Certificate) -> str:
    """How many samples differ, of how many, over how many integers."""
    n = sum(certificate.compared.values())
    return f"{certificate.samples_differing:,} of {certificate.n_samples:,} ({n:,} numbers compared)"


def say_verdict(screen: Screen, certificate: Certificate) -> None:
    """Print the verdict; a difference is an alarm on stderr as well, and by kind."""
    if certificate.equal:
        screen.line(f"exact: {_sentence(certificate)}", style="green")
        return
    kinds: Mapping[str, int] = certificate.differing
    by_kind = ", ".join(f"{kind} in {n}" for kind, n in kinds.items() if n)
    screen.alarm(f"NOT EQUAL: {_sentence(certificate)}; {by_kind}")


def _sentence(certificate: Certificate) -> str:
    return f"samples that differ between torch, reference and engine {certificate.engine}: {verdict(certificate)}"
