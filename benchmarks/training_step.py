"""One training step with DST against one with latent weights, straight-through and Adam: same net, same run.

    python benchmarks/training_step.py

Every variant trains its own `lenet` (581 k weights, they and the activations ternary, Adam for batch norm) on the
same batches of MNIST, and they take turns step by step, so that a slow spell falls on all of them. CPU seconds of
one thread; the whole step (forward, backward, optimisers) and the optimisers alone (with the clip of latent
weights). DST's cost depends on how many weights may flip, hence on the learning rate: each rate is measured after
some steps at that rate, and an annealing spends equal times in equal ratios of rates ("power2", which is hotter,
between rates of its own, in as many steps). glibc is told to keep freed memory: page faults, which hit one variant
or another by chance, would be larger than the differences. Written to
results/training_step.json.
"""

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from record import median_ratio, record
from torch import Tensor

from gxnor_snn.data import load
from gxnor_snn.dst import DST, check_claims
from gxnor_snn.layers import clip_latent, discrete_parameters
from gxnor_snn.models import lenet

BETAS = (0.995, 0.999)
DST_FORMS = {
    "dst": {},
    "dst fused": {"fused": True},
    "dst low memory": {"fused": True, "moments": ("int7", "factored")},
    "dst power2 reset": {"rounding": "power2", "reset": True},
}
HOT = {"dst power2 reset": (1.5, 0.02)}
"""First and last rate of forms that anneal between others than those of the command line."""
ADAM_FORMS = {"ste + adam": {}, "ste + adam (fused kernel)": {"fused": True}}
BASELINE = "ste + adam"
KEEP_MEMORY = {"MALLOC_TRIM_THRESHOLD_": "2000000000", "MALLOC_MMAP_THRESHOLD_": "2000000000"}


@dataclass
class Trainer:
    """A net with what moves it; `step` gives the seconds of forward and backward, and of the rest."""

    model: torch.nn.Module
    optimizers: list[torch.optim.Optimizer]
    finish: Callable[[], object]

    def step(self, x: Tensor, y: Tensor) -> tuple[float, float]:
        began = time.process_time()
        F.cross_entropy(self.model(x), y).backward()
        middle = time.process_time()
        for optimizer in self.optimizers:
            optimizer.step()
            optimizer.zero_grad()
        self.finish()
        return middle - began, time.process_time() - middle


def with_dst(lr: float, form: dict[str, object]) -> Trainer:
    model = lenet(weights="dst").train()
    dst = DST(discrete_parameters(model), lr, betas=BETAS, **form)
    adam = torch.optim.Adam([p for p in model.parameters() if p.requires_grad], 1e-3)
    check_claims(model, dst, adam)
    return Trainer(model, [dst, adam], lambda: None)


def with_latent_weights(form: dict[str, object]) -> Trainer:
    model = lenet(weights="latent").train()
    adam = torch.optim.Adam(model.parameters(), 1e-3, **form)
    return Trainer(model, [adam], lambda: clip_latent(model))


def own_rate(name: str, lr: float, done: float) -> float:
    """The rate of a form after that share of the annealing."""
    first, last = HOT.get(name, (lr, lr))
    return first * (last / first) ** done


def measured(lr: float, done: float, arguments: argparse.Namespace) -> dict[str, dict[str, float | None]]:
    trainers = {name: with_dst(own_rate(name, lr, done), form) for name, form in DST_FORMS.items()}
    trainers |= {name: with_latent_weights(form) for name, form in ADAM_FORMS.items()}
    data, order = load("mnist"), torch.Generator().manual_seed(0)
    images, labels = torch.from_numpy(data.x_train), torch.from_numpy(data.y_train)
    whole: dict[str, list[float]] = {name: [] for name in trainers}
    alone: dict[str, list[float]] = {name: [] for name in trainers}
    for turn in range(arguments.warm_up + arguments.steps):
        chosen = torch.randint(len(labels), (arguments.batch,), generator=order)
        x, y = images[chosen], labels[chosen]
        names = list(trainers)
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            passes, rest = trainers[name].step(x, y)
            if turn >= arguments.warm_up:
                whole[name].append(passes + rest)
                alone[name].append(rest)
    return {
        name: {
            "whole_step_ms": 1e3 * statistics.median(whole[name]),
            "whole_step_ms_least": 1e3 * min(whole[name]),
            "whole_step_ratio": median_ratio(whole[name], whole[BASELINE]),
            "optimizer_ms": None if "fused" in DST_FORMS.get(name, {}) else 1e3 * statistics.median(alone[name]),
            "optimizer_ms_least": None if "fused" in DST_FORMS.get(name, {}) else 1e3 * min(alone[name]),
        }
        for name in trainers
    }


def annealed(ratios: list[float]) -> float:
    """Mean over the logarithm of the rate, by the trapezoidal rule; the rates are equal factors apart."""
    if len(ratios) == 1:
        return ratios[0]
    return (sum(ratios) - (ratios[0] + ratios[-1]) / 2) / (len(ratios) - 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rates", type=float, nargs="+", default=[0.1, 0.01, 0.001, 0.0001])
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--warm-up", type=int, default=60)
    parser.add_argument("--batch", type=int, default=100)
    arguments = parser.parse_args()
    if not os.environ.keys() >= KEEP_MEMORY.keys():  # read when a process starts
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, **KEEP_MEMORY})
    torch.set_num_threads(1)
    torch.manual_seed(0)
    last = max(len(arguments.rates) - 1, 1)
    figures = {f"lr {lr:g}": measured(lr, i / last, arguments) for i, lr in enumerate(arguments.rates)}
    figures["annealing from first to last rate"] = {
        name: {"whole_step_ratio": annealed([rows[name]["whole_step_ratio"] for rows in figures.values()])}
        for name in [*DST_FORMS, *ADAM_FORMS]
    }
    for rate, rows in figures.items():
        for name, row in rows.items():
            print(f"{rate:9s} {name:26s}", {k: round(v, 3) for k, v in row.items() if v is not None})
    record(
        "training_step", figures, data="mnist", net="lenet", batch=arguments.batch, betas=BETAS, hot=HOT, threads=1
    )


if __name__ == "__main__":
    main()
