"""`gxnor demo`: the whole chain on real data, into one folder."""

from pathlib import Path
from typing import Annotated

import typer

from . import options

__all__ = ["demo"]


def demo(
    ctx: typer.Context,
    data: options.TrainingData = "digits",
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="Folder for everything the demo writes.")] = Path(
        "gxnor-demo"
    ),
    recipe: options.Recipe = None,
    epochs: options.Epochs = None,
    seed: options.Seed = None,
    threads: options.TrainingThreads = None,
    quiet: options.Quiet = False,
) -> None:
    """Run the whole chain on real handwritten digits.

    A small ternary convolutional net is trained by DST and converted into its event graph. The native engine runs
    the whole test set; every sample is compared with the trained network, integer by integer. The counted events
    are priced on three cards. If a single sample differs, the exit code is 1.
    """
    from .boundary import CHECK_FAILED
    from .chain import run_chain
    from .conversion import say_verdict
    from .screen import Screen
    from .training import torch_threads

    screen = Screen(quiet)
    with torch_threads(threads):
        result = run_chain(
            screen, data, out, recipe=recipe, epochs=epochs, seed=seed, threads=threads, command=ctx.obj
        )
    screen.pairs(f"gxnor demo on {data}", result.summary)
    screen.pairs("Files", [(str(path), what) for path, what in result.files])
    say_verdict(screen, result.certificate)
    if not result.certificate.equal:
        raise typer.Exit(CHECK_FAILED)
