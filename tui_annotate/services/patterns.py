"""Patterns of a corpus: written by hand, taken from files and given out to them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path

from tui_annotate.domain.interchange import Problem
from tui_annotate.domain.patterns import Pattern, PatternKind, Target, checked, label_text, target_of
from tui_annotate.domain.scheme import EntityType, Scheme
from tui_annotate.errors import AnnotateError, DataError, SchemeError, StoreError, UsageError
from tui_annotate.formats import pattern_files
from tui_annotate.formats.pattern_files import PatternFormat, ReadPattern
from tui_annotate.keymaps import keeping
from tui_annotate.store import patterns, settings
from tui_annotate.store.connection import Corpus
from tui_annotate.store.files import sync_file

MOST_PROBLEMS = 1_000


@dataclass(slots=True)
class PatternReport:
    """What taking patterns in did, or would do."""

    read: int = 0
    new: int = 0
    """Of the rest that was good: those are there already."""
    problems: list[Problem] = field(default_factory=list)
    """The first thousand."""
    refused: int = 0
    added: list[str] = field(default_factory=list)
    """What joined the scheme, e.g. `entity type DRUG`."""


def make(
    corpus: Corpus, label: str, kind: PatternKind, text: str, *, case: bool = False, strict: bool = False
) -> Pattern:
    """Return a pattern that somebody wrote, checked and not kept yet; its label may join the scheme with `keep`.

    Args:
        text: Words, an expression, or conditions on tokens as a JSON list.

    Raises:
        DataError: It is no pattern, or takes too long on some texts.
        SchemeError: The label cannot take it.
    """
    try:
        target, name, value = _Targets(settings.scheme(corpus), strict=strict).of(label)
        tokens = pattern_files.conditions(text) if kind == "tokens" else ()
        return checked(Pattern(target, name, kind, "" if tokens else text, tokens, value, case))
    except (DataError, SchemeError) as error:
        # A message that begins with a name leaves it as it is.
        named = isinstance(error, SchemeError) and not error.message.startswith("the scheme")
        first = error.message[:1] if named else error.message[:1].upper()
        raise type(error)(first + error.message[1:].removesuffix(".") + ".", hint=error.hint) from None


def keep(corpus: Corpus, made: Sequence[Pattern], *, annotator: str) -> int:
    """Keep patterns, with the entity types that the scheme lacks; return how many were new."""
    scheme = settings.scheme(corpus)
    grown = scheme
    for name in _joining(made, scheme):
        grown = grown.with_entity(EntityType(name))
    if grown is not scheme:
        settings.set_scheme(corpus, keeping(scheme, grown), annotator=annotator, base=scheme)
    return patterns.add(corpus, made, annotator=annotator)


def take_in(
    corpus: Corpus,
    paths: Sequence[str | Path],
    *,
    annotator: str,
    label: str = "",
    format: str | None = None,
    case: bool | None = None,
    strict: bool = False,
    dry_run: bool = False,
    stdin: Iterable[str] = (),
) -> PatternReport:
    """Take patterns from files; what is wrong is reported by file and line, the rest comes in.

    Args:
        label: What those suggest whose file does not say it.
        case: Tell capitals from small letters; None for what the file says, else words do not and expressions do.
        strict: Refuse a label that the scheme lacks; otherwise it joins as an entity type.
        stdin: Lines that the path `-` stands for.

    Raises:
        UsageError: A file does not exist, or its format cannot be told.
    """
    report = PatternReport()
    targets = _Targets(settings.scheme(corpus), strict=strict)
    good: dict[tuple[str, ...], Pattern] = {}
    for path in paths:
        chosen = pattern_files.checked_format(format) if format else pattern_files.format_of(str(path))
        for found in _read(path, chosen, stdin):
            report.read += 1
            made = _made(found, label, case, targets) if isinstance(found, ReadPattern) else found
            if isinstance(made, Problem):
                report.refused += 1
                report.problems += [made] if len(report.problems) < MOST_PROBLEMS else []
            else:
                good.setdefault(_content(made), made)
    taken = list(good.values())
    report.added = [f"entity type {name}" for name in _joining(taken, settings.scheme(corpus))]
    if dry_run:
        known = set(map(_content, patterns.every(corpus)))
        report.new = sum(content not in known for content in good)
    else:
        report.new = keep(corpus, taken, annotator=annotator)
    return report


def _content(pattern: Pattern) -> tuple[str, ...]:
    return pattern.label, pattern.kind, pattern.body, str(pattern.case), pattern.key


def _joining(made: Iterable[Pattern], scheme: Scheme) -> list[str]:
    """Return the entity types that patterns suggest and the scheme lacks."""
    return [n for n in dict.fromkeys(p.name for p in made if p.target == "entity") if scheme.entity(n) is None]


def give_out(corpus: Corpus, format: PatternFormat, *, label: str = "") -> Iterator[str]:
    """Yield the lines of a file with the patterns of a corpus, or with those for one label; see `left_out`."""
    return pattern_files.write((p for p in patterns.every(corpus) if label in ("", p.label)), format)


def write_out(corpus: Corpus, path: Path, format: PatternFormat, *, label: str = "") -> None:
    """Write `give_out` to a new file: aside first, so that it is whole or not there.

    Raises:
        UsageError: The file exists.
        StoreError: It cannot be written.
    """
    if path.exists():
        raise UsageError(f"{path} exists already.", hint="Name a file that does not exist.")
    aside = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        with aside.open("w", encoding="utf-8", newline="") as file:
            file.writelines(give_out(corpus, format, label=label))
        sync_file(aside)
        aside.rename(path)
    except OSError as error:
        raise StoreError(f"{path}: cannot be written: {error.strerror or error}.") from error
    finally:
        aside.unlink(missing_ok=True)


def left_out(corpus: Corpus, format: PatternFormat, *, label: str = "") -> int:
    """Return how many patterns a format cannot hold."""
    return sum(not pattern_files.fits(p, format) for p in patterns.every(corpus) if label in ("", p.label))


def _read(path: str | Path, format: PatternFormat, stdin: Iterable[str]) -> Iterator[ReadPattern | Problem]:
    if str(path) == "-":
        yield from pattern_files.read(stdin, "-", format)
        return
    try:
        with Path(path).open(encoding="utf-8", newline="") as lines:
            yield from pattern_files.read(lines, str(path), format)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}.") from None
    except UnicodeDecodeError as error:
        yield Problem("refused", str(path), "", f"is not UTF-8 ({error.reason}); what stands behind that was not read")


def _made(found: ReadPattern, label: str, case: bool | None, targets: _Targets) -> Pattern | Problem:
    told = found.label or label
    if not told:
        return Problem("refused", found.where, "label", "says not what it suggests; give it with --label")
    cased = case if case is not None else found.case if found.case is not None else found.kind == "regex"
    try:
        target, name, value = targets.of(told)
        return checked(Pattern(target, name, found.kind, found.text, found.tokens, value, cased, found.key))
    except AnnotateError as error:
        return Problem("refused", found.where, "", pattern_files.reason(error))


class _Targets:
    """What labels stand for, each looked up once; a name that the scheme lacks is an entity type that joins it."""

    def __init__(self, scheme: Scheme, *, strict: bool) -> None:
        self._scheme = scheme
        self._strict = strict
        self._known: dict[str, Target] = {}

    def of(self, text: str) -> Target:
        """Return what a label stands for; raises SchemeError."""
        if text not in self._known:
            found = target_of(text, self._scheme)
            self._known[text] = found if found is not None else self._new(text)
        return self._known[text]

    def _new(self, text: str) -> Target:
        scheme = self._scheme
        names = [e.name for e in scheme.entities]
        names += [label_text(m.name, v) for m in scheme.labels for v in m.values if isinstance(v, bool | str)]
        near = get_close_matches(text, names, n=1)
        hint = f"Did you mean {near[0]}?" if near else f"There are {', '.join(names[:20])}." if names else ""
        labels_only = bool(scheme.labels) and not scheme.entities
        if self._strict or labels_only or "=" in text or text != text.strip() or not text:
            raise SchemeError(f"the scheme has no {text!r}.", hint=hint)
        return "entity", text, None
