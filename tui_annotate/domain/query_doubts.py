"""Values in a query that nothing has: said beside what was found, since a query may be asked before they come.

What the scheme has no label for is an error (`query_names`); a value that no label can have, a tag that no document
bears or a run that there never was is a doubt.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from difflib import get_close_matches

from tui_annotate.domain.query_names import YES_OR_NO, named
from tui_annotate.domain.query_tree import Like, Query, Where, leaves
from tui_annotate.domain.scheme import Attribute, DocumentLabel, Scheme
from tui_annotate.errors import QueryError

ME = "me"
HELD = {
    "tag": "no document has the tag {}",
    "folder": "there is no folder {}",
    "run": "no document was shown with suggestions of a run {}",
    "by": "no document has a version of {}",
    "members_anncomplete": "no document is confirmed by {}",
    "members_assigned": "no document is assigned to {}",
}
"""What is said of a value that no document has, by field."""
_VALUED = ("label", "attribute", "suggested", "rejected")
_LONGEST = 60
_SOME = 12
"""Right values that are listed where none is near."""


def doubts(
    scheme: Scheme, query: Query, *, finds: Callable[[Where], bool], known: Callable[[str], Sequence[str]]
) -> list[str]:
    """Return what is to be said of a query's values, a sentence each.

    Args:
        finds: Whether a field with its value finds any document.
        known: The values that there are, by field.
    """
    said: list[str] = []
    for leaf, _ in leaves(query):
        if not isinstance(leaf, Where) or not isinstance(leaf.values[-1], Like) or len(leaf.values[-1].pieces) > 1:
            continue
        if leaf.field in HELD and leaf.values[-1].plain != ME and not finds(leaf):
            said.append(_not_held(leaf.field, leaf.values[-1].plain, known(leaf.field)))
        elif leaf.field in _VALUED and len(leaf.values) == 2:
            said.append(_not_possible(scheme, leaf, leaf.values[-1].plain))
    return [*dict.fromkeys(filter(None, said))]


def _not_held(field: str, value: str, values: Sequence[str]) -> str:
    value = value.removeprefix("#") if field == "tag" else value.strip("/") if field == "folder" else value
    if value.casefold() in (one.casefold() for one in values):
        # It is there, and means no document yet.
        return ""
    return _said(HELD[field].format(value[:_LONGEST]), value, values)


def _not_possible(scheme: Scheme, leaf: Where, value: str) -> str:
    assert isinstance(leaf.values[0], Like)
    try:
        names = named(scheme, leaf.field, leaf.values[0], leaf.column)
    except QueryError:
        return ""
    possible: list[str] = []
    for name in names:
        values = _values_of(scheme, leaf.field, name)
        if values is None or value.casefold() in (one.casefold() for one in values):
            return ""
        possible += values
    if possible == ["true", "false"] and value.casefold() in YES_OR_NO:
        return ""
    of = names[0] if len(names) == 1 else leaf.values[0].plain
    return _said(f"{of} cannot be {value[:_LONGEST]}", value, possible) if possible else ""


def _values_of(scheme: Scheme, field: str, name: str) -> list[str] | None:
    """Return the values that a label can have; None for any text."""
    things: list[DocumentLabel | Attribute] = []
    if field != "attribute":
        things += [label for label in scheme.labels if label.name == name]
    if field != "label":
        things += [attribute for attribute in scheme.attributes if attribute.name == name]
    if not things or (field in ("suggested", "rejected") and scheme.entity(name) is not None):
        return None
    found: list[str] = []
    for thing in things:
        if thing.kind == "text":
            return None
        found += ["true", "false"] if thing.kind == "boolean" else [option.value for option in thing.options]
    return found


def _said(what: str, value: str, values: Sequence[str]) -> str:
    near = get_close_matches(value.casefold()[:_LONGEST], [one.casefold() for one in values], n=1)
    meant = next((one for one in values if near and one.casefold() == near[0]), "")
    some = ", ".join(sorted(values)[:_SOME]) + (", ..." if len(values) > _SOME else "")
    return f"{what}; did you mean {meant}?" if meant else f"{what}; there {_be(values)} {some}." if some else f"{what}."


def _be(values: Sequence[str]) -> str:
    return "is" if len(values) == 1 else "are"
