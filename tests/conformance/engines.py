"""The engines that every check of this suite runs on, and what is asked of them."""

from gxnor_sims import Engine, get_engine
from gxnor_sims.native import NativeEngine, available_isas

NATIVE: dict[str, NativeEngine] = {
    f"native-{isa}-{form}": NativeEngine(isa=isa, form=form)
    for isa in available_isas()
    for form in ("samples", "neurons")
} | {"native-auto": NativeEngine()}
"""The native engine on every dispatch level of this machine, in both forms of lanes; and as it chooses itself."""

ENGINES: dict[str, Engine] = {"reference": get_engine("reference"), **NATIVE}


def counts_of(name: str, full: bool) -> str:
    """Full counts where they are wanted and the engine makes them, else basic ones."""
    return "full" if full and not name.endswith("-neurons") else "basic"
