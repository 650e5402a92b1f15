"""Memory devices: cards, noise, levels as conductances, and wires.

`load_device` gives a `Device` by name or path; `irdrop` is the loss of wires in closed form, `nodal` its exact
solve, `wires` the resistances to put in.
"""

from .device import Device
from .levels import conductances, unit_conductance
from .store import devices, load_device
from .wires import Wire, wire, wire_nodes

__all__ = [
    "Device",
    "Wire",
    "conductances",
    "devices",
    "load_device",
    "unit_conductance",
    "wire",
    "wire_nodes",
]
