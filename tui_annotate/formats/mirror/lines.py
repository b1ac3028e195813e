"""Annotations as lines: one each, in reading order, so that a change is one line of a diff and grep finds it.

Columns are parted by tabs: id, type or name, place, text, value, who, state.

    confirmed   no
    e1  Drug      s1v1:0-7    "Aspirin"   {"dose":"2"}  user:anna  annotated
    s4  Disease   s1v1:30-38  "headache"  -             ml:ents-1  suggested 0.74
    label  urgent  -          -           true          user:anna  annotated
    r1  treats    e1>e4       -           -             user:anna  annotated
    i2  treats    e1>s4       -           -             -          suggested 1
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import msgspec

from tui_annotate.domain.annotations import Entity, LabelContent, LabelScalar, LabelValue, Relation, Suggestion
from tui_annotate.domain.documents import Document
from tui_annotate.domain.spans import Span
from tui_annotate.errors import DataError
from tui_annotate.formats.source import JSON_ERRORS

NONE = "-"
NEW = "+"
"""Id of a line that somebody added."""
LABEL = "label"
RELATION, IMPORTED = "r", "i"
"""Begin of the ids of a version's relations, and of those that go along with it as they were imported."""
CONFIRMED = "confirmed"
_COLUMNS = 7
_PLAIN = re.compile(r"[^\t\n\r\x00-\x1f\x7f-\x9f\\\u2028\u2029\u202a-\u202e\u2066-\u2069]*")
_HIDDEN = re.compile(r"[\t\n\r\x00-\x1f\x7f-\x9f\\\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_ESCAPE = re.compile(r"\\(?:u([0-9a-f]{4})|(.))")
_ID = re.compile(r"(?:[esri]\d{1,18}|label|\+)")
_PLACE = re.compile(r"(.+):(\d+-\d+(?:\+\d+-\d+)*)", re.DOTALL)
_ENDS = re.compile(r"([es]\d{1,18})([->])([es]\d{1,18})")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of annotations."""

    number: int
    """From 1; 0 for one that is being written."""
    id: str
    name: str
    place: str = NONE
    text: str = NONE
    value: str = NONE
    who: str = NONE
    state: str = "annotated"

    @property
    def word(self) -> str:
        """What the state begins with: the rest tells, and is not read."""
        return self.state.partition(" ")[0]

    def __str__(self) -> str:
        return "\t".join((self.id, self.name, self.place, self.text, self.value, self.who, self.state))


@dataclass(frozen=True, slots=True)
class Page:
    """All lines of a document."""

    confirmed: bool
    lines: tuple[Line, ...]

    def text(self, head: str) -> bytes:
        """Return the file: a comment that says what it is, the flag, the lines."""
        flag = f"{CONFIRMED}\t{'yes' if self.confirmed else 'no'}"
        return "\n".join((f"# {escaped(head)}", flag, *map(str, self.lines), "")).encode("utf-8", "backslashreplace")

    def says(self) -> object:
        """Return what the lines say, without ids and authors: equal for pages that mean the same."""
        found = sorted((line.name, line.place, line.text, line.value, line.word) for line in self.lines)
        return self.confirmed, found


def of_entity(entity: Entity, document: Document) -> Line:
    """Return the line of an annotated entity."""
    value = _json(dict(sorted(entity.attributes.items()))) if entity.attributes else NONE
    place, text = place_of(entity.spans), text_of(entity.spans, document)
    return Line(0, f"e{entity.number}", escaped(entity.type), place, text, value, _who(entity.who), _annotated(entity))


def of_suggestion(
    suggestion: Suggestion, document: Document, attributes: Mapping[str, LabelScalar] | None = None
) -> Line:
    """Return the line of something undecided; `attributes` are those suggested for an entity beside its own."""
    attributes = {**(attributes or {}), **suggestion.attributes}
    place = place_of(suggestion.spans) if suggestion.spans else NONE
    text = text_of(suggestion.spans, document) if suggestion.spans else NONE
    value = NONE
    if suggestion.target != "entity":
        value = _json(suggestion.value)
    elif attributes:
        value = _json(dict(sorted(attributes.items())))
    who = _who(suggestion.who) if suggestion.who or not suggestion.run else escaped(f"ml:{suggestion.run}")
    state = f"suggested {suggestion.prob:.3g}"
    return Line(0, f"s{suggestion.id}", escaped(suggestion.name), place, text, value, who, state)


def of_label(label: LabelValue) -> Line:
    """Return the line of a document label that is set."""
    value = _json(label.value)
    return Line(0, LABEL, escaped(label.name), NONE, NONE, value, _who(label.who), _annotated(label))


def of_relation(relation: Relation) -> Line:
    """Return the line of a relation."""
    return _link(RELATION, relation, f"e{relation.ends[0]}", f"e{relation.ends[1]}", _annotated(relation))


def of_imported(relation: Relation, first: str, second: str, *, confirmed: bool) -> Line:
    """Return the line of a relation that goes along with a version as it was imported, given the ids of its ends."""
    state = _annotated(relation) if confirmed else f"suggested {relation.prob:.3g}"
    return _link(IMPORTED, relation, first, second, state)


def _link(letter: str, relation: Relation, first: str, second: str, state: str) -> Line:
    ends = f"{first}{'>' if relation.directed else '-'}{second}"
    return Line(0, f"{letter}{relation.number}", escaped(relation.type), ends, who=_who(relation.who), state=state)


def place_of(spans: Iterable[Span]) -> str:
    """Return where spans stand: `s1v1:0-7`, pieces parted by a plus."""
    found = list(spans)
    return f"{escaped(found[0].part)}:" + "+".join(f"{span.start}-{span.end}" for span in found)


def text_of(spans: Iterable[Span], document: Document) -> str:
    """Return the text under spans as JSON, pieces parted by three dots."""
    return hidden(json.dumps(" ... ".join(document.slice(span) for span in spans), ensure_ascii=False))


def spans_of(place: str, document: Document) -> tuple[Span, ...]:
    """Return the spans of a place; raises DataError where the document has no such place."""
    match = _PLACE.fullmatch(place)
    if match is None:
        raise DataError(f"{place!r} is no place; write part:start-end, as s1v1:0-7")
    part = unescaped(match.group(1))
    spans: list[Span] = []
    for piece in match.group(2).split("+"):
        start, end = (int(number) for number in piece.split("-"))
        if not start < end or not document.has(Span(part, start, max(end, start + 1))):
            raise DataError(f"{place} points at no text")
        spans.append(Span(part, start, end))
    return tuple(sorted(spans))


def is_link(place: str) -> bool:
    """Say whether a place is that of a relation."""
    return _ENDS.fullmatch(place) is not None


def ends_of(place: str) -> tuple[str, bool, str]:
    """Return the ids of a relation's ends, and whether it is directed; raises DataError."""
    match = _ENDS.fullmatch(place)
    if match is None:
        raise DataError(f"{place!r} is no link; write e1>e2, or e1-e2 where it has no direction")
    return match.group(1), match.group(2) == ">", match.group(3)


def value_of(text: str) -> LabelContent | None:
    """Return a value: JSON, or the text itself where it is none; None for a dash; raises DataError."""
    if text == NONE:
        return None
    try:
        value = msgspec.json.decode(text)
    except JSON_ERRORS:
        return {"yes": True, "no": False}.get(text, unescaped(text))
    if isinstance(value, list) and all(type(one) is str for one in value):
        return tuple(value)
    if type(value) not in (bool, int, float, str):
        raise DataError(f"{text} is no value")
    return value  # type: ignore[no-any-return]


def attributes_of(text: str) -> dict[str, LabelScalar]:
    """Return attributes by name from a JSON object; none for a dash; raises DataError."""
    if text == NONE:
        return {}
    try:
        return msgspec.json.decode(text, type=dict[str, bool | int | float | str])
    except JSON_ERRORS:
        raise DataError(f'{text} is no object of attributes and values, as {{"dose":"2"}}') from None


def parse(content: bytes) -> Page:
    """Read a page.

    Raises:
        DataError: A line cannot be read; the message begins with its number.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DataError(f"{line}: is not UTF-8") from error
    confirmed: bool | None = None
    lines: list[Line] = []
    seen: set[str] = set()
    for number, row in enumerate(text.replace("\r\n", "\n").split("\n"), 1):
        if not row.strip() or row.startswith("#"):
            continue
        if row.startswith(("<<<<<<<", "=======", ">>>>>>>")):
            raise DataError(f"{number}: is the mark of a merge; decide between the two sides first")
        columns = [column.strip(" ") for column in row.split("\t")]
        if columns[0] == CONFIRMED:
            if confirmed is not None or len(columns) != 2 or columns[1] not in ("yes", "no"):
                raise DataError(f"{number}: `confirmed` is followed by a tab and yes or no, and stands once")
            confirmed = columns[1] == "yes"
            continue
        lines.append(_line(number, columns))
        key = f"{LABEL} {lines[-1].name}" if lines[-1].id == LABEL else lines[-1].id
        if key in seen and key != NEW:
            raise DataError(f"{number}: {key} stands twice")
        seen.add(key)
    if confirmed is None:
        raise DataError("1: the line `confirmed` is missing")
    return Page(confirmed, tuple(lines))


def _line(number: int, columns: list[str]) -> Line:
    if not _ID.fullmatch(columns[0]):
        raise DataError(f"{number}: {columns[0]!r} is no id; begin an added line with + and a tab, others as they are")
    if len(columns) < 2 or not columns[1]:
        raise DataError(f"{number}: has no type; columns are parted by tabs: id, type, place, text, value, who, state")
    if len(columns) > _COLUMNS:
        raise DataError(f"{number}: has {len(columns)} columns, and {_COLUMNS} are read")
    return Line(number, *(column or NONE for column in columns))


def escaped(text: str) -> str:
    r"""Return a name without what would break a line or drive a terminal: as `\uXXXX`, a backslash doubled."""
    if _PLAIN.fullmatch(text):
        return text
    return _HIDDEN.sub(lambda m: "\\\\" if m.group() == "\\" else f"\\u{ord(m.group()):04x}", text)


def unescaped(text: str) -> str:
    """Return the name that `escaped` was given."""
    return _ESCAPE.sub(lambda m: chr(int(m.group(1), 16)) if m.group(1) else m.group(2), text) if "\\" in text else text


def hidden(text: str) -> str:
    """Return JSON text with what does not show as JSON's own escapes."""
    return _HIDDEN.sub(lambda m: m.group() if m.group() == "\\" else f"\\u{ord(m.group()):04x}", text)


def _json(value: object) -> str:
    return hidden(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def _who(names: Iterable[str]) -> str:
    return escaped(",".join(names)) or NONE


def _annotated(thing: Entity | LabelValue | Relation) -> str:
    prob = f" {thing.prob:.3g}" if thing.prob != 1 else ""
    return f"annotated{prob}{' (proposed for deletion)' if thing.state == 'pre-removed' else ''}"


def changed(before: Page, after: Page) -> Iterator[tuple[Line | None, Line | None]]:
    """Yield (line before, line after) of all that differs in what is read; None is a line that is not there."""
    old = {(line.id, line.name if line.id == LABEL else ""): line for line in before.lines}
    new = {(line.id, line.name if line.id == LABEL else ""): line for line in after.lines if line.id != NEW}
    for key, line in old.items():
        other = new.get(key)
        if other is None:
            yield line, None
        elif str(line) != str(other):
            yield line, other
    for key, line in new.items():
        if key not in old:
            yield None, line
    for line in after.lines:
        if line.id == NEW:
            yield None, line
