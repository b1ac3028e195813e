"""Label Studio's exports as it writes them: annotations, predictions, controls, HTML, JSON-MIN, older shapes."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from typing import Any

import pytest

from tests.formats.helpers import docs, problems, read, source
from tui_annotate.domain.annotations import Annotations, Entity
from tui_annotate.domain.documents import Document, Part
from tui_annotate.domain.interchange import ExchangedDocument, ExchangedVersion
from tui_annotate.domain.spans import Span
from tui_annotate.formats import registry
from tui_annotate.formats.base import WriteOptions

TEXT = "Aspirin 100 mg helps against headache."


def region(id: str, start: int, end: int, label: str, text: str = TEXT, **more: Any) -> dict[str, Any]:
    """Return a region as Label Studio writes it."""
    value = {"start": start, "end": end, "text": text[start:end], "labels": [label]}
    return {
        "value": value,
        "id": id,
        "from_name": "label",
        "to_name": "text",
        "type": "labels",
        "origin": "manual",
    } | more


TASK: dict[str, Any] = {
    "id": 41,
    "annotations": [
        {
            "id": 12,
            "completed_by": 1,
            "result": [
                region("gEd0", 0, 7, "DRUG"),
                region("kQ2x", 29, 37, "SYMPTOM"),
                {
                    "value": {"start": 29, "end": 37, "text": "headache", "choices": ["present"]},
                    "id": "kQ2x",
                    "from_name": "status",
                    "to_name": "text",
                    "type": "choices",
                    "origin": "manual",
                },
                {"from_id": "gEd0", "to_id": "kQ2x", "type": "relation", "direction": "right", "labels": ["treats"]},
                {
                    "value": {"choices": ["clinical", "short"]},
                    "id": "c1",
                    "from_name": "topic",
                    "to_name": "text",
                    "type": "choices",
                    "origin": "manual",
                },
                {
                    "value": {"text": ["fine", "so"]},
                    "id": "t1",
                    "from_name": "note",
                    "to_name": "text",
                    "type": "textarea",
                },
                {"value": {"rating": 4}, "id": "q1", "from_name": "quality", "to_name": "text", "type": "rating"},
                {
                    "value": {"taxonomy": [["Body", "Head"], ["Drug"]]},
                    "id": "x1",
                    "from_name": "tree",
                    "to_name": "text",
                    "type": "taxonomy",
                },
                {
                    "value": {"ranker": {"a": ["b"]}},
                    "id": "z1",
                    "from_name": "rank",
                    "to_name": "text",
                    "type": "ranker",
                },
            ],
            "was_cancelled": False,
            "ground_truth": True,
            "created_at": "2024-02-19T18:36:09.892696Z",
            "updated_at": "2024-02-29T12:25:25.819248Z",
            "draft_created_at": "2024-02-29T12:25:25.819253Z",
            "lead_time": 56.087,
            "prediction": {},
            "result_count": 9,
            "unique_id": "7e8c79f1-49ce-471c-8b26-8b8c6f9c3401",
            "import_id": None,
            "last_action": None,
            "task": 41,
            "project": 2,
            "updated_by": 1,
            "parent_prediction": None,
            "parent_annotation": None,
            "last_created_by": None,
        },
        {"id": 13, "completed_by": {"id": 2, "email": "bob@example.org"}, "result": [], "was_cancelled": True},
    ],
    "file_upload": "5b1e3483-notes.csv",
    "drafts": [],
    "predictions": [],
    "data": {"text": TEXT, "ward": "B"},
    "meta": {"batch": 3},
    "created_at": "2024-02-19T18:30:00.000000Z",
    "inner_id": 1,
    "total_annotations": 1,
    "cancelled_annotations": 1,
    "total_predictions": 0,
    "comment_authors": [],
}


def items(*tasks: dict[str, Any]) -> list[Any]:
    """Return all that the reader yields for an array of tasks."""
    return read("label-studio", source("ls.json", json.dumps(tasks)))


def one(task: dict[str, Any]) -> ExchangedDocument:
    """Return the document of a task."""
    (document,) = docs(items(task))
    return document


def written(*documents: ExchangedDocument) -> list[dict[str, Any]]:
    """Return the tasks that are written for documents."""
    writer = registry.get("label-studio").write_stream
    assert writer is not None
    stream = io.BytesIO()
    assert not list(writer(documents, stream, WriteOptions()))
    found: list[dict[str, Any]] = json.loads(stream.getvalue())
    return found


def version(document: ExchangedDocument, annotator: str) -> ExchangedVersion:
    """Return one annotator's version."""
    return next(v for v in document.versions if v.annotator == annotator)


def test_an_export_is_versions_by_annotator() -> None:
    document = one(TASK)
    assert (document.document.key, document.document.text) == ("41", TEXT)
    assert [(v.annotator, v.confirmed) for v in document.versions] == [("1", True), ("bob@example.org", False)]
    held = version(document, "1").annotations
    assert [(e.type, document.document.slice(e.span)) for e in held.entities.values()] == [
        ("DRUG", "Aspirin"),
        ("SYMPTOM", "headache"),
    ]
    assert held.entities[2].attributes == {"status": "present"}
    assert {label.name: label.value for label in held.labels.values()} == {
        "topic": ("clinical", "short"),
        "note": "fine\nso",
        "quality": 4,
        "tree": ("Body / Head", "Drug"),
    }
    (relation,) = held.relations.values()
    assert (relation.type, relation.ends, relation.directed) == ("treats", (1, 2), True)


def test_what_came_goes_out_again() -> None:
    (back,) = written(one(TASK))
    assert {key: value for key, value in back.items() if key != "annotations"} == {
        key: value for key, value in TASK.items() if key != "annotations"
    }
    for came, went in zip(TASK["annotations"], back["annotations"], strict=True):
        assert {k: v for k, v in went.items() if k != "result"} == {k: v for k, v in came.items() if k != "result"}
        assert len(came["result"]) == len(went["result"])
        for item in came["result"]:
            is_text = item["type"] == "textarea"
            assert (item | {"value": {"text": ["fine\nso"]}} if is_text else item) in went["result"]


@pytest.mark.parametrize(("direction", "ends", "directed"), [("left", (2, 1), True), ("bi", (1, 2), False)])
def test_directions_of_relations(direction: str, ends: tuple[int, int], directed: bool) -> None:
    result = [region("a", 0, 7, "X"), region("b", 8, 11, "Y"), {"type": "relation", "from_id": "a", "to_id": "b"}]
    result[2]["direction"] = direction
    document = one({"data": {"text": TEXT}, "annotations": [{"result": result}]})
    (relation,) = version(document, "master").annotations.relations.values()
    assert (relation.type, relation.ends, relation.directed) == ("relation", ends, directed)
    (back,) = written(document)
    assert back["annotations"][0]["result"][2]["labels"] == []


def test_a_region_of_two_labels_is_two_entities_and_one_region_again() -> None:
    both = region("a", 0, 7, "DRUG")
    both["value"]["labels"].append("PAINKILLER")
    note = {"id": "a", "from_name": "n", "to_name": "text", "type": "textarea", "value": {"text": ["x"]}}
    document = one({"data": {"text": TEXT}, "annotations": [{"result": [both, note]}]})
    entities = version(document, "master").annotations.entities.values()
    assert [(e.type, e.attributes) for e in entities] == [("DRUG", {"n": "x"}), ("PAINKILLER", {"n": "x"})]
    (back,) = written(document)
    assert back["annotations"][0]["result"][0] == both
    assert len(back["annotations"][0]["result"]) == 2


def test_predictions_are_suggestions_of_their_model() -> None:
    predictions = [
        {"id": 5, "model_version": "bert-2", "score": 0.83, "result": [region("p1", 0, 7, "DRUG", score=0.9)]},
        {"id": 6, "model_version": "rules", "result": [region("p2", 29, 37, "SYMPTOM")]},
    ]
    document = one({"id": 1, "data": {"text": TEXT}, "annotations": [], "predictions": predictions})
    (only,) = document.versions
    assert (only.annotator, only.confirmed) == ("master", None)
    assert [(e.who, e.prob) for e in only.annotations.entities.values()] == [
        (("ml:bert-2",), 0.9),
        (("ml:rules",), 1.0),
    ]
    (back,) = written(document)
    assert [(p["id"], p["model_version"]) for p in back["predictions"]] == [(5, "bert-2"), (6, "rules")]
    assert back["annotations"] == []


def test_offsets_in_utf_16_are_found_out_by_the_texts() -> None:
    text = "😀😀 aspirin 😀 helps"
    in_utf16 = [
        {"type": "labels", "id": "a", "value": {"start": 5, "end": 12, "text": "aspirin", "labels": ["DRUG"]}},
        {"type": "labels", "id": "b", "value": {"start": 16, "end": 21, "text": "helps", "labels": ["VERB"]}},
    ]
    document = one({"data": {"text": text}, "annotations": [{"result": in_utf16}]})
    held = version(document, "master").annotations
    assert [document.document.slice(e.span) for e in held.entities.values()] == ["aspirin", "helps"]
    (back,) = written(document)
    assert [item["value"]["start"] for item in back["annotations"][0]["result"]] == [5, 16]


def test_one_text_that_differs_leaves_the_version_unconfirmed() -> None:
    bad = region("b", 8, 11, "X")
    bad["value"]["text"] = "999"
    found = items({"data": {"text": TEXT}, "annotations": [{"result": [region("a", 0, 7, "DRUG"), bad]}]})
    (document,) = docs(found)
    assert (document.versions[0].confirmed, len(document.versions[0].annotations.entities)) == (False, 1)
    (refused,) = problems(found, "refused")
    assert str(refused).startswith("ls.json:1: annotations[0].result[1]: `text` is '999', but [8, 11) reads '100'")


def test_regions_of_html_stand_where_the_whole_text_has_them() -> None:
    value = {
        "start": "/text()[1]",
        "end": "/text()[1]",
        "startOffset": 3,
        "endOffset": 9,
        "globalOffsets": {"start": 0, "end": 7},
        "text": "Aspirin",
        "hypertextlabels": ["DRUG"],
    }
    item = {"id": "a", "type": "hypertextlabels", "from_name": "ner", "to_name": "html", "value": value}
    document = one({"data": {"text": TEXT}, "annotations": [{"result": [item]}]})
    (entity,) = version(document, "master").annotations.entities.values()
    assert (entity.span.start, entity.span.end) == (0, 7)
    (back,) = written(document)
    assert back["annotations"][0]["result"] == [item]


def test_completions_of_annotation_lab_are_annotations() -> None:
    completions = [
        {"id": 1001, "lead_time": 15.053, "skipped": True, "result": [region("a", 0, 7, "DRUG")]},
        {"id": 1002, "completed_by": "ann", "result": [region("a", 0, 7, "DRUG")]},
    ]
    document = one({"id": 9, "data": {"text": TEXT}, "completions": completions})
    assert [(v.annotator, v.confirmed) for v in document.versions] == [("master", False), ("ann", True)]


def test_json_min_is_read_and_its_rows_joined_by_task() -> None:
    row = {
        "text": TEXT,
        "ward": "B",
        "id": 41,
        "label": [{"start": 0, "end": 7, "text": "Aspirin", "labels": ["DRUG"]}],
        "topic": {"choices": ["clinical", "short"]},
        "mood": "good",
        "annotator": 1,
        "annotation_id": 12,
        "created_at": "2024-02-19T18:36:09.892696Z",
        "updated_at": "2024-02-19T18:36:09.892696Z",
        "lead_time": 5.4,
    }
    document, other = docs(items(row, row | {"annotator": 2, "annotation_id": 13, "label": []}, row | {"id": 42}))
    assert [v.annotator for v in document.versions] == ["1", "2"]
    held = version(document, "1").annotations
    assert [e.type for e in held.entities.values()] == ["DRUG"]
    assert {label.name: label.value for label in held.labels.values()} == {
        "topic": ("clinical", "short"),
        "mood": "good",
    }
    assert other.document.key == "42"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ({"image": "https://example.org/1.jpg"}, "is the reference"),
        ({"dialogue": [{"author": "a", "text": "b"}]}, "holds a dialogue"),
        ({"number": 3}, "holds no text"),
        (None, "missing or no object"),
        ({"text": ""}, "is empty"),
    ],
)
def test_tasks_without_text_are_refused_with_the_reason(data: Any, reason: str) -> None:
    (refused,) = problems(items({"id": 1, "data": data}), "refused")
    assert reason in refused.reason


def test_the_text_is_found_by_what_the_regions_cover() -> None:
    data = {"title": "A much longer title than the body has, really, much longer", "body": TEXT}
    assert one({"data": data, "annotations": [{"result": [region("a", 0, 7, "X")]}]}).document.text == TEXT


def test_of_two_annotations_by_one_person_the_other_is_kept_beside() -> None:
    first, second = (
        {"id": 1, "completed_by": 1, "result": [region("a", 0, 7, "A")]},
        {"id": 2, "completed_by": 1, "result": []},
    )
    found = items({"data": {"text": TEXT}, "annotations": [first, second | {"was_cancelled": True}]})
    (document,) = docs(found)
    assert [e.type for e in document.versions[0].annotations.entities.values()] == ["A"]
    assert "1 has several" in problems(found)[0].reason
    (back,) = written(document)
    assert back["annotations"][1] == second | {"was_cancelled": True}


@pytest.mark.parametrize(
    "head",
    [
        b'[{"id":1,"annotations":[{"id":9,"completed_by":1,"result":[',
        b'[\n  {"data": {"text": "x"}}]',
        b'[{"text":"x","id":1,"annotation_id":3}]',
        b'\xef\xbb\xbf[{"id": 3, "data": {"text": "x"}}',
    ],
)
def test_its_files_are_told_by_their_content(head: bytes) -> None:
    sniff = registry.get("label-studio").sniff
    assert sniff is not None
    assert sniff("a.json", head)
    assert not sniff("a.json", b'{"annotatable":{"parts":["s1p1"]},"anncomplete":true,"entities":[]}')


def held(*who: str, prob: float = 1.0) -> Annotations:
    """Return one entity, by somebody or nobody."""
    return Annotations({1: Entity("DRUG", (Span("s1v1", 0, 7),), who, prob, 1)})


def of_versions(*versions: ExchangedVersion) -> ExchangedDocument:
    """Return a document with versions."""
    return ExchangedDocument(Document("d", (Part("s1v1", TEXT),)), versions, "d")


@pytest.mark.parametrize("confirmed", [None, False])
@pytest.mark.parametrize(("who", "model"), [(("ml:bert-2",), "bert-2"), ((), "import")])
def test_suggestions_go_out_as_predictions(confirmed: bool | None, who: tuple[str, ...], model: str) -> None:
    (task,) = written(of_versions(ExchangedVersion(held(*who, prob=0.25), confirmed)))
    assert task["annotations"] == []
    (prediction,) = task["predictions"]
    assert (prediction["model_version"], prediction["result"][0]["score"]) == (model, 0.25)
    (back,) = one(task).versions
    (entity,) = back.annotations.entities.values()
    assert (not back.confirmed, entity.who, entity.prob) == (True, who, 0.25)


def test_a_version_in_progress_is_a_draft_beside_the_suggestions() -> None:
    alice = ExchangedVersion(held("user:alice"), False, "alice")
    (task,) = written(of_versions(alice, ExchangedVersion(held(), None)))
    assert (task["annotations"], task["drafts"][0]["user"], len(task["predictions"])) == ([], "alice", 1)
    assert {v.annotator: bool(v.confirmed) for v in one(task).versions} == {"alice": False, "master": False}


def test_only_what_was_skipped_there_is_cancelled() -> None:
    annotations = [
        {"completed_by": 1, "result": [region("a", 0, 7, "DRUG")], "was_cancelled": True},
        {"completed_by": 2, "result": [region("a", 0, 7, "DRUG")], "was_cancelled": False, "id": 7},
    ]
    document = one({"data": {"text": TEXT}, "annotations": annotations})
    (task,) = written(document)
    assert [(a["completed_by"], a["was_cancelled"]) for a in task["annotations"]] == [(1, True), (2, False)]
    reopened = [replace(v, confirmed=False) for v in document.versions]
    (task,) = written(replace(document, versions=tuple(reopened)))
    assert [(a["completed_by"], a["was_cancelled"]) for a in task["annotations"]] == [(1, True)]
    assert [(draft["user"], draft["id"]) for draft in task["drafts"]] == [(2, 7)]


def test_drafts_of_their_own_are_versions_in_progress_and_go_out_as_they_came() -> None:
    own = {"id": 4, "user": "ann@example.org", "result": [region("a", 0, 7, "DRUG")], "annotation": None}
    of_another = {"id": 5, "user": "bob@example.org", "result": [], "annotation": 12}
    document = one({"data": {"text": TEXT}, "annotations": [], "drafts": [own, of_another, 6]})
    assert [(v.annotator, v.confirmed) for v in document.versions] == [("ann@example.org", False)]
    (task,) = written(document)
    assert task["drafts"] == [own, of_another, 6]
