"""JSON lines: rows, token rows, and what is wrong with some of them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.formats.helpers import docs, problems, read, source
from tui_annotate.domain.annotations import Annotations
from tui_annotate.domain.scheme import Choice, DocumentLabel, Scheme
from tui_annotate.domain.spans import Span
from tui_annotate.formats.base import ReadOptions


def row(**given: Any) -> str:
    """Return one line."""
    return json.dumps(given) + "\n"


def held(*rows: str, options: ReadOptions | None = None) -> Annotations:
    """Return the annotations of the first document."""
    return docs(read("jsonl", source("x.jsonl", "".join(rows)), options))[0].versions[0].annotations


def spans(annotations: Annotations) -> list[tuple[str, int, int]]:
    """Return type, start and end of the entities."""
    return [(e.type, e.span.start, e.span.end) for e in annotations.entities.values()]


def test_a_row_has_spans_in_code_points_and_a_label() -> None:
    line = row(
        id="1",
        text="\U0001f600 aspirin",
        spans=[{"start": 2, "end": 9, "label": "DRUG", "prob": 0.5, "who": "ml:x"}],
        label="ham",
    )
    annotations = held(line)
    entity = annotations.entities[1]
    assert (entity.type, entity.span, entity.prob, entity.who) == ("DRUG", Span("s1v1", 2, 9), 0.5, ("ml:x",))
    assert annotations.labels["label"].value == "ham"


@pytest.mark.parametrize(("given", "value"), [("ham", "ham"), (True, True), (3, 3)])
def test_a_label_keeps_its_type(given: Any, value: Any) -> None:
    assert held(row(text="x", label=given)).labels["label"].value is value or value == "ham"


def test_labels_are_a_list_or_named() -> None:
    assert held(row(text="x", labels=["a", "b"])).labels["labels"].value == ("a", "b")
    named = held(row(text="x", labels={"IsSpam": True, "topic": {"value": "a", "prob": 0.25}})).labels
    assert (named["IsSpam"].value, named["topic"].value, named["topic"].prob) == (True, "a", 0.25)


def test_an_unnamed_label_takes_the_only_fitting_one_of_the_scheme() -> None:
    scheme = Scheme(labels=(DocumentLabel("class", "choice", (Choice("ham"), Choice("spam"))),))
    assert list(held(row(text="x", label="ham"), options=ReadOptions(scheme=scheme)).labels) == ["class"]


def test_the_value_that_means_true_can_be_named() -> None:
    options = ReadOptions(label="IsSpam", true_value="spam")
    lines = row(text="x", label="spam") + row(text="y", label="ham")
    found = docs(read("jsonl", source("x.jsonl", lines), options))
    assert [d.versions[0].annotations.labels["IsSpam"].value for d in found] == [True, False]


def test_token_rows_are_joined_by_blanks() -> None:
    line = row(tokens=["New", "York", "is", "big"], tags=["B-LOC", "I-LOC", "O", "O"])
    document = docs(read("jsonl", source("x.jsonl", line)))[0]
    assert document.document.text == "New York is big"
    assert spans(document.versions[0].annotations) == [("LOC", 0, 8)]


@pytest.mark.parametrize(
    ("tags", "found"),
    [
        (["I-A", "I-A", "O"], [("A", 0, 3)]),
        (["B-A", "B-A", "I-A"], [("A", 0, 1), ("A", 2, 5)]),
        (["B-A", "I-B", "O"], [("A", 0, 1), ("B", 2, 3)]),
        (["S-A", "B-B", "E-B"], [("A", 0, 1), ("B", 2, 5)]),
        (["U-A", "U-A", "L-A"], [("A", 0, 1), ("A", 2, 3), ("A", 4, 5)]),
        (["O", "O", "B-creative-work"], [("creative-work", 4, 5)]),
    ],
)
def test_tags_of_every_school(tags: list[str], found: list[tuple[str, int, int]]) -> None:
    assert spans(held(row(tokens=["a", "b", "c"], tags=tags))) == found


def test_inside_tags_without_a_beginning_are_reported_once() -> None:
    lines = row(tokens=["a"], tags=["I-A"]) * 3
    (repaired,) = problems(read("jsonl", source("x.jsonl", lines)), "repaired")
    assert (repaired.where, repaired.field) == ("x.jsonl:1", "tags")
    assert repaired.reason.startswith("3 ")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"text": ', "no JSON"),
        ("[1]", "no JSON object"),
        ("[" * 100_000, "nested too deep"),
        ('{"id": "1"}', "`text` is missing"),
        ('{"text": 7}', "no string"),
        ('{"text": ""}', "empty"),
        ('{"text": "x", "id": [1]}', "`id`"),
        ('{"tokens": ["a"], "tags": ["O", "O"]}', "as long as"),
        ('{"tokens": ["a"], "tags": ["X-A"]}', "tags are O"),
        ('{"tokens": "a"}', "list of strings"),
        ('{"text": "a", "parts": [["p", 0, 5]]}', "do not make up"),
    ],
)
def test_a_broken_row_is_refused_with_its_line_and_the_rest_goes_on(line: str, said: str) -> None:
    items = read("jsonl", source("x.jsonl", row(text="one") + line + "\n" + row(text="three")))
    assert [d.document.text for d in docs(items)] == ["one", "three"]
    (refused,) = problems(items, "refused")
    assert refused.where == "x.jsonl:2"
    assert said in refused.reason


def test_broken_json_on_line_70000_is_named() -> None:
    lines = [b'{"text": "x"}'] * 70_001
    lines[69_999] = b'{"text": "x"'
    items = read("jsonl", source("x.jsonl", b"\n".join(lines)))
    assert len(docs(items)) == 70_000
    assert [p.where for p in problems(items)] == ["x.jsonl:70000"]


def test_a_line_that_is_not_utf_8_is_named_by_its_byte() -> None:
    items = read("jsonl", source("x.jsonl", b'{"text": "a\xe9"}\n{"text": "b"}\n'))
    assert [d.document.text for d in docs(items)] == ["b"]
    assert "byte 11" in problems(items)[0].reason


@pytest.mark.parametrize(
    "bad",
    [
        {"start": 0, "end": 99, "label": "A"},
        {"start": 3, "end": 3, "label": "A"},
        {"start": -1, "end": 2, "label": "A"},
        {"start": "0", "end": 2, "label": "A"},
        {"start": True, "end": 2, "label": "A"},
        {"start": 0, "end": 2},
        {"start": 0, "end": 2, "label": ""},
        {"start": 0, "end": 2, "label": "A", "prob": 2},
        {"start": 0, "end": 2, "label": "A", "text": "other"},
        "span",
        None,
    ],
)
def test_a_span_that_points_nowhere_is_refused_and_the_document_comes_in(bad: Any) -> None:
    items = read("jsonl", source("x.jsonl", row(text="hello", spans=[bad, {"start": 0, "end": 5, "label": "B"}])))
    assert spans(docs(items)[0].versions[0].annotations) == [("B", 0, 5)]
    (refused,) = problems(items)
    assert (refused.severity, refused.where, refused.field) == ("refused", "x.jsonl:1", "spans[0]")


def test_rows_without_id_get_stable_ones() -> None:
    items = read("jsonl", source("sub/x.jsonl", row(text="a") + "\n" + row(text="b")))
    assert [d.document.key for d in docs(items)] == ["sub/x-1", "sub/x-3"]


def test_unknown_keys_are_kept() -> None:
    (document,) = docs(read("jsonl", source("x.jsonl", row(text="a", meta={"k": [1]}))))
    assert document.extra == {"meta": {"k": [1]}}


def test_a_row_that_says_nothing_has_no_version() -> None:
    (document,) = docs(read("jsonl", source("x.jsonl", row(text="a"))))
    assert document.versions == ()


def test_a_row_that_says_there_is_nothing_has_one() -> None:
    (document,) = docs(read("jsonl", source("x.jsonl", row(text="a", spans=[]))))
    assert document.versions[0].annotations == Annotations()


@pytest.mark.parametrize(("encoding", "said"), [("utf-8-sig", "UTF-8"), ("utf-16", "UTF-16")])
def test_byte_order_marks_are_accepted_and_noted(encoding: str, said: str) -> None:
    items = read("jsonl", source("x.jsonl", row(id="1", text="é").encode(encoding)))
    assert docs(items)[0].document.text == "é"
    assert said in problems(items, "noted")[0].reason


def test_an_empty_file_is_refused() -> None:
    assert problems(read("jsonl", source("x.jsonl", "")), "refused")


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ({"spans": [{"start": 0, "end": 1, "label": "A", "state": {}}]}, "spans[0]"),
        ({"spans": [{"start": 0, "end": 1, "label": "A", "fragments": [[0, 1, 2]]}]}, "spans[0]"),
        (
            {"spans": [{"start": 0, "end": 1, "label": "A"}], "relations": [{"label": 3, "from": 1, "to": 1}]},
            "relations[0]",
        ),
        ({"labels": {"a": {"value": "x", "state": []}}}, "labels.a"),
    ],
)
def test_fields_of_the_wrong_kind_are_refused_one_by_one(row: dict[str, Any], field: str) -> None:
    items = read("jsonl", source("a.jsonl", json.dumps({"text": "xy", "version_extra": "no", **row})))
    assert len(docs(items)) == 1
    assert [problem.field for problem in problems(items, "refused")] == [field]
