"""Names in queries as the scheme has them: by name, without regard to capitals, by anndoc's id, or with a `*`."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Protocol

from tui_annotate.domain.query_tree import Like, Query, Where, leaves
from tui_annotate.domain.scheme import Scheme
from tui_annotate.errors import QueryError

_WORDS = {
    "label": "document label",
    "entity": "entity type",
    "count": "entity type",
    "attribute": "attribute",
    "relation": "relation type",
    "suggested": "label",
    "rejected": "label",
}
YES_OR_NO = {"yes": "true", "no": "false"}
"""How people write the values of labels that are true or false."""
_LONGEST = 60
"""Characters of a wrong name that the right ones are compared with."""


class _Named(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def id(self) -> str: ...


def check(scheme: Scheme, query: Query) -> None:
    """Raise QueryError where a query names what the scheme has not."""
    for leaf, _ in leaves(query):
        if isinstance(leaf, Where) and leaf.field in _WORDS and isinstance(leaf.values[0], Like):
            named(scheme, leaf.field, leaf.values[0], leaf.columns[0] if leaf.columns else leaf.column)


def named(scheme: Scheme, field: str, wanted: Like, column: int) -> list[str]:
    """Return the names that a field's first value means.

    Raises:
        QueryError: The scheme has nothing of that name.
    """
    held = _held(scheme, field)
    if wanted.is_any:
        return [one.name for one in held]
    pieces = wanted.pieces
    if len(pieces) > 1:
        return [one.name for one in held if fits(pieces, one.name)]
    (text,) = pieces
    for matches in (
        [one.name for one in held if one.name == text],
        [one.name for one in held if one.id == text],
        [one.name for one in held if one.name.casefold() == text.casefold()],
    ):
        if matches:
            return matches
    names = [one.name for one in held]
    near = get_close_matches(text.casefold()[:_LONGEST], [name.casefold() for name in names], n=1)
    meant = next((name for name in names if near and name.casefold() == near[0]), "")
    some = ", ".join(names[:12]) + (", ..." if len(names) > 12 else "")
    all_there = f"There {'is' if len(names) == 1 else 'are'} {some}." if names else "The scheme has none yet."
    hint = f"Did you mean {meant}?" if meant else all_there
    raise QueryError(f"there is no {_WORDS[field]} {text[:40]}.", column=column, hint=hint)


def meant(scheme: Scheme, field: str, name: str, wanted: Like) -> Like:
    """Return the value that is looked for: yes and no are those of labels and attributes that are true or false."""
    labels = scheme.labels if field != "attribute" else ()
    attributes = scheme.attributes if field != "label" else ()
    kinds = {one.kind for one in labels if one.name == name} | {one.kind for one in attributes if one.name == name}
    return Like(YES_OR_NO.get(wanted.text.casefold(), wanted.text)) if kinds == {"boolean"} else wanted


def fits(pieces: Sequence[str], text: str) -> bool:
    """Say whether a text is made of pieces with anything between them, without regard to capitals."""
    text = text.casefold()
    first, *between, last = (piece.casefold() for piece in pieces)
    if not text.startswith(first) or not text.endswith(last) or len(text) < len(first) + len(last):
        return False
    at, end = len(first), len(text) - len(last)
    for piece in between:
        at = text.find(piece, at, end)
        if at < 0:
            return False
        at += len(piece)
    return True


def _held(scheme: Scheme, field: str) -> Sequence[_Named]:
    if field == "label":
        return scheme.labels
    if field in ("entity", "count"):
        return scheme.entities
    if field == "attribute":
        return scheme.attributes
    if field == "relation":
        return scheme.relations
    return (*scheme.entities, *scheme.labels, *scheme.attributes)
