"""doccano's exports of every generation, the unit of its offsets, and its table."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from tests.formats.helpers import docs, problems, read, source
from tui_annotate.domain.annotations import Annotations, Entity, LabelValue, Relation
from tui_annotate.domain.documents import Document, Part
from tui_annotate.domain.interchange import ExchangedDocument, ExchangedVersion
from tui_annotate.domain.scheme import Choice, DocumentLabel, EntityType, RelationType, Scheme
from tui_annotate.domain.spans import Span
from tui_annotate.formats import registry
from tui_annotate.formats.base import WriteOptions

EMOJI = "😀😀 Ann likes 👨‍👩‍👧 Bob very much"


def items(*rows: dict[str, Any], name: str = "d.jsonl") -> list[Any]:
    """Return all that the reader yields for rows."""
    return read("doccano", source(name, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)))


def spans(document: ExchangedDocument) -> list[tuple[str, str]]:
    """Return types and words of a document's only version."""
    (version,) = document.versions
    return [(e.type, document.document.slice(e.span)) for e in version.annotations.entities.values()]


def labels(document: ExchangedDocument) -> dict[str, object]:
    """Return the labels of a document's only version."""
    (version,) = document.versions
    return {label.name: label.value for label in version.annotations.labels.values()}


def written(document: ExchangedDocument, scheme: Scheme, format: str = "doccano") -> str:
    """Return what is written for a document."""
    writer = registry.get(format).write_stream
    assert writer is not None
    stream = io.BytesIO()
    assert not list(writer([document], stream, WriteOptions(scheme=scheme)))
    return stream.getvalue().decode()


@pytest.mark.parametrize(
    "row",
    [
        {
            "id": 1,
            "text": "Ann met Bob",
            "labels": [[0, 3, "PER"], [8, 11, "PER"]],
            "annotation_approver": None,
            "meta": {},
        },
        {"id": 1, "text": "Ann met Bob", "label": [[0, 3, "PER"], [8, 11, "PER"]], "Comments": []},
        {"id": 1, "data": "Ann met Bob", "label": [[0, 3, "PER"], [8, 11, "PER"]]},
        {"id": 1, "text": "Ann met Bob", "entities": [[0, 3, "PER"], [8, 11, "PER"]], "cats": []},
        {
            "id": 1,
            "text": "Ann met Bob",
            "entities": [
                {"id": 7, "label": "PER", "start_offset": 0, "end_offset": 3},
                {"id": 8, "label": "PER", "start_offset": 8, "end_offset": 11},
            ],
            "relations": [],
            "Comments": [],
        },
    ],
)
def test_spans_of_every_generation(row: dict[str, Any]) -> None:
    (document,) = docs(items(row))
    assert document.document.key == "1"
    assert spans(document) == [("PER", "Ann"), ("PER", "Bob")]


def test_relations_by_the_ids_of_entities() -> None:
    entities = [
        {"id": 71, "label": "ORG", "start_offset": 8, "end_offset": 11},
        {"id": 72, "label": "PER", "start_offset": 0, "end_offset": 3},
    ]
    relations = [
        {"id": 5, "from_id": 71, "to_id": 72, "type": "foundedBy"},
        {"id": 6, "from_id": 71, "to_id": 99, "type": "foundedBy"},
    ]
    found = items({"id": 1, "text": "Ann led Bob", "entities": entities, "relations": relations})
    (document,) = docs(found)
    (relation,) = document.versions[0].annotations.relations.values()
    assert (relation.type, relation.ends, relation.directed) == ("foundedBy", (1, 2), True)
    (refused,) = problems(found, "refused")
    assert refused.field == "relations[1]"


def test_categories_are_a_choice_unless_some_text_has_several() -> None:
    one = docs(items({"text": "a", "label": ["pos"]}, {"text": "b", "label": ["neg"]}, {"text": "c", "label": []}))
    assert [labels(document) for document in one] == [{"label": "pos"}, {"label": "neg"}, {}]
    several = docs(items({"text": "a", "label": ["pos"]}, {"text": "b", "label": ["neg", "pos"]}))
    assert [labels(document) for document in several] == [{"label": ("pos",)}, {"label": ("neg", "pos")}]


def test_intents_with_slots() -> None:
    row = {"text": "A flight to Tacoma", "entities": [[12, 18, "City"]], "cats": ["flight"]}
    (document,) = docs(items(row))
    assert (spans(document), labels(document)) == ([("City", "Tacoma")], {"label": "flight"})


def test_translations_are_texts_and_not_a_choice_of_thousands() -> None:
    rows = [{"text": f"Good morning {n}", "label": [f"おはよう {n}"]} for n in range(150)]
    found = items(*rows)
    assert labels(docs(found)[3]) == {"label": "おはよう 3"}
    assert "read as texts" in problems(found, "noted")[0].reason


def test_several_people_of_one_row_are_versions() -> None:
    annotations = [
        {"id": 1, "label": 4, "start_offset": 0, "end_offset": 3, "user": 1, "created_at": "2021"},
        {"id": 2, "label": 5, "start_offset": 8, "end_offset": 11, "user": 2},
    ]
    found = items({"id": 3, "text": "Ann met Bob", "annotations": annotations, "annotation_approver": "admin"})
    (document,) = docs(found)
    types = {v.annotator: [e.type for e in v.annotations.entities.values()] for v in document.versions}
    assert types == {"user-1": ["4"], "user-2": ["5"]}
    assert [v.confirmed for v in document.versions] == [True, True]
    assert "are numbers" in problems(found, "noted")[0].reason


def test_utf_16_is_found_out_by_how_spans_look() -> None:
    rows = [{"text": EMOJI, "label": [[5, 8, "PER"], [24, 27, "PER"]]}, {"text": "plain Ann", "label": [[6, 9, "PER"]]}]
    found = items(*rows)
    assert [spans(document) for document in docs(found)] == [[("PER", "Ann"), ("PER", "Bob")], [("PER", "Ann")]]
    assert "read as UTF-16" in problems(found, "noted")[0].reason


def test_code_points_are_found_out_by_how_spans_look() -> None:
    found = items({"text": EMOJI, "label": [[3, 6, "PER"], [19, 22, "PER"]]})
    assert spans(docs(found)[0]) == [("PER", "Ann"), ("PER", "Bob")]
    assert "read as code points" in problems(found, "noted")[0].reason


def test_where_nothing_tells_code_points_are_taken_and_that_is_said() -> None:
    found = items({"text": "😀 a b c d e f", "label": [[2, 3, "X"]]}, {"text": "x", "label": []})
    assert spans(docs(found)[0]) == [("X", "a")]
    found = items({"text": "😀 日本語日本語日本語", "label": [[3, 5, "X"]]})
    assert "not a proven one" in problems(found, "noted")[0].reason


def test_offsets_outside_are_refused_and_unmake_the_approval() -> None:
    found = items(
        {"text": "Ann", "labels": [[0, 3, "A"], [0, 9, "B"], [True, 2, "C"], [2, 1, "D"]], "annotation_approver": 1}
    )
    (document,) = docs(found)
    assert (spans(document), document.versions[0].confirmed) == ([("A", "Ann")], False)
    assert [p.field for p in problems(found, "refused")] == ["labels[2]", "labels[3]", "labels[1]"]


def test_pictures_are_refused_with_the_reason() -> None:
    (refused,) = problems(items({"id": 1, "filename": "cat.jpg", "label": ["cat"], "Comments": []}), "refused")
    assert "only text" in refused.reason


def test_columns_of_meta_go_out_again() -> None:
    (document,) = docs(items({"id": 1, "text": "a", "label": ["x"], "Comments": ["hm"], "source": "web"}))
    row = json.loads(written(document, Scheme()))
    assert (row["Comments"], row["source"], row["id"]) == (["hm"], "web", 1)


SCHEME = Scheme(
    (EntityType("PER"),), (DocumentLabel("mood", "choice", (Choice("pos"),)),), relations=(RelationType("knows"),)
)


@pytest.mark.parametrize(
    ("scheme", "keys"),
    [
        (Scheme(SCHEME.entities), {"label": [[0, 3, "PER"]]}),
        (Scheme(SCHEME.entities, SCHEME.labels), {"entities": [[0, 3, "PER"]], "cats": []}),
        (SCHEME, {"entities": [{"id": 1, "label": "PER", "start_offset": 0, "end_offset": 3}], "relations": []}),
    ],
)
def test_the_shape_written_follows_the_scheme(scheme: Scheme, keys: dict[str, Any]) -> None:
    held = Annotations({1: Entity("PER", (Span("s1v1", 0, 3),), number=1)})
    document = ExchangedDocument(Document("d-1", (Part("s1v1", "Ann"),)), (ExchangedVersion(held, True),))
    row = json.loads(written(document, scheme))
    assert {key: row[key] for key in keys} == keys
    assert row["confirmed"] is True


def test_labels_beside_count_until_the_categories_are_changed() -> None:
    held = Annotations(labels={"mood": LabelValue("mood", "pos"), "sure": LabelValue("sure", False)})
    document = ExchangedDocument(Document("1", (Part("s1v1", "a"),)), (ExchangedVersion(held),))
    row = json.loads(written(document, SCHEME))
    assert labels(docs(items(row))[0]) == {"mood": "pos", "sure": False}
    row["cats"] = ["mood=neg"]
    assert labels(docs(items(row))[0]) == {"mood": "neg"}


def test_ids_of_entities_differ_over_the_file() -> None:
    held = Annotations(
        {n: Entity("PER", (Span("s1v1", n - 1, n),), number=n) for n in (1, 2)}, {}, {1: Relation("knows", (1, 2))}
    )
    documents = [ExchangedDocument(Document(k, (Part("s1v1", "ab"),)), (ExchangedVersion(held),)) for k in "12"]
    writer, stream = registry.get("doccano").write_stream, io.BytesIO()
    assert writer is not None
    assert not list(writer(documents, stream, WriteOptions(scheme=SCHEME)))
    rows = [json.loads(line) for line in stream.getvalue().splitlines()]
    ids = [one["id"] for row in rows for one in [*row["entities"], *row["relations"]]]
    assert len(ids) == len(set(ids)) == 6
    assert rows[1]["relations"][0]["from_id"] == rows[1]["entities"][0]["id"]


def test_a_table_has_a_row_per_category() -> None:
    found = read("doccano-csv", source("d.csv", "id,text,label\n1,Good,pos\n1,Good,long\n2,Bad,neg\n3,None,\n"))
    held = [d.versions[0].annotations.labels["label"].value if d.versions else None for d in docs(found)]
    assert held == [("pos", "long"), ("neg",), None]


def test_a_table_of_joined_categories_is_taken_apart() -> None:
    found = read("doccano-csv", source("d.csv", "id,text,label,Comments\n1,Good,long#pos,\n2,Bad,pos,\n"))
    assert [d.versions[0].annotations.labels["label"].value for d in docs(found)] == [("long", "pos"), ("pos",)]
    assert "taken apart" in problems(found, "noted")[-1].reason
    kept = read("doccano-csv", source("d.csv", "id,text,label\n1,Good,C#\n2,Bad,F#\n"))
    assert [d.versions[0].annotations.labels["label"].value for d in docs(kept)] == ["C#", "F#"]


def test_the_table_is_told_by_its_comments() -> None:
    sniff = registry.get("doccano-csv").sniff
    assert sniff is not None
    assert sniff("a.csv", b"id,text,label,Comments\n1,a,b,\n")
    assert not sniff("a.csv", b"id,text,label\n1,a,b\n")


@pytest.mark.parametrize(
    ("head", "is_ours"),
    [
        (b'{"id":1,"text":"a","label":[],"Comments":[]}\n', True),
        (b'{"text": "EU rejects", "label": [ [0, 2, "ORG"] ]}', True),
        (b'{"text": "x", "annotation_approver": null}', True),
        (b'{"id":"a","text":"x","labels":["a","b"]}', False),
        (b'{"id":"a","text":"x","spans":[]}', False),
    ],
)
def test_its_rows_are_told_from_ours(head: bytes, is_ours: bool) -> None:
    sniff = registry.get("doccano").sniff
    assert sniff is not None
    assert sniff("a.jsonl", head) is is_ours
