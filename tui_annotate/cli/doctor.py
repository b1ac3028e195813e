"""`doctor`: everything about this machine that the program depends on."""

from __future__ import annotations

import os
import platform
import shutil
import sqlite3
import sys
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path

from tui_annotate import __version__, config
from tui_annotate.cli import options
from tui_annotate.cli.options import Annotator, Json, OptionalCorpus, examples
from tui_annotate.cli.output import out, out_json
from tui_annotate.domain.wording import counted
from tui_annotate.errors import AnnotateError

app = options.group()

_PACKAGES = ("textual", "rich", "typer", "sqlite-utils", "scikit-learn", "python-crfsuite", "spacy", "skops", "msgspec")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    name: str
    found: str
    problem: str = ""
    """What is wrong with it and what to do; empty when all is well."""


@app.command(
    "doctor",
    short_help="Look at terminal, folders, settings, disk, a corpus.",
    epilog=examples("doctor", "doctor notes.db", "doctor --json"),
)
def doctor(corpus: OptionalCorpus = None, json: Json = False, annotator: Annotator = None) -> None:
    """Look at versions, terminal, folders, settings, disk, and a corpus; nothing is changed."""
    findings = [*_program(), *_terminal(), *_settings(corpus, annotator), *_folders()]
    if corpus is not None:
        findings += _corpus(corpus)
    if json:
        out_json([asdict(finding) for finding in findings])
    else:
        wide = max(len(finding.name) for finding in findings)
        for finding in findings:
            out(f"{finding.name:{wide}}  {finding.found}")
            if finding.problem:
                out(f"{'':{wide}}  ! {finding.problem}")
    wrong = sum(bool(finding.problem) for finding in findings)
    if wrong:
        raise AnnotateError(f"{wrong} of {len(findings)} things need a look.")


def _program() -> list[Finding]:
    found = [
        Finding("tui-annotate", __version__),
        Finding("python", f"{platform.python_version()} on {platform.system()} {platform.machine()}"),
        Finding("sqlite", sqlite3.sqlite_version),
    ]
    for package in _PACKAGES:
        try:
            found.append(Finding(package, metadata.version(package)))
        except metadata.PackageNotFoundError:
            found.append(Finding(package, "missing", "It is not installed; install tui-annotate again."))
    return found


def _terminal() -> list[Finding]:
    term = os.environ.get("TERM", "")
    size = shutil.get_terminal_size()
    encoding = sys.stdout.encoding or ""
    narrow = size.columns < 60 or size.lines < 16
    dumb = "" if term not in ("", "dumb", "unknown") else "The app cannot draw here; set TERM, e.g. xterm-256color."
    plain = "" if encoding.lower().replace("-", "") == "utf8" else "Set LANG to a UTF-8 locale, e.g. C.UTF-8."
    colours = os.environ.get("COLORTERM") or ("256" if "256" in term else "16")
    return [
        Finding("terminal", term or "none", dumb),
        Finding("colours", "none (NO_COLOR)" if os.environ.get("NO_COLOR") else colours),
        Finding("size", f"{size.columns}x{size.lines}", "Make it 60x16 or larger." if narrow else ""),
        Finding("encoding", encoding or "none", plain),
        Finding("tmux or screen", "yes" if os.environ.get("TMUX") or os.environ.get("STY") else "no"),
    ]


def _settings(corpus: Path | None, annotator: str | None) -> list[Finding]:
    found = config.load(corpus, flags={"annotator": annotator})
    paths = [config.user_path(), *([config.beside(corpus)] if corpus else [])]
    rows = [Finding("settings file", f"{path}{'' if path.exists() else ' (none)'}") for path in paths]
    rows.append(Finding("annotator", found.who))
    rows += [Finding("setting", "not used", notice) for notice in found.notices]
    return rows


def _folders() -> list[Finding]:
    rows = []
    for name, path in (("data", config.data_folder()), ("state", config.state_folder())):
        there = next(folder for folder in (path, *path.parents) if folder.exists())
        bad = "" if os.access(there, os.W_OK) else f"{there} may not be written; demos and logs go there."
        rows.append(Finding(name, str(path), bad))
    return rows


def _corpus(path: Path) -> list[Finding]:
    rows = []
    try:
        with options.opened(path, readonly=True) as corpus:
            from tui_annotate.store import counters

            progress = counters.progress(corpus)
        rows.append(Finding("corpus", f"{counted(progress.total, 'documents')}, {progress.confirmed:,} confirmed"))
    except AnnotateError as error:
        return [Finding("corpus", str(path), str(error))]
    free = shutil.disk_usage(path.parent).free
    size = path.stat().st_size
    tight = "" if free > 2 * size + 50_000_000 else "Make room: a backup and a training need as much again."
    rows.append(Finding("disk", f"corpus {size / 1e6:.1f} MB, free {free / 1e9:.1f} GB", tight))
    writable = os.access(path, os.W_OK) and os.access(path.absolute().parent, os.W_OK)
    rows.append(Finding("writable", "yes" if writable else "no", "" if writable else "Mend the permissions to review."))
    return rows
