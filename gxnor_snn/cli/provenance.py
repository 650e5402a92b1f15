"""Where a figure comes from; see `gxnor_snn.provenance`."""

from gxnor_snn.provenance import provenance

__all__ = ["provenance"]
