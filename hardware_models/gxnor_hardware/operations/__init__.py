"""The papers' table of operations with prices: full precision, BWN, TWN, BNN, GXNOR, branches, shared results.

`price_operations` turns the rows of `gxnor_snn.results.op_counts` into energies by the constants of three cards of
dense processors, compute never without the memory of the weights, and `OperationPrices` tells which are apart.
"""

from .prices import FIGURES, Energy, OperationPrices, PricedRow, Ratio
from .pricing import price_operations
from .table import layer_table, operations_table

__all__ = [
    "FIGURES",
    "Energy",
    "OperationPrices",
    "PricedRow",
    "Ratio",
    "layer_table",
    "operations_table",
    "price_operations",
]
