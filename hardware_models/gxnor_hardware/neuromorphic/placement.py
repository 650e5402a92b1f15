"""Where cores stand on the mesh of a chip: along a snake, then moved together as far as their traffic asks for it.

The sum over pairs of cores of messages x (|dx| + |dy|) is lowered from one of two starts, the snake itself and an
order that keeps neighbours of the core graph close (reverse Cuthill-McKee), by swaps of two cores. It is
deterministic, bounded, and never worse than the snake.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from ..profile import Profile

__all__ = ["CLUSTERS", "ENTRY", "Mesh", "Placement", "cluster_graph", "place", "slots_text"]

if TYPE_CHECKING:  # generic in the stubs alone
    Graph = nx.Graph[int]
Int64 = NDArray[np.int64]
Float = NDArray[np.float64]

ENTRY = -1
"""Where inputs come from, in place of a core: tile (0, 0) of chip 0."""

CLUSTERS = 256
"""Parts that are moved one by one, at most."""


@dataclass(frozen=True)
class Mesh:
    """Slots for cores, numbered along a snake through the tiles of a chip, chips in a row.

    A message goes first along x, then along y.
    """

    tiles_x: int
    tiles_y: int
    cores_per_tile: int
    cores_per_chip: int

    @classmethod
    def of(cls, profile: Profile) -> "Mesh | None":
        """The mesh of a card, or None where it gives none."""
        names = ("tiles_x", "tiles_y", "cores_per_tile")
        if not {*names} <= {*profile.design}:
            return None
        return cls(*(profile.number(n) for n in (*names, "cores_per_chip")))

    @property
    def tiles(self) -> int:
        """Tiles of a chip."""
        return self.tiles_x * self.tiles_y

    def at(self, slots: Int64) -> tuple[Int64, Int64, Int64]:
        """(x, y, chip) of slots; x counts tiles across chips."""
        chip, slot = np.divmod(slots, self.cores_per_chip)
        y, along = np.divmod(slot // self.cores_per_tile, self.tiles_x)
        x = np.where(y % 2 == 0, along, self.tiles_x - 1 - along)
        return x + chip * self.tiles_x, y, chip

    def tiles_used(self, cores: int) -> int:
        """Tiles of one chip that hold cores; cores fill slots 0, 1, 2 and so on."""
        return min(-(-cores // self.cores_per_tile), self.tiles)


@dataclass(frozen=True)
class Placement:
    """Slots of cores.

    Attributes
    ----------
    slots
        Slot by core, a permutation of 0..cores-1.
    hops, hops_snake
        Hops per inference if every neuron fires once: placed so, and along the snake.
    """

    slots: Int64
    hops: float
    hops_snake: float


def slots_text(slots: Int64) -> str:
    """Slots as a mapping keeps them: numbers in the order of the cores, with blanks between."""
    return " ".join(map(str, slots.tolist()))


def place(sources: Int64, targets: Int64, weights: Float, cores: int, mesh: Mesh, trials: int = 5000) -> Placement:
    """Place cores that send each other messages.

    Above `CLUSTERS` cores, runs of neighbouring cores are moved as one.

    Parameters
    ----------
    sources, targets
        Core by edge, or `ENTRY`; an edge may be given in several pieces.
    weights
        Messages by edge.
    cores
        How many cores there are.
    mesh
        The mesh.
    trials
        Cores for which the best swap is looked for, at most; the run time is bounded by them.
    """
    snake = np.arange(cores)
    before = _hops(sources, targets, weights, snake, mesh)
    run = -(-cores // CLUSTERS)
    movable = cores // run  # a shorter last run stays
    if before == 0 or movable < 2:
        return Placement(snake, before, before)
    graph = cluster_graph(sources, targets, weights, -(-cores // run), run)
    slots = snake.copy()
    at = _improve(graph, _centres(cores, run, mesh), movable, trials)
    for cluster, site in enumerate(at[:movable].tolist()):
        slots[cluster * run : (cluster + 1) * run] = np.arange(site * run, (site + 1) * run)
    after = _hops(sources, targets, weights, slots, mesh)
    return Placement(slots, after, before) if after < before else Placement(snake, before, before)


def _hops(sources: Int64, targets: Int64, weights: Float, slots: Int64, mesh: Mesh) -> float:
    x, y, _ = (np.append(part, 0) for part in mesh.at(slots))  # the last one is that of `ENTRY`
    distance = np.abs(x[sources] - x[targets]) + np.abs(y[sources] - y[targets])
    return float(distance @ weights)


def cluster_graph(sources: Int64, targets: Int64, weights: Float, clusters: int, run: int) -> "Graph":
    """The undirected graph of `ENTRY` and of runs of cores; edges given several times are added."""
    ends = [np.where(e == ENTRY, ENTRY, e // run) + 1 for e in (sources, targets)]
    total = np.bincount(ends[0] * (clusters + 1) + ends[1], weights, (clusters + 1) ** 2)
    total = total.reshape(clusters + 1, clusters + 1)
    total = np.triu(total + total.T, 1)
    low, high = np.nonzero(total)
    graph: Graph = nx.Graph()
    graph.add_nodes_from(range(ENTRY, clusters))
    edges = zip((low - 1).tolist(), (high - 1).tolist(), total[low, high].tolist(), strict=True)
    graph.add_weighted_edges_from(edges)
    return graph


def _centres(cores: int, run: int, mesh: Mesh) -> Float:
    """Mean position of the slots of every run, and last that of `ENTRY`, (runs + 1, 2)."""
    x, y, _ = mesh.at(np.arange(cores))
    starts = np.arange(0, cores, run)
    size = np.diff(np.append(starts, cores))
    centres = np.stack([np.add.reduceat(part, starts) / size for part in (x, y)], axis=1)
    return np.concatenate([centres, np.zeros((1, 2))])


def _improve(graph: "Graph", centres: Float, movable: int, trials: int) -> Int64:
    """Site by cluster: from the better of two starts, the best swap for each cluster, while swaps save hops."""
    n = len(centres)  # with `ENTRY` as the last, which stays
    pull = nx.to_numpy_array(graph, nodelist=[*range(n - 1), ENTRY])
    distance = np.abs(centres[:, None] - centres[None]).sum(axis=2)

    def cost(at: Int64) -> Float:
        return np.asarray((pull * distance[at][:, at]).sum(axis=1))

    at = min((np.arange(n), _near_order(graph, n, movable)), key=lambda start: float(cost(start).sum()))
    own = cost(at)
    while trials > 0:
        saved = False
        for one in np.argsort(-own[:movable], kind="stable")[:trials].tolist():
            placed = distance[:, at]
            there = placed @ pull[one]  # what this cluster would cost on every site
            here = pull @ placed[at[one]]  # what every cluster would cost on this site
            # both take the pair's own messages for cheaper than they are after the swap
            gain = own[one] - there[at] + own - here - 2 * pull[one] * distance[at[one], at]
            other = int(np.argmax(gain[:movable]))
            if gain[other] > 1e-9 * own[one]:
                at[[one, other]] = at[[other, one]]
                own, saved = cost(at), True
        trials -= movable
        if not saved:
            break
    return at


def _near_order(graph: "Graph", n: int, movable: int) -> Int64:
    """Sites in an order that keeps neighbours of the graph close, from where inputs enter."""
    order = list(nx.utils.reverse_cuthill_mckee_ordering(graph))
    if 2 * order.index(ENTRY) > len(order):
        order.reverse()
    at = np.arange(n)
    at[np.asarray([c for c in order if 0 <= c < movable])] = np.arange(movable)
    return at
