"""An event graph by brute force: every synapse written out, nothing shared with the code under test."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gxnor_snn.graph import EventGraph

Pair = tuple[int, int, int]


def pairs(projection: Any, source: tuple[int, ...], target: tuple[int, ...]) -> Iterator[Pair]:
    """(target neuron, source neuron, weight) of every in-range synapse; indices flat, target before any offset."""
    if projection.kind == "identity":
        yield from ((i, i, 1) for i in range(int(np.prod(source))))
        return
    if projection.kind == "dense":
        for o in range(projection.weights.shape[0]):
            for i in range(projection.weights.shape[1]):
                yield o, i, int(projection.weights[o, i])
        return
    conv = projection.kind == "conv2d"
    kernel = projection.weights.shape[2:] if conv else projection.kernel
    stride = projection.stride if conv else (projection.stride or projection.kernel)
    top, _, left, _ = projection.padding
    per_group = projection.weights.shape[1] if conv else 1
    outputs_per_group = target[0] // projection.groups if conv else 1
    for o in range(target[0]):
        for oy in range(target[1]):
            for ox in range(target[2]):
                for c in range(per_group):
                    channel = (o // outputs_per_group) * per_group + c if conv else o
                    for dy in range(kernel[0]):
                        for dx in range(kernel[1]):
                            y = oy * stride[0] + dy * projection.dilation[0] - top
                            x = ox * stride[1] + dx * projection.dilation[1] - left
                            if 0 <= y < source[1] and 0 <= x < source[2]:
                                out = (o * target[1] + oy) * target[2] + ox
                                weight = int(projection.weights[o, c, dy, dx]) if conv else 1
                                yield out, (channel * source[1] + y) * source[2] + x, weight


def ones(coding: Any, level: int) -> int:
    """Nonzero planes of one level, from the definition."""
    return coding.n_planes if coding.kind == "pm1" else bin(abs(level)).count("1")


def plane_signs(coding: Any, level: int) -> list[int]:
    """The planes of one level, from the definition: v = sum of 2^k p_k."""
    if coding.kind == "pm1":
        code = (level + 2**coding.n_planes - 1) // 2
        return [1 if code >> k & 1 else -1 for k in range(coding.n_planes)]
    return [(1 if level > 0 else -1) * (abs(level) >> k & 1) for k in range(coding.n_planes)]


def run(graph: EventGraph, sample: dict[str, NDArray[Any]]) -> dict[str, dict[str, Any]]:
    """Sums, levels and counts of one sample, by plain loops."""
    levels: dict[str, list[int]] = {}
    sums: dict[str, list[int]] = {}
    counts: dict[str, dict[str, int]] = {}
    reached: dict[str, int] = {}
    for name, population in graph.populations.items():
        if not graph.incoming(name):
            levels[name] = [int(v) for v in sample[name].reshape(-1)]
            continue
        total = [0] * population.size
        touched: set[int] = set()
        per_channel = population.size // population.shape[0]
        for p in graph.incoming(name):
            shape = graph.populations[p.source].shape
            start, stop = p.target_channels or (0, population.shape[0])
            window: dict[int, list[int]] = {}
            c = dict.fromkeys(
                ("n_dense", "n_x", "n_w", "n_gated", "n_x_planes", "n_xnor", "n_agree", "n_moved"), 0
            )
            triples: set[tuple[int, int, int]] = set()
            for o, i, w in pairs(p, shape, (stop - start, *population.shape[1:])):
                a = levels[p.source][i]
                window.setdefault(o, []).append(a * w)
                c["n_moved"] += a != 0
                c["n_dense"] += 1
                c["n_x"] += a != 0
                if p.weighted:
                    coding, wcoding = graph.coding(p.source), p.coding
                    c["n_w"] += w != 0
                    c["n_gated"] += a != 0 and w != 0
                    c["n_x_planes"] += ones(coding, a)
                    c["n_xnor"] += ones(coding, a) * ones(wcoding, w)
                    for p_j in plane_signs(coding, a):
                        c["n_agree"] += sum(p_j * q_k == 1 for q_k in plane_signs(wcoding, w))
                    if a != 0 and w != 0:
                        touched.add(o + start * per_channel)
                        mask_a = (1 << coding.n_planes) - 1 if coding.kind == "pm1" else abs(a)
                        mask_w = (1 << wcoding.n_planes) - 1 if wcoding.kind == "pm1" else abs(w)
                        triples |= {
                            (o, j, k)
                            for j in range(coding.n_planes)
                            for k in range(wcoding.n_planes)
                            if mask_a >> j & 1 and mask_w >> k & 1
                        }
            c["n_bitcount"] = len(triples)
            counts[p.name] = c
            for o, values in window.items():
                mode = getattr(p, "mode", "sum")
                mode = mode if isinstance(mode, str) else mode[o // per_channel]
                result = {"sum": sum, "max": max, "min": min}[mode](values)
                total[o + start * per_channel] += p.gain * result
        sums[name], reached[name] = total, len(touched)
        if population.role == "relay":
            levels[name] = total
        if population.role == "spiking":
            levels[name] = []
            for neuron, s in enumerate(total):
                channel = neuron // per_channel
                up = population.increasing[channel]
                k = sum((s >= t) if up else (s <= t) for t in population.thresholds[channel])
                levels[name].append(int(population.coding.levels[k]))
    return {"levels": levels, "sums": sums, "counts": counts, "reached": reached}
