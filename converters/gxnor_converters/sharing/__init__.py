"""Result sharing between the 2-D kernels of convolutions: what could be shared, and what chance shares.

`analyse` counts. In `gxnor_converters.passes`, `share_results` makes graphs that share, exactly; `merge_similar`
and `project_codebook` change kernels so that more can be shared, within a budget of accuracy.
"""

from .analyse import analyse
from .kernels import KernelGroups, group_kernels, kernels_by_channel
from .null import distinct_fraction
from .report import LayerSharing, Ratio, SharingReport
from .similar import codebook_bits, codebook_weights, merged_weights
from .statistics import KernelStatistics, statistics_of
from .tree import KernelTree, spanning_tree
from .work import WAYS, Work, work_of

__all__ = [
    "WAYS",
    "KernelGroups",
    "KernelStatistics",
    "KernelTree",
    "LayerSharing",
    "Ratio",
    "SharingReport",
    "Work",
    "analyse",
    "codebook_bits",
    "codebook_weights",
    "distinct_fraction",
    "group_kernels",
    "kernels_by_channel",
    "merged_weights",
    "spanning_tree",
    "statistics_of",
    "work_of",
]
