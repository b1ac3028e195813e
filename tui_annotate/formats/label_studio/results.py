"""Label Studio's `result`: regions with labels, choices and texts of a region or of the whole task, and relations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tui_annotate.domain.annotations import Annotations, Entity, LabelContent, LabelScalar, LabelValue, Relation
from tui_annotate.domain.documents import Document
from tui_annotate.domain.scheme import LabelKind
from tui_annotate.domain.spans import Span
from tui_annotate.errors import DataError
from tui_annotate.formats.base import ReadOptions
from tui_annotate.formats.claimed import Places, Stated, locate, pieces
from tui_annotate.formats.jsonl import rows as jsonl_rows
from tui_annotate.formats.jsonl.rows import Problems
from tui_annotate.formats.kept import of, under

REGIONS = ("labels", "hypertextlabels", "htmllabels", "paragraphlabels")
"""Types of results that mark a stretch of text."""
_MOST_LABELS = 64
"""Of one region: each is an entity with all that is said of the region."""
_SAID = frozenset(("value", "score", "who", "state", "type"))


@dataclass(frozen=True, slots=True)
class Given:
    """One item of a `result`, with what its annotation or prediction says of all of them."""

    field: str
    row: dict[str, Any]
    who: tuple[str, ...] = ()
    prob: float = 1.0

    @property
    def type(self) -> str:
        """Return the type, empty for none."""
        value = self.row.get("type")
        return value.lower() if type(value) is str else ""

    @property
    def value(self) -> Mapping[str, Any]:
        """Return the value, empty for none."""
        value = self.row.get("value")
        return value if type(value) is dict else {}


class Results:
    """Reads the results of one annotation, or of all predictions of a task, as annotations."""

    def __init__(self, document: Document, options: ReadOptions, problems: Problems) -> None:
        self._document = document
        self._places = Places(document)
        self._problems = problems
        self._label_kinds: dict[str, LabelKind] = {label.name: label.kind for label in options.scheme.labels}
        self._attribute_kinds: dict[str, LabelKind] = {one.name: one.kind for one in options.scheme.attributes}
        self._of_region: dict[str, list[int]] = {}
        """Entities by the id of their region; a region with two labels is two entities."""
        self._controls: dict[str, tuple[dict[str, LabelScalar], dict[str, Any]]] = {}
        """Attributes by the id of their region, and what else their items say."""
        self.held = Annotations()
        self.unread: list[Any] = []
        """Items that are nothing of ours, as they came."""

    def read(self, given: Sequence[Given]) -> Results:
        """Read all items; what cannot be read is left out and reported, what is not ours is kept."""
        regions = [one for one in given if one.type in REGIONS]
        stated = [_stated(one) for one in regions]
        for one, place in zip(regions, locate(self._document.text, stated, self._problems), strict=True):
            if place is not None:
                self._guarded(self._add_region, one, place)
        for one in given:
            if one.type == "relation":
                self._guarded(self._add_relations, one)
            elif one.type not in REGIONS:
                self._guarded(self._add_value, one)
        for id, (attributes, kept) in self._controls.items():
            for number in self._of_region[id]:
                entity = self.held.entities[number]
                extra = under("label_studio", {**of(entity.extra, "label_studio"), "controls": kept})
                self.held.entities[number] = replace(entity, attributes=attributes, extra=extra)
        return self

    def _guarded(self, add: Any, one: Given, *more: Any) -> None:
        try:
            add(one, *more)
        except DataError as error:
            self._problems.append((one.field, f"{error.message}; left out"))

    def _add_region(self, one: Given, place: tuple[int, int]) -> None:
        value = one.value
        names = value.get(_key_of(one))
        if type(names) is not list or not names or not all(type(name) is str and name.strip() for name in names):
            raise DataError(f"`{_key_of(one)}` is {str(names)[:80]}, no list of labels")
        if len(names) > _MOST_LABELS:
            raise DataError(f"it has {len(names)} labels; more than {_MOST_LABELS} are nobody's work")
        spans = self._spans(value, place)
        kept = {key: held for key, held in one.row.items() if key not in _SAID}
        kept |= {"type": one.row["type"], "at": list(place)}
        kept["value"] = {key: held for key, held in value.items() if key not in ("text", "fragments", _key_of(one))}
        for name in names:
            number = len(self.held.entities) + 1
            who, prob, state = _said(one)
            self.held.entities[number] = Entity(
                name.strip(), spans, who, prob, number, state=state, extra=under("label_studio", kept)
            )
            if type(one.row.get("id")) is str:
                self._of_region.setdefault(one.row["id"], []).append(number)

    def _spans(self, value: Mapping[str, Any], place: tuple[int, int]) -> tuple[Span, ...]:
        stated = pieces(value["fragments"], len(self._document.text)) if "fragments" in value else [place]
        found = [self._places.find(start, end) for start, end in stated]
        spans = tuple(sorted(span for span in found if span is not None))
        if not spans or len(spans) != len(found) or len({span.part for span in spans}) != 1:
            raise DataError(f"[{place[0]}, {place[1]}) crosses the border of two parts")
        return spans

    def _add_relations(self, one: Given) -> None:
        row, direction = one.row, one.row.get("direction")
        ends = [row.get("from_id"), row.get("to_id")]
        numbers = [self._of_region.get(end) if type(end) is str else None for end in ends]
        if numbers[0] is None or numbers[1] is None:
            raise DataError(f"links {ends[0]!r} and {ends[1]!r}, of which one is no region of the text")
        first, second = numbers[0][0], numbers[1][0]
        labels = row.get("labels")
        names = [name for name in labels if type(name) is str and name.strip()] if type(labels) is list else []
        kept = {key: value for key, value in row.items() if key not in _OF_RELATION}
        for name in names or ["relation"]:
            number = len(self.held.relations) + 1
            who, prob, state = _said(one)
            self.held.relations[number] = Relation(
                name.strip(),
                (second, first) if direction == "left" else (first, second),
                direction in ("left", "right"),
                who,
                prob,
                number,
                state,
                under("label_studio", kept if names else {**kept, "unnamed": True}),
            )

    def _add_value(self, one: Given) -> None:
        """Add a choice, a text or a number: of a region when it stands with one, else of the document."""
        values = _values(one)
        name, id = one.row.get("from_name"), one.row.get("id")
        if values is None or type(name) is not str or not name.strip():
            self.unread.append(one.row)
            return
        name = name.strip()
        if type(id) is str and id in self._of_region:
            content = _content(values, self._attribute_kinds.get(name), is_text=one.type == "textarea")
            attributes, kept = self._controls.setdefault(id, ({}, {}))
            attributes[name] = "|".join(content) if isinstance(content, tuple) else content
            kept[name] = {key: value for key, value in one.row.items() if key not in _OF_CONTROL}
        elif type(one.value.get("start")) in (int, str) or "globalOffsets" in one.value:
            raise DataError(f"{name!r} is of a region that is not there")
        else:
            self._add_label(one, name, values)

    def _add_label(self, one: Given, name: str, values: list[Any]) -> None:
        who, prob, state = _said(one)
        kept = {key: value for key, value in one.row.items() if key not in _SAID and key != "from_name"}
        kept["type"] = one.row["type"]
        content = _content(values, self._label_kinds.get(name), is_text=one.type == "textarea")
        self.held.labels[name] = LabelValue(name, content, who, prob, state, under("label_studio", kept))


_OF_RELATION = frozenset(("type", "from_id", "to_id", "direction", "labels", "who", "score", "state"))

_OF_CONTROL = frozenset((*_SAID, "id", "from_name", "to_name"))


def _key_of(one: Given) -> str:
    """Return under which key a region's labels stand: its type, or plain `labels`."""
    return one.row["type"] if one.row["type"] in one.value else "labels"


def _stated(one: Given) -> Stated:
    """Return where a region is said to be: in the whole text where the file says that, else in its element."""
    value, whole = one.value, one.value.get("globalOffsets")
    text = value.get("text")
    said = text if type(text) is str else None
    if type(whole) is dict:
        return Stated(one.field, whole.get("start"), whole.get("end"), said)
    if type(value.get("start")) is str and "startOffset" in value:
        return Stated(one.field, value["startOffset"], value.get("endOffset"), said)
    return Stated(one.field, value.get("start"), value.get("end"), said)


def _said(one: Given) -> tuple[tuple[str, ...], float, str]:
    """Return who made an item, how sure they were, and its state."""
    who = jsonl_rows.who_of(one.row) if "who" in one.row else one.who
    return who, prob_in(one.row, one.prob), jsonl_rows.state_in(one.row)


def prob_in(row: Mapping[str, Any], default: float = 1.0) -> float:
    """Return a score that is a probability; scores may be anything."""
    score: Any = row.get("score")
    return float(score) if type(score) in (int, float) and 0 <= score <= 1 else default


def _values(one: Given) -> list[Any] | None:
    """Return what a control says: choices, lines of text, paths of a taxonomy, a number; None for other controls."""
    key = "text" if one.type == "textarea" else one.type
    value = one.value.get(key)
    if one.type in ("choices", "textarea"):
        lines = [value] if type(value) is str else value
        return lines if type(lines) is list and lines and all(type(line) is str for line in lines) else None
    if one.type == "taxonomy" and type(value) is list and value:
        paths = [path for path in value if type(path) is list and path and all(type(step) is str for step in path)]
        return [" / ".join(path) for path in paths] if len(paths) == len(value) else None
    if one.type in ("rating", "number") and type(value) in (int, float):
        return [value]
    if one.type == "datetime" and type(value) is str:
        return [value]
    return None


def _content(values: list[Any], kind: LabelKind | None, *, is_text: bool) -> LabelContent:
    if is_text:
        return "\n".join(values)
    if kind == "choices":
        return tuple(values)
    if kind in (None, "boolean") and values in (["true"], ["false"]):
        return values == ["true"]
    return values[0] if len(values) == 1 else tuple(values)
