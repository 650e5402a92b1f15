"""The published methods as keywords of the networks: one code for all of them."""

from collections.abc import Mapping

from .options import NetKeywords

__all__ = ["METHODS"]

METHODS: Mapping[str, NetKeywords] = {
    "gxnor": {"weights": "dst", "n1": 1, "n2": 1, "r": 0.5, "a": 0.5, "window": "rect"},
    "bnn": {"weights": "latent", "n1": 0, "n2": 0, "window": "ste"},
    "bwn": {"weights": "latent", "n1": 0, "activation": "relu"},
    "twn": {"weights": "latent", "n1": 1, "threshold": "twn", "activation": "relu"},
    "tbn": {"weights": "latent", "n1": 0, "n2": 1, "r": 0.5, "a": 0.5, "window": "rect"},
    "qnn": {
        "weights": "latent",
        "n1": 2,
        "n2": 2,
        "r": 0.25,
        "half_range": 1.25,
        "window": "clip",
        "tie": "even",
        "gradient_bits": 6,
    },
    "mbn": {"weights": "latent", "coding1": "mbn", "n1": 2, "coding2": "mbn", "n2": 2, "window": "ste"},
    "float": {"weights": "float", "activation": "relu"},
}
"""Keywords of `NetOptions` by method.

========= ========================================================================================================
gxnor     ternary weights by DST, ternary activations (GXNOR-Net, arXiv 1705.09283)
bnn       signs for weights and activations, straight-through (BNN, arXiv 1602.02830); deterministic here, see
          ``stochastic_weights`` and ``stochastic_activations``
bwn       signs for weights, real activations (BinaryConnect, arXiv 1511.00363)
twn       ternary weights with the threshold 0.7 mean |w|, real activations (arXiv 1605.04711; from memory)
tbn       signs for weights, ternary activations (TBN, ECCV 2018)
qnn       weights and activations round(x 2^(n-1)) / 2^(n-1) with n = 2, symmetric (one level more than two bits
          hold), gradients of 6 bits (QNN, arXiv 1609.07061). For another n take r = 2^-n, half_range = 1 + 2^-n
mbn       2-bit {-1, +1} codes behind HTanh (arXiv 1905.13389)
float     real weights and activations: the twin to compare with
========= ========================================================================================================

Any keyword can be replaced: ``lenet(**{**METHODS["bnn"], "weights": "dst"})`` is a BNN without latent weights.
"""
