"""What `import` does, and what it offers."""

import importlib
import subprocess
import sys
from importlib.metadata import entry_points, files, version
from pathlib import Path

import pytest

import gxnor_snn

PUBLIC = [
    "gxnor_snn",
    "gxnor_snn.data",
    "gxnor_snn.dst",
    "gxnor_snn.errors",
    "gxnor_snn.files",
    "gxnor_snn.graph",
    "gxnor_snn.layers",
    "gxnor_snn.models",
    "gxnor_snn.plots",
    "gxnor_snn.report",
    "gxnor_snn.results",
    "gxnor_snn.spaces",
    "gxnor_snn.train",
    "gxnor_converters",
    "gxnor_hardware",
    "gxnor_sims",
    "gxnor_sims.brian2",
    "gxnor_sims.native",
]
HEAVY = ["torch", "matplotlib", "brian2", "sklearn", "pydantic", "safetensors", "jinja2"]


@pytest.mark.parametrize("name", PUBLIC)
def test_the_public_list_is_what_can_be_imported(name: str) -> None:
    module = importlib.import_module(name)
    assert module.__doc__
    assert len(module.__all__) == len(set(module.__all__))
    for attribute in module.__all__:
        assert hasattr(module, attribute), f"{name}.{attribute}"


@pytest.mark.parametrize(
    ("name", "heavy"),
    [
        ("gxnor_snn", HEAVY),
        ("gxnor_snn.graph", ["torch", "matplotlib", "brian2", "sklearn"]),
        ("gxnor_sims", ["torch", "matplotlib", "brian2"]),
        ("gxnor_sims.brian2", ["torch", "matplotlib", "brian2"]),
        ("gxnor_snn.cli", ["torch", "matplotlib", "brian2", "sklearn"]),
    ],
)
def test_importing_is_light(name: str, heavy: list[str]) -> None:
    code = f"import sys, {name}; print([m for m in {heavy!r} if m in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


def test_versions_agree() -> None:
    assert gxnor_snn.__version__ == version("gxnor-snn")


def test_the_command_is_installed() -> None:
    (command,) = [e for e in entry_points(group="console_scripts") if e.name == "gxnor"]
    assert callable(command.load())


@pytest.mark.parametrize("package", ["gxnor_snn", "gxnor_converters", "gxnor_sims", "gxnor_hardware"])
def test_packages_are_typed(package: str) -> None:
    module = importlib.import_module(package)
    assert any((Path(folder) / "py.typed").exists() for folder in module.__path__)


def test_the_compiled_module_is_installed() -> None:
    assert any("_kernels" in str(f) for f in files("gxnor-snn") or ())
