"""The discrete activation: integer levels forward, a stand-in for the derivative backward."""

from collections.abc import Callable, Iterable
from typing import Any, get_args

import torch
from torch import Tensor, nn

from gxnor_snn.arguments import check_kind, is_integer, is_number, is_one_of
from gxnor_snn.errors import InputError
from gxnor_snn.spaces import (
    Code,
    Coding,
    DiscreteSpace,
    StepFunction,
    Tie,
    activation_thresholds,
    check_tie,
    code_levels,
    hrelu_steps,
    log_steps,
    mbn_steps,
    symmetric_steps,
)

from .learnable import learnable_levels, r_range, steps_of_r
from .noise import Noise, check_not_repeated
from .quantise import float_levels, quantised, sampled_sign
from .untraced import untraced
from .windows import Window, through_clip, through_sines, through_windows

__all__ = ["DiscreteActivation"]

_WINDOWS: dict[Coding, tuple[Window, ...]] = {
    "zn": ("rect", "tri", "ste", "clip"),
    "mbn": ("ste", "encoding"),
    "hrelu": ("ste",),
    "log": ("ste",),
}
_TIES: dict[Coding, tuple[Tie, ...]] = {
    "zn": ("strict", "fire", "up", "even"),
    "mbn": ("even", "up"),
    "hrelu": ("even", "up"),
    "log": ("up",),
}


class DiscreteActivation(nn.Module):
    """Real numbers in, integer levels of one code out, as float32.

    ======== ========================================= ===========================================================
    coding   level of y                                source
    ======== ========================================= ===========================================================
    "zn"     #{k : y beyond t_k} - #{k : y beyond -t_k} GXNOR-Net (arXiv 1705.09283), sec. 2; n = 0 is the sign
    "mbn"    the nearest odd integer of n bits,        {-1, +1} decomposition (arXiv 1905.13389): HTanh, then q_n
             q_n(clip(y, -H, H))
    "hrelu"  the same of clip(y, 0, H)                 HReLU, then q_n (same source)
    "log"    the nearest power of two, or 0            QNN (arXiv 1609.07061): clip(AP2(y), -H, H)
    ======== ========================================= ===========================================================

    The level is that of a `gxnor_snn.spaces.StepFunction` (`levels_of`) in training and eval mode alike.

    Parameters
    ----------
    n
        Exponent of the code: n of Z_n (0 to 8; 1 is ternary, 0 the sign), bits of "mbn" (1 to 8) and "hrelu"
        (2 to 8), number of powers of "log" (1 to 8).
    r
        Half-width of the zero window, in units of y; read for "zn" with n > 0.
    a
        Half-width of the windows "rect" and "tri", in units of y.
    window
        Stand-in for the derivative: "rect" or "tri" around each threshold ("zn"); "ste", the straight-through
        rule, which passes for -H <= y <= H (0 <= y <= H for "hrelu"); "clip", the same up to the middle of the
        highest step, |y| <= r + (2^(n-1) - 1/2) d, d the distance of thresholds ("zn"; with r = d / 2 that is
        where the clip of QNN ends); "encoding", the sines of the code ("mbn").
        Unless given: "rect" for "zn", else "ste". See `gxnor_snn.layers.windows`.
    tie
        "strict" (paper), "fire" (published code), "up" or "even" for "zn"; "even" or "up" for "mbn" and "hrelu";
        "log" meets no ties. Unless given: the first of these; for the sign "up", which has no other.
    half_range
        H, in units of y.
    coding
        The code, see above.
    channels
        Channels of y (axis 1); needed with `learn_r`.
    learn_r
        The zero window is a parameter per channel that starts from r ("zn" with n > 0, window "rect" or "tri");
        see `gxnor_snn.layers.learnable.learnable_levels`.
    stochastic
        In training, the sign (n = 0) is drawn: +1 with probability clip((y / H + 1) / 2, 0, 1) (BNN, eq. 2).
    generator
        Seeds these draws.

    Attributes
    ----------
    level_values
        All levels that can be sent, rising.
    r
        The number, or the parameter (channels,).

    Raises
    ------
    InputError
        If an argument is not one of these.
    """

    def __init__(
        self,
        n: int = 1,
        r: float = 0.5,
        a: float = 0.5,
        window: Window | None = None,
        tie: Tie | None = None,
        half_range: float = 1.0,
        coding: Coding = "zn",
        *,
        channels: int | None = None,
        learn_r: bool = False,
        stochastic: bool = False,
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        _refuse(not is_one_of(coding, _WINDOWS), "coding", coding, _WINDOWS)
        self.coding: Coding = coding
        self.level_values = code_levels((coding, n))
        self.window: Window = _WINDOWS[coding][0] if window is None else window
        default = "up" if (coding, n) == ("zn", 0) else _TIES[coding][0]
        self.tie: Tie = default if tie is None else tie
        _refuse(
            not is_one_of(self.window, _WINDOWS[coding]),
            f"window with coding {coding!r}",
            window,
            _WINDOWS[coding],
        )
        _refuse(not is_one_of(self.tie, get_args(Tie)), "tie", tie, get_args(Tie))
        _refuse(self.tie not in _TIES[coding], f"tie with coding {coding!r}", tie, _TIES[coding])
        for name, flag in ("learn_r", learn_r), ("stochastic", stochastic):
            check_kind(f"DiscreteActivation: {name}", flag, bool)
        if channels is not None and not is_integer(channels, 1):
            raise InputError(f"DiscreteActivation: channels is {channels!r}; allowed are integers of at least 1")
        check_kind("DiscreteActivation: generator", generator, torch.Generator, type(None))
        if not is_number(a) or a <= 0:
            raise InputError(f"DiscreteActivation: a is {a!r}; it must be a positive finite number")
        if stochastic and (coding, n) != ("zn", 0):
            raise InputError(f"DiscreteActivation: stochastic is True with {(coding, n)}; allowed for ('zn', 0)")
        self.n, self.a, self.half_range = n, a, half_range
        self.learn_r, self.channels, self.stochastic = learn_r, channels, stochastic
        self.r: float | nn.Parameter = r
        self.noise = Noise.seeded_by(generator) if stochastic else None
        if coding == "zn":
            self.thresholds = activation_thresholds(n, r, half_range)
            check_tie(self.thresholds, self.tie)
        if learn_r:
            self.r = self._learnable_r(r)
        else:
            self._steps = _STEPS[coding](self)

    @property
    def code(self) -> Code:
        """The coding and its exponent."""
        return self.coding, self.n

    @property
    def max_level(self) -> int:
        """The largest level."""
        return self.level_values[-1]

    @property
    def space(self) -> DiscreteSpace:
        """The space Z_n of the levels.

        Raises
        ------
        InputError
            If the coding is not "zn".
        """
        if self.coding != "zn":
            raise InputError(f"DiscreteActivation: levels of {self.code} are no space Z_n; see level_values")
        return DiscreteSpace(self.n, self.half_range)

    @property
    def steps(self) -> StepFunction:
        """The function from y to levels."""
        if isinstance(self.r, nn.Parameter):
            return steps_of_r(self.r, self.n, self.half_range, self.tie)
        return self._steps

    def levels_of(self, y: Any, channel_axis: int = 1) -> Any:
        """Integer levels (int64) of a float64 numpy array or torch tensor: what `forward` computes.

        Parameters
        ----------
        y
            Real numbers, any shape.
        channel_axis
            The axis of channels; read where r is learnable.
        """
        return self.steps.levels_of(y, channel_axis)

    def forward(self, x: Tensor) -> Tensor:
        """Integer levels (float32) of real x, any shape; channels are axis 1.

        Raises
        ------
        InputError
            If r is learnable and x has another number of channels.
        """
        return untraced(self._forward, x)

    def _forward(self, x: Tensor) -> Tensor:
        if isinstance(self.r, nn.Parameter) and self.window in ("rect", "tri"):
            if x.ndim < 2 or x.shape[1] != len(self.r):
                raise InputError(
                    f"DiscreteActivation: x has the shape {tuple(x.shape)}; allowed are {len(self.r)} channels "
                    "(axis 1), one for each learnable r"
                )
            return learnable_levels(x, self.r, self.n, self.a, self.window, self.tie, self.half_range)
        return quantised(x, self._levels, self._stand_in)

    @property
    def _top(self) -> float:
        """Where the line through the middles of the steps reaches the largest level."""
        if not self.thresholds:
            return self.half_range
        count = len(self.thresholds)
        return self.thresholds[-1] + (self.half_range - self.thresholds[0]) / count / 2

    def _levels(self, x: Tensor) -> Tensor:
        if self.noise is not None and self.training:
            check_not_repeated()
            return sampled_sign(x / self.half_range, self.noise.uniform(x))
        return float_levels(x, self._steps)

    def _stand_in(self, gradient: Tensor, x: Tensor) -> Tensor:
        match self.window:
            case "rect" | "tri":
                return through_windows(gradient, x, self.thresholds, self.a, self.window)
            case "ste":
                low = 0.0 if self.coding == "hrelu" else -self.half_range
                return through_clip(gradient, x, low, self.half_range, self.max_level / self.half_range)
            case "clip":
                return through_clip(gradient, x, -self._top, self._top, self.max_level / self._top)
            case "encoding":
                return through_sines(gradient, x, self.n, self.half_range)

    @torch.no_grad()
    def clip_(self) -> None:
        """Bring a learnable r back into its range, in place."""
        if isinstance(self.r, nn.Parameter):
            self.r.clamp_(*r_range(self.n, self.half_range))

    def _learnable_r(self, r: float) -> nn.Parameter:
        allowed = self.coding == "zn" and self.n > 0 and self.window in ("rect", "tri")
        if not allowed or self.channels is None:
            raise InputError(
                f"DiscreteActivation: learn_r with {self.code}, window {self.window!r}, channels {self.channels}; "
                "allowed are ('zn', n) with n > 0, window 'rect' or 'tri', and at least one channel"
            )
        low, high = r_range(self.n, self.half_range)
        if not low <= r <= high:
            raise InputError(f"DiscreteActivation: r is {r!r}; a learnable r starts within [{low}, {high}]")
        return nn.Parameter(torch.full((self.channels,), float(r)))

    def extra_repr(self) -> str:
        """Arguments for ``print(model)``."""
        r = f"learnable({self.channels})" if self.learn_r else self.r
        return (
            f"n={self.n}, r={r}, a={self.a}, window={self.window!r}, tie={self.tie!r}, "
            f"half_range={self.half_range}, coding={self.coding!r}"
        )


_STEPS: dict[Coding, Callable[[DiscreteActivation], StepFunction]] = {
    "zn": lambda act: symmetric_steps(act.thresholds, act.tie),
    "mbn": lambda act: mbn_steps(act.n, act.half_range, act.tie),
    "hrelu": lambda act: hrelu_steps(act.n, act.half_range, act.tie),
    "log": lambda act: log_steps(act.n, act.half_range),
}


def _refuse(wrong: bool, name: str, given: object, allowed: Iterable[str]) -> None:
    if wrong:
        raise InputError(f"DiscreteActivation: {name} is {given!r}; allowed are {', '.join(map(repr, allowed))}")
