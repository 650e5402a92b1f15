"""README and docs are true: their code runs, their commands exist, their links lead somewhere."""

import doctest
import importlib
import pkgutil
import re
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
PACKAGES = ["gxnor_snn", "gxnor_converters", "gxnor_sims", "gxnor_hardware"]


def _pages() -> dict[str, list[str]]:
    """The blocks of every page that has some; README's first, the quick start, has a test of its own."""
    found = {str(p.relative_to(ROOT)): BLOCK.findall(p.read_text(encoding="utf-8")) for p in DOCUMENTS}
    found["README.md"] = found["README.md"][1:]
    return {page: blocks for page, blocks in found.items() if blocks}


@pytest.mark.parametrize("page", _pages())
def test_the_python_of_a_page_runs_from_top_to_bottom(
    page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {"__name__": "__main__"}
    for index, code in enumerate(_pages()[page]):
        exec(compile(code, f"{page}, block {index}", "exec"), names)


def test_the_quick_start_is_short_and_says_what_it_finds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    first = BLOCK.findall((ROOT / "README.md").read_text(encoding="utf-8"))[0]
    assert sum(bool(line.strip()) for line in first.splitlines()) <= 15
    monkeypatch.chdir(tmp_path)
    exec(compile(first, "README.md", "exec"), {"__name__": "__main__"})
    said = capsys.readouterr().out
    assert "0 samples differ" in said
    accuracy = re.search(r"accuracy (\d+\.\d+) %", said)
    assert accuracy is not None
    assert float(accuracy.group(1)) >= 96


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda p: p.name)
def test_links_between_files_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)", document.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (document.parent / target).exists(), target


def _modules() -> list[str]:
    names = []
    for package in PACKAGES:
        root = importlib.import_module(package)
        names += [m.name for m in pkgutil.walk_packages(root.__path__, f"{package}.")] + [package]
    return sorted(n for n in names if not n.endswith("_kernels"))


@pytest.mark.parametrize("name", _modules())
def test_examples_in_docstrings_hold(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0


@pytest.mark.parametrize("example", sorted((ROOT / "examples").glob("*.py")), ids=lambda p: p.stem)
def test_examples_run(example: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    runpy.run_path(str(example), run_name="__main__")
