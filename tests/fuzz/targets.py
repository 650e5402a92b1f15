"""What is fuzzed: reading graph files and checkpoints. A target gets the bytes of a file and must stay calm.

Calm means: the documented error, within bounds of time and memory, or an object that keeps its promises.
"""

import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from gxnor_snn.errors import CheckpointError, GraphFormatError
from gxnor_snn.graph import EventGraph, execute

__all__ = ["TARGETS", "Target", "seeds"]

Target = Callable[[bytes], bool]
"""Reads the file; whether it was accepted."""

GOLDEN = Path(__file__).parents[1] / "gxnor_snn" / "graph" / "golden"
_SCRATCH = Path(tempfile.gettempdir()) / f"gxnor-fuzz-{os.getpid()}"
_FEW = 4096  # neurons and weights up to which an accepted graph is run


def graph(data: bytes) -> bool:
    """Load an event graph; what is accepted comes back the same from a file, and runs within its bounds."""
    _SCRATCH.write_bytes(data)
    try:
        found = EventGraph.load(_SCRATCH)
    except GraphFormatError:
        return False
    finally:
        _SCRATCH.unlink()
    try:
        found.save(_SCRATCH)
        again = EventGraph.load(_SCRATCH)
    finally:
        _SCRATCH.unlink(missing_ok=True)
    assert again.digest == found.digest, "saved and loaded, the graph is another"
    assert again.metadata == found.metadata
    assert str(found.summary())
    size = sum(p.size for p in found.populations.values())
    size += sum(getattr(p, "weights", np.empty(0)).size for p in found.projections.values())
    if size <= _FEW:
        _run(found)
    return True


def _run(found: EventGraph) -> None:
    x = {n: np.full((1, *found.populations[n].shape), found.coding(n).levels[0]) for n in found.inputs}
    trace = execute(found, x, record="all")
    for name, sums in {**trace.readouts, **(trace.sums or {})}.items():
        low, high = (b.reshape(-1, *[1] * (sums.ndim - 2)) for b in found.bounds(name))
        assert np.all((low <= sums) & (sums <= high)), f"sums of {name} leave their bounds"
    for name, levels in trace.spikes.items():
        assert found.coding(name).contains(levels), f"levels of {name} leave their coding"


def checkpoint(data: bytes) -> bool:
    """Load a checkpoint; what is accepted is a network in eval mode whose weights are levels of its codes."""
    from gxnor_snn.layers import DiscreteLayer
    from gxnor_snn.train import load_checkpoint

    _SCRATCH.write_bytes(data)
    try:
        model = load_checkpoint(_SCRATCH)
    except CheckpointError:
        return False
    finally:
        _SCRATCH.unlink()
    assert not model.training
    for module in model.modules():
        if isinstance(module, DiscreteLayer):
            assert np.isin(module.levels.detach().numpy(), module.level_values).all(), "weights outside their code"
    return True


TARGETS: Mapping[str, Target] = {"graph": graph, "checkpoint": checkpoint}


def seeds(name: str) -> list[bytes]:
    """Sound files to start from."""
    if name == "graph":
        return [p.read_bytes() for p in sorted(GOLDEN.glob("*.safetensors"))]
    from gxnor_snn.models import lenet, mlp
    from gxnor_snn.train import History, save_checkpoint
    from gxnor_snn.train.history import EpochRecord

    fields = {f: 1 if t in ("int", int) else 0.5 for f, t in EpochRecord.__annotations__.items()}
    history = History((EpochRecord(**fields),), 1, 2.0)
    found = []
    for model in (mlp((1, 2, 2), [3], 2), lenet((1, 6, 6), channels=(2,), hidden=3, kernel=3, classes=2, n1=2)):
        save_checkpoint(_SCRATCH, model, history=history, metadata={"note": [1, None]})
        found.append(_SCRATCH.read_bytes())
        _SCRATCH.unlink()
    return found
