"""What is wrong with a file, in one line."""

from pydantic import ValidationError

__all__ = ["one_line"]


def one_line(error: Exception, validated: str) -> str:
    """The message of an error of any origin, cut to one line; `validated` is what pydantic has looked at."""
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"{validated}: {'.'.join(map(str, first['loc']))}: {first['msg']}"
    text = str(error).partition("\n")[0]
    return f"the entry {text} is missing" if isinstance(error, KeyError) else text
