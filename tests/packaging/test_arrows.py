"""The import contracts speak of every module there is, so that a new one cannot slip past them."""

import pkgutil
import tomllib
from pathlib import Path

import gxnor_snn

ROOT = Path(__file__).parents[2]
TOP = {"gxnor_snn.cli", "gxnor_snn.plots", "gxnor_snn.report"}
TORCH = {"gxnor_snn.layers", "gxnor_snn.dst", "gxnor_snn.models", "gxnor_snn.train", "gxnor_snn.data"}


def test_every_module_of_the_core_is_under_the_contracts() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    no_top, _, no_wings, numpy_only = contracts
    modules = {f"gxnor_snn.{m.name}" for m in pkgutil.iter_modules(gxnor_snn.__path__)}
    assert set(no_wings["source_modules"]) == modules - TOP
    assert set(no_top["source_modules"]) >= modules - TOP
    assert set(numpy_only["source_modules"]) == modules - TOP - TORCH
