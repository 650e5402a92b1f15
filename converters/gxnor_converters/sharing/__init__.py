"""Result sharing between the 2-D kernels of convolutions: what could be shared, and what chance shares.

`analyse` counts; `gxnor_converters.passes.share_results` makes graphs that share.
"""

from .analyse import analyse
from .kernels import KernelGroups, group_kernels, kernels_by_channel
from .null import distinct_fraction
from .report import LayerSharing, Ratio, SharingReport
from .tree import KernelTree, spanning_tree
from .work import WAYS, Work, work_of

__all__ = [
    "WAYS",
    "KernelGroups",
    "KernelTree",
    "LayerSharing",
    "Ratio",
    "SharingReport",
    "Work",
    "analyse",
    "distinct_fraction",
    "group_kernels",
    "kernels_by_channel",
    "spanning_tree",
    "work_of",
]
