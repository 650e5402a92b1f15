"""The four effects of a device card, as models that a card names by the word `model`.

=============  ===========================================================================
programming    none, gaussian, lognormal
retention      none, power_law, table, log_time
reading        none, one_over_f, constant, sigma, log_conductance
faults         none, rates
=============  ===========================================================================

All are pure, on float tensors of any shape, and take every draw from the given generator. "none" is a statement
with a source, not a default: what a card does not give is absent, and asking for it raises.
"""

from .base import Effect
from .faults import Faults, NoFaults, Rates
from .programming import GaussianProgramming, LognormalProgramming, NoProgramming, Programming
from .reading import (
    ConstantReading,
    CurveReading,
    LogConductanceReading,
    NoReading,
    OneOverF,
    Reading,
)
from .retention import LogTime, NoRetention, PowerLaw, Retention, Table, TableEntry

__all__ = [
    "ConstantReading",
    "CurveReading",
    "Effect",
    "Faults",
    "GaussianProgramming",
    "LogConductanceReading",
    "LogTime",
    "LognormalProgramming",
    "NoFaults",
    "NoProgramming",
    "NoReading",
    "NoRetention",
    "OneOverF",
    "PowerLaw",
    "Programming",
    "Rates",
    "Reading",
    "Retention",
    "Table",
    "TableEntry",
]
