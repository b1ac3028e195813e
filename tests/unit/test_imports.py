from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = {"textual", "sqlite_utils", "numpy", "scipy", "sklearn", "spacy", "pycrfsuite", "skops", "pydantic"}
LEARNING = HEAVY - {"textual", "sqlite_utils"}


def loaded_by(code: str) -> set[str]:
    """Return the top-level modules that a fresh interpreter holds after running `code`."""
    report = "import sys; print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", f"{code}\n{report}"], capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split())


@pytest.mark.parametrize(
    "code",
    [
        "import tui_annotate.cli",
        "import tui_annotate.cli.root",
        "from tui_annotate.cli import rim; rim.run(['keys', '--json'])",
        "from tui_annotate.cli import rim; rim.run(['--help'])",
    ],
)
def test_the_command_line_starts_without_the_app_the_store_or_learning(code: str) -> None:
    assert not loaded_by(code) & HEAVY


def test_opening_a_corpus_skips_the_command_line_library() -> None:
    assert not loaded_by("from tui_annotate.cli import rim, starting") & (HEAVY | {"typer", "rich", "click"})


def test_session_and_store_load_no_learning() -> None:
    assert not loaded_by("import tui_annotate.session.review, tui_annotate.store") & LEARNING
