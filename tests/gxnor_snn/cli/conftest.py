"""A tiny data set, a network trained on it, its graph and counts, and two ways to call `gxnor`."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from gxnor_snn.cli.app import app

Call = Callable[..., Result]


@dataclass(frozen=True)
class Work:
    """Files that tests read and never write."""

    data: Path
    recipe: Path
    checkpoint: Path
    graph: Path
    counts: Path
    x: Path
    y: Path


def call(*words: object, **extra: object) -> Result:
    return CliRunner().invoke(app, [str(w) for w in words], catch_exceptions=False, prog_name="gxnor", **extra)


@pytest.fixture
def gxnor() -> Call:
    """Run a command that must succeed and say nothing on stderr."""

    def run(*words: object, **extra: object) -> Result:
        result = call(*words, **extra)
        assert result.stderr == ""
        assert result.exit_code == 0, result.output
        return result

    return run


@pytest.fixture
def refused() -> Call:
    """Run a command that must be refused in one line on stderr, and nothing else; returns the line."""

    def run(*words: object, match: str = "", code: int = 2) -> str:
        result = call(*words)
        assert result.exit_code == code, result.output
        assert result.stderr.startswith("gxnor: ")
        assert result.stderr.count("\n") == 1
        assert result.stderr.endswith("\n")
        assert result.stdout == ""
        assert re.search(match, result.stderr), result.stderr
        return result.stderr

    return run


@pytest.fixture
def invoke() -> Call:
    """Run a command, whatever comes of it."""
    return call


@pytest.fixture(scope="session")
def work(tmp_path_factory: pytest.TempPathFactory) -> Work:
    folder = tmp_path_factory.mktemp("cli")
    rng = np.random.default_rng(3)
    y_train, y_test = np.arange(60) % 3, np.arange(30) % 3
    patterns = rng.integers(0, 256, (3, 1, 8, 8))

    def images(y: np.ndarray) -> np.ndarray:
        return np.clip(patterns[y] + rng.integers(-40, 40, (len(y), 1, 8, 8)), 0, 255).astype(np.uint8)

    x_train, x_test = images(y_train), images(y_test)
    files = Work(
        data=folder / "tiny.npz",
        recipe=folder / "quick.toml",
        checkpoint=folder / "net.safetensors",
        graph=folder / "graph.safetensors",
        counts=folder / "counts.json",
        x=folder / "x.npy",
        y=folder / "y.npy",
    )
    np.savez(files.data, x_train=x_train, y_train=y_train, x_test=x_test, y_test=y_test)
    np.save(files.x, x_test)
    np.save(files.y, y_test)
    files.recipe.write_text(
        "epochs = 2\nbatch_size = 10\nlr = [0.1, 0.001]\nfloat_lr = [0.01, 0.001]\nbetas = [0.9, 0.99]\n"
    )
    small = ("channels=[4,4]", "hidden=8", "kernel=3", "padding=1")
    settings = [word for setting in small for word in ("--set", setting)]
    training = ("--data", files.data, "--model", "lenet", *settings, "--recipe", files.recipe, "--seed", 1)
    for words in (
        ("train", *training, "--out", files.checkpoint),
        ("convert", files.checkpoint, "--out", files.graph),
        ("simulate", files.graph, "--data", files.data, "--counts-out", files.counts),
    ):
        result = call(*words, "--quiet")
        assert (result.exit_code, result.output) == (0, "")
    return files
