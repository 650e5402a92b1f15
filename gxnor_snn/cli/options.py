"""Options and arguments that several commands share, each declared once."""

from pathlib import Path
from typing import Annotated

import typer

__all__ = [
    "Batch",
    "Cards",
    "Data",
    "Device",
    "Engine",
    "Epochs",
    "GraphFile",
    "InputFile",
    "Labels",
    "Processes",
    "Quiet",
    "Recipe",
    "Sample",
    "Samples",
    "Seed",
    "Target",
    "Threads",
    "TrainingData",
    "TrainingThreads",
]

_DATA_SETS = (
    "Data set: digits; mnist, fashion_mnist, cifar10, cifar10_subset, nmnist (these under $GXNOR_DATA); an .npz "
    "file with x_train, y_train, x_test, y_test; a folder of IDX files, or of images in train/CLASS, test/CLASS."
)

GraphFile = Annotated[
    Path, typer.Argument(metavar="GRAPH", show_default=False, help="Event graph file (.safetensors).")
]
Data = Annotated[
    str | None,
    typer.Option(
        metavar="NAME|PATH",
        help=_DATA_SETS + " Its test part is used.",
    ),
]
TrainingData = Annotated[str, typer.Option("--data", metavar="NAME|PATH", help=_DATA_SETS)]
InputFile = Annotated[
    Path | None,
    typer.Option("--input", metavar="X.npy", help="Input levels (samples, *shape), integers; pixels are bytes."),
]
Labels = Annotated[
    Path | None,
    typer.Option(metavar="Y.npy", help="Integer classes (samples,) that belong to --input; gives the accuracy."),
]
Samples = Annotated[
    int | None, typer.Option(metavar="N", min=1, help="Use the first N samples only.", show_default="all")
]
Sample = Annotated[int, typer.Option(metavar="N", min=0, help="Number of the sample whose events are drawn.")]
Engine = Annotated[
    str, typer.Option(metavar="NAME", help="Engine that runs the graph: native, torch, reference or brian2.")
]
Target = Annotated[
    str | None,
    typer.Option(
        metavar="numpy|cython|cpp_standalone",
        help="What engine brian2 compiles to; numpy needs no compiler.",
        show_default="numpy",
    ),
]
Device = Annotated[
    str | None,
    typer.Option(
        metavar="cpu|cuda", help="Where engine torch runs; cuda:N is one of several GPUs.", show_default="cpu"
    ),
]
Processes = Annotated[
    int | None,
    typer.Option(
        metavar="N", min=1, help="Processes that engine brian2 shares the samples out to.", show_default="1"
    ),
]
Batch = Annotated[
    int | None,
    typer.Option(metavar="N", min=1, help="Samples per pass; results never depend on it.", show_default="auto"),
]
Threads = Annotated[
    int | None,
    typer.Option(metavar="N", min=1, help="Worker threads.", show_default="all cores"),
]
TrainingThreads = Annotated[
    int | None,
    typer.Option(
        "--threads",
        metavar="N",
        min=1,
        help="Worker threads. The trained weights depend on their number in training.",
        show_default="1 in training, all cores in the engine",
    ),
]
Cards = Annotated[
    list[str] | None,
    typer.Option(
        "--card",
        metavar="NAME|FILE.toml",
        help="Hardware card, by name (see gxnor profiles) or as a file; may be given several times.",
    ),
]
Epochs = Annotated[
    int | None,
    typer.Option(metavar="N", min=1, help="Passes over the training part.", show_default="the recipe's"),
]
Recipe = Annotated[
    str | None,
    typer.Option(
        metavar="PRESET|FILE.toml",
        help="Training recipe: paper, repo, best, few_samples, sparse, or a TOML file.",
        show_default="the data set's own, else best",
    ),
]
Seed = Annotated[
    int | None,
    typer.Option(
        metavar="N",
        min=0,
        help="Seed of the first weights, of every draw and of the order of samples.",
        show_default="the recipe's, 0 unless it says otherwise",
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")]
