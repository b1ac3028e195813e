"""`patterns`: words, token patterns and expressions that suggest from the first document on."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from tui_annotate.cli import options
from tui_annotate.cli.options import Annotator, CorpusPath, Json, examples
from tui_annotate.cli.output import out, out_json, progress, say, table
from tui_annotate.domain.clock import local_time
from tui_annotate.errors import DataError, NothingToDoError, UsageError

if TYPE_CHECKING:
    from tui_annotate.domain.patterns import Pattern
    from tui_annotate.services.pattern_trial import Tally
    from tui_annotate.store.connection import Corpus

app = options.group("Suggest from words, token patterns and regular expressions, from the first document on.")

_LOOKED_AT = 20_000
"""Documents that an example is looked for in."""
_MOST_SHOWN = 20
_SECONDS = 3.0
"""Documents that match are looked for so long."""

Label = Annotated[
    str,
    typer.Argument(metavar="LABEL", help="An entity type, a label, or LABEL=VALUE.", show_default=False),
]
OnlyLabel = Annotated[str, typer.Option("--label", metavar="LABEL", help="Only those for this.", show_default="all")]
GivenLabel = Annotated[
    str,
    typer.Option("--label", metavar="LABEL", help="What they suggest where the file says nothing.", show_default=False),
]
Format = Annotated[
    Literal["jsonl", "csv", "tsv", "words", "regex"] | None,
    typer.Option("--format", help="What the files are.", show_default="told by the name"),
]
Case = Annotated[
    bool | None,
    typer.Option("--case/--no-case", help="Tell capitals from small letters.", show_default="as the file says"),
]
Strict = Annotated[bool, typer.Option("--strict", help="Refuse labels that the scheme lacks.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Report the same, change nothing.")]


@app.command("list", epilog=examples("patterns list notes.db", "patterns list notes.db --label DRUG --count"))
def list_(
    corpus: CorpusPath,
    label: OnlyLabel = "",
    count: Annotated[bool, typer.Option("--count", help="Count where each stands in the texts.")] = False,
    json: Json = False,
    annotator: Annotator = None,
) -> None:
    """List the patterns, with the numbers that `remove` takes."""
    from tui_annotate.store import patterns

    options.settled(corpus, annotator=annotator)
    with options.opened(corpus, readonly=True) as opened:
        found = [p for p in patterns.every(opened) if label in ("", p.label)]
        places = _tally(opened, found, examples=0) if count and found else None
    if json:
        counts = {} if places is None else {p.id: places.by_pattern[p.id] for p in found}
        out_json([asdict(p) | ({"places": counts[p.id]} if counts else {}) for p in found])
        return
    if not found:
        raise NothingToDoError(f"{corpus} has no such patterns.", hint=f"`tui-annotate patterns import {corpus} FILE`.")
    rows = [
        (
            p.id,
            p.label,
            p.kind,
            p.body,
            "" if p.enabled else "off",
            p.annotator,
            local_time(p.at),
            *_places(places, p),
        )
        for p in found
    ]
    table(("nr", "suggests", "kind", "pattern", "", "by", "added", *(("places",) if places else ())), rows)


@app.command(
    "add",
    epilog=examples(
        "patterns add notes.db DRUG aspirin 'acetylsalicylic acid'",
        "patterns add spam.db IsSpam=true --regex '\\b(free|win)\\b.*\\d{4,}'",
        'patterns add notes.db DOSE --tokens \'[{"is_digit": true}, {"lower": {"in": ["mg", "ml"]}}]\'',
    ),
)
def add(
    corpus: CorpusPath,
    label: Label,
    texts: Annotated[list[str], typer.Argument(metavar="PATTERN...", help="What to look for.", show_default=False)],
    regex: Annotated[bool, typer.Option("--regex", help="They are regular expressions.")] = False,
    tokens: Annotated[bool, typer.Option("--tokens", help="They are conditions on tokens, as JSON.")] = False,
    case: Annotated[bool, typer.Option("--case", help="Tell capitals from small letters.")] = False,
    strict: Strict = False,
    dry_run: DryRun = False,
    annotator: Annotator = None,
) -> None:
    """Add patterns, and say how often they stand in the texts."""
    from tui_annotate.services import patterns

    if regex and tokens:
        raise UsageError("--regex and --tokens exclude each other.")
    who = options.settled(corpus, annotator=annotator).who
    kind: Literal["words", "tokens", "regex"] = "regex" if regex else "tokens" if tokens else "words"
    with options.opened(corpus) as opened:
        made = [patterns.make(opened, label, kind, text, case=case, strict=strict) for text in texts]
        for pattern in made:
            _show(pattern, _tally(opened, [pattern], examples=3))
        if dry_run:
            return
        new = patterns.keep(opened, made, annotator=who)
        first = _queue(opened)
    known = "" if new == len(made) else " The rest is there already."
    say(f"{new} new pattern{'s' * (new != 1)} for {label}.{known}")
    if first:
        say(first)


@app.command("remove", epilog=examples("patterns remove notes.db 3 4", "patterns remove notes.db --label DRUG"))
def remove(
    corpus: CorpusPath,
    numbers: Annotated[list[int] | None, typer.Argument(metavar="[NR...]", help="As `list` has them.")] = None,
    label: Annotated[
        str, typer.Option("--label", metavar="LABEL", help="All those for this.", show_default=False)
    ] = "",
    all_: Annotated[bool, typer.Option("--all", help="All of them.")] = False,
    annotator: Annotator = None,
) -> None:
    """Remove patterns; what they suggested and somebody decided stays decided."""
    options.settled(corpus, annotator=annotator)
    with options.opened(corpus) as opened:
        from tui_annotate.store import patterns

        gone = patterns.remove(opened, _chosen(opened, numbers, label, all_))
        first = _queue(opened)
    say(f"{gone} pattern{'s' * (gone != 1)} removed.")
    if first:
        say(first)


@app.command("switch", epilog=examples("patterns switch notes.db off 3", "patterns switch notes.db on --label DRUG"))
def switch(
    corpus: CorpusPath,
    way: Annotated[Literal["on", "off"], typer.Argument(metavar="on|off", show_default=False)],
    numbers: Annotated[list[int] | None, typer.Argument(metavar="[NR...]", help="As `list` has them.")] = None,
    label: Annotated[
        str, typer.Option("--label", metavar="LABEL", help="All those for this.", show_default=False)
    ] = "",
    all_: Annotated[bool, typer.Option("--all", help="All of them.")] = False,
    annotator: Annotator = None,
) -> None:
    """Switch patterns off without removing them, or on again."""
    options.settled(corpus, annotator=annotator)
    with options.opened(corpus) as opened:
        from tui_annotate.store import patterns

        changed = patterns.enable(opened, _chosen(opened, numbers, label, all_), way == "on")
        first = _queue(opened)
    say(f"{changed} pattern{'s' * (changed != 1)} switched {way}.")
    if first:
        say(first)


@app.command(
    "import",
    epilog=examples(
        "patterns import notes.db patterns.jsonl",
        "patterns import notes.db drugs.csv diseases.tsv",
        "patterns import notes.db drugs.txt --label DRUG",
        "patterns import spam.db scam.regex --label IsSpam=true --dry-run",
    ),
)
def import_(
    corpus: CorpusPath,
    paths: Annotated[list[str], typer.Argument(metavar="PATH...", help="Files, or - for stdin.", show_default=False)],
    label: GivenLabel = "",
    format: Format = None,
    case: Case = None,
    strict: Strict = False,
    dry_run: DryRun = False,
    json: Json = False,
    annotator: Annotator = None,
) -> None:
    """Take patterns from files: Prodigy's and spaCy's JSONL, tables of term and label, lists of words or regexes."""
    from tui_annotate.services import patterns

    who = options.settled(corpus, annotator=annotator).who
    with options.opened(corpus) as opened:
        done = patterns.take_in(
            opened,
            paths,
            annotator=who,
            label=label,
            format=format,
            case=case,
            strict=strict,
            dry_run=dry_run,
            stdin=sys.stdin,
        )
        first = "" if dry_run else _queue(opened)
    for problem in done.problems[:_MOST_SHOWN]:
        say(str(problem))
    if done.refused > _MOST_SHOWN:
        say(f"and {done.refused - _MOST_SHOWN} more")
    if json:
        out_json(asdict(done))
    else:
        joined = f", new in the scheme: {', '.join(done.added)}" if done.added else ""
        verb = "would come in" if dry_run else "new"
        say(f"{done.read} read, {done.new} {verb}, {done.refused} refused{joined}.")
    if first:
        say(first)
    if done.refused:
        raise DataError(
            f"{done.refused} of {done.read} were refused.", hint="" if dry_run or not done.new else "The rest came in."
        )


@app.command(
    "export",
    epilog=examples(
        "patterns export notes.db --output patterns.jsonl", "patterns export notes.db --format words --label DRUG"
    ),
)
def export(
    corpus: CorpusPath,
    output: Annotated[str, typer.Option("--output", "-o", metavar="PATH", help="A file, or - for stdout.")] = "-",
    format: Format = None,
    label: OnlyLabel = "",
    annotator: Annotator = None,
) -> None:
    """Write the patterns to a new file that `import`, Prodigy and spaCy read."""
    from tui_annotate.formats import pattern_files
    from tui_annotate.services import patterns

    options.settled(corpus, annotator=annotator)
    chosen = format or ("jsonl" if output == "-" else pattern_files.format_of(output))
    if chosen in ("words", "regex") and not label:
        raise UsageError(f"A list of {chosen} names no labels.", hint="Say which with --label, or export jsonl.")
    with options.opened(corpus, readonly=True) as opened:
        if output == "-":
            sys.stdout.writelines(patterns.give_out(opened, chosen, label=label))
        else:
            patterns.write_out(opened, Path(output), chosen, label=label)
        left_out = patterns.left_out(opened, chosen, label=label)
    if left_out:
        say(f"{left_out} patterns cannot be said as {chosen} and are left out; jsonl holds all.")


def _chosen(corpus: Corpus, numbers: Sequence[int] | None, label: str, all_: bool) -> list[int]:
    from tui_annotate.store import patterns

    if sum((bool(numbers), bool(label), all_)) != 1:
        raise UsageError("Say which patterns.", hint="Give their numbers, or --label, or --all.")
    found = [p.id for p in patterns.every(corpus) if all_ or p.label == label or p.id in (numbers or ())]
    if not found:
        raise NothingToDoError("There are no such patterns.", hint="`tui-annotate patterns list` shows their numbers.")
    return found


def _tally(corpus: Corpus, wanted: Sequence[Pattern], *, examples: int) -> Tally:
    from tui_annotate.services import pattern_trial

    with progress("looking") as report:
        for found in pattern_trial.tally(corpus, wanted, examples=examples, most=_LOOKED_AT):
            report(None, f"{found.looked} documents")
    for trouble in found.troubled:
        say(trouble)
    return found


def _show(pattern: Pattern, found: Tally) -> None:
    say(f"{pattern.body} ({pattern.label}): {found}")
    for example in found.examples:
        out(f"{example.name}: {example.before}[{example.found}]{example.after}")


def _places(found: Tally | None, pattern: Pattern) -> tuple[int, ...]:
    return () if found is None else (found.by_pattern[pattern.id],)


def _queue(corpus: Corpus) -> str:
    """Put documents that match first where nothing is learned yet; return what to say of it."""
    from tui_annotate.store import cold_start, settings

    values = settings.load(corpus)
    cold_start.renew(corpus)
    count = cold_start.fill(corpus, values, seconds=_SECONDS) if cold_start.is_wanted(corpus, values) else 0
    if not count:
        return ""
    which = "Documents that match come" if count > 1 else "A document that matches comes"
    return f"{which} first ({count} for now), with random ones between."
