"""The main job step by step: data, training, conversion, comparison, events, prices, figures, report."""

import time
from dataclasses import dataclass
from pathlib import Path

from gxnor_converters import Certificate, from_torch
from gxnor_snn.data import Dataset, load
from gxnor_snn.files import write_json
from gxnor_snn.models import DiscreteNet
from gxnor_snn.plots.units import percent
from gxnor_snn.results import Bill
from gxnor_snn.train import History, evaluate, fit, save_checkpoint

from .conversion import compare, verdict
from .counts_file import write_counts
from .figures import draw_figures, write_figures
from .outputs import claim_folder
from .pricing import load_cards, price_on, write_energy
from .provenance import provenance
from .reporting import bill_summary, report_run, run_summary
from .runs import CountedRun, counted, one_sample
from .samples import Samples
from .screen import Screen
from .training import Plan, plan_training, training_facts

__all__ = ["ChainResult", "run_chain"]

_ENGINE = "native"


@dataclass(frozen=True)
class ChainResult:
    """What the demo ends with: the short table, the certificate, and the files written."""

    summary: list[tuple[str, str]]
    certificate: Certificate
    files: list[tuple[Path, str]]


@dataclass(frozen=True)
class _Trained:
    """How training went."""

    history: History
    accuracy: float


def run_chain(
    screen: Screen,
    data: str,
    out: Path,
    *,
    recipe: str | None,
    epochs: int | None,
    seed: int | None,
    threads: int | None,
    command: str,
) -> ChainResult:
    """Run the main job and write everything into the folder `out`.

    Parameters
    ----------
    screen
        Says what is being done, with progress bars.
    data
        Name or path of the data set.
    out
        Folder; it is made before training begins.
    recipe, epochs, seed
        Replace the demo's own recipe, its number of epochs, its seed (of first weights, order and transitions).
    threads
        Of the engine (None is all cores); torch's are its caller's choice.
    command
        The command line, for the provenance.
    """
    started = time.perf_counter()
    dataset = load(data)
    plan = plan_training(dataset, recipe=recipe, epochs=epochs, seed=seed)
    model = plan.build()
    claim_folder(out)
    trained = _train(screen, dataset, plan, model)
    facts = provenance(command=command, data=dataset.name, engine=_ENGINE, **training_facts(plan.recipe, model))
    files = [(out / "checkpoint.safetensors", "the trained network; gxnor convert reads it")]
    notes = {**facts, "test accuracy": str(trained.accuracy)}
    save_checkpoint(files[0][0], model, history=trained.history, metadata=notes)

    graph = from_torch(model, model.input_shape)
    screen.line(f"converted: {graph!r}")
    certificate = compare(model, graph, dataset.x_test, engine=_ENGINE, threads=threads, progress=screen.progress)
    samples = Samples(f"{dataset.name} (test part)", dataset.x_test, dataset.y_test)
    run = counted(graph, samples, engine=_ENGINE, threads=threads, progress=screen.progress)
    facts["graph sha256"] = graph.digest
    files += _write_run(out, run, certificate, facts)

    priced = price_on(graph, run.counts, load_cards(None))
    bills = [p.bill for p in priced]
    files.append((out / "energy.json", "bills and layouts of every target"))
    write_energy(files[-1][0], priced, facts)
    figures = draw_figures(graph, run.counts, one_sample(graph, samples.x, 0, _ENGINE), 0, bills)
    files += zip(write_figures(out, figures), (figure.title for figure in figures), strict=True)
    summary = _summary(trained, run, certificate, bills)
    summary.append(("time", f"{time.perf_counter() - started:.1f} s, training {trained.history.seconds:.1f} s"))
    page = out / "report.html"
    report_run(
        page,
        f"gxnor demo on {dataset.name}",
        run,
        bills,
        figures,
        facts,
        summary=summary,
        certificate=certificate.to_dict(),
        files=files,
    )
    return ChainResult(summary, certificate, [*files, (page, "this run on one page; open it in a browser")])


def _train(screen: Screen, dataset: Dataset, plan: Plan, model: DiscreteNet) -> _Trained:
    screen.line(
        f"training {plan.spec.factory} on {dataset.name}: {len(dataset.y_train):,} samples, "
        f"{plan.recipe.epochs} epochs, seed {plan.recipe.seed}"
    )
    history = fit(model, dataset, plan.recipe, progress=screen.progress)
    accuracy = evaluate(model, dataset.x_test, dataset.y_test)
    screen.line(f"trained in {history.seconds:.1f} s: {percent(accuracy)} of the test part right")
    return _Trained(history, accuracy)


def _write_run(
    out: Path, run: CountedRun, certificate: Certificate, facts: dict[str, str]
) -> list[tuple[Path, str]]:
    """Graph with its certificate, counts, and the comparison as JSON."""
    graph_file, counts_file, check_file = (
        out / n for n in ("graph.safetensors", "counts.json", "certificate.json")
    )
    noted = run.graph.with_metadata(provenance=facts, certificate=certificate.to_dict())
    noted.save(graph_file)
    write_counts(counts_file, run.counts, run.graph, graph_file, facts)
    write_json(check_file, {**certificate.to_dict(), "provenance": facts})
    return [
        (graph_file, "the event graph; gxnor simulate, price, plot and report read it"),
        (counts_file, "exact counts over all samples; gxnor price reads them"),
        (check_file, "what was compared with the trained network, and what differed"),
    ]


def _summary(
    trained: _Trained, run: CountedRun, certificate: Certificate, bills: list[Bill]
) -> list[tuple[str, str]]:
    torch_row = ("accuracy, torch", percent(trained.accuracy))
    return [torch_row, *run_summary(run), ("samples that differ", verdict(certificate)), *bill_summary(bills)]
