"""The keyword arguments that every network takes: what its weights, activations and batch norms are."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypedDict, get_args

from gxnor_snn.arguments import check_kind, is_integer, is_number, is_one_of
from gxnor_snn.errors import InputError
from gxnor_snn.layers.latent import Threshold
from gxnor_snn.layers.windows import Window
from gxnor_snn.spaces import Code, Coding, Tie, code_levels

__all__ = ["NetKeywords", "NetOptions"]

Weights = Literal["dst", "latent", "float"]
Activation = Literal["discrete", "hardtanh", "relu"]
Norm = Literal["l2", "l1", "shift"]


class NetKeywords(TypedDict, total=False):
    """The keywords of `NetOptions`, as the factories take them."""

    weights: Weights
    activation: Activation
    n1: int
    n2: int
    coding1: Coding
    coding2: Coding
    r: float
    a: float
    window: Window | None
    tie: Tie | None
    half_range: float
    learn_r: bool
    threshold: Threshold
    stochastic_weights: bool
    stochastic_activations: bool
    gradient_bits: int | None
    norm: Norm
    seed: int


@dataclass(frozen=True)
class NetOptions:
    """What the layers of a network are made of; JSON-able.

    Attributes
    ----------
    weights
        "dst": integer levels and nothing else (`DiscreteLinear`); "latent": levels of a float weight, trained
        straight-through (`LatentLinear`); "float": real weights, without levels and event graph.
    activation
        "discrete" (`DiscreteActivation`), or the real "hardtanh" and "relu" of BWN, TWN and float networks.
    n1, coding1
        Code of the weights: "zn" (n1 = 0 binary, 1 ternary, to 8); for "latent" also "mbn" and "log".
    n2, coding2
        Code of discrete activations: "zn", "mbn", "hrelu" or "log".
    r, a, window, tie, half_range, learn_r
        Of every `DiscreteActivation`; with `learn_r` each channel learns its zero window.
    threshold
        Of ternary latent weights: None (1/2), a number, or "twn".
    stochastic_weights, stochastic_activations
        Draw binary weights ("latent", n1 = 0) or signs (n2 = 0) in training.
    gradient_bits
        Round the gradients that reach the layers with discrete weights to that many bits.
    norm
        Batch norm: "l2", "l1" or "shift".
    seed
        Seeds the first weights and the draws of layers.

    Raises
    ------
    InputError
        If a choice is unknown, or two do not go together.
    """

    weights: Weights = "dst"
    activation: Activation = "discrete"
    n1: int = 1
    n2: int = 1
    coding1: Coding = "zn"
    coding2: Coding = "zn"
    r: float = 0.5
    a: float = 0.5
    window: Window | None = None
    tie: Tie | None = None
    half_range: float = 1.0
    learn_r: bool = False
    threshold: Threshold = None
    stochastic_weights: bool = False
    stochastic_activations: bool = False
    gradient_bits: int | None = None
    norm: Norm = "l2"
    seed: int = 0

    def __post_init__(self) -> None:
        for name, allowed in (("weights", Weights), ("activation", Activation), ("norm", Norm)):
            _check_choice(name, getattr(self, name), get_args(allowed))
        for name in ("learn_r", "stochastic_weights", "stochastic_activations"):
            if not isinstance(getattr(self, name), bool):
                raise InputError(f"{name} is {getattr(self, name)!r}; allowed are True and False")
        self._check_values()
        if not is_integer(self.seed, 0) or self.seed >= 2**63:
            raise InputError(f"seed is {self.seed!r}; allowed are the integers 0 to 2^63 - 1")
        only_latent = {
            "coding1": self.coding1 != "zn",
            "threshold": self.threshold is not None,
            "stochastic_weights": self.stochastic_weights,
        }
        for name, given in only_latent.items():
            if given and self.weights != "latent":
                raise InputError(
                    f"{name} is {getattr(self, name)!r} with weights {self.weights!r}; it needs weights 'latent'"
                )
        if self.gradient_bits is not None and self.weights == "float":
            raise InputError(f"gradient_bits is {self.gradient_bits!r} with weights 'float'; allowed is None")
        for name in ("learn_r", "stochastic_activations"):
            if getattr(self, name) and self.activation != "discrete":
                raise InputError(f"{name} is True with activation {self.activation!r}; it needs 'discrete'")

    def _check_values(self) -> None:
        """Kinds of all values, also of those that nothing in this network reads."""
        code_levels(self.weight_code)
        code_levels((self.coding2, self.n2))
        for name in ("r", "a", "half_range"):
            if not is_number(getattr(self, name)):
                raise InputError(f"{name} is {getattr(self, name)!r}; it must be a finite number")
        check_kind("window", self.window, str, type(None))
        check_kind("tie", self.tie, str, type(None))
        check_kind("threshold", self.threshold, str, int, float, type(None))
        check_kind("gradient_bits", self.gradient_bits, int, type(None))

    @property
    def weight_code(self) -> Code:
        """Coding and exponent of discrete weights."""
        return self.coding1, self.n1


def _check_choice(name: str, given: object, allowed: Sequence[str]) -> None:
    if not is_one_of(given, allowed):
        raise InputError(f"{name} is {given!r}; allowed are {', '.join(map(repr, allowed))}")
