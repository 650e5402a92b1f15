"""How a network is trained, as one validated value."""

import json
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, model_validator

from gxnor_snn.arguments import check_kind
from gxnor_snn.dst.options import make_rounding, make_rule, make_source
from gxnor_snn.errors import GxnorError, RecipeError
from gxnor_snn.files import write_bytes

from .augment import Augmentation
from .distillation import DistillationSettings
from .events import EventSettings
from .settings import Settings

__all__ = ["Recipe", "Transitions"]

_Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
_Moderate = Annotated[float, Field(gt=0, le=1e6)]
_Beta = Annotated[float, Field(ge=0, lt=1)]


class Transitions(Settings):
    """The table ``[dst]`` of a recipe: how `gxnor_snn.dst.DST` steps, and what it remembers.

    Attributes
    ----------
    rule, moments, rounding, source, zero_bias, reset, fused, eps
        As in `gxnor_snn.dst.DST`, which says what is allowed.
    """

    what: ClassVar[str] = "dst"

    rule: str = "adam"
    moments: str | tuple[str, str] = "float32"
    rounding: str = "tanh"
    source: str = "generator"
    zero_bias: float = Field(default=0.0, ge=0, le=1e6)
    reset: bool = False
    fused: bool = False
    eps: _Positive = 1e-8

    @model_validator(mode="after")
    def _known(self) -> "Transitions":
        make_rule(self.rule, self.moments)
        make_rounding(self.rounding)
        make_source(self.source)
        return self


class Recipe(Settings):
    """Everything `gxnor_snn.train.fit` needs to know besides the model and the data; frozen.

    Attributes
    ----------
    epochs
        Passes over the training part.
    batch_size
        Samples per forward pass; a last batch of one sample is left out.
    accumulate
        Batches whose gradients make one step, each weighted by its samples; batch norm sees one batch at a time.
    lr
        Learning rate of DST at the first and the last step, in units of the weights: the temperature of the
        annealing.
    betas
        Memory of the two moments of DST; None takes those of its rule ((0.9, 0.999) for "adam").
    m
        Steepness of the transition probability tanh(m |nu| / dz).
    dst
        How DST steps, and what it remembers; `Transitions`.
    weight_lr
        First and last learning rate of Adam on float weights: those behind latent-weight layers, and those of a
        float twin; None takes `float_lr`.
    weight_lr_scale
        "glorot": the rates of latent weights are those times sqrt((fan_in + fan_out) / 1.5) of their layer, as in
        BinaryNet's published code (``W_LR_scale``), which trains BNN with it; None takes them as they are.
    weight_decay
        Of those weights: each step takes the share rate * weight_decay off them (AdamW, arXiv 1711.05101).
    float_lr
        First and last learning rate of Adam on all other float parameters (those of batch norm, windows).
    float_betas
        Memory of the two moments of Adam.
    schedule
        "geometric" or "cosine": how all rates go from first to last, step by step.
    warmup
        Epochs at the beginning in which all rates rise linearly to their first value.
    clip_gradient
        Largest L2 norm of all gradients of a step together; None clips nothing.
    loss
        "squared_hinge" (mean over batch and classes of max(0, 1 - t y)^2, t = +-1) or "cross_entropy".
    label_smoothing
        Share of the target that cross-entropy spreads evenly over all classes.
    augment
        Random changes of the training images, drawn anew every time; None trains on the images as they are.
    plain_epochs
        Epochs at the end that are trained without augmentation.
    events
        Penalty on the expected number of gated events; None trains for accuracy alone.
    distillation
        How much the logits of a teacher count, which `fit` is then given; None trains on the labels alone.
    n_validation
        Training samples that are held out of training and measured after every epoch.
    select
        "last" keeps the weights of the last epoch, "best" those of the best validation accuracy (the latest
        of equals); "best" needs n_validation.
    seed
        Seeds the held-out choice, the order of samples, the transitions and the augmentation.
    threads
        CPU threads of torch while training; None leaves torch's own setting. One thread gives the same weights
        whatever the number of cores, and is the fastest for small networks on cores that are shared.
    device
        "cpu" or "cuda"; None trains where the model is.
    amp
        Compute in bfloat16 what may be: everything but discrete layers, batch norm and the loss. On CUDA only.
    compile
        Compile what stands between discrete layers and activations (`torch.compile`). On CUDA only: on a CPU it is
        slower.

    Raises
    ------
    RecipeError
        If a value is missing, unknown or out of range.
    """

    what: ClassVar[str] = "recipe"

    epochs: int = Field(ge=1)
    batch_size: int = Field(ge=2, lt=2**31)
    accumulate: int = Field(default=1, ge=1)
    lr: tuple[_Moderate, _Moderate]
    betas: tuple[_Beta, _Beta] | None = None
    m: _Moderate = 3.0
    dst: Transitions = Transitions()
    weight_lr: tuple[_Moderate, _Moderate] | None = None
    weight_lr_scale: Literal["glorot"] | None = None
    weight_decay: float = Field(default=0.0, ge=0, allow_inf_nan=False)
    float_lr: tuple[_Moderate, _Moderate]
    float_betas: tuple[_Beta, _Beta] = (0.9, 0.999)
    schedule: Literal["geometric", "cosine"] = "geometric"
    warmup: int = Field(default=0, ge=0)
    clip_gradient: _Positive | None = None
    loss: Literal["squared_hinge", "cross_entropy"] = "squared_hinge"
    label_smoothing: float = Field(default=0.0, ge=0, lt=1)
    augment: Augmentation | None = None
    plain_epochs: int = Field(default=0, ge=0)
    events: EventSettings | None = None
    distillation: DistillationSettings | None = None
    n_validation: int = Field(default=0, ge=0)
    select: Literal["last", "best"] = "last"
    seed: int = Field(default=0, ge=0, lt=2**63)
    threads: int | None = Field(default=None, ge=1, le=4096)
    device: Literal["cpu", "cuda"] | None = None
    amp: bool = False
    compile: bool = False

    @model_validator(mode="after")
    def _selectable(self) -> "Recipe":
        if self.select == "best" and not self.n_validation:
            raise ValueError("select = 'best' needs n_validation > 0")
        return self

    @model_validator(mode="after")
    def _fitting(self) -> "Recipe":
        if self.label_smoothing and self.loss != "cross_entropy":
            raise ValueError("label_smoothing needs loss = 'cross_entropy'")
        if self.plain_epochs and self.augment is None:
            raise ValueError("plain_epochs needs augment")
        if self.dst.fused and (self.accumulate > 1 or self.clip_gradient is not None):
            raise ValueError(
                "dst.fused drops each gradient at once: it allows neither accumulate nor clip_gradient"
            )
        if self.warmup >= self.epochs:
            raise ValueError("warmup must be shorter than epochs")
        return self

    def to_toml(self, path: str | os.PathLike[str]) -> None:
        """Write the recipe as a TOML file that `from_toml` reads; values of None are left out.

        Raises
        ------
        InputError
            If the file cannot be written.
        """
        write_bytes(path, "".join(f"{line}\n" for line in _toml_lines(self.model_dump())).encode())

    @classmethod
    def from_toml(cls, path: str | os.PathLike[str]) -> "Recipe":
        """Read a recipe from a TOML file whose keys are the attributes; ``augment`` is a table.

        Raises
        ------
        RecipeError
            If the file is missing, not TOML, or its values do not make a recipe.
        """
        check_kind("Recipe.from_toml: path", path, str, os.PathLike)
        file = Path(path)
        try:
            values = tomllib.loads(file.read_text(encoding="utf-8"))
            return cls(**values)
        except OSError as error:
            raise RecipeError(f"{file}: {error.strerror or error}") from error
        except (ValueError, RecursionError) as error:  # not TOML, not UTF-8, nested too deep, no path
            raise RecipeError(f"{file} is not a TOML file: {error}") from error
        except GxnorError as error:
            raise RecipeError(f"{file}: {error}") from error


def _toml_lines(table: Mapping[str, Any], path: str = "") -> Iterator[str]:
    """Lines of a table, inner tables last; JSON's numbers, texts and lists are TOML's too."""
    inner = {key: value for key, value in table.items() if isinstance(value, Mapping)}
    if path:
        yield f"[{path}]"
    for key, value in table.items():
        if value is not None and key not in inner:
            yield f"{_toml_key(key)} = {json.dumps(value, ensure_ascii=False)}"
    for key, value in inner.items():
        yield from _toml_lines(value, f"{path}.{_toml_key(key)}" if path else _toml_key(key))


def _toml_key(key: str) -> str:
    return key if re.fullmatch(r"[\w-]+", key, re.ASCII) else json.dumps(key, ensure_ascii=False)
