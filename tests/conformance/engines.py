"""The engines that every check of this suite runs on, and what is asked of them."""

from gxnor_sims import Engine, get_engine
from gxnor_sims.native import NativeEngine, available_isas

NATIVE: dict[str, NativeEngine] = {f"native-{isa}": NativeEngine(isa=isa) for isa in available_isas()}
"""The native engine on every dispatch level of this machine."""

ENGINES: dict[str, Engine] = {"reference": get_engine("reference"), **NATIVE}


def counts_of(name: str, full: bool) -> str:
    """Full counts where they are wanted and the engine makes them, else basic ones."""
    return "full" if full else "basic"
