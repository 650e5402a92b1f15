"""The command line as a whole: help, documents, version, start."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from gxnor_snn import __version__
from gxnor_snn.cli.app import app

GROUP = typer.main.get_command(app)
COMMANDS = dict(GROUP.commands)  # type: ignore[attr-defined]
DOCUMENT = Path(__file__).parents[3] / "docs" / "cli.md"


def sections() -> dict[str, str]:
    """Text under each heading ``## gxnor NAME`` of the document."""
    parts = re.split(r"^## ", DOCUMENT.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {part.split("\n")[0].removeprefix("gxnor "): part for part in parts[1:]}


def options(command: str) -> set[str]:
    """Every option in its long form and every argument of a command, as it is typed."""
    found = {"--help"}
    for parameter in COMMANDS[command].params:
        typed = [name for name in parameter.opts if name.startswith("--")]
        found.add(typed[0] if typed else str(parameter.metavar))
    return found - {"--help"}


def test_the_commands_are_these() -> None:
    expected = {
        "demo",
        "train",
        "convert",
        "simulate",
        "explain",
        "price",
        "operations",
        "plot",
        "report",
        "profiles",
        "info",
    }
    assert set(COMMANDS) == expected


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_parameter_has_help(name: str) -> None:
    command = COMMANDS[name]
    assert len(command.help or "") > 20
    for parameter in command.params:
        assert getattr(parameter, "help", None), f"{name} {parameter.name}"


@pytest.mark.parametrize("name", COMMANDS)
def test_help_is_printed(name: str, gxnor) -> None:
    text = gxnor(name, "--help").stdout
    assert f"Usage: gxnor {name}" in text
    for option in options(name):
        assert option in text


@pytest.mark.parametrize("name", COMMANDS)
def test_document_has_every_command_and_option_and_no_other(name: str) -> None:
    section = sections()[name]
    table = section[section.index("| option |") :].split("\n\n")[0]
    cells = [cell.replace("\\|", "|") for cell in re.findall(r"^\| `([^`]+)` \|", table, flags=re.MULTILINE)]
    described = [next((w for w in cell.split() if w.startswith("--")), cell) for cell in cells]
    assert sorted(described) == sorted(options(name))
    assert f"gxnor {name}" in section.split("```")[1]


def test_document_has_no_other_command() -> None:
    headings = re.findall(r"^## (.*)$", DOCUMENT.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert {h.removeprefix("gxnor ") for h in headings if h.startswith("gxnor ")} == set(COMMANDS)


def test_version(gxnor) -> None:
    assert gxnor("--version").stdout == f"gxnor {__version__}\n"


def test_without_a_command_help_is_shown(gxnor) -> None:
    assert gxnor().stdout == gxnor("--help").stdout


@pytest.mark.parametrize(
    ("words", "match"),
    [
        (("nope",), "No such command 'nope' .*'gxnor --help'"),
        (("--nope",), "No such option"),
        (("simulate",), "Missing argument 'GRAPH' .*'gxnor simulate --help'"),
        (("simulate", "g", "--samples", "0"), "--samples"),
        (("train", "--epochs", "many"), "--epochs"),
        (("plot", "g"), "Missing option '--out'"),
        (("info", "a", "b"), "unexpected extra argument"),
    ],
)
def test_wrong_usage_is_one_line(words: tuple[str, ...], match: str, refused) -> None:
    refused(*words, match=match)


def test_nothing_heavy_is_imported_to_start() -> None:
    code = (
        "import sys; from gxnor_snn.cli import app\n"
        "heavy = {'torch', 'numpy', 'matplotlib', 'pydantic', 'sklearn', 'networkx'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "[]\n"


def test_a_terminal_without_unicode() -> None:
    code = "import sys; sys.argv[1:] = ['profiles', 'crossbar']; from gxnor_snn.cli import main; main()"
    env = os.environ | {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, env=env)
    assert (done.returncode, done.stderr) == (0, b"")
    assert b"Constants" in done.stdout
