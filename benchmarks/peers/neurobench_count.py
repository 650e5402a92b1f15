"""NeuroBench's harness counting the synaptic operations of the same net in torch."""

from typing import Any

import torch
from numpy.typing import NDArray
from torch.utils.data import BatchSampler, DataLoader, SequentialSampler, TensorDataset

from . import Contestant, quickest, require, versions
from .torch_net import Levels
from .twin import Stage, layers_of


def neurobench_count(
    stages: list[Stage],
    x: NDArray[Any],
    labels: NDArray[Any],
    gated: float,
    dense: float,
    batches: tuple[int, ...],
) -> Contestant:
    """Its metric `SynapticOperations` over all samples.

    Parameters
    ----------
    stages, x, labels
        The net, its input, what the samples are.
    gated, dense
        Mean operations per sample that the native engine counts: gates that open, and all.
    batches
        Batch sizes to try.
    """
    package = ("neurobench==2.3.0", "snntorch", "numba", "torchaudio", "tqdm")
    benchmarks: Any = require("neurobench.benchmarks", *package)
    models: Any = require("neurobench.models", *package)
    workload: Any = require("neurobench.metrics.workload", *package)
    layers = layers_of(stages, Levels).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    metrics: list[list[Any]] = [[], [workload.SynapticOperations]]
    data = TensorDataset(torch.from_numpy(x).float(), torch.from_numpy(labels))
    harness = benchmarks.Benchmark(models.TorchModel(layers), None, [], [lambda logits: logits.argmax(1)], metrics)

    def counting(size: int, samples: int) -> Any:
        # whole batches are indexed at once: the default loader would stack them sample by sample
        part = torch.utils.data.Subset(data, range(samples)) if samples < len(data) else data
        batch = BatchSampler(SequentialSampler(part), size, drop_last=False)
        loader = DataLoader(part, sampler=batch, batch_size=None)

        def run() -> Any:
            with torch.no_grad():
                return harness.run(quiet=True, dataloader=loader)

        return run

    best, tried = quickest({f"batches of {size}": counting(size, 1000) for size in batches})
    run = counting(int(best.rpartition(" ")[2]), len(x))
    found = run()["SynapticOperations"]
    theirs = found["Effective_MACs"] + found["Effective_ACs"]
    # it adds in float32, so the last digits of its counts are lost
    assert abs(theirs / gated - 1) < 1e-4, (theirs, gated)
    assert abs(found["Dense"] / dense - 1) < 1e-4, (found["Dense"], dense)
    equal = f"operations per sample {theirs:.1f} (it adds in float32), counted exactly {gated:.1f}"
    return Contestant(run, f"on 1000 samples, channels last: {tried}", equal, versions("neurobench", "torch"))
