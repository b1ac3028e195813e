"""`verify`, `rebuild` and `backup`: whether the corpus is sound, and a copy of it."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tui_annotate.cli import options
from tui_annotate.cli.options import Annotator, CorpusPath, Json, examples
from tui_annotate.cli.output import Report, out, out_json, progress, say
from tui_annotate.domain.wording import counted
from tui_annotate.errors import CorruptError, DataError, UsageError

if TYPE_CHECKING:
    from tui_annotate.services.proving import Proof

app = options.group()


VerifyPaths = Annotated[
    list[Path],
    typer.Argument(metavar="CORPUS | PATH...", help="A corpus, or anndoc files, folders, zips.", show_default=False),
]
RoundTrip = Annotated[
    bool, typer.Option("--round-trip", help="Export, import into a fresh corpus, and compare everything.")
]
FormatThrough = Annotated[str, typer.Option("--format", metavar="NAME", help="Through which format, or all.")]


@app.command(
    "verify",
    short_help="Check a corpus, a round trip, or anndoc files.",
    epilog=examples(
        "verify notes.db",
        "verify notes.db --round-trip                  # through anndoc",
        "verify notes.db --round-trip --format all",
        "verify text.plain.html text.ann.json",
        "verify project.zip --json",
    ),
)
def verify(
    paths: VerifyPaths,
    round_trip: RoundTrip = False,
    format: FormatThrough = "anndoc",
    json: Json = False,
    annotator: Annotator = None,
) -> None:
    """Check a corpus: the file itself, and whether what is in it fits together.

    With --round-trip: that nothing is lost on the way out and in again. Of anndoc files: that each has its twin, and
    that every annotation's text stands in the text where the file says.
    """
    if len(paths) > 1 or not _is_corpus(paths[0]):
        if round_trip:
            raise UsageError("--round-trip is for a corpus.", hint="Import the files first, or `verify` them alone.")
        options.settled(annotator=annotator)
        _verify_files(paths, json=json)
        return
    options.settled(paths[0], annotator=annotator)
    if round_trip:
        _verify_round_trip(paths[0], format, json=json)
    else:
        _verify_corpus(paths[0], json=json)


def _is_corpus(path: Path) -> bool:
    """Say whether a path is taken for a corpus: whatever is not there, or is nothing that anndoc comes in."""
    if path.is_dir() or not path.exists():
        return not path.is_dir()
    with path.open("rb") as stream:
        is_database = stream.read(16) == b"SQLite format 3\0"
    return is_database or not path.name.lower().endswith((".zip", ".html", ".htm", ".xhtml", ".json"))


def _verify_corpus(corpus: Path, *, json: bool) -> None:
    from tui_annotate.store import verify as verifying

    with options.opened(corpus, readonly=True) as opened, progress("verifying") as report:
        problems = verifying.verify(opened, on_progress=report)
    if json:
        out_json({"sound": not problems, "problems": problems})
    for problem in () if json else problems:
        out(problem)
    if problems:
        raise CorruptError(
            f"{corpus} has {len(problems)} problem{'s' * (len(problems) > 1)}.",
            hint=f"`tui-annotate rebuild {corpus}` derives the current state again; else restore a backup.",
        )
    say(f"{corpus} is sound.")


def _verify_round_trip(corpus: Path, format: str, *, json: bool) -> None:
    from tui_annotate.services import proving

    proofs = []
    with options.opened(corpus, readonly=True) as opened, progress("round trip") as report:
        for name in proving.formats() if format == "all" else [format]:
            proofs.append(proving.prove(opened, format=name, on_progress=_telling(report, name)))
    if json:
        out_json([{"equal": proof.equal, **asdict(proof)} for proof in proofs])
    for proof in proofs:
        _tell_proof(proof, json=json)
    wrong = [proof.format for proof in proofs if not proof.equal]
    if wrong:
        raise DataError(
            f"{corpus} does not come back as it went out through {', '.join(wrong)}.",
            hint="The lines above say what differs. The corpus itself is as it was.",
        )


def _telling(report: Report, name: str) -> Callable[[str, int], None]:
    def tell(what: str, number: int) -> None:
        report(None, f"{name}: {what} {number}")

    return tell


def _tell_proof(proof: Proof, *, json: bool) -> None:
    for line in () if json else (*proof.refused, *map(str, proof.differences)):
        out(line)
    if proof.more and not json:
        out(f"... and {proof.more} more.")
    counts = ", ".join(counted(count, name) for name, count in asdict(proof.counts).items() if count)
    found = len(proof.differences) + proof.more + len(proof.refused)
    say(f"{proof.format}: {counts} went out and came in: difference {found or 'zero'}.")
    if proof.lost_words:
        say(proof.lost_words)


def _verify_files(paths: list[Path], *, json: bool) -> None:
    from tui_annotate.formats.anndoc import check as anndoc_check

    checked = anndoc_check.check(paths)
    if json:
        out_json({"sound": checked.sound, **asdict(checked)})
    for problem in () if json else checked.problems:
        out(": ".join(filter(None, (problem.where, problem.field, problem.reason))))
    if checked.more_problems and not json:
        out(f"... and {checked.more_problems} more.")
    met = {"texts": checked.documents, "files of annotations": checked.versions, "offsets": checked.offsets}
    counts = ", ".join(counted(count, name) for name, count in met.items())
    if not checked.files:
        raise DataError("There are no anndoc files there.", hint="NAME.plain.html and NAME.ann.json, folders, zips.")
    if not checked.sound:
        count = len(checked.problems) + checked.more_problems
        raise DataError(f"{counts}: {counted(count, 'problems')}.", hint="The lines above name each.")
    say(f"{counts}: all agree.")


@app.command(
    "rebuild",
    short_help="Derive the state from the log again, and compare.",
    epilog=examples("rebuild notes.db", "rebuild notes.db --apply", "rebuild notes.db --json"),
)
def rebuild(
    corpus: CorpusPath,
    apply: Annotated[bool, typer.Option("--apply", help="Back up, then put right what differs.")] = False,
    json: Json = False,
    annotator: Annotator = None,
) -> None:
    """Derive the current state again from the imports and the log, and say whether it was equal."""
    from tui_annotate.store import backup as backing
    from tui_annotate.store import rebuild as rebuilding

    options.settled(corpus, annotator=annotator)
    with options.opened(corpus, readonly=not apply) as opened, progress("rebuilding") as report:
        if apply:
            backing.backup(opened, kept := _beside(corpus), on_progress=report)
            say(f"Backed up to {kept}.")
        found = rebuilding.rebuild(opened, on_progress=report, apply=apply)
    left = len(found.differences) - found.mended
    if json:
        out_json({**asdict(found), "equal": found.equal})
    for difference in () if json else found.differences:
        out(difference)
    if found.equal:
        say(f"The state of {counted(found.documents, 'documents')} was equal.")
    elif left:
        hint = "The log contradicts itself there; restore a backup." if apply else "Put it right with --apply."
        raise CorruptError(f"{counted(left, 'differences')} between {corpus} and its log.", hint=hint)
    else:
        say(f"{counted(found.mended, 'differences')} put right.")


@app.command("backup", epilog=examples("backup notes.db", "backup notes.db /media/usb/notes.db"))
def backup(
    corpus: CorpusPath,
    target: Annotated[
        Path | None,
        typer.Argument(metavar="FILE", help="Where to. Default: beside it, with the date.", show_default=False),
    ] = None,
    annotator: Annotator = None,
) -> None:
    """Copy a corpus, also while it is in use, and check the copy."""
    from tui_annotate.store import backup as backing

    options.settled(corpus, annotator=annotator)
    to = target or _beside(corpus)
    # One that may not be written, on a read-only medium for instance, can be copied all the same.
    writable = os.access(corpus, os.W_OK) and os.access(corpus.absolute().parent, os.W_OK)
    with options.opened(corpus, readonly=corpus.exists() and not writable) as opened, progress("copying") as report:
        backing.backup(opened, to, on_progress=report)
    out(str(to))
    say("The copy is complete and was checked.")


def _beside(corpus: Path) -> Path:
    return corpus.with_name(f"{corpus.stem}.backup-{datetime.now():%Y%m%d-%H%M%S}{corpus.suffix}")
