"""gxnor-snn: discrete neural networks as exact event graphs.

`import gxnor_snn` is light: torch, matplotlib and brian2 are imported by the submodules that use them.
"""

from importlib.metadata import PackageNotFoundError, version

from .errors import GxnorError

__all__ = ["GxnorError", "__version__"]

try:
    __version__ = version("gxnor-snn")
except PackageNotFoundError:  # a source tree that was never installed
    __version__ = "0+unknown"
