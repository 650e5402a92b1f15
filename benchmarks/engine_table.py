"""The recorded rows of ``engine.py`` as Markdown: all of it, and the summary that docs/engines.md shows."""

from collections.abc import Callable, Mapping
from typing import Any


def table(rows: Mapping[str, Any]) -> str:
    """One table per row and number of threads.

    Parameters
    ----------
    rows
        Row -> threads -> {"figures": ...}, as recorded.
    """
    parts = []
    for name, by_threads in rows.items():
        for threads, part in by_threads.items():
            title = f"### {name}, {threads} thread{'s' * (threads != '1')}"
            parts.append("\n".join([title, "", *_FORMS.get(name, _contest)(part["figures"])]))
    return "\n\n".join(parts)


_WORK = {
    "dense": ("dense 1024 x 1024, batch 1024", ""),
    "dense, sums": ("same, sums read out", ", sums read out"),
    "conv": ("3x3 convolution 128 -> 128 on 32 x 32, batch 512", ""),
    "vgg": ("`vgg`, 32 x 32 pixels, batch 512", ""),
    "lenet": ("`lenet`, 10,000 images", ""),
    "one": ("dense 1024 x 1024, one sample, `execute_into`", ""),
}
"""Work by row, and what its runs' names end in."""


def summary(rows: Mapping[str, Any]) -> str:
    """How many times as fast as each contestant, one line each.

    Parameters
    ----------
    rows
        As for `table`.
    """
    variants = ("1/2 zeros{}", "1/3 zeros{}", "trained{}", "1/2 zeros{}, avx2", "1/2 zeros{}, portable")
    lines = _head("work", "against", "1/2 zeros", "1/3 zeros", "trained", "AVX2", "portable", "two threads")
    for name, (work, end) in _WORK.items():
        by_threads = rows.get(name.partition(",")[0], {})
        one, two = (by_threads.get(n, {}).get("figures", {}).get("times_as_fast", {}) for n in ("1", "2"))
        for against, ratios in one.items():
            cells = [_times(ratios.get(variant.format(end))) for variant in variants]
            lines.append(_line(work, against, *cells, _times(two.get(against, {}).get(f"1/2 zeros{end}"))))
    return "\n".join(lines)


def _contest(figures: Mapping[str, Any]) -> list[str]:
    """Milliseconds of every run, and beside the engine's how many times as fast as each contestant."""
    field = list(figures["times_as_fast"])
    lines = _head("", "ms", *(f"x {name}" for name in field))
    for name, seconds in figures["seconds"].items():
        own = name.removeprefix("native, ")
        ratios = [_times(figures["times_as_fast"][other].get(own)) for other in field]
        lines.append(_line(name, f"{1e3 * seconds:.4g}", *ratios))
    lines += [f"\n{name}: {text}" for name, text in figures["left_out"].items()]
    return lines


def _times(ratio: float | None) -> str:
    return "" if ratio is None else f"{ratio:.2f}"


def _floor(figures: Mapping[str, Any]) -> list[str]:
    lines = _head("instruction set", "operations per s", "floor ms", "ms", "share")
    for isa, f in figures.items():
        rate, least, took = f["operations_per_second"], 1e3 * f["floor_seconds"], 1e3 * f["seconds"]
        lines.append(_line(isa, f"{rate:.3g}", f"{least:.3f}", f"{took:.3f}", f"{100 * f['share']:.0f} %"))
    return lines


def _overhead(figures: Mapping[str, Any]) -> list[str]:
    return [*_head("", "us"), *(_line(n, f"{v:.1f}") for n, v in figures["microseconds"].items())]


def _counting(figures: Mapping[str, Any]) -> list[str]:
    return [*_head("", "with / without"), *(_line(n, f"{v:.3f}") for n, v in figures["with_over_without"].items())]


def _zeros(figures: Mapping[str, Any]) -> list[str]:
    first = next(iter(figures.values()))
    lines = _head("zeros", *(f"{float(share):.0%}" for share in first["seconds"]))
    for name, f in figures.items():
        lines.append(_line(f"{name}, ms", *(f"{1e3 * s:.3g}" for s in f["seconds"].values())))
        lines.append(_line(f"{name}, over proportional", *(f"{v:.2f}" for v in f["over_proportional"].values())))
    return lines


def _memory(figures: Mapping[str, Any]) -> list[str]:
    lines = _head("", "samples", "input MiB", "peak MiB")
    for name in ("1x", "10x"):
        f = figures[name]
        lines.append(_line(name, f"{f['samples']:,}", f"{f['input_mib']:.0f}", f"{f['peak_mib']:.1f}"))
    return lines


_FORMS: Mapping[str, Callable[[Mapping[str, Any]], list[str]]] = {
    "floor": _floor,
    "overhead": _overhead,
    "counting": _counting,
    "zeros": _zeros,
    "memory": _memory,
}


def _head(*cells: str) -> list[str]:
    return [_line(*cells), _line(*("---" for _ in cells))]


def _line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"
