"""In-place operations: what one of them changed is read through its result, or the network is refused.

A trace tells values apart by the operation that made them; in torch, ``y = h`` and ``y += z`` change ``h`` too.
"""

import operator
from typing import Any

from torch import fx, nn

from gxnor_snn.errors import ConversionError

__all__ = ["refuse_stale"]

_CHANGES = (operator.iadd, operator.isub, operator.imul, "add_", "sub_", "mul_")
_VIEWS = ("flatten", "reshape", "view", "contiguous")
_VIEWING_MODULES = (nn.Flatten, nn.Identity, nn.Dropout, nn.Dropout2d)


def refuse_stale(graph: fx.Graph, model: nn.Module) -> None:
    """Refuse a forward that reads a tensor, or a view of it, after an operation changed it in place.

    Raises
    ------
    ConversionError
        Naming the operation, what it changed, and who reads that.
    """
    memory: dict[fx.Node, fx.Node] = {}  # of a node: the node that made the tensor
    current: dict[fx.Node, set[fx.Node]] = {}  # by memory: the nodes that stand for what it holds now
    changed: dict[fx.Node, fx.Node] = {}  # by memory: who changed it last
    for node in graph.nodes:
        for source in node.all_input_nodes:
            place = memory[source]
            if source not in current[place]:
                path = changed[place].meta["path"]
                raise ConversionError(
                    f"operation {path!r} changes {source.meta['path']!r} in place, and {_reader(node)} reads that "
                    "afterwards; write y = x + z in the place of x += z or x.add_(z), and read y"
                )
        place = memory[node] = memory[node.args[0]] if _shares(node, model) else node
        if node.op != "call_module" and node.target in _CHANGES:
            current[place], changed[place] = {node}, node
        else:
            current.setdefault(place, set()).add(node)


def _reader(node: fx.Node) -> str:
    return repr(node.meta["path"]) if node.op != "output" else "the output"


def _shares(node: fx.Node, model: nn.Module) -> bool:
    """Whether the result may be the very memory of the first argument."""
    if node.op in ("placeholder", "output") or not node.args or not isinstance(node.args[0], fx.Node):
        return False
    target: Any = node.target
    if node.op == "call_module":
        return isinstance(model.get_submodule(target), _VIEWING_MODULES)
    name = target if isinstance(target, str) else getattr(target, "__name__", "")
    return target in _CHANGES or name in _VIEWS
