"""Reading a torch module's forward pass: `torch.fx` with the layers that have a handler as leaves.

Shapes travel along on meta tensors, so a forward may ask for them (``x.view(x.shape[0], -1)``) and decide by
them; what it decides by values has no one structure, and is refused.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, fx, nn

from gxnor_snn.errors import ConversionError, GxnorError

__all__ = ["BATCH", "Shapes", "Trace", "eval_mode", "trace"]

BATCH = 3  # samples of the meta tensors; a forward that counts on another number is found out
Shapes = Mapping[type[nn.Module], Callable[[Any, Tensor], Tensor]]
_REPEATABLE = (nn.MaxPool2d, nn.Flatten, nn.Dropout, nn.Dropout2d, nn.Identity, nn.ZeroPad2d)


class Trace:
    """The nodes of one forward pass, in order, each with its path.

    Attributes
    ----------
    nodes
        What leads to the output, `placeholder` first and `output` last.
    model
        The module traced.
    """

    def __init__(self, model: nn.Module, nodes: Sequence[fx.Node]) -> None:
        self.model = model
        self.nodes = tuple(nodes)

    def module(self, node: fx.Node) -> nn.Module:
        """The module that a ``call_module`` node calls."""
        return self.model.get_submodule(str(node.target))

    @staticmethod
    def path(node: fx.Node) -> str:
        """Where the node stands: the path of its module, or of the forward it is in and its own name."""
        path: str = node.meta["path"]
        return path

    @staticmethod
    def uses(node: fx.Node) -> int:
        """How often later nodes read this one; an argument given twice counts twice."""
        return sum(_mentions(user.args, node) + _mentions(user.kwargs, node) for user in node.users)


def _mentions(value: Any, node: fx.Node) -> int:
    if isinstance(value, tuple | list):
        return sum(_mentions(v, node) for v in value)
    if isinstance(value, dict):
        return sum(_mentions(v, node) for v in value.values())
    return int(value is node)


def trace(model: nn.Module, shape: tuple[int, ...], dtype: torch.dtype, shapes: Shapes) -> Trace:
    """Trace the eval mode of a module of one input.

    Parameters
    ----------
    model
        It is put back into the mode it was in, and not changed.
    shape
        Of one sample.
    dtype
        Of the input.
    shapes
        The leaves: by their class, what a call makes of a meta tensor.

    Raises
    ------
    ConversionError
        Where hooks or a replaced forward hide what is computed, a layer stands twice, the forward takes several
        inputs, or decides by values; naming the module's path.
    """
    _check_visible(model, shapes)
    tracer = _Tracer(shape, dtype, shapes, model)
    with eval_mode(model):
        try:
            graph = tracer.trace(model, concrete_args=_defaults(model))
        except GxnorError:
            raise
        except fx.proxy.TraceError as error:
            raise ConversionError(
                f"{tracer.where}: its forward decides by values ({error}); an event graph has one structure for "
                "all samples. Decide by configuration (attributes, shapes) instead"
            ) from error
        except Exception as error:  # whatever a foreign forward raises
            raise ConversionError(f"{tracer.where}: its forward cannot be traced: {_short(error)}") from error
    return Trace(model, _reachable(graph))


@contextmanager
def eval_mode(model: nn.Module) -> Iterator[None]:
    """Put the model into eval mode, and every module of it back into its own at the end."""
    training = {module: module.training for module in model.modules()}
    model.eval()
    try:
        yield
    finally:
        for module, mode in training.items():
            module.training = mode


def _short(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).partition(chr(10))[0]:.200}"


def _defaults(model: nn.Module) -> dict[str, Any]:
    """Arguments of the forward beyond the first, which keep their defaults."""
    import inspect

    parameters = list(inspect.signature(type(model).forward).parameters.values())[1:]
    plain = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    needed = [p.name for p in plain if p.default is p.empty]
    if len(needed) > 1 or not plain:
        raise ConversionError(
            f"the forward of {type(model).__name__} takes {needed or 'no'} inputs, allowed is one tensor"
        )
    return {p.name: p.default for p in plain[1:]}


def _check_visible(model: nn.Module, shapes: Shapes) -> None:
    """Refuse what changes a forward pass unseen: hooks, and a forward put in the place of the class's own."""
    for path, module in model.named_modules(remove_duplicate=False):
        where = f"module {path!r}" if path else "the model"
        if module._forward_hooks or module._forward_pre_hooks:
            raise ConversionError(f"{where} has forward hooks, which no event graph runs; remove them")
        if "forward" in vars(module) and (not path or type(module) in shapes):
            raise ConversionError(
                f"{where} is a {type(module).__name__} with a forward of its own, which cannot be read; "
                "write it as a method of a class"
            )
        for name, child in module._modules.items():
            if child is None and isinstance(module, nn.Sequential):
                raise ConversionError(f"module {f'{path}.{name}' if path else name!r} is None; remove it")


class _Shaped(fx.Proxy):
    """A proxy that knows its shape and type, as the tensor it stands for will."""

    @property
    def shape(self) -> torch.Size:
        return self._tensor.shape

    @property
    def ndim(self) -> int:
        return self._tensor.ndim

    @property
    def dtype(self) -> torch.dtype:
        return self._tensor.dtype

    @property
    def _tensor(self) -> Tensor:
        known = self.node.meta.get("value")
        if not isinstance(known, Tensor):
            raise ConversionError(f"operation {self.node.meta['path']!r}: gives no tensor, and has no shape")
        return known

    def size(self, dim: int | None = None) -> Any:
        """As of a tensor."""
        return self.shape if dim is None else self.shape[dim]

    def dim(self) -> int:
        """As of a tensor."""
        return self.ndim


class _Tracer(fx.Tracer):
    """Leaves are the classes of `shapes` and torch's own layers; every node learns its path and its shape."""

    def __init__(self, shape: tuple[int, ...], dtype: torch.dtype, shapes: Shapes, model: nn.Module) -> None:
        super().__init__()
        self._input = torch.empty((BATCH, *shape), dtype=dtype, device="meta")
        self._shapes = shapes
        self._evaluating = False  # then parameters are read as they are, without a node
        self._paths: dict[nn.Module, list[str]] = {}
        for path, module in model.named_modules(remove_duplicate=False):
            self._paths.setdefault(module, []).append(path)

    @property
    def where(self) -> str:
        """The module whose forward runs, for messages."""
        path = self.scope.module_path
        return f"module {path!r}" if path else "the model"

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        known: bool = type(m) in self._shapes or super().is_leaf_module(m, module_qualified_name)
        return known

    def proxy(self, node: fx.Node) -> fx.Proxy:
        return _Shaped(node, self)

    def create_proxy(self, kind: str, target: Any, args: Any, kwargs: Any, *rest: Any, **more: Any) -> fx.Proxy:
        proxy = super().create_proxy(kind, target, args, kwargs, *rest, **more)
        node = proxy.node
        node.meta["path"] = self._path(node)
        self._evaluating = True
        try:
            node.meta["value"] = self._evaluate(node)
        finally:
            self._evaluating = False
        return proxy

    def getattr(self, attr: str, attr_val: Any, parameter_proxy_cache: dict[str, Any]) -> Any:
        return attr_val if self._evaluating else super().getattr(attr, attr_val, parameter_proxy_cache)

    def _path(self, node: fx.Node) -> str:
        scope: str = self.scope.module_path
        if node.op != "call_module":
            return f"{scope}.{node.name}" if scope else node.name
        module = self.root.get_submodule(str(node.target))
        paths, call = self._paths[module], self.num_calls[str(node.target)] - 1
        if call and type(module) not in _REPEATABLE:
            second = paths[call] if call < len(paths) else paths[0]
            raise ConversionError(
                f"modules {paths[0]!r} and {second!r} are one and the same {type(module).__name__}; give each "
                "place a module of its own"
            )
        return paths[call] if call < len(paths) else f"{paths[-1]}:{call + 1}"

    def _evaluate(self, node: fx.Node) -> Any:
        """What the node gives, on the meta device."""
        if node.op == "placeholder":
            return self._input if not self._seen_input() else node.args[0] if node.args else None
        if node.op == "get_attr":
            return _attribute(self.root, str(node.target))
        args: Any = fx.node.map_arg(node.args, lambda n: n.meta["value"])
        kwargs: Any = fx.node.map_arg(node.kwargs, lambda n: n.meta["value"])
        if node.op == "call_module":
            module = self.root.get_submodule(str(node.target))
            shape_of = self._shapes.get(type(module))
            if shape_of is None or len(args) != 1 or kwargs:
                return args[0] if args else None  # refused with its path when it is converted
            try:
                return shape_of(module, args[0])
            except GxnorError as error:
                raise ConversionError(f"module {node.meta['path']!r}: {error}") from error
        called: Any = getattr(args[0], str(node.target)) if node.op == "call_method" else node.target
        return called(*(args[1:] if node.op == "call_method" else args), **kwargs)

    def _seen_input(self) -> bool:
        return sum(n.op == "placeholder" for n in self.graph.nodes) > 1


def _attribute(root: nn.Module, target: str) -> Any:
    value: Any = root
    for name in target.split("."):
        value = getattr(value, name)
    return value.to("meta") if isinstance(value, Tensor) else value


def _reachable(graph: fx.Graph) -> list[fx.Node]:
    """The nodes that lead to the output; a layer that does not is refused."""
    nodes = list(graph.nodes)
    needed = {nodes[-1]}
    for node in reversed(nodes):
        if node in needed:
            needed |= set(node.all_input_nodes)
    for node in nodes:
        if node not in needed and node.op == "call_module":
            raise ConversionError(
                f"module {node.meta['path']!r} runs, but nothing that is given back depends on it; remove it"
            )
    return [n for n in nodes if n in needed or n.op == "placeholder"]
