"""Renaming, merging, splitting and deleting labels in the middle of a project: one reported, undoable act.

Each verb returns a report of what it touched; with `dry_run` the same report, and nothing is changed. `u` in the app
and `tui-annotate scheme undo` take it back as one step.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tui_annotate.domain import scheme_changes
from tui_annotate.domain.changed_scheme import applied
from tui_annotate.domain.interchange import MASTER
from tui_annotate.domain.scheme import Scheme
from tui_annotate.domain.scheme_changes import Group, Rule, SchemeChange, Target
from tui_annotate.errors import UndoError
from tui_annotate.store import documents, log, renaming, settings, steps
from tui_annotate.store.connection import Corpus
from tui_annotate.store.renaming import Found
from tui_annotate.store.renaming_plan import Tell

__all__ = ["Lost", "Report", "delete", "merge", "perform", "preview", "rename", "split", "undo"]

_LISTED = 20
"""Of what goes for good, how many a report shows in words."""


@dataclass(frozen=True, slots=True)
class Lost:
    """One annotation that goes for good; undo brings it back."""

    document: str
    annotator: str
    name: str
    text: str
    """Annotated text; empty for a document label."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a change of labels touched, or would touch."""

    change: SchemeChange
    before: Scheme
    after: Scheme
    counts: Mapping[str, int]
    """`entities`, `labels`, `attributes`, `relations` that have other names; `removed`, `relations gone`, `joined`,
    `clashes`, `again`, `reopened`; `rejections`, `suggestions`, `suggestions gone`; `patterns`, `patterns gone`,
    `settings`, `runs`, `deployments`, `deployments gone`, `queued`; and of a split `as NAME`."""
    confirmed: Mapping[str, int]
    """The same of confirmed versions."""
    documents: int
    versions: int
    versions_confirmed: int
    others: Mapping[str, int]
    """Versions of others than who does it, by annotator."""
    lost: tuple[Lost, ...] = field(default=(), repr=False)
    done: bool = False

    def count(self, *names: str) -> int:
        """Return how many there are of some things together."""
        return sum(self.counts.get(name, 0) for name in names)

    @property
    def lines(self) -> list[str]:
        """The report in words, a line for each thing that is touched."""
        return [*_annotated(self), *_beside(self), *_gone(self)]


def rename(
    corpus: Corpus,
    kind: Group,
    old: str,
    new: str,
    *,
    annotator: str,
    of: str = "",
    dry_run: bool = False,
    place: Mapping[str, Any] | None = None,
    on_progress: Tell | None = None,
) -> Report:
    """Give a label another name, everywhere.

    Args:
        of: The document label or attribute whose option `old` is; empty for the label itself.
        place: Where the annotator is in the app, so that undo comes back to it.

    Raises:
        SchemeError: The name is taken; merging joins the two.
    """
    base = settings.scheme(corpus)
    change = scheme_changes.rename(base, _target(kind, old, of), new)
    return _do(corpus, change, base, annotator, dry_run, place, on_progress)


def merge(
    corpus: Corpus,
    kind: Group,
    names: Sequence[str],
    into: str,
    *,
    annotator: str,
    of: str = "",
    dry_run: bool = False,
    place: Mapping[str, Any] | None = None,
    on_progress: Tell | None = None,
) -> Report:
    """Make one label of several; `into` may be one of them, another one, or new. What becomes the same is joined.

    Raises:
        SchemeError: They take different kinds of value.
    """
    base = settings.scheme(corpus)
    change = scheme_changes.merge(base, [_target(kind, name, of) for name in names], into)
    return _do(corpus, change, base, annotator, dry_run, place, on_progress)


def split(
    corpus: Corpus,
    kind: Group,
    old: str,
    new: Sequence[str],
    *,
    annotator: str,
    of: str = "",
    rules: Sequence[Rule] = (),
    rest: str = "",
    review: bool = False,
    dry_run: bool = False,
    place: Mapping[str, Any] | None = None,
    on_progress: Tell | None = None,
) -> Report:
    """Make several labels of one; the first rule that fits an annotation says which it becomes.

    Args:
        rules: Those whose `how` is `query` have their documents already.
        rest: What becomes of the others; empty lets them keep the old name.
        review: They are taken out and suggested anew instead, and confirmed documents with some are reopened.

    Raises:
        SchemeError: A name is taken, or a rule is for none of them.
        DataError: A regular expression is none.
    """
    base = settings.scheme(corpus)
    change = scheme_changes.split(base, _target(kind, old, of), new, rules=rules, rest=rest, review=review)
    return _do(corpus, change, base, annotator, dry_run, place, on_progress)


def delete(
    corpus: Corpus,
    kind: Group,
    name: str,
    *,
    annotator: str,
    of: str = "",
    dry_run: bool = False,
    place: Mapping[str, Any] | None = None,
    on_progress: Tell | None = None,
) -> Report:
    """Take a label out of the scheme with all that is annotated with it, and what refers to it.

    Raises:
        SchemeError: It is the last option of a choice.
    """
    base = settings.scheme(corpus)
    change = scheme_changes.delete(base, _target(kind, name, of))
    return _do(corpus, change, base, annotator, dry_run, place, on_progress)


def preview(
    corpus: Corpus, change: SchemeChange, base: Scheme, *, annotator: str, on_progress: Tell | None = None
) -> Report:
    """Return what a change would do; nothing is written, and nobody waits for it.

    Args:
        base: The scheme that the change was made for.

    Raises:
        ChangedMeanwhileError: The scheme is another by now.
    """
    if settings.scheme(corpus) != base:
        raise renaming.changed_meanwhile()
    return _report(corpus, change, base, renaming.preview(corpus, change, tell=on_progress), annotator)


def perform(
    corpus: Corpus,
    change: SchemeChange,
    base: Scheme,
    *,
    annotator: str,
    place: Mapping[str, Any] | None = None,
    on_progress: Tell | None = None,
) -> Report:
    """Make a change that `domain.scheme_changes` worked out for a scheme.

    Raises:
        ChangedMeanwhileError: The scheme is another by now.
    """
    found = renaming.perform(corpus, change, base, annotator=annotator, place=place, tell=on_progress)
    return _report(corpus, change, base, found, annotator)


def undo(corpus: Corpus, annotator: str) -> str:
    """Take the annotator's newest step back if it changed labels; return what was taken back, in words.

    Raises:
        UndoError: The newest step is another one, or cannot be taken back.
    """
    change = steps.newest_change(corpus, annotator)
    if change is None:
        raise UndoError("Your newest step changed no labels.", hint="`u` in the app takes steps back, one by one.")
    log.undo(corpus, annotator)
    return str(change)


def _target(kind: Group, name: str, of: str) -> Target:
    return Target(kind, of, name) if of else Target(kind, name)


def _do(
    corpus: Corpus,
    change: SchemeChange,
    base: Scheme,
    annotator: str,
    dry_run: bool,
    place: Mapping[str, Any] | None,
    tell: Tell | None,
) -> Report:
    if dry_run:
        return preview(corpus, change, base, annotator=annotator, on_progress=tell)
    return perform(corpus, change, base, annotator=annotator, place=place, on_progress=tell)


def _report(corpus: Corpus, change: SchemeChange, base: Scheme, found: Found, annotator: str) -> Report:
    after = applied(base, change)
    after.check_faults()
    others = {name: count for name, count in found.others.items() if name != annotator}
    return Report(
        replace(change, rules=tuple(replace(rule, documents=frozenset()) for rule in change.rules)),
        base,
        after,
        {name: count for name, count in found.counts.items() if count},
        {name: count for name, count in found.confirmed.items() if count},
        found.documents,
        found.versions,
        found.versions_confirmed,
        others,
        tuple(_lost(corpus, found)),
        bool(found.sequence),
    )


def _lost(corpus: Corpus, found: Found) -> list[Lost]:
    told: list[Lost] = []
    for start in range(0, len(found.lost), 100):
        some = found.lost[start : start + 100]
        texts = documents.load_some(corpus, sorted({id for id, *_ in some}))
        for id, annotator, name, spans in some:
            # Who deletes documents does not wait for the report.
            if (document := texts.get(id)) is not None:
                told.append(Lost(document.key, annotator, name, " … ".join(map(document.slice, spans))))
    return told


def _many(number: int, thing: str) -> str:
    plural = f"{thing[:-1]}ies" if thing.endswith("y") else f"{thing}s"
    return f"{number:,} {thing if number == 1 else plural}"


_THINGS = {
    "entities": "entity",
    "labels": "document label",
    "attributes": "attribute",
    "relations": "relation",
}


def _annotated(report: Report) -> list[str]:
    lines = []
    where = f"in {_many(report.documents, 'document')}, {_many(report.versions, 'version')}"
    if report.versions_confirmed:
        where += f" ({report.versions_confirmed:,} confirmed)"
    for name, word in _THINGS.items():
        if count := report.count(name):
            held = report.confirmed.get(name, 0)
            lines.append(f"{_many(count, word)} changed{_of_them(held, count)}")
    for name in (*report.change.new, *report.change.old):
        if count := report.count(f"as {name}"):
            lines.append(f"  {name}: {count:,}")
    if again := report.count("again"):
        reopened = report.count("reopened")
        more = (
            f"; {_many(reopened, 'confirmed version')} {'is' if reopened == 1 else 'are'} opened again"
            if reopened
            else ""
        )
        lines.append(f"{_many(again, 'annotation')} to be decided anew{more}")
    if joined := report.count("joined"):
        lines.append(f"{joined:,} that became the same as another {'is' if joined == 1 else 'are'} joined with it")
    if clashes := report.count("clashes"):
        lines.append(f"{_many(clashes, 'value')} contradicted each other: the first stays")
    lines = [*lines, where] if report.versions else lines or ["no annotation is touched"]
    for name, count in sorted(report.others.items()):
        whose = "  imported" if name == MASTER else f"  of {name}"
        lines.append(f"{whose}: {_many(count, 'version')}")
    return lines


def _of_them(confirmed: int, count: int) -> str:
    if not confirmed:
        return ""
    if confirmed == count:
        return ", all confirmed" if count > 1 else ", confirmed"
    return f", {confirmed:,} of them confirmed"


def _s(count: int, goes: bool) -> str:
    return "" if count != 1 else "es" if goes else "s"


def _beside(report: Report) -> list[str]:
    lines = []
    for name, word in (
        ("rejections", "rejection"),
        ("suggestions", "suggestion"),
        ("patterns", "pattern"),
        ("settings", "setting"),
        ("runs", "run"),
        ("deployments", "deployment"),
        ("queued", "queued document"),
    ):
        if count := report.count(name):
            gone = report.count(f"{name} gone")
            if name == "deployments" and gone:
                are = "is" if gone == 1 else "are"
                said = f"{_many(gone, 'run')} {are} not deployed any more: the question is another"
            else:
                said = f"{_many(count, word)} {'go' if gone == count else 'follow'}{_s(count, gone == count)}"
                said += f", {gone:,} of them go{'es' * (gone == 1)}" if 0 < gone < count else ""
            lines.append(said)
    return lines


def _gone(report: Report) -> list[str]:
    lines = []
    if removed := report.count("removed"):
        held = report.confirmed.get("removed", 0)
        lines.append(f"{_many(removed, 'annotation')} removed{_of_them(held, removed)}")
    for lost in report.lost[:_LISTED]:
        quoted = f" “{lost.text if len(lost.text) <= 40 else lost.text[:39] + '…'}”" if lost.text else ""
        lines.append(f"  {lost.document} ({lost.annotator}): {lost.name}{quoted}")
    if (more := removed - len(report.lost[:_LISTED])) > 0:
        lines.append(f"  and {more:,} more")
    if relations := report.count("relations gone"):
        lines.append(
            f"{_many(relations, 'relation')} removed with an end of it"
            if relations == 1
            else f"{_many(relations, 'relation')} removed with an end of theirs"
        )
    lines += [
        f"{scheme_changes.GROUPS[one.kind]} {one.name} goes too: it was for this type alone"
        for one in report.change.also
    ]
    return lines
