"""Prodigy's rows as its recipes write them: answers, annotators, hashes, choices and relations."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.formats.helpers import docs, problems, read, source
from tui_annotate.domain.annotations import Annotations, Entity, LabelValue
from tui_annotate.domain.documents import Document, Part
from tui_annotate.domain.interchange import ExchangedDocument, ExchangedVersion
from tui_annotate.domain.scheme import Choice, DocumentLabel, EntityType, Scheme
from tui_annotate.domain.spans import Span
from tui_annotate.formats import registry
from tui_annotate.formats.base import WriteOptions
from tui_annotate.formats.prodigy.hashes import input_hash, task_hash
from tui_annotate.formats.prodigy.tokens import fits, made_tokens
from tui_annotate.services.exporting import export
from tui_annotate.services.importing import import_paths
from tui_annotate.store.connection import Corpus

SESSION = {"_annotator_id": "2024-02-06_10-17-19", "_session_id": "2024-02-06_10-17-19"}
MANUAL: dict[str, Any] = {
    "text": "Take aspirin daily.",
    "meta": {"source": "notes"},
    "_input_hash": 896529854,
    "_task_hash": -1486695581,
    "_is_binary": False,
    "tokens": [
        {"text": "Take", "start": 0, "end": 4, "id": 0, "ws": True},
        {"text": "aspirin", "start": 5, "end": 12, "id": 1, "ws": True},
        {"text": "daily", "start": 13, "end": 18, "id": 2, "ws": False},
        {"text": ".", "start": 18, "end": 19, "id": 3, "ws": False},
    ],
    "_view_id": "ner_manual",
    "spans": [
        {"start": 5, "end": 12, "token_start": 1, "token_end": 1, "label": "DRUG"},
        {"start": 5, "end": 18, "token_start": 1, "token_end": 2, "label": "DOSE"},
    ],
    "answer": "accept",
    "_timestamp": 1707211049,
} | SESSION
RELATIONS = MANUAL | {
    "_view_id": "relations",
    "relations": [
        {
            "head": 1,
            "child": 2,
            "head_span": {"start": 5, "end": 12, "token_start": 1, "token_end": 1, "label": "DRUG"},
            "child_span": {"start": 5, "end": 18, "token_start": 1, "token_end": 2, "label": "DOSE"},
            "color": "#ffd882",
            "label": "has",
        }
    ],
}


def rows(*given: dict[str, Any]) -> list[ExchangedDocument]:
    """Return the documents of rows."""
    return docs(items(*given))


def items(*given: dict[str, Any]) -> list[Any]:
    """Return all that the reader yields for rows."""
    return read("prodigy", source("p.jsonl", "".join(json.dumps(row) + "\n" for row in given)))


def written(*documents: ExchangedDocument, scheme: Scheme | None = None) -> list[dict[str, Any]]:
    """Return the rows that are written for documents."""
    writer = registry.get("prodigy").write_stream
    assert writer is not None
    stream = io.BytesIO()
    assert not list(writer(documents, stream, WriteOptions(scheme=scheme or Scheme())))
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def only(document: ExchangedDocument) -> ExchangedVersion:
    """Return the one version of a document."""
    (version,) = document.versions
    return version


def test_spans_of_a_manual_session() -> None:
    (document,) = rows(MANUAL)
    version = only(document)
    assert (version.confirmed, version.annotator) == (True, "master")
    assert [(e.type, e.span.start, e.span.end) for e in version.annotations.entities.values()] == [
        ("DRUG", 5, 12),
        ("DOSE", 5, 18),
    ]


def test_what_came_goes_out_again() -> None:
    (row,) = written(*rows(RELATIONS))
    for key, value in RELATIONS.items():
        if key == "relations":
            assert [{k: v for k, v in one.items() if k in value[0]} for one in row[key]] == value
        else:
            assert row[key] == value, key


def test_relations_link_the_spans() -> None:
    (document,) = rows(RELATIONS)
    (relation,) = only(document).annotations.relations.values()
    assert (relation.type, relation.ends, relation.directed) == ("has", (1, 2), True)


def test_a_relation_between_bare_words_is_refused() -> None:
    bare = RELATIONS | {"relations": [{"head": 0, "child": 2, "label": "dep"}]}
    (refused,) = problems(items(bare), "refused")
    assert (refused.where, refused.field) == ("p.jsonl:1", "relations[0]")
    assert "token 0" in refused.reason


def test_a_rejected_set_of_spans_is_not_taken_and_goes_out_again() -> None:
    found = items(MANUAL | {"answer": "reject"})
    (document,) = docs(found)
    version = only(document)
    assert version.confirmed is False
    assert not version.annotations.entities
    assert "1 rows were rejected" in problems(found, "noted")[0].reason
    (row,) = written(document)
    assert (row["answer"], row["spans"]) == ("reject", MANUAL["spans"])


def test_ignored_and_unanswered_rows_confirm_nothing() -> None:
    ignored, asked = rows(
        MANUAL | {"answer": "ignore"}, {k: v for k, v in MANUAL.items() if k != "answer"} | {"_input_hash": 2}
    )
    assert (only(ignored).confirmed, len(only(ignored).annotations.entities)) == (False, 2)
    assert (only(asked).confirmed, len(only(asked).annotations.entities)) == (None, 2)


@pytest.mark.parametrize(("answer", "value"), [("accept", True), ("reject", False)])
def test_a_rejected_label_is_false(answer: str, value: bool) -> None:
    row = {"text": "Buy now", "_input_hash": 1, "_task_hash": 2, "label": "SPAM", "_view_id": "classification"}
    (document,) = rows(row | {"answer": answer})
    version = only(document)
    assert (version.confirmed, version.annotations.labels["SPAM"].value) == (True, value)
    (back,) = written(document)
    assert (back["label"], back["answer"], back["_task_hash"]) == ("SPAM", answer, 2)


def test_rows_about_one_text_are_versions_by_session_wherever_they_stand() -> None:
    row = {"text": "Buy now", "_input_hash": 1, "_task_hash": 2, "label": "SPAM", "_view_id": "classification"}
    found = rows(
        row | {"answer": "accept", "_session_id": "ads-alice"},
        {"text": "Other", "_input_hash": 3, "_task_hash": 4, "answer": "accept", "spans": []},
        row | {"answer": "reject", "_session_id": "ads-bob"},
        row | {"answer": "accept", "label": "AD", "_task_hash": 5, "_session_id": "ads-bob"},
    )
    by_text = {document.document.text: document for document in found}
    labels = {
        version.annotator: {label.name: label.value for label in version.annotations.labels.values()}
        for version in by_text["Buy now"].versions
    }
    assert labels == {"ads-alice": {"SPAM": True}, "ads-bob": {"SPAM": False, "AD": True}}
    assert len(found) == 2


def test_of_two_answers_by_one_person_the_later_counts() -> None:
    (document,) = rows(MANUAL | {"spans": MANUAL["spans"][:1]}, MANUAL | {"spans": MANUAL["spans"][1:]})
    assert [e.type for e in only(document).annotations.entities.values()] == ["DOSE"]


def test_single_spans_that_were_accepted_confirm_no_document() -> None:
    row = MANUAL | {"_view_id": "ner", "_is_binary": True}
    found = items(row | {"spans": MANUAL["spans"][:1]}, row | {"spans": MANUAL["spans"][1:], "answer": "reject"})
    (document,) = docs(found)
    assert [e.type for e in only(document).annotations.entities.values()] == ["DRUG"]
    assert only(document).confirmed is False
    assert "single spans" in problems(found, "noted")[0].reason


def test_an_accepted_span_that_is_completed_here_goes_out_as_a_whole_set() -> None:
    (document,) = rows(MANUAL | {"_view_id": "ner", "_is_binary": True, "spans": MANUAL["spans"][:1]})
    done = ExchangedVersion(only(document).annotations, True)
    (again,) = rows(*written(ExchangedDocument(document.document, (done,), extra=document.extra)))
    assert only(again).confirmed is True


def test_choices_of_options() -> None:
    row = {
        "text": "How does it work?",
        "options": [{"id": "a", "text": "question"}, {"id": "b", "text": "answer"}],
        "_input_hash": 4,
        "_task_hash": 5,
        "_view_id": "choice",
        "accept": ["a"],
        "answer": "accept",
    }
    single, several = rows(
        row | {"config": {"choice_style": "single"}},
        row | {"_input_hash": 6, "accept": ["a"], "config": {"choice_style": "multiple"}},
    )
    assert only(single).annotations.labels["label"].value == "a"
    assert only(several).annotations.labels["label"].value == ("a",)
    assert written(single)[0]["options"] == row["options"]


def test_an_option_that_was_ticked_off_in_prodigy_is_off_here() -> None:
    scheme = Scheme(labels=(DocumentLabel("topic", "choices", (Choice("x"), Choice("y"))),))
    labels = {"topic": LabelValue("topic", ("x", "y"), prob=0.5)}
    document = ExchangedDocument(Document("1", (Part("s1v1", "t"),)), (ExchangedVersion(Annotations(labels=labels)),))
    (row,) = written(document, scheme=scheme)
    assert row["accept"] == ["x", "y"]
    assert only(rows(row)[0]).annotations.labels == labels
    row["accept"] = ["y"]
    assert only(rows(row)[0]).annotations.labels["label"].value == "y"


def test_hashes_are_those_that_prodigy_makes() -> None:
    assert input_hash("My favorite city is London.") == -91551573
    assert task_hash(-91551573, "My favorite city is London.", {}) == -1162253049
    assert task_hash(932777898, "", {"spans": []}) == -313169072
    entity = Entity("CITY", (Span("s1v1", 20, 26),), number=1)
    document = Document("1", (Part("s1v1", "My favorite city is London."),))
    version = ExchangedVersion(Annotations({1: entity}), True, "alice")
    (row,) = written(ExchangedDocument(document, (version,)), scheme=Scheme((EntityType("CITY"),)))
    assert (row["_input_hash"], row["_task_hash"]) == (-91551573, -1162253049)
    assert (row["spans"][0]["token_start"], row["spans"][0]["token_end"]) == (4, 4)
    assert row["_annotator_id"] == "alice"


def test_tokens_prove_offsets_in_utf_16() -> None:
    row = {
        "text": "😀😀 aspirin",
        "tokens": [
            {"text": "😀😀", "start": 0, "end": 4, "id": 0},
            {"text": "aspirin", "start": 5, "end": 12, "id": 1},
        ],
        "spans": [{"start": 5, "end": 12, "label": "DRUG"}],
        "answer": "accept",
        "_input_hash": 1,
    }
    (document,) = rows(row)
    (entity,) = only(document).annotations.entities.values()
    assert document.document.slice(entity.span) == "aspirin"


def test_a_span_that_does_not_fit_unmakes_the_confirmation() -> None:
    row = MANUAL | {"spans": [*MANUAL["spans"], {"start": 5, "end": 99, "label": "X"}]}
    found = items(row)
    assert only(docs(found)[0]).confirmed is False
    (refused,) = problems(found, "refused")
    assert str(refused).startswith("p.jsonl:1: spans[2]: [5, 99) lies outside the text of 19 characters")


@pytest.mark.parametrize("media", ["image", "audio", "video", "html"])
def test_tasks_without_text_are_refused_with_the_reason(media: str) -> None:
    (refused,) = problems(items({media: "x", "_input_hash": 1, "answer": "accept"}), "refused")
    assert f"task about {media}" in refused.reason


def test_rows_without_hashes_are_documents_each() -> None:
    assert [d.document.key for d in rows({"text": "same"}, {"text": "same"})] == ["p-1", "p-2"]


def test_prodigys_rows_are_told_from_ours() -> None:
    sniff = registry.get("prodigy").sniff
    assert sniff is not None
    assert sniff("a.jsonl", json.dumps(MANUAL).encode())
    assert not sniff("a.jsonl", b'{"id": "a", "text": "say \\"_input_hash\\": 1", "spans": []}')


CHOICE: dict[str, Any] = {
    "text": "It is sport",
    "_input_hash": -103,
    "_task_hash": 9,
    "options": [{"id": "sport", "text": "Sport"}, {"id": "news", "text": "News"}],
    "accept": ["sport"],
    "config": {"choice_style": "single"},
    "_view_id": "choice",
    "answer": "accept",
}
MIXED: list[dict[str, Any]] = [
    CHOICE,
    CHOICE | {"_input_hash": 4, "accept": ["sport", "news"], "config": {"choice_style": "multiple"}},
    CHOICE | {"_input_hash": 5, "options": [{"id": 2, "text": "No"}, {"id": 1, "text": "Yes"}], "accept": [2]},
    CHOICE | {"_input_hash": 6, "accept": [], "answer": "ignore"},
    {"text": "Buy", "_input_hash": 7, "_task_hash": 1, "label": "SPAM", "answer": "accept"},
    MANUAL,
    MANUAL | {"_input_hash": 8, "spans": []},
    {
        "text": "👍🏽 don't",
        "_input_hash": 9,
        "_task_hash": 1,
        "tokens": [
            {"text": "👍🏽", "start": 0, "end": 2, "id": 0, "ws": True, "disabled": True},
            {"text": "do", "start": 3, "end": 5, "id": 1, "ws": False},
            {"text": "n't", "start": 5, "end": 8, "id": 2, "ws": False},
        ],
        "spans": [{"start": 5, "end": 8, "token_start": 2, "token_end": 2, "label": "NEG"}],
        "answer": "accept",
    },
]


def test_rows_of_a_mixed_file_go_out_as_they_came(tmp_path: Path) -> None:
    (tmp_path / "p.jsonl").write_text("".join(json.dumps(row) + "\n" for row in MIXED))
    with Corpus.create(tmp_path / "c.db") as corpus:
        import_paths(corpus, [tmp_path / "p.jsonl"], annotator="me")
        export(corpus, tmp_path / "out.jsonl", format="prodigy")
    back = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    ours = {"id", "labels", "labels_as"}
    assert [{key: value for key, value in row.items() if key not in ours} for row in back] == MIXED


def test_an_option_chosen_since_is_called_so_that_it_is_read_again() -> None:
    scheme = Scheme(
        (EntityType("X"),),
        (
            DocumentLabel("topic", "choice", (Choice("sport"), Choice("news"), Choice("arts"))),
            DocumentLabel("b", "boolean"),
        ),
    )
    (document,) = rows(CHOICE)
    held = Annotations(
        {},
        {"topic": LabelValue("topic", "arts"), "b": LabelValue("b", True)},
        {},
        dict(only(document).annotations.extra),
    )
    (row,) = written(replace(document, versions=(ExchangedVersion(held, True),)), scheme=scheme)
    assert (row["accept"], [option["id"] for option in row["options"]]) == (
        ["b", "topic=arts"],
        ["sport", "news", "b", "topic=arts"],
    )
    (again,) = rows(row)
    assert {n: v.value for n, v in only(again).annotations.labels.items()} == {"topic": "arts", "b": True}


def test_tokens_that_do_not_fit_are_said_and_made_anew() -> None:
    row = MIXED[-1] | {"tokens": [{"text": "don", "start": 0, "end": 3, "id": 0}]}
    assert "1 rows have tokens" in problems(items(row), "noted")[0].reason
    (back,) = written(*rows(row))
    assert [token["text"] for token in back["tokens"]] == ["👍🏽", "don", "'", "t"]


def test_a_row_whose_only_span_has_no_name_is_not_confirmed() -> None:
    (document,) = rows(MANUAL | {"spans": [{"start": 0, "end": 3}]})
    assert only(document).confirmed is False


def test_options_of_any_kind_are_passed_on() -> None:
    odd = CHOICE | {"options": [{"id": ["x"]}, {"id": {"a": 1}}, 5, {"id": "sport"}]}
    assert written(*rows(odd))[0]["options"] == odd["options"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ok 👍🏽! ❤️so 👩🏽‍⚕️🇩🇪🇫🇷 👍👍", ["ok", "👍🏽", "!", "❤️", "so", "👩🏽‍⚕️", "🇩🇪", "🇫🇷", "👍", "👍"]),
        ("don't", ["don", "'", "t"]),
        ("", []),
    ],
)
def test_tokens_that_are_written_cut_nothing_that_shows_as_one_character(text: str, expected: list[str]) -> None:
    assert [token["text"] for token in made_tokens(text)] == expected


@given(st.text(st.sampled_from("ab-.'é\u0301 \n\u200d🙂🏽\ufe0f🇩🇪❤ߘ") | st.characters(exclude_categories=["Cs"])))
def test_written_tokens_are_the_text_without_its_white_space(text: str) -> None:
    tokens = made_tokens(text)
    assert "".join(token["text"] for token in tokens) == "".join(text.split())
    assert not tokens or fits(tokens, text)
