"""The pieces of a JSON line: spans, labels, relations and parts, each checked field by field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tui_annotate.domain.annotations import Annotations, Entity, LabelContent, LabelScalar, LabelValue, Relation
from tui_annotate.domain.documents import Document, Part
from tui_annotate.domain.spans import Span
from tui_annotate.errors import DataError
from tui_annotate.formats.base import ReadOptions, tags_of, unnamed_label

Problems = list[tuple[str, str]]
"""(field, reason) of what was refused in a row."""

_SPAN_KNOWN = frozenset(("start", "end", "label", "prob", "who", "text", "fragments", "attributes", "state"))
_VALUE_KNOWN = frozenset(("value", "prob", "who", "state"))
_RELATION_KNOWN = frozenset(("label", "from", "to", "directed", "prob", "who", "state"))
_ABOUT = ("name", "folder", "language")


def parts(text: str, given: Any) -> tuple[Part, ...]:
    """Cut a row's text into its parts, `[[id, start, end], ...]`; raises DataError when they are no such list."""
    try:
        cut = tuple(Part(id, text[start:end]) for id, start, end in given)
        lengths_fit = all(end - start == len(part.text) for part, (_, start, end) in zip(cut, given, strict=True))
    except (TypeError, ValueError):
        raise DataError("`parts` must be a list of [id, start, end]") from None
    ids = {p.id for p in cut if type(p.id) is str and p.id and p.id.isprintable() and " " not in p.id}
    if not cut or not lengths_fit or len(ids) != len(cut) or "\n".join(part.text for part in cut) != text:
        raise DataError("`parts` do not make up `text`, a newline between them")
    return cut


def document_of(row: Mapping[str, Any], text: Any, otherwise: str, *, empty: bool) -> Document:
    """Return a row's document with what the row says about it besides its text.

    Args:
        otherwise: What it is called where the row gives no `id`.
        empty: Take an empty text.

    Raises:
        DataError: There is no text, or `id` or `parts` are not what they must be.
    """
    if type(text) is not str:
        raise DataError("`text` is missing or no string")
    if not text and not empty:
        raise DataError("`text` is empty, there is nothing to annotate")
    id = row.get("id")
    if type(id) not in (str, int, type(None)):
        raise DataError(f"`id` is {id!r}; it must be a string or a whole number")
    key = otherwise if id is None or id == "" else str(id)
    cut = parts(text, row["parts"]) if "parts" in row else (Part("s1v1", text),)
    name, folder, language = (value if type(value := row.get(of)) is str else "" for of in _ABOUT)
    tags = row.get("document_tags")
    return Document(key, cut, name, folder, language, tags_of(tags) if type(tags) is list else ())


def read_spans(document: Document, spans: Any, annotations: Annotations, problems: Problems) -> None:
    """Add the entities of a row; a span that points nowhere is refused, the others come in."""
    if type(spans) is not list:
        problems.append(("spans", "is no list"))
        return
    length = len(document.text)
    number = len(annotations.entities)
    single = document.parts[0].id if len(document.parts) == 1 else ""
    for index, row in enumerate(spans):
        number += 1
        try:
            start, end, label = row["start"], row["end"], row["label"]
            if type(label) is not str or not label:
                raise DataError(f"`label` is {label!r}, not a name")
            if single and type(start) is int and type(end) is int and 0 <= start < end <= length:
                located: tuple[Span, ...] = (Span(single, start, end),)
            else:
                located = (_locate(document, start, end, length),)
            if len(row) == 3:
                annotations.entities[number] = Entity(label, located, number=number)
            else:
                annotations.entities[number] = _full_entity(document, row, label, located, number)
        except (TypeError, KeyError, ValueError):
            problems.append((f"spans[{index}]", "must be an object with `start`, `end` and `label`; left out"))
        except DataError as error:
            problems.append((f"spans[{index}]", f"{error.message}; left out"))


def _locate(document: Document, start: Any, end: Any, length: int) -> Span:
    if type(start) is not int or type(end) is not int:
        raise DataError(f"[{start!r}, {end!r}) are no whole numbers")
    if not 0 <= start < end <= length:
        raise DataError(f"[{start}, {end}) lies outside the text of {length} characters, or is empty")
    at = 0
    for part in document.parts:
        if start < at + len(part.text) and at <= start and end <= at + len(part.text):
            return Span(part.id, start - at, end - at)
        at += len(part.text) + 1
    raise DataError(f"[{start}, {end}) crosses the border of two parts")


def _full_entity(document: Document, row: dict[str, Any], label: str, hull: tuple[Span, ...], number: int) -> Entity:
    """Read a span that says more than where and what."""
    spans = hull
    text = row.get("text")
    if text is not None and "fragments" not in row and document.slice(hull[0]) != text:
        raise DataError(f"`text` is {text!r}, but the text there reads {document.slice(hull[0])!r}")
    if "fragments" in row:
        length = len(document.text)
        spans = tuple(sorted(_locate(document, start, end, length) for start, end in row["fragments"]))
        if not spans or len({span.part for span in spans}) != 1:
            raise DataError("`fragments` must lie in one part")
    return Entity(
        label,
        spans,
        who=who_of(row),
        prob=prob_of(row),
        number=number,
        attributes=attributes_of(row.get("attributes")),
        state=state_in(row),
        extra={key: value for key, value in row.items() if key not in _SPAN_KNOWN},
    )


def who_of(row: dict[str, Any]) -> tuple[str, ...]:
    """Return who made a span, label or relation; raises DataError."""
    who = row.get("who", ())
    if type(who) is str:
        return (who,)
    if type(who) in (list, tuple) and all(type(name) is str for name in who):
        return tuple(who)
    raise DataError(f"`who` is {who!r}, not a name or a list of names")


def prob_of(row: dict[str, Any]) -> float:
    """Return the probability of a span, label or relation, 1 when none is given; raises DataError."""
    prob = row.get("prob", 1.0)
    if type(prob) in (int, float) and 0 <= prob <= 1:
        return float(prob)
    raise DataError(f"`prob` is {prob!r}, not a number between 0 and 1")


def state_in(row: dict[str, Any]) -> str:
    """Return anndoc's confidence state of a span, label or relation."""
    state = row.get("state", "pre-added")
    if type(state) is str:
        return state
    raise DataError(f"`state` is {state!r}, not a word")


def attributes_of(given: Any) -> dict[str, LabelScalar]:
    """Return the labels on an entity; raises DataError."""
    if given is None:
        return {}
    if type(given) is dict and all(type(value) in (bool, int, float, str) for value in given.values()):
        return given
    raise DataError("`attributes` must be an object of names and plain values")


@dataclass(frozen=True, slots=True)
class LabelNames:
    """What the unnamed labels of a file are called, and what makes them true."""

    single: str
    several: str
    true_value: str

    @classmethod
    def of(cls, options: ReadOptions) -> LabelNames:
        """Take the names from what was asked for, or from the corpus's scheme."""
        single = unnamed_label(options, ("boolean", "choice", "text"), "label")
        return cls(single, unnamed_label(options, ("choices",), "labels"), options.true_value)

    def read(self, row: dict[str, Any], labels: dict[str, LabelValue], problems: Problems) -> None:
        """Add the document labels of a row."""
        if row.get("label") is not None:
            self._add(labels, self.single, row["label"], "label", problems)
        several = row.get("labels")
        if type(several) is dict:
            for name, value in several.items():
                self._add(labels, name, value, f"labels.{name}", problems)
        elif several is not None:
            self._add(labels, self.several, several, "labels", problems)

    def _add(self, labels: dict[str, LabelValue], name: str, given: Any, field: str, problems: Problems) -> None:
        try:
            if type(given) is dict:
                extra = {key: value for key, value in given.items() if key not in _VALUE_KNOWN}
                value = _content(given["value"])
                label = LabelValue(name, value, who_of(given), prob_of(given), state_in(given), extra)
            else:
                value = _content(given)
                label = LabelValue(name, value == self.true_value if self.true_value else value)
            if not name or name != name.strip():
                raise DataError(f"{name!r} is no name for a label")
            labels[name] = label
        except KeyError:
            problems.append((field, "is an object without `value`; left out"))
        except DataError as error:
            problems.append((field, f"{error.message}; left out"))


def _content(value: Any) -> LabelContent:
    if type(value) in (str, bool, int, float):
        return value  # type: ignore[no-any-return]
    if type(value) is list and all(type(choice) is str and choice for choice in value):
        return tuple(value)
    raise DataError(f"{value!r} is no value of a label: a string, true, false, a number or a list of strings is")


def read_relations(given: Any, annotations: Annotations, problems: Problems) -> None:
    """Add the relations of a row; ends are 1-based positions in `spans`."""
    if type(given) is not list:
        problems.append(("relations", "is no list"))
        return
    for index, row in enumerate(given):
        try:
            ends = (row["from"], row["to"])
            if ends[0] not in annotations.entities or ends[1] not in annotations.entities:
                raise DataError(f"{ends[0]!r} or {ends[1]!r} is no span of this row")
            if type(row["label"]) is not str or not row["label"]:
                raise DataError(f"`label` is {row['label']!r}, not a name")
            extra = {key: value for key, value in row.items() if key not in _RELATION_KNOWN}
            number = index + 1
            annotations.relations[number] = Relation(
                row["label"],
                ends,
                bool(row.get("directed", False)),
                who_of(row),
                prob_of(row),
                number,
                state_in(row),
                extra,
            )
        except (TypeError, KeyError):
            problems.append((f"relations[{index}]", "must be an object with `label`, `from` and `to`; left out"))
        except DataError as error:
            problems.append((f"relations[{index}]", f"{error.message}; left out"))
