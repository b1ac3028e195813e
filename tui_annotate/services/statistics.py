"""Statistics of the agreed annotations, by label, as tagtog's metrics API tells them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from tui_annotate.domain.annotations import LabelContent
from tui_annotate.domain.scheme import DocumentLabel, Scheme
from tui_annotate.store import settings, shared
from tui_annotate.store.connection import Corpus

_AT_ONCE = 500
_MOST_VALUES = 10
_TYPES = {"boolean": "boolean", "choice": "enum", "choices": "enum", "text": "string"}


def statistics(corpus: Corpus, ids: Sequence[int]) -> dict[str, Any]:
    """Return what master holds of some documents: counts for the whole, and for each label by its id."""
    scheme = settings.scheme(corpus)
    types: dict[str, tuple[int, int]] = {}
    values: dict[str, Counter[str]] = {}
    documents_with: Counter[str] = Counter()
    annotated = confirmed = 0
    for start in range(0, len(ids), _AT_ONCE):
        found, labels, some, done = shared.tally(corpus, ids[start : start + _AT_ONCE])
        annotated, confirmed = annotated + some, confirmed + done
        for name, (count, documents) in found.items():
            held = types.get(name, (0, 0))
            types[name] = (held[0] + count, held[1] + documents)
        for name, value in labels:
            documents_with[name] += 1
            values.setdefault(name, Counter()).update(_said(value))
    total = sum(count for count, _ in types.values())
    report: dict[str, Any] = {
        "numDocuments": len(ids),
        "numAnnotatedDocuments": annotated,
        "numConfirmedDocuments": confirmed,
        "allEntitiesTotalCount": total,
        "allDocumentLabelsTotalCount": documents_with.total(),
    }
    for type in scheme.entities:
        count, documents = types.get(type.name, (0, 0))
        report[type.id] = {
            "name": type.name,
            "numDocuments": documents,
            "numDocumentsMissing": len(ids) - documents,
            "totalCount": count,
            "percentage": _percentage(count, total),
            "topNormalizations": [],
        }
    return report | _labels(scheme, values, documents_with, len(ids))


def _labels(
    scheme: Scheme, values: dict[str, Counter[str]], documents_with: Counter[str], number: int
) -> dict[str, Any]:
    return {
        label.id: {
            "name": label.name,
            "type": _TYPES[label.kind],
            "numDocuments": documents_with[label.name],
            "numDocumentsMissing": number - documents_with[label.name],
            **_values(label, values.get(label.name, Counter()), documents_with[label.name]),
        }
        for label in scheme.labels
    }


def _values(label: DocumentLabel, counted: Counter[str], documents: int) -> dict[str, Any]:
    if label.kind == "text":
        top = counted.most_common(_MOST_VALUES)
        return {"topValues": [_row(value, count, documents) for value, count in top]}
    options = ["true", "false"] if label.kind == "boolean" else [option.value for option in label.options]
    names = list(dict.fromkeys([*options, *counted]))
    return {"values": [_row(name, counted[name], documents) for name in names]}


def _row(value: str, count: int, documents: int) -> dict[str, Any]:
    return {"value": value, "count": count, "percentage": _percentage(count, documents)}


def _percentage(part: int, whole: int) -> float:
    share = round(100 * part / whole, 2) if whole else 0.0
    return int(share) if share.is_integer() else share


def _said(value: LabelContent) -> list[str]:
    """Return a label's value, or its values, as text."""
    many = value if isinstance(value, tuple) else (value,)
    return [str(one).lower() if isinstance(one, bool) else str(one) for one in many]
