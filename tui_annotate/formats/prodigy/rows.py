"""A row of Prodigy's as annotations: its spans, relations and chosen options, whatever was answered to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tui_annotate.domain.annotations import Annotations, Entity, LabelValue, Relation
from tui_annotate.domain.documents import Document
from tui_annotate.errors import DataError
from tui_annotate.formats.base import ReadOptions
from tui_annotate.formats.categories import read_labels
from tui_annotate.formats.claimed import Places, Stated, locate, pieces
from tui_annotate.formats.jsonl import rows as jsonl_rows
from tui_annotate.formats.jsonl.rows import Problems
from tui_annotate.formats.prodigy.tokens import fits, made_tokens
from tui_annotate.formats.prodigy.write import BINARY_VIEWS, option_texts
from tui_annotate.formats.units import Claim

_SPAN_KNOWN = frozenset(("start", "end", "label", "token_start", "token_end", "text", "score", "who", "state"))
_SPAN_KNOWN |= {"attributes", "fragments"}
_RELATION_KNOWN = frozenset(("head", "child", "head_span", "child_span", "label", "directed", "who", "score", "state"))
Place = tuple[int, int]


@dataclass(slots=True)
class Answered:
    """One row, read."""

    held: Annotations
    is_binary: bool
    """It asks about one label or span: a rejection says that this one is wrong."""
    answer: str
    """`accept`, `reject`, `ignore`, or empty for a question that nobody has answered."""
    problems: Problems = field(default_factory=list)
    spans: list[Any] = field(default_factory=list)
    """As they stand in the row."""
    chosen: list[Any] = field(default_factory=list)
    """Ids of the options that were accepted, in the order in which they stand in the row."""
    misfits: bool = False
    """Some span did not fit the text, so what is left is not what was accepted."""


def read(document: Document, row: Mapping[str, Any], options: ReadOptions) -> Answered:
    """Read a row about a document; what cannot be read is left out and reported."""
    problems: Problems = []
    label, answer = row.get("label"), row.get("answer")
    if answer not in (None, "accept", "reject", "ignore"):
        problems.append(("answer", f"is {answer!r}; accept, reject and ignore are known; taken as not answered"))
        answer = None
    is_question = type(label) is str and bool(label) and label == label.strip()
    said = row.get("_is_binary")
    is_binary = is_question or said is True or (said is not False and row.get("_view_id") in BINARY_VIEWS)
    spans = row.get("spans")
    read = Answered(Annotations(), is_binary, answer or "", problems, spans if type(spans) is list else [])
    if spans is not None:
        _Spans(document, row, problems).read(read, is_hint=is_question)
    read.chosen = _accepted(row, problems)
    _read_labels(row, read, options)
    if is_question and answer in ("accept", "reject"):
        held = read.held.labels.get(str(label))
        if held is None or held.value != (answer == "accept"):
            read.held.labels[str(label)] = LabelValue(str(label), answer == "accept")
    elif label is not None and not is_question:
        problems.append(("label", f"is {label!r}, no name; left out"))
    return read


def _read_labels(row: Mapping[str, Any], read: Answered, options: ReadOptions) -> None:
    texts, cats, config = option_texts(row.get("options")), row.get("cats"), row.get("config")
    given = [id if type(id) is str else texts.get(id, str(id)) for id in read.chosen]
    if type(cats) is dict:
        given += [name for name, value in cats.items() if type(value) in (int, float, bool) and value >= 0.5]
    style = config.get("choice_style") if type(config) is dict else row.get("choice_style")
    if given or "labels_as" in row:
        several = style == "multiple" or type(cats) is dict
        read.held.labels.update(read_labels(row, given, options, read.problems, several=several))


def _accepted(row: Mapping[str, Any], problems: Problems) -> list[Any]:
    """Return the ids of the options that a row's annotator chose."""
    accept = row.get("accept")
    if accept is None:
        return []
    if type(accept) is not list:
        problems.append(("accept", f"is {accept!r}, no list of ids; left out"))
        return []
    ids = [value for value in accept if type(value) in (str, int) and value != ""]
    if len(ids) != len(accept):
        problems.append(("accept", "holds what is no id of an option; left out"))
    return ids


def tokens_to_keep(row: Mapping[str, Any], text: str) -> list[Any]:
    """Return the tokens of a row, where the text is cut otherwise here; or there are no spans to write them for."""
    tokens = row.get("tokens")
    if not fits(tokens, text):
        return []
    assert isinstance(tokens, list)
    return [] if row.get("spans") and tokens == made_tokens(text) else tokens


class _Spans:
    """Reads the spans and relations of one row."""

    def __init__(self, document: Document, row: Mapping[str, Any], problems: Problems) -> None:
        self._document = document
        self._places = Places(document)
        self._row = row
        self._problems = problems
        self._by_place: dict[tuple[int, int, str], int] = {}
        self._by_word: dict[int, int] = {}
        """Entities by the number of their last token, which is how relations name them."""

    def read(self, read: Answered, *, is_hint: bool) -> None:
        """Fill in entities and relations.

        Args:
            is_hint: The row asks for a label, so spans without a name only show why it came up.
        """
        spans = self._row["spans"]
        if type(spans) is not list:
            self._problems.append(("spans", "is no list; left out"))
            read.misfits = True
            return
        before = len(self._problems)
        named: list[tuple[str, dict[str, Any]]] = []
        for index, span in enumerate(spans):
            if type(span) is not dict or type(span.get("label")) is not str or not span["label"].strip():
                if not is_hint:
                    reason = "must be an object with `start`, `end` and `label`; left out"
                    self._problems.append((f"spans[{index}]", reason))
                continue
            named.append((f"spans[{index}]", span))
        stated = [Stated(name, span.get("start"), span.get("end"), span.get("text")) for name, span in named]
        places = locate(self._document.text, stated, self._problems, witnesses=self._witnesses())
        for (name, span), place in zip(named, places, strict=True):
            if place is not None:
                self._add(read.held, name, span, place)
        read.misfits = len(self._problems) > before
        if self._row.get("relations") is not None:
            self._read_relations(read.held)

    def _witnesses(self) -> list[Claim]:
        """Return what the tokens say of the text, where units of offsets differ."""
        text, tokens = self._document.text, self._row.get("tokens")
        if type(tokens) is not list or text.isascii() or max(text, default="") <= "\uffff":
            return []
        return [
            Claim(token["start"], token["end"], token["text"])
            for token in tokens
            if type(token) is dict
            and type(token.get("start")) is int
            and type(token.get("end")) is int
            and type(token.get("text")) is str
        ]

    def _add(self, held: Annotations, name: str, span: dict[str, Any], place: Place) -> None:
        try:
            entity = self._entity(span, place, len(held.entities) + 1)
        except DataError as error:
            self._problems.append((name, f"{error.message}; left out"))
            return
        held.entities[entity.number] = entity
        self._by_place.setdefault((*place, entity.type), entity.number)
        if type(span.get("token_end")) is int:
            self._by_word.setdefault(span["token_end"], entity.number)

    def _entity(self, span: dict[str, Any], place: Place, number: int) -> Entity:
        stated = [place]
        if "fragments" in span:
            stated = pieces(span["fragments"], len(self._document.text))
        spans = [self._places.find(start, end) for start, end in stated]
        found = tuple(sorted(one for one in spans if one is not None))
        if len(found) != len(stated) or len({one.part for one in found}) != 1:
            raise DataError(f"[{place[0]}, {place[1]}) crosses the border of two parts")
        score: Any = span.get("score")
        is_prob = type(score) in (int, float) and 0 <= score <= 1
        known = _SPAN_KNOWN if is_prob else _SPAN_KNOWN - {"score"}
        return Entity(
            span["label"].strip(),
            found,
            who=jsonl_rows.who_of(span),
            prob=float(score) if is_prob else 1.0,
            number=number,
            attributes=jsonl_rows.attributes_of(span.get("attributes")),
            state=jsonl_rows.state_in(span),
            extra={key: value for key, value in span.items() if key not in known},
        )

    def _read_relations(self, held: Annotations) -> None:
        relations = self._row["relations"]
        if type(relations) is not list:
            self._problems.append(("relations", "is no list; left out"))
            return
        for index, relation in enumerate(relations):
            try:
                number = len(held.relations) + 1
                held.relations[number] = self._relation(relation, number)
            except DataError as error:
                self._problems.append((f"relations[{index}]", f"{error.message}; left out"))

    def _relation(self, row: Any, number: int) -> Relation:
        if type(row) is not dict or type(row.get("label")) is not str or not row["label"].strip():
            raise DataError("must be an object with `head`, `child` and `label`")
        return Relation(
            row["label"].strip(),
            (self._end(row, "head"), self._end(row, "child")),
            row.get("directed") is not False,
            jsonl_rows.who_of(row),
            jsonl_rows.prob_of({"prob": row.get("score", 1.0)}),
            number,
            jsonl_rows.state_in(row),
            {key: value for key, value in row.items() if key not in _RELATION_KNOWN},
        )

    def _end(self, row: dict[str, Any], side: str) -> int:
        """Return the entity at one end: by the span that stands there, else by the number of its last token."""
        span = row.get(f"{side}_span")
        if type(span) is dict:
            start, end, label = span.get("start"), span.get("end"), span.get("label")
            if type(start) is int and type(end) is int and type(label) is str:
                found = self._by_place.get((start, end, label.strip()))
                if found is not None:
                    return found
        word = row.get(side)
        if type(word) is int and word in self._by_word:
            return self._by_word[word]
        raise DataError(f"`{side}` is token {word!r}, which no span ends with; relations here link entities")
