"""`gxnor train`: train a discrete network by DST and keep it as a checkpoint."""

from pathlib import Path
from typing import Annotated

import typer

from . import options

__all__ = ["train"]


def train(
    ctx: typer.Context,
    data: options.TrainingData = "digits",
    model: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Network: mlp or lenet.", show_default="the data set's own, else lenet"),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="Argument of the network, as in hidden=128, channels=[16,32], kernel=3, padding=1, r=0.7, n1=0; "
            "may be given several times.",
        ),
    ] = None,
    recipe: options.Recipe = None,
    epochs: options.Epochs = None,
    seed: options.Seed = None,
    out: Annotated[Path, typer.Option(metavar="FILE", help="Checkpoint to write.")] = Path(
        "checkpoint.safetensors"
    ),
    history: Annotated[
        Path | None,
        typer.Option(metavar="FILE.csv", help="Also write loss, accuracies, zeros and flips per epoch."),
    ] = None,
    threads: options.TrainingThreads = None,
    quiet: options.Quiet = False,
) -> None:
    """Train a network of discrete weights by DST.

    Weights are levels of a discrete space all the time; discrete state transitions (DST) move them, and no float
    copy is kept. The test part of the data is looked at once, after training.
    """
    from gxnor_snn.data import load
    from gxnor_snn.plots.units import percent
    from gxnor_snn.train import evaluate, fit, save_checkpoint

    from .outputs import claim_file
    from .provenance import provenance
    from .screen import Screen
    from .training import parse_settings, plan_training, torch_threads, training_facts

    screen = Screen(quiet)
    dataset = load(data)
    plan = plan_training(
        dataset, model=model, settings=parse_settings(settings), recipe=recipe, epochs=epochs, seed=seed
    )
    net = plan.build()
    for path in (out, history):
        claim_file(path)
    with torch_threads(threads):
        course = fit(net, dataset, plan.recipe, progress=screen.progress)
        accuracy = evaluate(net, dataset.x_test, dataset.y_test)
        facts = provenance(
            command=ctx.obj, data=dataset.name, test_accuracy=accuracy, **training_facts(plan.recipe, net)
        )
    save_checkpoint(out, net, history=course, metadata=facts)
    if history is not None:
        course.to_csv(history)
    last = course.epochs[course.selected - 1]
    screen.pairs(
        f"{plan.spec.factory} on {dataset.name}",
        [
            ("test accuracy", f"{percent(accuracy)} of {len(dataset.y_test):,} samples"),
            ("train accuracy", percent(last.train_accuracy)),
            ("zero weights", percent(last.zero_fraction)),
            ("epochs", f"{len(course.epochs)} (weights of epoch {course.selected})"),
            ("time", f"{course.seconds:.1f} s"),
        ],
    )
    for path in (out, history):
        if path is not None:
            screen.line(f"wrote {path}")
