"""Reading a torch module's forward pass: `torch.fx` with the layers that have a handler as leaves.

Shapes and types travel along, so a forward may ask for them (``x.view(x.shape[0], -1)``) and decide by
them; what it decides by values has no one structure, and is refused.
"""

import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

import torch
from torch import fx, nn

from gxnor_snn.errors import ConversionError, GxnorError

from .inplace import refuse_stale
from .proxies import Shaped
from .specs import BatchSize, Spec

__all__ = ["BATCH", "Rules", "Trace", "eval_mode", "trace"]

BATCH = 3  # samples in the shapes; a forward that counts on another number is found out


class Rules(Protocol):
    """What is known of modules and functions."""

    def leaf(self, module: nn.Module) -> Callable[[Any, Spec], Spec] | None:
        """What a call of the module makes of shape and type; None for modules that are no leaves."""

    def refusal(self, path: str, module: nn.Module) -> GxnorError | None:
        """Why a module that is no known leaf has no event graph, where that is known."""

    def function(self, path: str, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Spec:
        """Shape and type of what a function (or method, by its name) gives; raises where it has no event graph."""


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


def trace(model: nn.Module, shape: tuple[int, ...], dtype: torch.dtype, rules: Rules) -> Trace:
    """Trace the eval mode of a module of one input.

    Parameters
    ----------
    model
        It is put back into the mode it was in, and not changed.
    shape
        Of one sample.
    dtype
        Of the input.
    rules
        Which modules are leaves, and what becomes of shapes.

    Raises
    ------
    ConversionError
        Where hooks or a replaced forward hide what is computed, a layer stands twice, the forward takes several
        inputs, or decides by values; naming the module's path.
    """
    _check_visible(model, rules)
    _check_inputs(model)
    tracer = _Tracer(shape, dtype, rules, model)
    with eval_mode(model):
        try:
            graph = tracer.trace(model)
        except ConversionError:
            raise
        except GxnorError as error:
            raise ConversionError(f"{tracer.where}: {error}") from error
        except fx.proxy.TraceError as error:
            raise ConversionError(
                f"{tracer.where}: its forward decides by values ({error}); an event graph has one structure for "
                "all samples. Decide by configuration (attributes, shapes) instead"
            ) from error
        except Exception as error:  # whatever a foreign forward raises
            raise ConversionError(f"{tracer.where}: its forward cannot be traced: {_short(error)}") from error
    refuse_stale(graph, model)
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


def _check_inputs(model: nn.Module) -> None:
    """Refuse a forward that takes anything but one tensor; further arguments keep their defaults."""
    parameters = list(inspect.signature(type(model).forward).parameters.values())[1:]
    named = [p for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
    needed = [p.name for p in named if p.default is p.empty]
    if len(needed) > 1 or not named or named[0].kind is named[0].KEYWORD_ONLY:
        raise ConversionError(
            f"the forward of {type(model).__name__} takes the inputs {needed}, allowed is one tensor"
        )


def _check_visible(model: nn.Module, rules: Rules) -> None:
    """Refuse what changes a forward pass unseen: hooks, and a forward put in the place of the class's own."""
    for path, module in model.named_modules(remove_duplicate=False):
        where = f"module {path!r}" if path else "the model"
        if module._forward_hooks or module._forward_pre_hooks:
            raise ConversionError(f"{where} has forward hooks, which no event graph runs; remove them")
        if "forward" in vars(module) and (not path or rules.leaf(module) is not None):
            raise ConversionError(
                f"{where} is a {type(module).__name__} with a forward of its own, which cannot be read; "
                "write it as a method of a class"
            )
        for name, child in module._modules.items():
            if child is None and isinstance(module, nn.Sequential):
                raise ConversionError(f"module {f'{path}.{name}' if path else name!r} is None; remove it")


class _Tracer(fx.Tracer):
    """Leaves are what `rules` knows and torch's own layers; every node learns its path and its shape."""

    def __init__(self, shape: tuple[int, ...], dtype: torch.dtype, rules: Rules, model: nn.Module) -> None:
        super().__init__()
        self._input = Spec(torch.Size((BatchSize(BATCH), *shape)), dtype)
        self._rules = rules
        self._evaluating = False  # then parameters are read as they are, without a node
        self._paths: dict[nn.Module, list[str]] = {}
        for path, module in model.named_modules(remove_duplicate=False):
            self._paths.setdefault(module, []).append(path)

    @property
    def where(self) -> str:
        """The module whose forward runs, for messages."""
        path = self.scope.module_path
        return f"module {path!r}" if path else "the model"

    def create_args_for_root(
        self, root_fn: Callable[..., Any], is_module: bool, concrete_args: Any = None
    ) -> tuple[Callable[..., Any], list[Any]]:
        """One placeholder; Python itself gives further arguments their defaults."""
        name = list(inspect.signature(root_fn).parameters)[1]
        return root_fn, [self.root, self.create_proxy("placeholder", name, (), {})]

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        known = (
            self._rules.leaf(m) or self._rules.refusal("", m) or super().is_leaf_module(m, module_qualified_name)
        )
        return bool(known)

    def proxy(self, node: fx.Node) -> fx.Proxy:
        return Shaped(node, self)

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
        """Shape and type of what the node gives."""
        if node.op == "placeholder":
            return self._input
        if node.op == "get_attr":
            raise _tensor_error(node)
        args: Any = fx.node.map_arg(node.args, _value)
        kwargs: Any = fx.node.map_arg(node.kwargs, _value)
        if node.op != "call_module":
            return self._rules.function(node.meta["path"], node.target, args, kwargs)
        module = self.root.get_submodule(str(node.target))
        rule, path = self._rules.leaf(module), node.meta["path"]
        if rule is None:
            raise self._rules.refusal(path, module) or ConversionError(f"module {path!r} cannot be read")
        if len(args) != 1 or kwargs:
            count = len(args) + len(kwargs)
            raise ConversionError(f"module {path!r}: takes {count} arguments, allowed is one tensor")
        try:
            return rule(module, args[0])
        except GxnorError as error:
            raise ConversionError(f"module {node.meta['path']!r}: {error}") from error


def _value(node: fx.Node) -> Any:
    """Shape and type of a node; a tensor that the forward holds as an attribute has none here."""
    if "value" not in node.meta:
        raise _tensor_error(node)
    return node.meta["value"]


def _tensor_error(node: fx.Node) -> ConversionError:
    return ConversionError(
        f"operation {node.name!r} reads the tensor {str(node.target)!r}, which no event graph holds; numbers "
        "belong to the layers that have them"
    )


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
