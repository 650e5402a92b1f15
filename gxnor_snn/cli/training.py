"""What `gxnor train` and `gxnor demo` share: which network, which recipe, how many threads."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from gxnor_snn.data import Dataset
from gxnor_snn.errors import InputError, RecipeError
from gxnor_snn.models import METHODS, DiscreteNet, NetKeywords, NetSpec
from gxnor_snn.train import PRESETS, DistillationSettings, Preset, Recipe, demo_setup

__all__ = ["Plan", "parse_settings", "plan_training", "state_file", "torch_threads", "training_facts"]

_HIDDEN = [256, 256]  # of an mlp whose layers nobody named


@dataclass(frozen=True)
class Plan:
    """A network that is not built yet, and how to train it."""

    spec: NetSpec
    recipe: Recipe

    def build(self) -> DiscreteNet:
        """Make the network.

        Raises
        ------
        InputError
            If an argument of the network is unknown or not what it takes.
        """
        try:
            return self.spec.build()
        except (RuntimeError, OverflowError, MemoryError) as error:  # torch on sizes that fit no memory
            raise InputError(f"model {self.spec.factory!r} cannot be built: {error}") from error


def plan_training(
    dataset: Dataset,
    *,
    model: str | None = None,
    method: str | None = None,
    settings: Mapping[str, Any] | None = None,
    recipe: str | None = None,
    epochs: int | None = None,
    seed: int | None = None,
    device: str | None = None,
    taught: bool = False,
) -> Plan:
    """Choose network and recipe; what is None is chosen for the data set.

    Parameters
    ----------
    dataset
        Says the shape of the images and the number of classes.
    model
        Name of a network; else the data set's own, or a lenet.
    method
        Name of a method of `gxnor_snn.models.METHODS`, whose arguments take the place of all but the sizes.
    settings
        Arguments of the network that go before all others.
    recipe
        Preset or TOML file; else the data set's own, or the preset "best".
    epochs, seed
        In place of the recipe's; the seed is that of the first weights as well.
    device
        In place of the recipe's.
    taught
        There is a teacher: a recipe without a table "distillation" gets one of defaults. Without a teacher no
        recipe may have one.

    Raises
    ------
    RecipeError, InputError
        If a name is unknown or a value is not allowed.
    """
    own = _own_setup(dataset.name)
    if own is not None and model is None:
        factory, arguments = own[0].factory, dict(own[0].kwargs)
    else:
        factory, arguments = model or "lenet", {"hidden": _HIDDEN} if model == "mlp" else {}
    if recipe is not None:
        preset = _named(recipe)
    else:
        preset = PRESETS["best"] if own is None else Preset({}, own[1], dataset.name)
    changes = {"epochs": epochs, "seed": seed, "device": device}
    plan = preset.recipe.replace(**{name: value for name, value in changes.items() if value is not None})
    if plan.distillation is not None and not taught:
        raise RecipeError(
            f"recipe {recipe} has a table [distillation], but there is no teacher; allowed is both, by "
            "gxnor train --teacher CHECKPOINT, or none"
        )
    if taught and plan.distillation is None:
        plan = plan.replace(distillation=DistillationSettings())
    arguments |= {"in_features" if factory == "mlp" else "in_shape": list(dataset.image_shape)}
    arguments["classes"] = dataset.classes
    if method is None:
        arguments |= preset.model
    else:
        sizes = {name: value for name, value in arguments.items() if name not in NetKeywords.__annotations__}
        arguments = {**sizes, **_method(method)}
    arguments |= {**(settings or {}), "seed": plan.seed}
    return Plan(NetSpec(factory, arguments), plan)


def _own_setup(name: str) -> tuple[NetSpec, Recipe] | None:
    try:
        return demo_setup(name)
    except InputError:
        return None


def _method(name: str) -> NetKeywords:
    if name not in METHODS:
        raise InputError(f"method {name!r} is unknown; allowed are {', '.join(METHODS)}")
    return METHODS[name]


def _named(recipe: str) -> Preset:
    """A preset, or a recipe file, which says nothing about the network."""
    if recipe in PRESETS:
        return PRESETS[recipe]
    if recipe.endswith(".toml"):
        return Preset({}, Recipe.from_toml(Path(recipe)), recipe)
    raise RecipeError(f"recipe {recipe!r} is unknown; allowed are {', '.join(PRESETS)} and a .toml file")


def parse_settings(words: Sequence[str] | None) -> dict[str, Any]:
    """``KEY=VALUE`` words as keyword arguments; values are JSON where they can be, else text.

    Raises
    ------
    InputError
        If a word is not of that form, or names the seed, which has an option of its own.
    """
    values: dict[str, Any] = {}
    for word in words or ():
        key, equals, text = word.partition("=")
        if not key or not equals:
            raise InputError(f"--set {word!r}: allowed is KEY=VALUE, as in hidden=[256,256] or r=0.7")
        if key == "seed":
            raise InputError(f"--set {word!r}: the seed is given with --seed")
        try:
            values[key] = json.loads(text)
        except ValueError:
            values[key] = text
    return values


def state_file(checkpoint: Path) -> Path:
    """Where `gxnor train` keeps the state of a training whose network will be written to `checkpoint`."""
    return checkpoint.with_name(f"{checkpoint.stem}.training.safetensors")


@contextmanager
def torch_threads(threads: int | None) -> Iterator[None]:
    """Let torch use that many threads inside the block; None is one.

    One is the default because the trained weights depend on the number, not because of speed: they should not
    change with the cores of a machine. Small nets are no quicker with more.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(threads or 1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def training_facts(recipe: Recipe, model: DiscreteNet) -> dict[str, object]:
    """What decides the trained weights besides the data: same facts, same weights."""
    return {
        "seed": recipe.seed,
        "model": f"{model.spec.factory} {json.dumps(dict(model.spec.kwargs))}",
        "recipe": recipe.model_dump_json(),
        "torch_threads": torch.get_num_threads(),
        "torch_device": str(next(model.parameters()).device),
        "torch_cpu_capability": torch.backends.cpu.get_cpu_capability(),
    }
