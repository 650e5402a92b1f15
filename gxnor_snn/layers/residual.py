"""The residual block that an event graph can hold: integer sums are added before the one batch norm."""

from torch import Tensor, nn

from gxnor_snn.arguments import check_kind, is_integer
from gxnor_snn.errors import InputError

from .base import DiscreteLayer

__all__ = ["ResidualBlock"]


class ResidualBlock(nn.Module):
    """Two convolutions with a shortcut around them, added as integers::

        h = act1(bn1(conv1(x)))
        y = act2(bn2(conv2(h) + gain * shortcut(x)))

    A sum of two separately normalised branches would have no integer form; here one batch norm sees the sum.

    Parameters
    ----------
    conv1, bn1, act1, conv2, bn2, act2
        The layers. Where conv2 is a discrete layer, its sums get a float type that holds the whole sum exactly.
    shortcut
        The identity unless given; else a discrete 1x1 convolution without batch norm, that fits conv2's shape.
    gain
        A whole number, not 0: the weight of the shortcut beside conv2.

    Raises
    ------
    InputError
        If the gain is not a nonzero integer, the shortcut beside a discrete conv2 is another, or sums could reach
        2^53.
    """

    def __init__(
        self,
        conv1: nn.Module,
        bn1: nn.Module,
        act1: nn.Module,
        conv2: nn.Module,
        bn2: nn.Module,
        act2: nn.Module,
        *,
        shortcut: nn.Module | None = None,
        gain: int = 1,
    ) -> None:
        super().__init__()
        parts = {"conv1": conv1, "bn1": bn1, "act1": act1, "conv2": conv2, "bn2": bn2, "act2": act2}
        for name, part in parts.items():
            check_kind(f"ResidualBlock: {name}", part, nn.Module)
        check_kind("ResidualBlock: shortcut", shortcut, nn.Module, type(None))
        if not is_integer(gain) or gain == 0:
            raise InputError(f"ResidualBlock: gain is {gain!r}; allowed are whole numbers other than 0")
        self.conv1, self.bn1, self.act1 = conv1, bn1, act1
        self.conv2 = conv2
        self.shortcut = nn.Identity() if shortcut is None else shortcut
        self.gain = gain
        self.bn2, self.act2 = bn2, act2
        if isinstance(conv2, DiscreteLayer):
            self._keep_exact(conv2)

    def _keep_exact(self, conv2: DiscreteLayer) -> None:
        """Give the summands a float type that holds the sum."""
        if not isinstance(self.shortcut, nn.Identity | DiscreteLayer):
            raise InputError(
                f"ResidualBlock: shortcut is a {type(self.shortcut).__name__} beside a discrete conv2; "
                "allowed are None and a layer with discrete weights"
            )
        if isinstance(self.shortcut, DiscreteLayer):
            bound = conv2.max_sum + abs(self.gain) * self.shortcut.max_sum
            self.shortcut.widen(bound)
        else:
            # an identity passes float32 levels on, whatever type conv2 has
            beside = abs(self.gain) * (self.conv1.max_input if isinstance(self.conv1, DiscreteLayer) else 1)
            if beside >= 2**24:
                raise InputError(
                    f"ResidualBlock: gain is {self.gain}; gain times the largest level must be below 2^24"
                )
            bound = conv2.max_sum + beside
        conv2.widen(bound)

    def forward(self, x: Tensor) -> Tensor:
        """Apply the block to (B, C, H, W)."""
        h = self.act1(self.bn1(self.conv1(x)))
        sums = self.conv2(h) + self.gain * self.shortcut(x)
        out: Tensor = self.act2(self.bn2(sums))
        return out

    def extra_repr(self) -> str:
        """The gain, for ``print(model)``."""
        return f"gain={self.gain}"
