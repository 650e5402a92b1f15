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
        typer.Option(
            metavar="NAME",
            help="Network: mlp, lenet, vgg or resnet.",
            show_default="the data set's own, else lenet",
        ),
    ] = None,
    method: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="What weights and activations are: gxnor, bnn, bwn, twn, tbn, qnn, mbn or float.",
            show_default="gxnor",
        ),
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
    teacher: Annotated[
        Path | None,
        typer.Option(
            metavar="CHECKPOINT",
            help="Trained network whose logits are soft targets, as the recipe's table [distillation] says.",
        ),
    ] = None,
    epochs: options.Epochs = None,
    seed: options.Seed = None,
    out: Annotated[Path, typer.Option(metavar="FILE", help="Checkpoint to write.")] = Path(
        "checkpoint.safetensors"
    ),
    history: Annotated[
        Path | None,
        typer.Option(metavar="FILE.csv", help="Also write loss, accuracies, zeros and flips, after every epoch."),
    ] = None,
    tensorboard: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Also write every epoch for TensorBoard, while training goes on."),
    ] = None,
    checkpoint_every: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            min=1,
            help="Keep the state of the training beside the checkpoint after every N epochs, and on Ctrl-C, "
            "so that --resume can go on from it.",
            show_default="1 with --resume, else never",
        ),
    ] = None,
    resume: Annotated[
        bool,
        typer.Option("--resume", help="Go on from the state beside the checkpoint, if there is one."),
    ] = False,
    device: Annotated[
        str | None,
        typer.Option(metavar="cpu|cuda", help="Where to train.", show_default="the recipe's, else cpu"),
    ] = None,
    threads: options.TrainingThreads = None,
    quiet: options.Quiet = False,
) -> None:
    """Train a network of discrete weights by DST.

    Weights are levels of a discrete space all the time; discrete state transitions (DST) move them, and no float
    copy is kept, unless --method asks for a relative that has one. The test part of the data is looked at once,
    after training.
    """
    from contextlib import nullcontext
    from hashlib import sha256

    from gxnor_snn.data import load
    from gxnor_snn.errors import InputError
    from gxnor_snn.plots.units import percent
    from gxnor_snn.train import TensorBoardLog, evaluate, fit, load_checkpoint, save_checkpoint

    from .outputs import claim_file, claim_folder
    from .provenance import provenance
    from .screen import Screen
    from .training import parse_settings, plan_training, state_file, torch_threads, training_facts

    screen = Screen(quiet)
    dataset = load(data)
    plan = plan_training(
        dataset,
        model=model,
        method=method,
        settings=parse_settings(settings),
        recipe=recipe,
        epochs=epochs,
        seed=seed,
        device=device,
        taught=teacher is not None,
    )
    net = plan.build()
    trained, source = None, {}
    if teacher is not None:
        trained = load_checkpoint(teacher)
        if out.exists() and out.samefile(teacher):
            raise InputError(f"--out {out} is the teacher, which it would replace; allowed is another file")
        source = {"teacher": teacher, "teacher_sha256": sha256(teacher.read_bytes()).hexdigest()}
    state = state_file(out) if resume or checkpoint_every else None
    for path in (out, history, state):
        claim_file(path)
    if tensorboard is not None:
        claim_folder(tensorboard)
    if resume and state is not None and state.exists():
        screen.line(f"goes on from {state}")
    with torch_threads(threads), TensorBoardLog(tensorboard) if tensorboard else nullcontext() as log:
        course = fit(
            net,
            dataset,
            plan.recipe,
            progress=screen.progress,
            teacher=trained,
            on_epoch=log,
            checkpoint=state,
            checkpoint_every=checkpoint_every or 1,
            resume=resume,
            history=history,
        )
        accuracy = evaluate(net, dataset.x_test, dataset.y_test)
        facts = provenance(
            command=ctx.obj,
            data=dataset.name,
            test_accuracy=accuracy,
            **training_facts(plan.recipe, net),
            **source,
        )
    save_checkpoint(out, net, history=course, metadata=facts)
    if state is not None:
        state.unlink(missing_ok=True)
    last = course.epochs[course.selected - 1]
    screen.pairs(
        f"{plan.spec.factory} on {dataset.name}",
        [
            ("test accuracy", f"{percent(accuracy)} of {len(dataset.y_test):,} samples"),
            ("train accuracy", percent(last.train_accuracy)),
            ("zero weights", "-" if last.zero_fraction is None else percent(last.zero_fraction)),
            ("epochs", f"{len(course.epochs)} (weights of epoch {course.selected})"),
            ("time", f"{course.seconds:.1f} s"),
        ],
    )
    for path in (out, history):
        if path is not None:
            screen.line(f"wrote {path}")
