"""How synapses are stored, and which constant of the card pays for an event there.

A projection is stored in one format, so that each of its events is charged one constant:

- ``conv``: lists that positions of an image share (windows on a card with ``conv_weights = "shared"``);
- ``dense``: a dense projection without a zero weight on a card with ``dense_weights = "dense_where_full"``: rows
  of weights without target indices, which lists could not shorten;
- ``sparse``: lists of (weight, target index) pairs of the nonzero weights, everything else.

No format stores a zero weight, so that in all of them cost follows open gates.
"""

from collections.abc import Mapping
from typing import Any

from gxnor_snn.graph import EventGraph

from ...profile import Constant, Profile
from .vocabulary import VOCABULARY

__all__ = ["FORMATS", "constant_of", "in_cases", "storage_of"]

FORMATS = ("conv", "dense", "sparse")


def storage_of(graph: EventGraph, name: str, profile: Profile) -> str:
    """The format of one projection, of `FORMATS`."""
    projection: Any = graph.projections[name]
    is_image = len(graph.populations[projection.source].shape) == 3
    if projection.kind != "dense":
        return "conv" if is_image and profile.choice("conv_weights") == "shared" else "sparse"
    rows = "dense_weights" in profile.design and profile.choice("dense_weights") == "dense_where_full"
    return "dense" if rows and bool((projection.weights != 0).all()) else "sparse"


def in_cases(profile: Profile, whole: str) -> bool:
    """Whether the card prices the cases of a quantity one by one instead of the whole."""
    cases = VOCABULARY.cases[whole]
    return bool(cases & ({*profile.charged} | {*profile.included}))


def constant_of(constants: Mapping[str, Constant], storage: str) -> Constant | None:
    """The time of a synaptic event: that of its format where given, else that of all of them."""
    return constants.get(f"synop_{storage}") or constants.get("synop")
