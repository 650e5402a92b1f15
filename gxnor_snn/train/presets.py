"""Ready recipes: the published ones, our best, and those of the demo."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gxnor_snn.errors import InputError
from gxnor_snn.models import NetSpec

from .events import EventSettings
from .recipe import Recipe, Transitions

__all__ = ["PRESETS", "Preset", "demo_setup"]


@dataclass(frozen=True)
class Preset:
    """A recipe and the keyword arguments of the model that belong to it.

    Attributes
    ----------
    model
        Keyword arguments for a factory of `gxnor_snn.models`.
    recipe
        The training; `Recipe.replace` changes single values, such as the epochs.
    source
        Where it comes from.
    """

    model: Mapping[str, Any]
    recipe: Recipe
    source: str


_PUBLISHED = Recipe(
    epochs=4000,
    batch_size=10_000,
    lr=(0.1, 1e-7),
    float_lr=(0.1, 1e-7),
    betas=(0.9, 0.999),
    m=3.0,
    loss="squared_hinge",
)

_BEST = Recipe(
    epochs=30,
    batch_size=100,
    lr=(0.1, 1e-4),
    float_lr=(0.01, 1e-4),
    betas=(0.995, 0.999),
    m=3.0,
    loss="cross_entropy",
)

PRESETS: Mapping[str, Preset] = {
    "paper": Preset(
        model={"r": 0.5, "a": 0.5, "window": "rect", "tie": "strict"},
        recipe=_PUBLISHED,
        source="GXNOR-Net (arXiv 1705.09283), MNIST: zero window r = 0.5, thresholds strict",
    ),
    "repo": Preset(
        model={"r": 1.0, "a": 0.5, "window": "rect", "tie": "fire"},
        recipe=_PUBLISHED,
        source="the published code of GXNOR-Net, mnist_GXNOR.py: it evaluates to r = 1.0, ties fire",
    ),
    "best": Preset(
        model={"r": 0.5, "a": 1.0, "window": "rect", "tie": "strict"},
        recipe=_BEST,
        source="this project: a long memory of the gradient before it may flip a weight, small batches, "
        "cross-entropy and a wider derivative window, chosen on held-out training samples",
    ),
    "few_samples": Preset(
        model={"r": 0.5, "a": 1.0, "window": "tri", "tie": "strict"},
        recipe=_BEST.replace(
            epochs=60,
            batch_size=50,
            lr=(3.0, 0.02),
            betas=(0.985, 0.999),
            dst=Transitions(rounding="power2", reset=True),
        ),
        source="this project: for some thousands of samples, whose steps are few: hotter, with a shorter memory, "
        "and weights that have jumped begin anew; chosen on held-out samples of 4,000 images of CIFAR-10",
    ),
    "sparse": Preset(
        model={"r": 0.8, "a": 1.0, "window": "tri", "tie": "strict"},
        recipe=_BEST.replace(
            lr=(1.5, 0.02),
            dst=Transitions(rounding="power2", reset=True),
            events=EventSettings(weight=0.5, warm_up=0.1),
        ),
        source="this project: a wide zero window and a penalty on gated events, weights that have jumped begin "
        "anew; the window chosen on held-out samples of MNIST, the penalty a little above what was tried there",
    ),
}
"""Presets by name. The published runs are 4,000 epochs; no preset selects on test data."""


def _demo(
    image: tuple[int, int, int], channels: tuple[int, int], hidden: int, kernel: int, padding: int, **training: Any
) -> tuple[NetSpec, Recipe]:
    """A small ternary `lenet` and a recipe of seconds to a minute, chosen on held-out training samples."""
    sizes = {"in_shape": list(image), "channels": list(channels), "hidden": hidden}
    spec = NetSpec("lenet", {**sizes, "kernel": kernel, "padding": padding, "a": 1.0})
    recipe = Recipe(
        lr=(0.05, 1e-4),
        float_lr=(0.01, 1e-3),
        betas=(0.99, 0.999),
        loss="cross_entropy",
        **training,
    )
    return spec, recipe


_DEMOS: Mapping[str, tuple[NetSpec, Recipe]] = {
    "digits": _demo((1, 8, 8), (64, 128), 128, kernel=3, padding=1, epochs=32, batch_size=50, threads=1),
    "mnist": _demo((1, 28, 28), (16, 32), 128, kernel=5, padding=0, epochs=3, batch_size=100),
    "fashion_mnist": _demo((1, 28, 28), (16, 32), 128, kernel=5, padding=0, epochs=5, batch_size=100),
}


def demo_setup(dataset: str) -> tuple[NetSpec, Recipe]:
    """The network (``spec.build()``) and the recipe that the demo uses on a named data set.

    Raises
    ------
    InputError
        If there is none for this data set.
    """
    if dataset not in _DEMOS:
        raise InputError(f"the demo has no recipe for data set {dataset!r}; allowed are {', '.join(_DEMOS)}")
    return _DEMOS[dataset]
