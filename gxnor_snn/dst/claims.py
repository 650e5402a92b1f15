"""Whether every parameter of a model has one optimiser that moves it."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from torch import Tensor, nn
from torch.optim import Optimizer

from gxnor_snn.arguments import check_kind
from gxnor_snn.errors import InputError
from gxnor_snn.layers import DiscreteParameter

__all__ = ["check_claims", "check_discrete", "listed"]


def check_claims(model: nn.Module, *optimizers: Optimizer) -> None:
    """Check that each parameter to be trained is moved by exactly one optimiser.

    These are all discrete parameters and all others with ``requires_grad``.

    Parameters
    ----------
    model
        What is trained.
    optimizers
        All that move its parameters: a `DST`, and a torch optimiser for the parameters of batch norm, say.

    Raises
    ------
    InputError
        If a parameter is moved by none of them or by more than one, the message giving its name; or an argument
        is of another kind.
    """
    check_kind("check_claims: model", model, nn.Module)
    for optimizer in optimizers:
        check_kind("check_claims: an optimiser", optimizer, Optimizer)
    groups = [group for optimizer in optimizers for group in optimizer.param_groups]
    claims = Counter(id(p) for group in groups for p in group["params"])
    for name, p in model.named_parameters():
        if not isinstance(p, DiscreteParameter) and not p.requires_grad:
            continue
        if claims[id(p)] != 1:
            kind = "discrete parameter" if isinstance(p, DiscreteParameter) else "parameter"
            how = "claimed twice" if claims[id(p)] else "claimed by no optimiser"
            raise InputError(
                f"{kind} {name!r} of shape {tuple(p.shape)} is {how}; each must be moved by exactly one of "
                f"{', '.join(type(optimizer).__name__ for optimizer in optimizers) or 'the optimisers given'}"
            )


def listed(params: object, *, one: bool = False) -> list[Any]:
    """The parameters or groups that an optimiser is given; `one` says that a single tensor may stand for itself.

    Raises
    ------
    InputError
        If they are nothing that can be iterated over.
    """
    if one and isinstance(params, Tensor):
        return [params]
    if isinstance(params, Tensor | str) or not isinstance(params, Iterable):
        raise InputError(f"DST: params is a {type(params).__name__}; allowed is discrete_parameters(model)")
    return list(params)


def check_discrete(params: Iterable[object], claimed: Iterable[DiscreteParameter]) -> None:
    """Check that an optimiser that has `claimed` some parameters can take these as well.

    Raises
    ------
    InputError
        If one is not discrete, holds no weights, or is there twice.
    """
    seen = {id(p) for p in claimed}
    for p in params:
        if not isinstance(p, DiscreteParameter):
            shape = f" of shape {tuple(p.shape)}" if isinstance(p, Tensor) else ""
            raise InputError(f"DST takes discrete parameters only, got a {type(p).__name__}{shape}")
        if not p.numel() or p.is_meta:
            raise InputError(
                f"DST: a discrete parameter of shape {tuple(p.shape)} on {p.device} holds no weights to move"
            )
        if id(p) in seen:
            raise InputError(f"DST: a discrete parameter of shape {tuple(p.shape)} is claimed twice")
        seen.add(id(p))
