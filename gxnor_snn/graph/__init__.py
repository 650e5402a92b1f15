"""The event graph: populations of neurons, projections between them, the reference walk, and the file format.

Immutable and numpy only. See `EventGraph` for the rules, `execute` for the meaning, `gxnor_snn.graph.io` for
the file.
"""

from .coding import Coding
from .event_graph import EventGraph
from .execute import Linear, check_form, check_input, check_record, execute, readout_affine
from .explain import explain
from .explanation import Explanation
from .population import Population
from .populations import Input, Readout, Relay, Spiking
from .projection import FanOut, Projection, Wires
from .projections import Conv2d, Dense, Identity, Pool2d
from .region import Region
from .subgraph import regions, restrict, subgraph
from .summary import Summary
from .weighted import Weighted

__all__ = [
    "Coding",
    "Conv2d",
    "Dense",
    "EventGraph",
    "Explanation",
    "FanOut",
    "Identity",
    "Input",
    "Linear",
    "Pool2d",
    "Population",
    "Projection",
    "Readout",
    "Region",
    "Relay",
    "Spiking",
    "Summary",
    "Weighted",
    "Wires",
    "check_form",
    "check_input",
    "check_record",
    "execute",
    "explain",
    "readout_affine",
    "regions",
    "restrict",
    "subgraph",
]
