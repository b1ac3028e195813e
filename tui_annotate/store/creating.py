"""A new corpus file: made under another name and moved into place, so that it is there whole or not at all."""

from __future__ import annotations

import os
import sqlite3
from errno import ENOSPC
from pathlib import Path

from tui_annotate.domain.decisions import Kind
from tui_annotate.domain.scheme import Scheme
from tui_annotate.errors import DiskFullError, ReadOnlyError, StoreError, UsageError
from tui_annotate.store import migrations, rows, trouble
from tui_annotate.store.files import sync_folder
from tui_annotate.store.opening import connect


def create(path: Path, scheme: Scheme) -> None:
    """Write an empty corpus with a scheme; see `Corpus.create`."""
    scheme.check_faults()
    folder = path.absolute().parent
    if not folder.is_dir():
        raise UsageError(f"There is no folder {folder}.", hint="Create it first.")
    if path.exists():
        raise UsageError(f"{path} exists already.", hint="Open it, or choose another name.")
    aside = folder / f".{path.name}.{os.getpid()}.new"
    try:
        aside.touch(exist_ok=False)
        _fill(aside, scheme)
        _move(aside, path)
        sync_folder(folder)
    except sqlite3.Error as error:
        raise trouble.translate(error, path) from error
    except FileExistsError:
        raise UsageError(f"{path} exists already.", hint="Open it, or choose another name.") from None
    except PermissionError:
        raise ReadOnlyError(f"{folder} may not be written.", hint="Choose another folder.") from None
    except OSError as error:
        kind = DiskFullError if error.errno == ENOSPC else StoreError
        raise kind(f"{path} could not be created: {error.strerror}.") from error
    finally:
        aside.unlink(missing_ok=True)
        aside.with_name(f"{aside.name}-journal").unlink(missing_ok=True)


def _fill(aside: Path, scheme: Scheme) -> None:
    db = connect(aside, readonly=False)
    try:
        migrations.run(db)
        now = rows.now()
        body = rows.encode(scheme.numbered())
        db.execute("BEGIN IMMEDIATE")
        db.execute("INSERT INTO scheme(number, body, annotator, at) VALUES (1, ?, 1, ?)", (body, now))
        db.execute(
            "INSERT INTO decision(sequence, at, step, kind, annotator, details, milliseconds, keys)"
            " VALUES (1, ?, 1, ?, 1, ?, 0, 0)",
            (now, Kind.SCHEME, rows.encode({"number": 1})),
        )
        db.execute("COMMIT")
    finally:
        db.close()


def _move(aside: Path, path: Path) -> None:
    """Give the file its name unless somebody else took it meanwhile."""
    try:
        os.link(aside, path)
    except OSError:
        if path.exists():
            raise FileExistsError(path) from None
        aside.rename(path)
