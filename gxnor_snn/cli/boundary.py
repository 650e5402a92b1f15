"""Where errors leave the program: one line on stderr and an exit code, never a traceback for bad input.

==== ============================================================================
code meaning
==== ============================================================================
0    done
1    done, but the check failed: the engine and the trained network, or two engines, differ
2    bad input or bad usage
130  interrupted (Ctrl-C)
==== ============================================================================
"""

import errno
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import typer
from typer.core import TyperGroup

from gxnor_snn.errors import GxnorError

from .text import visible

__all__ = ["CHECK_FAILED", "OneLineGroup"]

CHECK_FAILED = 1
BAD_INPUT = 2
INTERRUPTED = 130


class OneLineGroup(TyperGroup):
    """A group of commands whose errors are one line each; the command line itself becomes ``ctx.obj``."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        ctx.obj = shlex.join(["gxnor", *args])
        with _errors_in_one_line():
            return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        with _errors_in_one_line():
            return super().invoke(ctx)


@contextmanager
def _errors_in_one_line() -> Iterator[None]:
    try:
        yield
    except GxnorError as error:
        raise _leave(str(error), BAD_INPUT) from error
    except typer.TyperException as error:  # wrong usage: unknown command or option, missing or bad value
        context = getattr(error, "ctx", None)
        command = context.command_path if context else "gxnor"
        raise _leave(f"{error.format_message().rstrip('.')} (see '{command} --help')", BAD_INPUT) from error
    except KeyboardInterrupt as error:
        raise _leave("interrupted", INTERRUPTED) from error
    except OSError as error:
        if error.errno == errno.EPIPE:  # the reader of a pipe went away; typer ends quietly
            raise
        text = f"{error.filename}: {error.strerror}" if error.filename else str(error)
        raise _leave(text, BAD_INPUT) from error


def _leave(message: str, code: int) -> typer.Exit:
    """Print the line; raising what this returns ends the program with `code`."""
    sys.stderr.write(f"gxnor: {visible(' '.join(message.split()))}\n")
    return typer.Exit(code)
