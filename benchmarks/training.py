"""Accuracy figures: every run of a study, one file each, then one JSON file and one line of the table per study.

    python benchmarks/training.py run mnist ternary --seed 0     # one run: trains, tests once, keeps a file
    python benchmarks/training.py study mnist                    # all runs of a study that are not kept yet
    python benchmarks/training.py collect                        # results/training_*.json from the runs kept

Runs are kept under runs/training (ignored by git). The test part of the data is run once, after training; recipes
were chosen on held-out training samples.
"""

import argparse
import json
import statistics
from pathlib import Path
from typing import Any

import numpy as np
import torch
from record import command, record
from scipy import stats
from training_studies import STUDIES, Study, Variant

from gxnor_converters import from_torch
from gxnor_sims import simulate
from gxnor_snn.cli.provenance import provenance
from gxnor_snn.data import Dataset, load
from gxnor_snn.files import write_json
from gxnor_snn.models import NetSpec
from gxnor_snn.train import Recipe, evaluate, fit, load_checkpoint, save_checkpoint

RUNS = Path(__file__).parents[1] / "runs" / "training"


def _spec(variant: Variant, dataset: Dataset, seed: int) -> NetSpec:
    sizes = {"in_shape": list(dataset.image_shape), "classes": dataset.classes, "seed": seed}
    return NetSpec(variant.factory, {**sizes, **variant.model})


def _recipe(study: Study, variant: Variant, seed: int) -> Recipe:
    return study.recipe.replace(**{**variant.recipe, "seed": seed, "threads": 1})


def _kept(study: Study, name: str, seed: int, file: Path) -> dict[str, Any]:
    """A run that is kept, if it is one of the study as it is defined now."""
    result = json.loads(file.read_text())
    variant = study.variants[name]
    options = {key: result["model"].get(key) for key in variant.model}
    as_run = {key: list(v) if isinstance(v, tuple) else v for key, v in variant.model.items()}
    same = Recipe(**result["recipe"]) == _recipe(study, variant, seed) and options == as_run
    if not same or result.get("teacher", variant.teacher) != variant.teacher:
        raise SystemExit(f"{file} is a run of another recipe or network than {study.name} {name}; move it away")
    return result


def _events(model: torch.nn.Module, dataset: Dataset) -> dict[str, Any]:
    """Resting probability that the native engine counts over the whole test part."""
    graph = from_torch(model, dataset.image_shape)
    trace = simulate(graph, dataset.x_test)
    layers = {
        name: {"resting": c.resting, "gated": int(np.sum(c.n_gated)), "dense": int(np.sum(c.n_dense))}
        for name, c in trace.counts.projections.items()
        if hasattr(c, "n_gated")
    }
    later = list(layers.values())[1:]
    gated, dense = (sum(layer[key] for layer in later) for key in ("gated", "dense"))
    accuracy = float((trace.predictions == dataset.y_test).mean())
    return {"resting_layers_2_to_last": 1 - gated / dense, "layers": layers, "engine_accuracy": accuracy}


def _teacher(study: Study, variant: Variant, seed: int) -> torch.nn.Module | None:
    """The net whose logits are soft targets, trained first where it is not kept."""
    if variant.teacher is None:
        return None
    run(study, variant.teacher, seed)
    return load_checkpoint(RUNS / f"{study.name}-{variant.teacher}-{seed}.safetensors")


def run(study: Study, name: str, seed: int) -> dict[str, Any]:
    """Train one variant with one seed, or read it where it is kept."""
    variant = study.variants[name]
    stem = RUNS / f"{study.name}-{name}-{seed}"
    kept = stem.with_suffix(".json")
    if kept.exists():
        return _kept(study, name, seed, kept)
    dataset = load(study.data)
    recipe = _recipe(study, variant, seed)
    spec = _spec(variant, dataset, seed)
    model = spec.build()
    teacher = _teacher(study, variant, seed)
    history = fit(model, dataset, recipe, teacher=teacher)
    result = {
        "test_accuracy": evaluate(model, dataset.x_test, dataset.y_test),
        "validation_accuracy": history.epochs[history.selected - 1].validation_accuracy,
        "selected_epoch": history.selected,
        "seconds": history.seconds,
        "events": _events(model, dataset) if variant.graph else None,
        "model": {"factory": spec.factory, **spec.kwargs},
        "recipe": json.loads(recipe.model_dump_json()),
        "teacher": variant.teacher,
        "provenance": provenance(
            command=command(), data=study.data, torch_cpu_capability=torch.backends.cpu.get_cpu_capability()
        ),
    }
    RUNS.mkdir(parents=True, exist_ok=True)
    save_checkpoint(stem.with_suffix(".safetensors"), model, history=history)
    history.to_csv(stem.with_suffix(".csv"))
    write_json(kept, result)
    print(f"{study.name} {name} seed {seed}: {100 * result['test_accuracy']:.2f} %")
    return result


def _summary(study: Study, results: dict[str, dict[int, dict[str, Any]]]) -> dict[str, Any]:
    """Means over the seeds, and paired differences from the study's first variant with a 95 % interval."""
    figures: dict[str, Any] = {"what": study.what, "variants": {}}
    for name, by_seed in results.items():
        accuracy = {seed: 100 * r["test_accuracy"] for seed, r in by_seed.items()}
        entry: dict[str, Any] = {"test_accuracy_percent": accuracy, "mean": statistics.mean(accuracy.values())}
        if all(r["events"] for r in by_seed.values()):
            entry["resting_percent"] = {
                s: 100 * r["events"]["resting_layers_2_to_last"] for s, r in by_seed.items()
            }
        first = results.get(next(iter(study.variants)), {})
        pairs = [accuracy[s] - 100 * first[s]["test_accuracy"] for s in accuracy if s in first]
        if by_seed is not first and len(pairs) > 1:
            half = stats.t.ppf(0.975, len(pairs) - 1) * statistics.stdev(pairs) / len(pairs) ** 0.5
            entry["minus_first"] = {"mean": statistics.mean(pairs), "interval_95": half}
        figures["variants"][name] = entry
    return figures


def collect(study: Study) -> None:
    """Write the results file of a study from the runs that are kept."""
    results: dict[str, dict[int, dict[str, Any]]] = {}
    for name in study.variants:
        files = sorted(RUNS.glob(f"{study.name}-{name}-[0-9]*.json"))
        if files:
            seeds = [int(f.stem.rpartition("-")[2]) for f in files]
            results[name] = {s: _kept(study, name, s, f) for s, f in zip(seeds, files, strict=True)}
    if results:
        runs = {f"{n}-{s}": r for n, by_seed in results.items() for s, r in by_seed.items()}
        record(f"training_{study.name}", {**_summary(study, results), "runs": runs}, data=study.data)


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("run")
    one.add_argument("study", choices=STUDIES)
    one.add_argument("variant")
    one.add_argument("--seed", type=int, default=0)
    whole = commands.add_parser("study")
    whole.add_argument("study", choices=STUDIES)
    commands.add_parser("collect")
    given = parser.parse_args()
    if given.command == "run":
        run(STUDIES[given.study], given.variant, given.seed)
    elif given.command == "study":
        study = STUDIES[given.study]
        for seed in study.seeds:
            for name in study.variants:
                run(study, name, seed)
        collect(study)
    else:
        for study in STUDIES.values():
            collect(study)


if __name__ == "__main__":
    main()
