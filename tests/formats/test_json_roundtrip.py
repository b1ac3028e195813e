"""What is written for other tools reads back the same, and no row, however mangled, breaks a reader."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.formats.helpers import corpora, docs, problems, read, source
from tests.formats.test_roundtrip import back
from tests.properties import tries
from tui_annotate.domain.interchange import ExchangedDocument
from tui_annotate.formats import registry
from tui_annotate.formats.base import WriteOptions

FORMATS = (
    "prodigy",
    "label-studio",
    "pubannotation",
    "doccano",
    "doccano-csv",
    "entitiestsv",
    "entitiesonlyclassestsv",
)
_slow = settings(deadline=None, max_examples=tries(15), suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.parametrize("format", FORMATS)
@_slow
@given(documents=corpora())
def test_what_is_written_comes_back_the_same(format: str, documents: list[ExchangedDocument]) -> None:
    names = {"prodigy": "c.jsonl", "doccano": "c.jsonl", "doccano-csv": "c.csv"}
    is_tree = format.startswith("entities")
    before, after = back(format, "corpus" if is_tree else names.get(format, "c.json"), documents)
    assert before.matches(after)


ROWS: dict[str, dict[str, Any]] = {
    "prodigy": {
        "text": "aspirin 😀 helps",
        "id": "a",
        "_input_hash": 5,
        "_task_hash": 6,
        "tokens": [{"text": "aspirin", "start": 0, "end": 7, "id": 0, "ws": True}],
        "spans": [
            {"start": 0, "end": 7, "label": "DRUG", "token_start": 0, "token_end": 0, "score": 0.5, "text": "aspirin"}
        ],
        "relations": [
            {
                "head": 0,
                "child": 0,
                "head_span": {"start": 0, "end": 7, "label": "DRUG"},
                "child_span": {"start": 0, "end": 7, "label": "DRUG"},
                "label": "is",
            }
        ],
        "options": [{"id": 1, "text": "one"}],
        "accept": [1],
        "label": "SPAM",
        "labels": {"x": {"value": True, "prob": 0.5}},
        "labels_as": ["one"],
        "cats": {"a": 1.0},
        "config": {"choice_style": "multiple"},
        "answer": "accept",
        "_session_id": "s-a",
        "_annotator_id": "s-a",
        "meta": {"source": "web"},
    },
    "label-studio": {
        "id": 1,
        "data": {"text": "aspirin 😀 helps", "other": "x"},
        "annotations": [
            {
                "id": 3,
                "completed_by": {"id": 1, "email": "a@b.c"},
                "was_cancelled": False,
                "result": [
                    {
                        "id": "r1",
                        "from_name": "label",
                        "to_name": "text",
                        "type": "labels",
                        "value": {"start": 0, "end": 7, "text": "aspirin", "labels": ["DRUG", "X"]},
                    },
                    {
                        "id": "r1",
                        "from_name": "neg",
                        "to_name": "text",
                        "type": "choices",
                        "value": {"start": 0, "choices": ["a"]},
                    },
                    {"from_name": "s", "type": "taxonomy", "value": {"taxonomy": [["a", "b"]]}},
                    {"from_name": "t", "type": "rating", "value": {"rating": 3}},
                    {"type": "relation", "from_id": "r1", "to_id": "r1", "direction": "left", "labels": ["is"]},
                ],
            }
        ],
        "predictions": [{"model_version": "m", "score": 0.5, "result": []}],
        "meta": {"tui-annotate": {"id": "a", "parts": [["s1v1", 0, 15]]}},
    },
    "pubannotation": {
        "text": "aspirin 😀 helps",
        "sourcedb": "PubMed",
        "sourceid": "1",
        "divid": 0,
        "denotations": [
            {"id": "T1", "span": {"begin": 0, "end": 7}, "obj": "_FRAGMENT"},
            {"id": "T2", "span": [{"begin": 10, "end": 15}], "obj": "x"},
        ],
        "relations": [{"id": "R1", "subj": "T2", "pred": "_lexicallyChainedTo", "obj": "T1"}],
        "attributes": [{"id": "A1", "subj": "T2", "pred": "neg", "obj": True}],
        "modifications": [{"id": "M1", "pred": "Negation", "obj": "T2"}],
        "tracks": [{"project": "p", "denotations": []}],
        "span_texts": ["aspirin", "helps"],
    },
    "doccano": {
        "id": 1,
        "text": "aspirin 😀 helps",
        "label": [[0, 7, "DRUG"]],
        "entities": [{"id": 4, "label": "DRUG", "start_offset": 0, "end_offset": 7}],
        "relations": [{"id": 1, "from_id": 4, "to_id": 4, "type": "is"}],
        "annotations": [{"label": 4, "start_offset": 0, "end_offset": 7, "user": 1}],
        "cats": ["a"],
        "labels": {"x": 1},
        "labels_as": ["a"],
        "annotation_approver": None,
        "Comments": [],
    },
}


@pytest.mark.parametrize("format", ROWS)
def test_what_came_from_a_tool_is_told_as_ours_in_our_own_rows(format: str) -> None:
    found = docs(read(format, source("a.jsonl", json.dumps(ROWS[format]))))
    writer, stream = registry.get("jsonl").write_stream, io.BytesIO()
    assert writer is not None
    assert len(list(writer(found, stream, WriteOptions()))) <= 1
    head = stream.getvalue()[:4096]
    assert not [
        f.name for f in map(registry.get, FORMATS) if f.sniff and ".jsonl" in f.extensions and f.sniff("a.jsonl", head)
    ]


JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(-3, 40),
    st.just(10**30),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=4),
    st.sampled_from(
        [
            "",
            " ",
            "aspirin",
            "\x00",
            "T1",
            "r1",
            "reject",
            [],
            {},
            [[]],
            [None],
            {"start": True, "end": False},
            [[1, 2]],
        ]
    ),
)


@st.composite
def mangled(draw: st.DrawFn, row: Any) -> Any:
    """Return a row in which here and there something is replaced by junk, gone, or there twice."""
    if draw(st.integers(0, 24)) == 0:
        return draw(JUNK)
    if isinstance(row, dict):
        kept = {key: draw(mangled(value)) for key, value in row.items() if draw(st.integers(0, 30))}
        return kept | ({draw(st.sampled_from(list(row))): draw(JUNK)} if draw(st.integers(0, 30)) == 0 else {})
    if isinstance(row, list):
        rows = [draw(mangled(one)) for one in row for _ in range(draw(st.sampled_from([1, 1, 1, 1, 2])))]
        return rows + ([draw(JUNK)] if draw(st.integers(0, 30)) == 0 else [])
    return row


@pytest.mark.parametrize("format", ROWS)
@settings(deadline=None, max_examples=tries(40), suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_no_mangled_row_breaks_a_reader(format: str, data: st.DataObject) -> None:
    rows = [data.draw(mangled(ROWS[format])), ROWS[format]]
    content = "\n".join(json.dumps(row) for row in rows)
    items = read(format, source("a.jsonl", content))
    found = docs(items)
    assert found or problems(items)
    for document in found:
        for version in document.versions:
            for entity in version.annotations.entities.values():
                assert entity.spans
                assert all(document.document.has(span) for span in entity.spans)
            for relation in version.annotations.relations.values():
                assert set(relation.ends) <= set(version.annotations.entities)


@pytest.mark.parametrize("format", [*ROWS, "doccano-csv", "entitiestsv", "entitiesonlyclassestsv"])
@pytest.mark.parametrize(
    "content",
    [
        "",
        "\n\n",
        "[",
        "[]",
        "{}",
        "[{}]",
        "[[[[",
        "[" * 100_000,
        '{"text": ' * 5_000,
        '{"text": "x", "spans": NaN}',
        '[{"text": "x"}, 1, "y", null, {"text": "z"}] rest',
        '{"text": "\\ud800"}',
        b"\xff\xfe\x00",
        b"\x00" * 1000,
        "\ufeff[]",
    ],
)
def test_no_broken_file_breaks_a_reader(format: str, content: str | bytes) -> None:
    for item in read(format, source("a.json", content)):
        assert str(item)
