"""The logs of runs: one to read, or those of a whole training in a zip."""

from __future__ import annotations

import zipfile
from pathlib import Path

from tui_annotate.errors import NothingToDoError, StoreError, UsageError
from tui_annotate.store import runs
from tui_annotate.store.connection import Corpus
from tui_annotate.store.runs import RunRow

_BESIDE = ("parameters.json", "metrics.json")


def text(corpus: Corpus, run: str) -> str:
    """Return a run's log; of one that failed at least the reason.

    Raises:
        UsageError: There is no such run.
        NothingToDoError: Its log is gone.
    """
    row = runs.get(corpus, run)
    try:
        return (runs.folder(corpus, run) / runs.LOG).read_text("utf-8", "replace")
    except OSError:
        if row.error:
            return f"{row.name} {row.state}: {row.error}\n"
        raise NothingToDoError(
            f"The log of {run} is gone.", hint="`runs show` tells what the registry knows."
        ) from None


def training_of(corpus: Corpus, run: str) -> list[RunRow]:
    """Return the runs that one training made, this one among them, in the order they were entered."""
    row = runs.get(corpus, run)
    training = row.metrics.get("training")
    if not training:
        return [row]
    return [other for other in runs.all(corpus) if other.metrics.get("training") == training]


def bundle(corpus: Corpus, run: str, target: Path) -> list[str]:
    """Write log, parameters and figures of all runs of one training to a zip; return the names of the runs.

    Raises:
        UsageError: There is no such run, or the zip exists.
        StoreError: The zip cannot be written.
    """
    made = training_of(corpus, run)
    if target.exists():
        raise UsageError(f"{target} exists already.", hint="Name a file that does not exist.")
    aside = target.with_name(f".{target.name}.new")
    try:
        with zipfile.ZipFile(aside, "w", zipfile.ZIP_DEFLATED) as archive:
            for row in made:
                folder = runs.folder(corpus, row.name)
                archive.writestr(f"{folder.name}/{runs.LOG}", text(corpus, row.name))
                for name in _BESIDE:
                    if (folder / name).is_file():
                        archive.write(folder / name, f"{folder.name}/{name}")
        aside.rename(target)
    except OSError as error:
        raise StoreError(f"{target}: cannot be written: {error.strerror or error}.") from error
    finally:
        aside.unlink(missing_ok=True)
    return [row.name for row in made]
