"""Pricing arithmetic and memory of a dense processor."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from gxnor_snn.results import Mapping as Layout

from ...events import Events
from ...ledger import Amount, Charge, Ledger
from ...profile import Profile
from .memory import accesses

__all__ = ["price_arithmetic"]


def price_arithmetic(events: Events, profile: Profile, mapping: Layout, ledger: Ledger) -> None:
    """Charge one inference: arithmetic, then memory, with a subtotal of each.

    Compute: one multiplication and one addition per synapse (binary: one XNOR and its count per pair of values),
    one addition per comparison, pooled value and joined sum. A processor without zero skipping gains nothing from
    zeros. The high end of the band computes padded taps too.

    Memory, in accesses of 64 bits, bits / 64 of an access per value: every synapse reads its weight and its input,
    sums stay in a register, every output is written once. Low: every weight and input is read once per layer, the
    reuse of an ideal dataflow. High: no register, so every synapse reads and writes its sum. A tensor lies in a
    memory of its own size, of an energy per access linear in size between 8 KB, 32 KB and 1 MB, and in DRAM
    beyond; below 8 KB the energy is that of 8 KB.
    """
    resources = mapping.resources
    products = Amount(
        float(resources["products"]), float(resources["products"]), float(resources["products_with_padding"])
    )
    other = float(resources["comparisons"]) + float(resources["other_additions"])
    compute = []
    if profile.choice("arithmetic") == "binary":
        compute.append(
            ("xnor and count", "xnor_count", products, "pairs of {-1, +1} values, zeros like any other")
        )
    else:
        compute.append(("multiplications", "multiply", products, "synapses, zeros like any other"))
        compute.append(("additions", "add", products, "synapses, zeros like any other"))
    what = "thresholds compared, pooled values, joined and shifted sums"
    compute.append(("other additions", "add", Amount.exact(other), what))
    for term, constant, amount, formula in compute:
        ledger.charge(term, [(constant, amount)], formula)
    for term, (count, formula) in _TENSORS.items():
        charges: dict[str, Amount] = {}
        for static in mapping.projections.values():
            for constant, amount in count(static):
                charges[constant] = charges.get(constant, Amount.exact(0.0)) + amount
        ledger.charge(term, list(charges.items()), formula, grade="D")
    ledger.subtotal("compute only", [term for term, *_ in compute])
    ledger.subtotal("memory", list(_TENSORS))


Static = Mapping[str, int | float | str | bool]


def _weights(q: Static) -> list[Charge]:
    if "weights" not in q:
        return []
    uses, once = float(q["uses"]), float(q["weights"])
    return accesses(Amount(uses, min(once, uses), uses), int(q["weight_bits"]), int(q["weights"]))


def _inputs(q: Static) -> list[Charge]:
    uses, once = float(q["uses"]), float(q["inputs"])
    return accesses(Amount(uses, min(once, uses), uses), int(q["input_bits"]), int(q["inputs"]))


def _sums(q: Static) -> list[Charge]:
    if "weights" not in q:
        return []
    return accesses(Amount(0.0, 0.0, 2 * float(q["uses"])), int(q["sum_bits"]), int(q["outputs"]))


def _outputs(q: Static) -> list[Charge]:
    return accesses(Amount.exact(float(q["outputs"])), int(q["output_bits"]), int(q["outputs"]))


_TENSORS: Mapping[str, tuple[Callable[[Static], list[Charge]], str]] = MappingProxyType(
    {
        "weight reads": (_weights, "one per synapse; low: one per weight and layer"),
        "input reads": (_inputs, "one per synapse and pooled pair; low: one per value and layer"),
        "sum accesses": (_sums, "none, sums stay in a register; high: read and written per synapse"),
        "output writes": (_outputs, "one per result of a layer"),
    }
)
