"""How far annotators agree, on documents that both confirmed, and merging their versions by that.

F1 of the second annotator held against the first, which is the same the other way round.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Literal, get_args

from tui_annotate.domain.agreement import Counts, Marked, exact, overlapping
from tui_annotate.domain.annotations import Annotations, Entity
from tui_annotate.domain.decisions import VersionState
from tui_annotate.domain.interchange import MASTER
from tui_annotate.domain.merging import Strategy, merge
from tui_annotate.domain.scheme import Scheme
from tui_annotate.domain.selection import Review
from tui_annotate.errors import DecisionError, UsageError
from tui_annotate.services.receiving import save_version
from tui_annotate.store import annotators, documents, settings, shared, versions
from tui_annotate.store.connection import Corpus

Metric = Literal["exact_v1", "overlapping_v1", "documentlevel_v1"]
METRICS: tuple[Metric, ...] = get_args(Metric)


@dataclass(frozen=True, slots=True)
class Agreed:
    """How far two annotators agree on one label."""

    f1: float
    documents: int
    """That both confirmed."""


def agreement(corpus: Corpus, first: str, second: str, task: str, metric: Metric = "exact_v1") -> Agreed:
    """Return how far two annotators agree on a label, by its name or anndoc's id.

    Raises:
        UsageError: The scheme has no such label.
    """
    group, name = label_of(settings.scheme(corpus), task)
    counts, number = Counts(), 0
    for ours, theirs in shared.pairs(corpus, first, second):
        number += 1
        counts += _compared(ours, theirs, group, name, metric)
    return Agreed(counts.f1, number)


def label_of(scheme: Scheme, task: str) -> tuple[str, str]:
    """Return group and name of a label by its id or name; raises UsageError when there is none."""
    for group, things in (
        ("entity", scheme.entities),
        ("label", scheme.labels),
        ("attribute", scheme.attributes),
        ("relation", scheme.relations),
    ):
        for thing in things:
            if task in (thing.id, thing.name):
                return group, thing.name
    raise UsageError(f"The scheme has no label {task!r}.", hint="settings/v1/annotationsLegend lists them.")


def _compared(ours: Annotations, theirs: Annotations, group: str, name: str, metric: Metric) -> Counts:
    if metric == "documentlevel_v1":
        first, second = _values(ours, group, name), _values(theirs, group, name)
        return Counts(len(first & second), len(second - first), len(first - second))
    if group in ("entity", "attribute"):
        marked = [_marked(one, group, name) for one in (ours, theirs)]
        compare = exact if metric == "exact_v1" else overlapping
        return sum(compare(marked[0], marked[1]).values(), Counts())
    first, second = _values(ours, group, name), _values(theirs, group, name)
    return Counts(len(first & second), len(second - first), len(first - second))


def _marked(annotations: Annotations, group: str, name: str) -> list[Marked]:
    found = [e for e in annotations.entities.values() if e.state != "pre-removed"]
    if group == "entity":
        return [(e.type, e.spans) for e in found if e.type == name]
    return [(f"{e.type} {e.attributes[name]!r}", e.spans) for e in found if name in e.attributes]


def _values(annotations: Annotations, group: str, name: str) -> set[object]:
    """Return what a version says of a label, as a set."""
    if group == "label":
        value = annotations.labels[name].value if name in annotations.labels else None
        return {repr(value)} if value is not None else set()
    if group == "relation":
        return {
            (r.type, *sorted((_end(annotations, r.ends[0]), _end(annotations, r.ends[1]))))
            for r in annotations.relations.values()
            if r.type == name
        }
    held = (e for e in annotations.entities.values() if e.state != "pre-removed")
    if group == "entity":
        return {e.type for e in held if e.type == name}
    return {repr(e.attributes[name]) for e in held if name in e.attributes}


def _end(annotations: Annotations, number: int) -> str:
    entity = annotations.entities.get(number)
    return _place(entity) if entity is not None else ""


def _place(entity: Entity) -> str:
    return f"{entity.type} {[(s.part, s.start, s.end) for s in entity.spans]}"


def merged(corpus: Corpus, document: int, strategy: Strategy, *, save_to: str, by: str) -> bool:
    """Merge what annotators confirmed of a document, and save it confirmed; say whether anything changed.

    Raises:
        DecisionError: Nobody has confirmed the document.
    """
    held = {
        row.annotator: row
        for row in versions.versions(corpus, document)
        if row.annotator != MASTER and row.state is VersionState.CONFIRMED and row.review is not Review.REJECTED
    }
    if not held:
        key = documents.row(corpus, document).key
        raise DecisionError(f"No version of {key} is confirmed.", hint="There is nothing to merge.")
    order = [name for name in annotators.order(corpus) if name in held]
    contents = {name: versions.load(corpus, document, name).annotations for name in order}
    best = _best(corpus, order, contents) if strategy == "best_iaa_v1" and len(order) > 1 else {}
    result = merge(contents, strategy, best=best)
    return save_version(corpus, document, result, annotator=save_to, confirmed=True, by=by, how=strategy)


def _best(corpus: Corpus, names: Sequence[str], contents: dict[str, Annotations]) -> dict[str, str]:
    """Return who agrees best with the others, on all documents, for each label that the versions have."""
    wanted = {e.type for a in contents.values() for e in a.entities.values()}
    wanted |= {r.type for a in contents.values() for r in a.relations.values()}
    wanted |= {name for a in contents.values() for name in a.labels}
    scheme = settings.scheme(corpus)
    found: dict[str, str] = {}
    for name in sorted(wanted):
        scores = dict.fromkeys(names, 0.0)
        try:
            label_of(scheme, name)
        except UsageError:
            continue
        for first, second in combinations(names, 2):
            f1 = agreement(corpus, first, second, name).f1
            scores[first] += f1
            scores[second] += f1
        found[name] = max(names, key=lambda who: scores[who])
    return found


def copied(corpus: Corpus, document: int, of: str, *, save_to: str, by: str) -> bool:
    """Save one version under another name, as far as it is; say whether anything changed.

    Raises:
        DecisionError: There is no such version.
    """
    key = documents.row(corpus, document).key
    if of == save_to:
        raise DecisionError(f"{key}: a version is copied to another, not to itself.")
    row = next(
        (r for r in versions.versions(corpus, document) if r.annotator == of or (of == MASTER and r.is_master)), None
    )
    if row is None:
        raise DecisionError(f"{of} has no version of {key}.")
    held = versions.load(corpus, document, row.annotator).annotations
    confirmed = row.state is VersionState.CONFIRMED
    return save_version(corpus, document, held, annotator=save_to, confirmed=confirmed, by=by, how=f"copy of {of}")
