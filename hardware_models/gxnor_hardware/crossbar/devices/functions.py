"""Functions of conductance as published fits give them: polynomials, saturating exponentials, and pieces.

Contract: every function has ``of(g_s, scale) -> Tensor``, elementwise in float tensors, and is frozen and checked.
A conductance enters in siemens; what leaves is named by the class. Extra keys are refused.
"""

from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import Field, model_validator

from ...quantity import Strict

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["Finite", "Piece", "Pieces", "Polynomial", "Saturating", "Strict", "horner"]

MICRO = 1e-6
Finite = Annotated[float, Field(allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


def horner(u: "Tensor", coefficients: tuple[float, ...]) -> "Tensor":
    """``sum_k c_k u^k``, lowest order first."""
    import torch

    total = torch.full_like(u, coefficients[-1])
    for c in reversed(coefficients[:-1]):
        total = total * u + c
    return total


class Polynomial(Strict):
    r"""A conductance as a polynomial of a conductance.

    With `reference_us`, the largest conductance of the fit: :math:`\frac{G_{on}}{G_{ref}} \sum_k c_k (G/G_{on})^k`
    in microsiemens, so that a device run at a smaller range keeps the fit's relative form. Else, with `unit_us`:
    :math:`G_u \sum_k c_k (G/G_u)^k`.

    Attributes
    ----------
    coefficients
        Lowest order first.
    reference_us, unit_us
        One of the two, microsiemens.
    """

    form: Literal["polynomial"]
    coefficients: tuple[Finite, ...] = Field(min_length=1, max_length=16, strict=False)
    reference_us: Positive | None = None
    unit_us: Positive | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.reference_us is None) == (self.unit_us is None):
            raise ValueError("give one of reference_us and unit_us")
        return self

    def of(self, g_s: "Tensor", g_on_s: float) -> "Tensor":
        """The value in siemens at conductances `g_s` of a device whose largest is `g_on_s`."""
        if self.unit_us is not None:
            unit = self.unit_us * MICRO
            return horner(g_s / unit, self.coefficients) * unit
        assert self.reference_us is not None  # checked above
        return horner(g_s / g_on_s, self.coefficients) * (g_on_s / self.reference_us)


class Saturating(Strict):
    r"""A conductance as a saturating exponential of a conductance: :math:`A (1 - e^{-G/B})`.

    Attributes
    ----------
    amplitude_us, decay_us
        A and B, microsiemens.
    """

    form: Literal["saturating"]
    amplitude_us: Positive
    decay_us: Positive

    def of(self, g_s: "Tensor", g_on_s: float) -> "Tensor":
        """The value in siemens at conductances `g_s`; `g_on_s` does not enter."""
        return -(g_s / (self.decay_us * MICRO)).neg().expm1() * (self.amplitude_us * MICRO)


class Piece(Strict):
    r"""A number as a function of the relative conductance :math:`g = G/G_{on}`, up to `below`.

    Attributes
    ----------
    form
        "polynomial" (:math:`\sum_k c_k g^k`), "log" (:math:`c_0 + c_1 \ln g`) or "power" (:math:`c_0 g^{c_1}`).
    coefficients
        c.
    clip
        Least and greatest value.
    below
        The piece holds for g below this; the last piece has none.
    """

    form: Literal["polynomial", "log", "power"]
    coefficients: tuple[Finite, ...] = Field(min_length=1, max_length=16, strict=False)
    clip: tuple[Finite, Finite] | None = Field(default=None, strict=False)
    below: Positive | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.form != "polynomial" and len(self.coefficients) != 2:
            raise ValueError(f"form {self.form!r} takes two coefficients")
        if self.form != "polynomial" and self.clip is None:
            raise ValueError(f"form {self.form!r} needs clip, for it is unbounded at zero conductance")
        if self.clip is not None and self.clip[0] > self.clip[1]:
            raise ValueError("clip must be [least, greatest]")
        return self

    def of(self, g: "Tensor") -> "Tensor":
        """The value at relative conductances."""
        floored = g.clamp(min=1e-7)  # the source's own floor; clip then decides the value
        first, *rest = self.coefficients
        if self.form == "log":
            value = floored.log() * rest[0] + first
        elif self.form == "power":
            value = floored.pow(rest[0]) * first
        else:
            value = horner(g, self.coefficients)
        return value if self.clip is None else value.clamp(*self.clip)


class Pieces(Strict):
    """Pieces of a function, by ascending `below`; the last has none and takes the rest.

    Attributes
    ----------
    pieces
        The pieces.
    """

    pieces: tuple[Piece, ...] = Field(min_length=1, max_length=8, strict=False)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        ends = [piece.below for piece in self.pieces]
        bounds = [end for end in ends[:-1] if end is not None]
        if ends[-1] is not None or len(bounds) != len(ends) - 1 or bounds != sorted(set(bounds)):
            raise ValueError("pieces need ascending below, and none in the last")
        return self

    def of(self, g: "Tensor") -> "Tensor":
        """The value at relative conductances."""
        value = self.pieces[-1].of(g)
        for piece in reversed(self.pieces[:-1]):
            assert piece.below is not None  # checked above
            value = piece.of(g).where(g < piece.below, value)
        return value
