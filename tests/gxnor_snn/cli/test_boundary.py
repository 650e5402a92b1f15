"""Every expected error is one line and an exit code; every other one is let through."""

import errno

import pytest
import typer
from typer.testing import CliRunner

from gxnor_snn import errors
from gxnor_snn.cli.boundary import OneLineGroup


def run(error: BaseException) -> tuple[int, str]:
    app = typer.Typer(cls=OneLineGroup, pretty_exceptions_enable=False)

    @app.callback()
    def group() -> None:
        pass

    @app.command()
    def work() -> None:
        raise error

    result = CliRunner().invoke(app, ["work"], catch_exceptions=False)
    return result.exit_code, result.stderr


@pytest.mark.parametrize("name", errors.__all__)
def test_every_error_of_the_tree(name: str) -> None:
    assert run(getattr(errors, name)("what is wrong")) == (2, "gxnor: what is wrong\n")


def test_several_lines_become_one() -> None:
    assert run(errors.DataError("first\n  second\tthird")) == (2, "gxnor: first second third\n")


def test_terminal_sequences_are_shown_not_obeyed() -> None:
    assert run(errors.DataError("a\x1b[31mb\x07")) == (2, "gxnor: a\\x1b[31mb\\x07\n")


def test_operating_system_errors_name_the_file() -> None:
    error = FileNotFoundError(errno.ENOENT, "No such file or directory", "there/is/none")
    assert run(error) == (2, "gxnor: there/is/none: No such file or directory\n")
    assert run(OSError(errno.ENOSPC, "No space left on device")) == (
        2,
        "gxnor: [Errno 28] No space left on device\n",
    )


def test_interruption() -> None:
    assert run(KeyboardInterrupt()) == (130, "gxnor: interrupted\n")


def test_a_mistake_of_ours_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        run(ZeroDivisionError())


def test_exit_codes_of_commands_pass() -> None:
    assert run(typer.Exit(1)) == (1, "")
