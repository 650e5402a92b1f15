"""Synapse memory of a core: lists of weights with target indices."""

import numpy as np

from ...profile import Profile
from .reach import Int64

__all__ = ["list_bits"]


def list_bits(
    lengths: Int64, copies: Int64, weight_bits: int, compartments: Int64, profile: Profile, indexed: bool = True
) -> Int64:
    """Bits of synapse memory of cores.

    A list is cut into pieces of at most ``list_synapses``; each piece holds a header and one (weight, target
    index) pair per synapse and fills whole memory words (nengo-loihi, `SynapseConfig.bits_per_axon`). An index
    tells the core's compartments apart.

    Parameters
    ----------
    lengths, copies
        Lengths of the lists and how often each is stored, broadcastable to (cores, lists).
    weight_bits
        Bits of a weight.
    compartments
        Compartments of each core, shape (cores,).
    profile
        The card.
    indexed
        Whether each weight carries its target index; rows without a zero weight need none.
    """
    piece, word = profile.number("list_synapses"), profile.number("memory_word_bits")
    header = profile.number("list_header_bits")
    index = np.ceil(np.log2(np.maximum(compartments, 1))).astype(np.int64)
    pair = weight_bits + np.maximum(profile.number("index_bits_min"), index)[:, None] * indexed
    whole, rest = np.divmod(lengths, piece)
    bits = whole * (-(-(piece * pair + header) // word) * word)
    bits = bits + np.where(rest > 0, -(-(rest * pair + header) // word) * word, 0)
    return np.asarray((bits * copies).sum(axis=1))
