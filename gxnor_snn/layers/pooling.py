"""Sum-pooling of integer levels."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gxnor_snn.errors import InputError

from .maps import pair

__all__ = ["SumPool2d"]


class SumPool2d(nn.Module):
    """The sum over each window, never divided: integers stay integers. (B, C, H, W) -> (B, C, H', W').

    Padding adds zeros. Eval mode sums in float64.

    Parameters
    ----------
    kernel_size, stride, padding
        As in `torch.nn.AvgPool2d`: numbers or pairs; the stride is the kernel size unless given, the padding at
        most half of it. The attributes are pairs.

    Raises
    ------
    InputError
        If one of them is not.
    """

    def __init__(
        self,
        kernel_size: int | tuple[int, int],
        stride: int | tuple[int, int] | None = None,
        padding: int | tuple[int, int] = 0,
    ) -> None:
        super().__init__()
        self.kernel_size = pair("SumPool2d", "kernel_size", kernel_size, least=1)
        self.stride = self.kernel_size if stride is None else pair("SumPool2d", "stride", stride, least=1)
        self.padding = pair("SumPool2d", "padding", padding, least=0)
        if any(2 * pad > kernel for pad, kernel in zip(self.padding, self.kernel_size, strict=True)):
            raise InputError(
                f"SumPool2d: padding is {self.padding}; allowed is up to half of the kernel {self.kernel_size}"
            )

    @property
    def area(self) -> int:
        """Values in a window."""
        return self.kernel_size[0] * self.kernel_size[1]

    def forward(self, x: Tensor) -> Tensor:
        """Sum each window.

        Raises
        ------
        InputError
            If the shape does not fit or, in eval mode, sums could reach 2^53.
        """
        if x.ndim != 4:
            raise InputError(f"SumPool2d takes (B, C, H, W), got shape {tuple(x.shape)}")
        for size, kernel, pad in zip(x.shape[2:], self.kernel_size, self.padding, strict=True):
            if size + 2 * pad < kernel:
                raise InputError(
                    f"SumPool2d: a window of {self.kernel_size} (padding {self.padding}) does not fit an input of "
                    f"{tuple(x.shape[2:])}"
                )
        if not self.training:
            x = x.double()
            if x.numel() and not float(x.detach().abs().max()) * self.area < 2**53:
                raise InputError(f"SumPool2d: sums over {self.kernel_size} could reach 2^53, beyond exact float64")
        with torch.autocast(x.device.type, enabled=False):
            return F.avg_pool2d(x, self.kernel_size, self.stride, self.padding, divisor_override=1)

    def extra_repr(self) -> str:
        """Geometry for ``print(model)``."""
        return f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"
