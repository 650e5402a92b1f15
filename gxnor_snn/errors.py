"""The one error tree of the project.

::

    GxnorError
    ├── InputError              an argument or an input array is not what the call takes
    ├── DataError               a data set is missing, damaged or not of the stated form
    ├── RecipeError             a training recipe is not valid
    ├── CheckpointError         a checkpoint file is damaged or of another kind
    ├── ConversionError         a trained module has no exact event graph
    ├── GraphError              an event graph breaks a rule of the schema
    │   ├── GraphFormatError    a graph file is damaged, hostile or of another schema version
    │   └── UnsupportedGraphError   a valid graph that this engine does not run
    ├── EngineError             an engine is unknown or cannot run here
    ├── ProfileError            a hardware card is unknown or not valid
    ├── PricingError            counts and mapping do not fit the card
    └── MissingDependencyError  an optional package is not installed

Every message names the object, what was given and what is allowed. `InputError` is a `ValueError` too, so
that generic callers can treat it as one.
"""

__all__ = [
    "CheckpointError",
    "ConversionError",
    "DataError",
    "EngineError",
    "GraphError",
    "GraphFormatError",
    "GxnorError",
    "InputError",
    "MissingDependencyError",
    "PricingError",
    "ProfileError",
    "RecipeError",
    "UnsupportedGraphError",
]


class GxnorError(Exception):
    """Base of every error this project raises on purpose."""


class InputError(GxnorError, ValueError):
    """An argument or an input array is not what the call takes."""


class DataError(GxnorError):
    """A data set is missing, damaged or not of the stated form."""


class RecipeError(GxnorError):
    """A training recipe is not valid."""


class CheckpointError(GxnorError):
    """A checkpoint file is damaged or of another kind."""


class ConversionError(GxnorError):
    """A trained module has no exact event graph; the message names its path."""


class GraphError(GxnorError):
    """An event graph breaks a rule of the schema."""


class GraphFormatError(GraphError):
    """A graph file is damaged, hostile or of another schema version; the message names the field."""


class UnsupportedGraphError(GraphError):
    """The graph is valid, but the chosen engine does not run it."""


class EngineError(GxnorError):
    """An engine is unknown or cannot run on this machine."""


class ProfileError(GxnorError):
    """A hardware card is unknown or not valid."""


class PricingError(GxnorError):
    """Counts and mapping do not fit the hardware card."""


class MissingDependencyError(GxnorError, ImportError):
    """An optional package is not installed; the message gives the line that installs it."""
