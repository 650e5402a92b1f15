"""The base of everything a recipe is made of: frozen, strict about names, and one line per error."""

from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from gxnor_snn.errors import RecipeError

__all__ = ["Settings"]


class Settings(BaseModel):
    """Frozen, validated values; a value that is missing, unknown or out of range raises `RecipeError`.

    A subclass says in `what` how messages call it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    what: ClassVar[str] = "settings"

    def __init__(self, /, **values: Any) -> None:
        try:
            super().__init__(**values)
        except ValidationError as error:
            first = error.errors()[0]
            where = "".join(f"{part}: " for part in [".".join(str(part) for part in first["loc"])] if part)
            raise RecipeError(f"{self.what}: {where}{first['msg']}, got {first['input']!r}") from error

    def replace(self, **changes: Any) -> Self:
        """A validated copy with other values."""
        return type(self)(**{**self.model_dump(), **changes})
