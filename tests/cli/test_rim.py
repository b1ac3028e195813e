from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tui_annotate import __version__, errors
from tui_annotate.cli import rim


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.UsageError("no"), 2),
        (errors.DataError("no"), 3),
        (errors.LockedError("no"), 4),
        (errors.CorruptError("no"), 5),
        (errors.TooNewError("no"), 5),
        (errors.NothingToDoError("no"), 6),
        (errors.LearnError("no"), 1),
        (KeyboardInterrupt(), 130),
        (MemoryError(), 1),
        (FileNotFoundError(2, "No such file", "x.db"), 1),
        (ZeroDivisionError("oops"), 1),
    ],
)
def test_every_error_has_its_exit_code_one_message_and_no_traceback(
    error: BaseException, code: int, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def work() -> int:
        raise error

    assert rim.guarded(work) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("tui-annotate: ")
    assert "Traceback" not in captured.err


def test_an_unexpected_error_leaves_its_traceback_in_the_log_it_names(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def work() -> int:
        raise ZeroDivisionError("over\x1b[31m zero")

    rim.guarded(work, doing="stats x.db")
    log = home / "state" / "tui-annotate" / "errors.log"
    err = capsys.readouterr().err
    assert str(log) in err
    assert "\x1b" not in err
    assert "Traceback" in log.read_text()
    assert "stats x.db" in log.read_text()


def test_a_hint_follows_the_message(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def work() -> int:
        raise errors.UsageError("What.", hint="Do this.")

    rim.guarded(work)
    assert capsys.readouterr().err == "tui-annotate: What.\nDo this.\n"


def test_a_reader_that_leaves_is_no_error(home: Path) -> None:
    code = "import sys; from tui_annotate.cli import main; sys.argv[1:] = ['keys']; main()"
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run([sys.executable, "-c", code], stdout=write, stderr=subprocess.PIPE, text=True, check=False)
    os.close(write)
    assert done.stderr == ""


def test_without_a_terminal_the_app_says_what_to_do_instead(run: Run) -> None:
    for arguments in ((), ("open",), ("notes.db",), ("open", "notes.db")):
        ran = run(*arguments)
        assert ran.code == 2
        assert "terminal" in ran.err
        assert "export" in ran.err


def test_a_slip_of_the_keys_names_the_nearest_command(run: Run) -> None:
    ran = run("improt", "notes.db", "x.txt")
    assert ran.code == 2
    assert "'import'" in ran.err
    assert run("exprt").code == 2


@pytest.mark.parametrize("arguments", [("keys", "--nonsense"), ("backup",), ("runs", "lst"), ("runs",)])
def test_wrong_usage_is_told_in_words(run: Run, arguments: tuple[str, ...]) -> None:
    ran = run(*arguments)
    assert ran.code == 2
    assert ran.err
    assert "Traceback" not in ran.err


def test_version_and_help_are_data(run: Run) -> None:
    assert run("--version").out == f"{__version__}\n"
    assert "simulate" in run("--help").out
