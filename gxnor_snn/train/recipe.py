"""How a network is trained, as one validated value."""

import os
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from gxnor_snn.errors import GxnorError, RecipeError

__all__ = ["Recipe"]

_Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
_Beta = Annotated[float, Field(ge=0, lt=1)]


class Recipe(BaseModel):
    """Everything `gxnor_snn.train.fit` needs to know besides the model and the data; frozen.

    Learning rates fall geometrically, step by step, from the first to the second number of their pair.

    Attributes
    ----------
    epochs, batch_size
        Passes over the training part and samples per step; a last batch of one sample is left out.
    lr
        Learning rate of DST, in units of the weights: the temperature of the annealing.
    betas
        Memory of the two moments of DST.
    m
        Steepness of the transition probability tanh(m |nu| / dz).
    float_lr
        Learning rate of Adam on the float parameters (those of batch norm).
    loss
        "squared_hinge" (mean over batch and classes of max(0, 1 - t y)^2, t = +-1) or "cross_entropy".
    n_validation
        Training samples that are held out of training and measured after every epoch.
    select
        "last" keeps the weights of the last epoch, "best" those of the best validation accuracy (the latest
        of equals); "best" needs n_validation.
    seed
        Seeds the held-out choice, the order of samples and the transitions.

    threads
        CPU threads of torch while training; None leaves torch's own setting. One thread gives the same weights
        whatever the number of cores, and is the fastest for small networks on cores that are shared.

    Raises
    ------
    RecipeError
        If a value is missing, unknown or out of range.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    epochs: int = Field(ge=1)
    batch_size: int = Field(ge=2)
    lr: tuple[_Positive, _Positive]
    betas: tuple[_Beta, _Beta] = (0.9, 0.999)
    m: _Positive = 3.0
    float_lr: tuple[_Positive, _Positive]
    loss: Literal["squared_hinge", "cross_entropy"] = "squared_hinge"
    n_validation: int = Field(default=0, ge=0)
    select: Literal["last", "best"] = "last"
    seed: int = Field(default=0, ge=0, lt=2**63)
    threads: int | None = Field(default=None, ge=1)

    def __init__(self, **values: Any) -> None:
        try:
            super().__init__(**values)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"]) or "recipe"
            raise RecipeError(f"recipe: {where}: {first['msg']}, got {first['input']!r}") from error

    @model_validator(mode="after")
    def _selectable(self) -> "Recipe":
        if self.select == "best" and not self.n_validation:
            raise ValueError("select = 'best' needs n_validation > 0")
        return self

    def replace(self, **changes: Any) -> "Recipe":
        """A validated copy with other values."""
        return Recipe(**{**self.model_dump(), **changes})

    @classmethod
    def from_toml(cls, path: str | os.PathLike[str]) -> "Recipe":
        """Read a recipe from a TOML file whose keys are the attributes.

        Raises
        ------
        RecipeError
            If the file is missing, not TOML, or its values do not make a recipe.
        """
        file = Path(path)
        try:
            values = tomllib.loads(file.read_text(encoding="utf-8"))
            return cls(**values)
        except OSError as error:
            raise RecipeError(f"{file}: {error.strerror or error}") from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise RecipeError(f"{file} is not a TOML file: {error}") from error
        except GxnorError as error:
            raise RecipeError(f"{file}: {error}") from error
