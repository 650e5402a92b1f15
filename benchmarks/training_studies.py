"""The studies of `training.py`: what is compared, with which network, recipe and seeds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from gxnor_snn.models import METHODS
from gxnor_snn.train import PRESETS, Recipe


@dataclass(frozen=True)
class Variant:
    """One thing compared: arguments of the network, and what it changes in the study's recipe.

    `teacher` is the variant whose logits, with the same seed, are soft targets.
    """

    model: Mapping[str, Any] = field(default_factory=dict)
    recipe: Mapping[str, Any] = field(default_factory=dict)
    factory: str = "lenet"
    graph: bool = True
    teacher: str | None = None


@dataclass(frozen=True)
class Study:
    """Variants that share data and recipe; differences are taken from the first."""

    name: str
    what: str
    data: str
    recipe: Recipe
    variants: Mapping[str, Variant]
    seeds: tuple[int, ...] = (0, 1, 2)


HANDWRITING = {"rotate": 10.0, "scale": (0.9, 1.1), "shift": 2.0}
"""Small rotations, magnifications and shifts."""
CLOTHES = {"flip": True, "rotate": 5.0, "scale": (0.95, 1.05), "shift": 1.0}
"""Mirror images, and less of the rest: shape and size say what it is."""
PHOTOGRAPHS = {"flip": True, "crop": 4}

TERNARY = {"r": 0.5, "a": 1.0}
PEAKED = {**TERNARY, "window": "tri"}
FLOAT = {"weights": "float", "activation": "relu"}
LATENT_RATES = {"weight_lr": (0.003, 1e-5), "float_lr": (0.003, 1e-5)}
"""Of Adam on float and latent weights."""

_BEST = PRESETS["best"].recipe
_SPARSE = {"events": {"weight": 0.2, "warm_up": 0.1}}
_SHARP = {"dst": {"moments": ("int7", "factored"), "fused": True, "rounding": "power2"}, "lr": (1.0, 0.01)}
"""Small steps jump less often against large ones; chosen on held-out samples of Fashion-MNIST."""
_RESET = {"dst": {"rounding": "power2", "reset": True}, "lr": (1.5, 0.02)}
"""Weights that jump gather their evidence anew, which lets the temperature be higher; chosen likewise."""
_SPARSER = {key: getattr(PRESETS["sparse"].recipe, key) for key in ("dst", "lr", "events")}
_FEW = {key: getattr(PRESETS["few_samples"].recipe, key) for key in ("dst", "lr", "betas")}
_SOFT = {"distillation": {"weight": 3.0, "temperature": 4.0}}
_LOW_MEMORY = {"dst": {"moments": ("int7", "factored"), "fused": True}}

STUDIES = {
    study.name: study
    for study in (
        Study(
            name="mnist",
            what="lenet, all weights and activations ternary, last epoch, no held-out samples; "
            "low_memory: fused int7 + factored moments, the same beta1; "
            "sharp: that and the transition power2; "
            "long: 60 epochs, float32 moments begun anew after a jump, power2 and triangular windows; "
            "sparse: low_memory, zero window r = 0.8 and a penalty on gated events; "
            "sparser: as long, but 30 epochs, r = 0.8 and a stronger penalty",
            data="mnist",
            recipe=_BEST.replace(epochs=30, augment=HANDWRITING, plain_epochs=4),
            variants={
                "ternary": Variant(TERNARY),
                "low_memory": Variant(TERNARY, _LOW_MEMORY),
                "sharp": Variant(TERNARY, _SHARP),
                "long": Variant(PEAKED, {**_RESET, "epochs": 60}),
                "sparse": Variant({**TERNARY, "r": 0.8}, {**_LOW_MEMORY, **_SPARSE}),
                "sparser": Variant({**PEAKED, "r": 0.8}, _SPARSER),
            },
        ),
        Study(
            name="fashion_mnist",
            what="lenet ternary against its float twin (ReLU): the same epochs, the last one, no augmentation; "
            "brief: the float twin after 8 epochs; distilled: reset, with the logits of brief as soft targets",
            data="fashion_mnist",
            recipe=_BEST.replace(epochs=30),
            variants={
                "float": Variant(FLOAT, LATENT_RATES, graph=False),
                "ternary": Variant(TERNARY, _LOW_MEMORY),
                "sharp": Variant(TERNARY, _SHARP),
                "reset": Variant(PEAKED, _RESET),
                "brief": Variant(FLOAT, {**LATENT_RATES, "epochs": 8}, graph=False),
                "distilled": Variant(PEAKED, {**_RESET, **_SOFT}, teacher="brief"),
            },
        ),
        Study(
            name="cifar10_subset",
            what="vgg of width 32 ternary (power2, reset) against its float twin (ReLU) on 4,000 training images, "
            "last epoch; distilled: the same with the logits of the float twin of the same seed as soft targets",
            data="cifar10_subset",
            recipe=_BEST.replace(epochs=60, batch_size=50, augment=PHOTOGRAPHS, plain_epochs=4),
            variants={
                "float": Variant({**FLOAT, "width": 32}, LATENT_RATES, "vgg", graph=False),
                "ternary": Variant({**PEAKED, "width": 32}, _FEW, "vgg"),
                "distilled": Variant({**PEAKED, "width": 32}, {**_FEW, **_SOFT}, "vgg", teacher="float"),
            },
        ),
        Study(
            name="methods",
            what="MNIST, lenet: every published method under one recipe",
            data="mnist",
            recipe=_BEST.replace(epochs=10, augment=HANDWRITING, plain_epochs=2, weight_lr=(0.003, 1e-5)),
            variants={
                name: Variant(dict(arguments), graph=arguments.get("activation") is None)
                for name, arguments in METHODS.items()
                if name in ("float", "bnn", "bwn", "twn", "tbn", "gxnor")
            },
            seeds=(0,),
        ),
    )
}
"""By name."""
