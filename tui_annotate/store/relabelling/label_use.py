"""Where a label of the scheme is in use: annotated, or waiting to be decided. Counted up to a bound."""

from __future__ import annotations

from tui_annotate.domain.scheme_changes import Group
from tui_annotate.store.connection import Corpus

MOST = 1000
"""Counted up to here; more are as many."""

_VALUE = "EXISTS (SELECT 1 FROM json_each(body, '$.value') WHERE value = :value)"
_ATTRIBUTE = (
    "EXISTS (SELECT 1 FROM json_each(body, '$.attributes') WHERE key = :name AND (:value IS NULL OR value = :value))"
)
_SUGGESTED = f"body ->> '$.name' = :name AND (:value IS NULL OR {_VALUE})"
_WHERE: dict[Group, tuple[str, ...]] = {
    "entity": ("entity WHERE type = :name", f"suggestion WHERE body ->> '$.target' = 'entity' AND {_SUGGESTED}"),
    "label": (
        f"label WHERE name = :name AND (:value IS NULL OR {_VALUE})",
        f"suggestion WHERE body ->> '$.target' = 'label' AND {_SUGGESTED}",
    ),
    "attribute": (
        f"entity WHERE {_ATTRIBUTE}",
        f"suggestion WHERE body ->> '$.target' = 'attribute' AND {_SUGGESTED}",
        f"suggestion WHERE {_ATTRIBUTE}",
    ),
    "relation": (
        "relation WHERE type = :name",
        "proposal WHERE EXISTS (SELECT 1 FROM json_each(body, '$.relations') WHERE value ->> '$.type' = :name)",
    ),
}


def used(corpus: Corpus, group: Group, name: str, value: str | None = None) -> int:
    """Return how often a label is in use, up to `MOST`; with a value: how often with that.

    Suggestions count as long as they are kept, since they can be decided differently.
    """
    found = 0
    with corpus.reading() as db:
        for part in _WHERE[group]:
            query = f"SELECT count(*) FROM (SELECT 1 FROM {part} LIMIT :most)"
            found += int(db.execute(query, {"name": name, "value": value, "most": MOST - found}).fetchone()[0])
    return found
