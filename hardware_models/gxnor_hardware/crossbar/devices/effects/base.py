"""What the models of all effects share."""

from typing import TYPE_CHECKING, Annotated, Literal, Protocol

from pydantic import Field

from ..functions import Polynomial, Saturating, Strict

if TYPE_CHECKING:
    from torch import Generator, Tensor

__all__ = ["Curve", "Effect", "Operating", "normal"]

Curve = Annotated[Polynomial | Saturating, Field(discriminator="form")]
"""A conductance as a function of a conductance."""


class Operating(Protocol):
    """What a model needs to know of the device it belongs to; a property that is not on the card raises."""

    @property
    def name(self) -> str: ...
    @property
    def g_on_s(self) -> float: ...
    @property
    def t_read_s(self) -> float: ...


class Effect(Strict):
    """What every effect of a card says beside its model.

    Attributes
    ----------
    source, grade, note
        Where the model was published, how well that was read (A B C D M), and what to know.
    """

    source: str = Field(min_length=1)
    grade: Literal["A", "B", "C", "D", "M"]
    note: str = ""


def normal(like: "Tensor", generator: "Generator") -> "Tensor":
    """Standard normal numbers of the shape, type and place of `like`."""
    import torch

    return torch.randn(like.shape, generator=generator, device=like.device, dtype=like.dtype)
