"""Bytes that training holds per discrete weight between steps, measured in fresh processes.

    python benchmarks/training_memory.py

Each variant trains one net for three steps in a process of its own. Measured right after `step()`, before
`zero_grad()`: where gradients are kept, they are held then. Two ways: the storages of all live tensors (and the
random streams), and the growth of the process's resident memory, freed memory given back to the system first. The
baseline is latent weights, straight-through, with torch's Adam: weight, gradient and two moments in float32. A
transient float copy of a layer's levels and, one layer at a time, its gradient exist during the passes of every
variant. Written to results/training_memory.json.
"""

import argparse
import ctypes
import gc
import json
import subprocess
import sys
from pathlib import Path

import torch
from record import record
from torch import nn

from gxnor_snn.dst import DST
from gxnor_snn.layers import DiscreteLinear, LatentLinear, discrete_parameters
from gxnor_snn.models import lenet

BASELINE = "ste + adam"
VARIANTS: dict[str, dict[str, object] | None] = {
    BASELINE: None,
    "dst, kept gradients": {},
    "dst, fused": {"fused": True},
    "dst, fused, bfloat16": {"fused": True, "moments": "bfloat16"},
    "dst, fused, int8": {"fused": True, "moments": "int8"},
    "dst, fused, int8 + factored": {"fused": True, "moments": ("int8", "factored")},
    "dst, fused, int7 + factored": {"fused": True, "moments": ("int7", "factored")},
    "dst, fused, sgd int7": {"fused": True, "rule": "sgd", "moments": "int7"},
}
WIDTH = 8192


def net(name: str, weights: str) -> tuple[nn.Module, torch.Tensor]:
    """A net and a batch for it."""
    if name == "lenet":
        return lenet(weights=weights), torch.zeros(8, 1, 28, 28, dtype=torch.uint8).random_(0, 256)
    kind = DiscreteLinear if weights == "dst" else LatentLinear
    return kind(WIDTH, WIDTH, max_input=1), torch.randint(-1, 2, (8, WIDTH)).float()


def trained(name: str, form: dict[str, object] | None, steps: int = 3) -> list[object]:
    """All that training holds after `steps` steps."""
    model, x = net(name, "latent" if form is None else "dst")
    model.train()
    others = [p for p in model.parameters() if p.requires_grad]
    optimizers: list[torch.optim.Optimizer] = [torch.optim.Adam(others, 1e-3)] if others else []
    if form is not None:
        optimizers.append(DST(discrete_parameters(model), 0.01, **form))
    for step in range(steps):
        model(x).square().mean().backward()
        for optimizer in optimizers:
            optimizer.step()
        if step < steps - 1:
            for optimizer in optimizers:
                optimizer.zero_grad()
    return [model, *optimizers]


def storage_bytes(optimizers: list[object]) -> int:
    """Bytes of the storages of all live tensors, each once, and of the states of DST's random streams."""
    gc.collect()
    found = {}
    for thing in gc.get_objects():
        if issubclass(type(thing), torch.Tensor):
            storage = thing.untyped_storage()
            found[storage.data_ptr()] = storage.nbytes()
    for thing in optimizers:
        if isinstance(thing, DST):
            return sum(found.values()) + sum(state.numel() for state in thing.state_dict()["generators"])
    return sum(found.values())


def resident_bytes() -> int:
    """Resident memory of this process, after freed memory was given back."""
    gc.collect()
    ctypes.CDLL("libc.so.6").malloc_trim(0)
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError("/proc/self/status has no VmRSS")


def measure(name: str, variant: str) -> dict[str, float]:
    """Bytes per weight of one variant, in this process."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    form = VARIANTS[variant]
    small = trained("lenet", form)  # loads every library and code path once
    del small
    live, resident = storage_bytes([]), resident_bytes()
    held = trained(name, form)
    weights = _weights(held[0])
    return {
        "weights": weights,
        "storage_bytes_per_weight": (storage_bytes(held) - live) / weights,
        "resident_bytes_per_weight": (resident_bytes() - resident) / weights,
    }


def _weights(model: object) -> int:
    assert isinstance(model, nn.Module)
    return sum(p.numel() for p in model.parameters() if p.ndim > 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--one", nargs=2, metavar=("NET", "VARIANT"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one:
        print(json.dumps(measure(*arguments.one)))
        return
    figures: dict[str, dict[str, dict[str, float]]] = {}
    for name in (f"linear {WIDTH}x{WIDTH}", "lenet"):
        rows = figures[name] = {}
        for variant in VARIANTS:
            line = [sys.executable, __file__, "--one", name, variant]
            rows[variant] = json.loads(subprocess.run(line, check=True, capture_output=True, text=True).stdout)
            for way in ("storage", "resident"):
                key = f"{way}_bytes_per_weight"
                rows[variant][f"{way}_ratio"] = rows[variant][key] / rows[BASELINE][key]
            print(f"{name:18s} {variant:30s}", {k: round(v, 4) for k, v in rows[variant].items()})
    record("training_memory", figures, threads=1, steps=3)


if __name__ == "__main__":
    main()
