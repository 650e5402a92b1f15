"""What a layer takes of a core's memories, and which core holds which layer."""

from collections.abc import Sequence
from typing import Any

import networkx as nx

from gxnor_snn.errors import PricingError

from ...profile import Profile
from .layer import Layer

__all__ = ["assign", "kernel_words", "neuron_words"]


def _bits(count: int) -> int:
    """Address bits of `count` things: ceil(log2 count)."""
    return (count - 1).bit_length()


def kernel_words(layer: Layer) -> int:
    """Words of kernel memory: c 2^(ceil log2(kx ky) + ceil log2 f).

    c input channels, f output channels, kernel kx x ky (sinabs docs/speck/overview.md, K_MT).
    """
    return layer.in_channels << (_bits(layer.kernel[0] * layer.kernel[1]) + _bits(layer.out_channels))


def neuron_words(layer: Layer, profile: Profile) -> int:
    """Words of neuron memory for f maps of fx x fy: f fx fy (sinabs docs/speck/overview.md, N_M).

    A card with ``neuron_addresses = "powers_of_two"`` takes f 2^(ceil log2 fx + ceil log2 fy), the rule by which
    sinabs places layers (`DynapcnnLayer.memory_summary`).
    """
    rows, columns = layer.out_size
    addresses = profile.design.get("neuron_addresses")
    if addresses is not None and addresses.value == "powers_of_two":
        return layer.out_channels << (_bits(rows) + _bits(columns))
    return layer.out_channels * rows * columns


def assign(layers: Sequence[Layer], profile: Profile) -> dict[str, int]:
    """A core for every layer by the name of its population, so that kernels and neurons fit.

    Raises
    ------
    PricingError
        If there are more layers than cores, a layer fits no core, or no assignment fits all of them.
    """
    cores = profile.limit("cores")
    if profile.choice("layers") == "in_turn":
        return {layer.population: 0 for layer in layers}
    if cores is None:
        return {layer.population: index for index, layer in enumerate(layers)}
    if len(layers) > cores:
        raise PricingError(
            f"card {profile.name!r}: the graph needs cores of {len(layers)}, one per layer; the wall is {cores}"
        )
    links: Any = nx.Graph()
    links.add_nodes_from(range(cores))
    for layer in layers:
        fitting = [core for core in range(cores) if not _over(layer, profile, core)]
        if not fitting:
            raise _too_large(layer, profile, cores)
        links.add_edges_from((("layer", layer.population), core) for core in fitting)
    tops = [("layer", layer.population) for layer in layers]
    matched = nx.bipartite.hopcroft_karp_matching(links, tops)
    left = [name for kind, name in tops if (kind, name) not in matched]
    if left:
        raise PricingError(
            f"card {profile.name!r}: every layer fits a core, but not all of them at once: {', '.join(left)} find "
            f"none left of the {cores} whose kernel_words and neuron_words hold them; the wall is cores"
        )
    return {name: int(matched[kind, name]) for kind, name in tops}


def _needs(layer: Layer, profile: Profile) -> dict[str, int]:
    return {
        "kernel_words": kernel_words(layer),
        "neuron_words": neuron_words(layer, profile),
    }


def _over(layer: Layer, profile: Profile, core: int) -> list[str]:
    """Memories of a core that the layer overflows; what the card does not give is not checked."""
    limits = {memory: profile.limit(f"{memory}_{core}") for memory in ("kernel_words", "neuron_words")}
    needs = _needs(layer, profile)
    return [m for m, limit in limits.items() if limit is not None and needs[m] > limit]


def _too_large(layer: Layer, profile: Profile, cores: int) -> PricingError:
    needs = _needs(layer, profile)
    most = {m: max(int(profile.limit(f"{m}_{core}") or 0) for core in range(cores)) for m in needs}
    over = [f"{m} of {needs[m]}, the largest core has {most[m]}" for m in needs if needs[m] > most[m]]
    text = " and ".join(over) or (
        f"kernel_words of {needs['kernel_words']} and neuron_words of {needs['neuron_words']} in one core, which "
        f"no core has together"
    )
    return PricingError(
        f"card {profile.name!r}: layer {layer.population!r} ({layer.out_channels} channels of {layer.out_size}, "
        f"kernel {layer.kernel} over {layer.in_channels}) needs {text}; the wall is a core's memory"
    )
