"""Renaming, merging, splitting and deleting labels in the middle of a project: one reported, undoable act.

Each verb returns a report of what it touched; with `dry_run` the same report, and nothing is changed. `u` in the app
and `tui-annotate scheme undo` take it back as one step.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from tui_annotate.domain import scheme_changes
from tui_annotate.domain.changed_scheme import applied
from tui_annotate.domain.scheme import Scheme
from tui_annotate.domain.scheme_changes import Group, Rule, SchemeChange, Target
from tui_annotate.errors import ChangedMeanwhileError, SchemeError, UndoError
from tui_annotate.keymaps import keeping
from tui_annotate.services.scheme_report import Lost, Report
from tui_annotate.store import aliases, documents, log, renaming, settings, steps
from tui_annotate.store.connection import Corpus
from tui_annotate.store.relabelling.plan import Tell
from tui_annotate.store.renaming import Found

__all__ = ["Lost", "Report", "delete", "merge", "perform", "preview", "rename", "split", "undo"]


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
    if (held := settings.scheme(corpus)) != base:
        raise _changed(corpus, held, change)
    return _report(corpus, change, base, renaming.preview(corpus, change, tell=on_progress), annotator)


def perform(
    corpus: Corpus,
    change: SchemeChange,
    base: Scheme,
    *,
    annotator: str,
    keys: Mapping[str, Sequence[str]] | None = None,
    place: Mapping[str, Any] | None = None,
    on_progress: Tell | None = None,
) -> Report:
    """Make a change that `domain.scheme_changes` worked out for a scheme.

    Args:
        keys: The annotator's own keys by action; labels keep the keys that they have beside these.

    Raises:
        ChangedMeanwhileError: The scheme is another by now.
    """
    base = keeping(base, base, keys)
    try:
        found = renaming.perform(corpus, change, base, annotator=annotator, place=place, tell=on_progress)
    except ChangedMeanwhileError as error:
        raise _changed(corpus, settings.scheme(corpus), change) from error
    return _report(corpus, change, base, found, annotator)


def check_there(corpus: Corpus, scheme: Scheme, wanted: Sequence[Target]) -> None:
    """Raise SchemeError, with what became of it, for a label that a scheme has no more."""
    known = {*scheme_changes.targets(scheme), *scheme_changes.options(scheme)}
    for target in wanted:
        if target not in known:
            what = f"option {target.option} of {target.name}" if target.option else target.name
            group = "" if target.option else f"{scheme_changes.GROUPS[target.kind]} "
            became = aliases.news_of(corpus, target)
            said = f"There is no {group}{what} any more{': ' if became else ''}{became}."
            raise SchemeError(said, hint="Nothing was changed.")


def _changed(corpus: Corpus, held: Scheme, change: SchemeChange) -> ChangedMeanwhileError:
    """Return what is said where a change was made for another scheme than there is."""
    try:
        check_there(corpus, held, _wanted(change))
    except SchemeError as error:
        return ChangedMeanwhileError(error.message, hint=error.hint)
    return renaming.changed_meanwhile()


def _wanted(change: SchemeChange) -> list[Target]:
    old = change.old if change.verb != "merge" else [name for name in change.old if name not in change.new]
    return [_target(change.kind, name, change.of) for name in old]


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
