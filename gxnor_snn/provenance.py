"""Where a figure comes from: seed, versions, machine and command, as text."""

import functools
import os
import platform
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from gxnor_snn import __version__

__all__ = ["provenance"]

_PACKAGES = ("numpy", "torch", "safetensors", "matplotlib", "scikit-learn")


def provenance(**facts: object) -> dict[str, str]:
    """Text by name: the given facts first (None is left out), then versions, machine and time.

    Parameters
    ----------
    facts
        What this run alone knows, as in ``command=..., seed=0, data="digits"``.
    """
    return {
        **{name.replace("_", " "): str(value) for name, value in facts.items() if value is not None},
        "gxnor-snn": __version__,
        "python": platform.python_version(),
        **{name: _version(name) for name in _PACKAGES},
        "system": platform.platform(),
        "processor": _processor(),
        "cores": str(_cores()),
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
    }


@functools.cache  # reading a package's metadata takes milliseconds
def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "not installed"


def _cores() -> int:
    """Cores this process may use, which a container may narrow."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def _processor() -> str:
    """The processor's name; Linux keeps it in a file that platform.processor() does not read."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        for line in cpuinfo.read_text(errors="replace").splitlines():
            if line.startswith("model name"):
                return f"{line.partition(':')[2].strip()} ({platform.machine()})"
    return platform.processor() or platform.machine()
