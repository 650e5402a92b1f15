"""The command line `gxnor`; every command is described in ``docs/cli.md``.

One module per command; what several commands share stands in `options`, `samples`, `runs`, `pricing`, `figures`,
`reporting`, `tables` and `provenance`. Only typer is imported to start: a command imports torch, matplotlib and
the wings when it runs.
"""

import io
import sys

__all__ = ["main"]


def main() -> None:
    """Entry point of the console script: run the command in ``sys.argv`` and exit with its code."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal without the micro sign gets a question mark
    try:
        from .app import app

        app(prog_name="gxnor")
    except KeyboardInterrupt:  # Ctrl-C while modules are still being imported
        sys.stderr.write("gxnor: interrupted\n")
        sys.exit(130)
