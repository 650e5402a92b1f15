"""Placement on the mesh: never worse than the snake, deterministic, and what it says is what it cost."""

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gxnor_hardware import load_profile, map_graph
from gxnor_hardware.neuromorphic.placement import ENTRY, Mesh, cluster_graph, place

from .nets import mlp_of, slots


def hops_by_hand(edges: list[tuple[int, int, float]], at: list[int], mesh: Mesh) -> float:
    def tile(core: int) -> tuple[int, int]:
        if core == ENTRY:
            return 0, 0
        chip, slot = divmod(at[core], mesh.cores_per_chip)
        y, along = divmod(slot // mesh.cores_per_tile, mesh.tiles_x)
        return (along if y % 2 == 0 else mesh.tiles_x - 1 - along) + chip * mesh.tiles_x, y

    return sum(w * (abs(tile(a)[0] - tile(b)[0]) + abs(tile(a)[1] - tile(b)[1])) for a, b, w in edges)


@given(
    cores=st.integers(1, 60),
    seed=st.integers(0, 999),
    mesh=st.sampled_from([Mesh(3, 4, 1, 12), Mesh(8, 4, 4, 128), Mesh(4, 2, 2, 15), Mesh(1, 5, 1, 5)]),
)
@settings(max_examples=40, deadline=None)
def test_hops_are_those_of_the_slots_and_no_more_than_along_the_snake(cores: int, seed: int, mesh: Mesh) -> None:
    rng = np.random.default_rng(seed)
    count = int(rng.integers(0, 4 * cores))
    sources, targets = rng.integers(ENTRY, cores, count), rng.integers(0, cores, count)
    weights = rng.integers(1, 9, count).astype(float)
    found = place(sources, targets, weights, cores, mesh)
    assert sorted(found.slots.tolist()) == list(range(cores))
    edges = list(zip(sources.tolist(), targets.tolist(), weights.tolist(), strict=True))
    assert found.hops == pytest.approx(hops_by_hand(edges, found.slots.tolist(), mesh))
    assert found.hops_snake == pytest.approx(hops_by_hand(edges, list(range(cores)), mesh))
    assert found.hops <= found.hops_snake
    again = place(sources, targets, weights, cores, mesh)
    assert np.array_equal(found.slots, again.slots)


def test_no_swap_of_two_cores_saves_anything_more() -> None:
    rng = np.random.default_rng(1)
    mesh, cores = Mesh(5, 5, 1, 25), 25
    sources, targets = rng.integers(0, cores, 80), rng.integers(0, cores, 80)
    weights = rng.integers(1, 9, 80).astype(float)
    edges = list(zip(sources.tolist(), targets.tolist(), weights.tolist(), strict=True))
    found = place(sources, targets, weights, cores, mesh)
    assert found.hops < 0.8 * found.hops_snake
    for one in range(cores):
        for other in range(one):
            at = found.slots.copy()
            at[[one, other]] = at[[other, one]]
            assert hops_by_hand(edges, at.tolist(), mesh) >= found.hops * (1 - 1e-9)


def test_a_scattered_chain_comes_together() -> None:
    """Cores that talk to the next one in an order that the snake does not follow."""
    order = np.random.default_rng(2).permutation(64)
    found = place(order[:-1], order[1:], np.ones(63), 64, Mesh(8, 8, 1, 64))
    assert found.hops < found.hops_snake / 3


def test_many_cores_are_moved_in_runs() -> None:
    cores = 1200
    order = np.random.default_rng(3).permutation(cores // 100)
    runs = np.arange(cores).reshape(-1, 100)[order].reshape(-1)
    mesh = Mesh(10, 10, 4, 400)
    found = place(runs[:-100], runs[100:], np.ones(cores - 100), cores, mesh, trials=2000)
    assert found.hops < found.hops_snake
    assert sorted(found.slots.tolist()) == list(range(cores))


def test_the_cluster_graph_adds_what_is_given_in_pieces() -> None:
    graph = cluster_graph(
        np.array([0, 1, 3, ENTRY, 5]), np.array([1, 2, 0, 4, 5]), np.array([9.0, 1, 2, 3, 8]), 3, 2
    )
    assert isinstance(graph, nx.Graph)
    assert {(*sorted(e[:2]), e[2]) for e in graph.edges(data="weight")} == {(0, 1, 3.0), (-1, 2, 3.0)}


def test_a_mapping_tells_hops_before_and_after() -> None:
    graph = mlp_of(300, 3000, 200, 2000)
    mapping = map_graph(graph, load_profile("loihi_micro_2018"))
    before, after = float(mapping.resources["hops_all_fire_snake"]), float(mapping.resources["hops_all_fire"])
    assert 0 < after < before
    found = 0.0
    for name, static in mapping.projections.items():
        size = graph.populations[graph.projections[name].source].size
        found += size * (float(static["hops_x_per_line_value"]) + float(static["hops_y_per_line_value"]))
    assert found == pytest.approx(after, rel=0.01)  # the few neurons without a synapse send nothing
    assert sorted(slots(mapping)) == list(range(int(mapping.resources["cores"])))
