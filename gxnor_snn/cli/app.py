"""The application: one group of commands."""

from typing import Annotated

import typer

from gxnor_snn import __version__

from .boundary import OneLineGroup
from .convert import convert
from .demo import demo
from .explain import explain
from .info import info
from .operations import operations
from .plot import plot
from .price import price
from .profiles import profiles
from .report import report
from .simulate import simulate
from .train import train

__all__ = ["app"]

app = typer.Typer(
    name="gxnor",
    cls=OneLineGroup,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"gxnor {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def gxnor(
    ctx: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Train discrete neural networks, convert them into exact event graphs, run and price those.

    Begin with `gxnor demo`: the whole chain on real handwritten digits, in one folder. Exit codes: 0 done, 1 the
    engine and the trained network differ, 2 bad input (one line says what), 130 interrupted.
    """
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help())


for _command in (demo, train, convert, simulate, explain, price, operations, plot, report, profiles, info):
    app.command()(_command)
