"""A process of its own for ``engine.py memory``: GRAPH SAMPLES.npy THREADS; prints its peak memory as JSON.

It streams the samples from a memory map and imports nothing else, so that what it takes is what streaming takes.
"""

import json
import resource
import sys
from pathlib import Path

import numpy as np

from gxnor_sims import get_engine, stream
from gxnor_snn.graph import EventGraph


def peak_mib() -> float:
    """Most memory so far.

    Linux keeps `ru_maxrss` across fork and exec, so that it starts at the parent's: there the kernel is asked for
    the peak of this very process (KiB). macOS gives bytes.
    """
    status = Path("/proc/self/status")
    if status.exists():
        (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) / (1 << 10)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10)


def main() -> None:
    graph, data, threads = EventGraph.load(sys.argv[1]), np.load(sys.argv[2], mmap_mode="r"), int(sys.argv[3])
    engine = get_engine("native")
    engine.run(graph, data[:1])
    before, gates = peak_mib(), 0
    for trace in stream(graph, data, engine, threads=threads, summed=True):
        assert trace.counts is not None
        gates += sum(int(c.n_gated.sum()) for c in trace.counts.synapses.values())
    sizes = {"samples": len(data), "input_mib": data.nbytes / (1 << 20), "before_mib": before}
    print(json.dumps({**sizes, "peak_mib": peak_mib(), "gates_opened": gates}))


if __name__ == "__main__":
    main()
