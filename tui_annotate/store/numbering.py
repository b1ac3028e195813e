"""Numbers of entities and relations: which version holds the same whatever they are, and fresh ones for what comes."""

from __future__ import annotations

from dataclasses import replace

from tui_annotate.domain.annotations import Annotations
from tui_annotate.store import rows


def same(held: Annotations, given: Annotations) -> bool:
    """Say whether two versions hold the same, however it is numbered."""
    return held == given or _without_numbers(held) == _without_numbers(given)


def renumbered(annotations: Annotations, by: int) -> Annotations:
    """Return annotations with all numbers so much higher, above those that a version gave before."""
    if not by:
        return annotations
    return Annotations(
        {n + by: replace(e, number=n + by) for n, e in annotations.entities.items()},
        annotations.labels,
        {
            n + by: replace(r, number=n + by, ends=(r.ends[0] + by, r.ends[1] + by))
            for n, r in annotations.relations.items()
        },
        annotations.extra,
    )


def _without_numbers(annotations: Annotations) -> object:
    """Return annotations in a shape that is equal when only the numbers differ."""
    entities = {number: rows.encode(replace(e, number=0)) for number, e in annotations.entities.items()}
    relations = [
        (entities.get(r.ends[0]), entities.get(r.ends[1]), rows.encode(replace(r, number=0, ends=(0, 0))))
        for r in annotations.relations.values()
    ]
    return sorted(entities.values()), sorted(relations, key=str), annotations.labels, annotations.extra
