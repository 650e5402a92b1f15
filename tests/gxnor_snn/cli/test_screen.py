"""What is printed: whole lines, literal texts, nothing when quiet."""

import pytest

from gxnor_snn.cli.screen import Screen
from gxnor_snn.cli.text import visible


def test_texts_are_literal(capsys) -> None:
    screen = Screen()
    screen.line("[red]no markup[/red] \x1b[31m")
    screen.table("[b]title", ("name", "value"), [("[x]", "1\x07")])
    screen.pairs("pairs", [("[y]", "file[0].png")])
    out = capsys.readouterr().out
    for text in ("[red]no markup[/red] \\x1b[31m", "[b]title", "[x]", "1\\x07", "[y]", "file[0].png"):
        assert text in out


def test_long_lines_are_not_wrapped(capsys) -> None:
    Screen().line("wrote " + "x" * 500)
    assert capsys.readouterr().out == "wrote " + "x" * 500 + "\n"


@pytest.mark.parametrize("columns", [20, 50, 80])
def test_tables_break_no_word_and_no_number(columns, capsys, monkeypatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    head = ("a long name of words", "number", "other number", "kind")
    row = ("first and second of them", "1,234,567.8", "93.4\u00a0mJ", "several words here")
    Screen().table("t", head, [row], left=(0, 3), wrap=(0, 3))
    out = capsys.readouterr().out
    for piece in ("1,234,567.8", "93.4\u00a0mJ", "second", "several", "number"):
        assert piece in out
    if columns >= 50:
        assert max(map(len, out.splitlines())) <= columns


def test_quiet_prints_alarms_only(capsys) -> None:
    screen = Screen(quiet=True)
    screen.line("line")
    screen.table("t", ("a",), [("1",)])
    screen.pairs("t", [("a", "1")])
    screen.alarm("differs [1]")
    assert capsys.readouterr() == ("", "gxnor: differs [1]\n")


def test_no_progress_bars_away_from_a_terminal() -> None:
    assert not Screen().progress


def test_visible() -> None:
    assert visible("a\u00a0µ\nb") == "a\u00a0µ\nb"
    assert visible("\x1b\t\u202e") == "\\x1b\\t\\u202e"
