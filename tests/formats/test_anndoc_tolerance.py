"""What real ann.json files get wrong comes in all the same, is reported, and goes out as it came."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from tests.formats.helpers import CORPORA, docs, hints, problems, read, source
from tui_annotate.domain.annotations import Entity
from tui_annotate.domain.interchange import ExchangedDocument, ExchangedVersion, Problem
from tui_annotate.domain.scheme import Scheme
from tui_annotate.domain.spans import Span
from tui_annotate.formats import registry
from tui_annotate.formats.anndoc import controls
from tui_annotate.formats.anndoc.json_write import AnnWriter
from tui_annotate.formats.base import WriteOptions
from tui_annotate.formats.schemes import legend as anndoc_legend
from tui_annotate.formats.schemes.legend import ids_of
from tui_annotate.services.labels_met import LabelsMet

BY_USER = {"state": "pre-added", "who": ["user:x"], "prob": 1}


def html(text: str = "Aspirin helps.", id: str = "x", inside: str = "") -> str:
    """Return a plain.html with the text in s1p1."""
    return f'<html id="{id}" data-origid="n"><body><p id="s1p1">{text}</p>{inside}</body></html>'


def given(ann: dict[str, Any] | str, text: str = "Aspirin helps.") -> tuple[ExchangedDocument, list[Problem]]:
    """Read one pair."""
    body = ann if isinstance(ann, str) else json.dumps(ann)
    items = read("anndoc", [source("x.ann.json", body), source("x.plain.html", html(text))])
    return docs(items)[0], [p for p in problems(items) if p.field != "" or p.severity != "noted"]


def written(document: ExchangedDocument) -> Any:
    """Return the ann.json that the first version goes out as."""
    met = LabelsMet(Scheme())
    met.meet(document)
    return json.loads(AnnWriter(document.document, ids_of(met.scheme)).write(document.versions[0]))


def entity(start: int, text: str, **more: Any) -> dict[str, Any]:
    """Return an entity of ann.json."""
    return {"classId": "e_1", "part": "s1p1", "offsets": [{"start": start, "text": text}], "confidence": BY_USER} | more


def only(version: ExchangedVersion) -> Entity:
    """Return the only entity of a version."""
    (found,) = version.annotations.entities.values()
    return found


@pytest.mark.parametrize(
    "confidence",
    [{}, 1, 0.5, None, {"prob": 0}, {"who": []}, {"who": True}, {"who": 0.5}, {"state": "selected"}, {"state": None}],
)
def test_a_confidence_of_any_shape_goes_out_as_it_came(confidence: Any) -> None:
    document, noted = given({"entities": [entity(0, "Aspirin", confidence=confidence)]})
    assert noted == []
    assert written(document)["entities"][0]["confidence"] == confidence


@pytest.mark.parametrize("recorded", [f"-{10**40}:1", f"{10**40}:1", "-1:1", "0:-1", "x", "0:110000"])
def test_recorded_controls_that_do_not_fit_the_text_are_left_out(recorded: str) -> None:
    assert controls.restore("␁b", recorded) == "␁b"


def test_who_and_probability_are_read_not_the_state() -> None:
    by_model = {"state": "", "who": ["ml:regex"], "prob": 0.25}
    document, _ = given({"entities": [entity(0, "Aspirin", confidence=by_model)]})
    found = only(document.versions[0])
    assert (found.who, found.prob, found.state) == (("ml:regex",), 0.25, "")


def test_missing_keys_are_no_fault() -> None:
    document, noted = given(
        {"entities": [{"classId": "e_1", "part": "s1p1", "offsets": [{"start": 0, "text": "Aspirin"}]}]}
    )
    assert noted == []
    assert only(document.versions[0]).span == Span("s1p1", 0, 7)
    assert list(written(document)) == ["annotatable", "anncomplete", "sources", "metas", "entities", "relations"]


def test_offsets_count_utf_16() -> None:
    document, noted = given({"entities": [entity(3, "Aspirin")]}, "\U0001f600 Aspirin")
    assert noted == []
    assert only(document.versions[0]).span == Span("s1p1", 2, 9)
    assert written(document)["entities"][0]["offsets"] == [{"start": 3, "text": "Aspirin"}]


def test_shifted_offsets_find_the_nearest_text_and_go_out_untouched() -> None:
    document, noted = given({"entities": [entity(22, "Aspirin")]}, "Aspirin and more of Aspirin")
    assert only(document.versions[0]).span == Span("s1p1", 20, 27)
    assert [(p.severity, p.field) for p in noted] == [("repaired", "entities[0].offsets")]
    assert written(document)["entities"][0]["offsets"] == [{"start": 22, "text": "Aspirin"}]


def test_a_moved_entity_goes_out_with_new_offsets() -> None:
    document, _ = given({"entities": [entity(3, "Aspirin")]})
    held = document.versions[0].annotations
    held.entities[1] = Entity("e_1", (Span("s1p1", 8, 13),), extra=held.entities[1].extra)
    assert written(document)["entities"][0]["offsets"] == [{"start": 8, "text": "helps"}]


@pytest.mark.parametrize(
    "bad",
    [
        entity(0, "Paracetamol"),
        entity(0, ""),
        entity(0, "Aspirin", part="s9p9"),
        {"classId": "e_1", "part": "s1p1", "offsets": []},
        {"part": "s1p1", "offsets": [{"start": 0, "text": "Aspirin"}]},
        "nonsense",
    ],
)
def test_an_entity_without_a_place_is_refused_and_kept(bad: Any) -> None:
    document, noted = given({"entities": [bad, entity(0, "Aspirin")]})
    assert len(document.versions[0].annotations.entities) == 1
    assert [(p.severity, p.field) for p in noted] == [("refused", "entities[0]")]
    assert bad in written(document)["entities"]


@pytest.mark.parametrize(
    "hashes", [["s1p1|e_1|0,6", "s1p1|e_1|8,12"], ["s1p1|0,7", "s1p1|8,13"]], ids=["3.6", "version 2"]
)
def test_relations_of_both_generations(hashes: list[str]) -> None:
    relation = {"classId": "r_2", "type": "linked", "directed": False, "entities": hashes, "confidence": BY_USER}
    document, noted = given({"entities": [entity(0, "Aspirin"), entity(8, "helps")], "relations": [relation]})
    assert noted == []
    assert document.versions[0].annotations.relations[1].ends == (1, 2)
    assert written(document)["relations"] == [relation]


def test_a_dangling_relation_is_refused_and_kept() -> None:
    relation = {"classId": "r_2", "entities": ["s1p1|e_1|0,6", "s1p1|e_1|50,60"], "confidence": {}}
    document, noted = given({"entities": [entity(0, "Aspirin")], "relations": [relation]})
    assert [(p.severity, p.field) for p in noted] == [("refused", "relations[0]")]
    assert written(document)["relations"] == [relation]


def test_what_is_not_understood_goes_out_again() -> None:
    strange = entity(
        0,
        "Aspirin",
        connectingWords=["x"],
        coordinates=[{"x": "1.10", "y": "2"}],
        normalizations={"n_3": {"recName": None}},
    )
    sources = [{"name": "PMID", "id": None, "url": None}]
    ann = {"sources": sources, "entities": [strange], "annotatable": {"parts": ["s1p1", "s7p7"]}, "future": {"a": 1}}
    document, noted = given(ann)
    out = written(document)
    assert {key: out["entities"][0][key] for key in strange} == strange
    assert (out["sources"], out["future"], out["annotatable"]) == (sources, {"a": 1}, {"parts": ["s1p1", "s7p7"]})
    assert [p.field for p in noted] == ["annotatable.parts"]


def test_fields_become_attributes_and_keep_their_confidence() -> None:
    field = {"value": "past", "confidence": {"state": "pre-added", "who": ["ml:z"], "prob": 0.3}}
    document, _ = given({"entities": [entity(0, "Aspirin", fields={"f_4": field})]})
    assert only(document.versions[0]).attributes == {"f_4": "past"}
    assert written(document)["entities"][0]["fields"] == {"f_4": field}


def test_duplicates_stay_duplicates() -> None:
    document, _ = given({"entities": [entity(0, "Aspirin")] * 3})
    assert len(document.versions[0].annotations.entities) == 3
    assert len(written(document)["entities"]) == 3


@pytest.mark.parametrize("broken", ["", "{", "[]", "null", '{"entities": {"a": 1}}', '{"metas": []} x', "\x00"])
def test_a_broken_ann_json_is_refused_and_the_text_comes_in(broken: str) -> None:
    document, noted = given(broken)
    assert document.document.text == "Aspirin helps."
    assert document.versions == ()
    assert [p.severity for p in noted] == ["refused"]


def test_annotations_without_text_are_named_and_the_rest_goes_on() -> None:
    items = read("anndoc", [source("lost.ann.json", "{}"), source("x.plain.html", html())])
    assert len(docs(items)) == 1
    (refused,) = problems(items, "refused")
    assert refused.where == "lost.ann.json"
    assert "lost.plain.html" in refused.reason


def test_twins_whose_names_differ_by_an_inner_extension() -> None:
    items = read(
        "anndoc", [source("id-a.ann.json", json.dumps({"anncomplete": True})), source("id-a.txt.plain.html", html())]
    )
    assert docs(items)[0].versions[0].confirmed is True
    assert problems(items, "refused") == []


def test_the_last_of_two_same_versions_wins_and_the_other_is_reported() -> None:
    files = [
        source("ann.json/pool/x.ann.json", json.dumps({"anncomplete": False})),
        source("more/x.ann.json", json.dumps({"anncomplete": True})),
        source("plain.html/pool/x.plain.html", html()),
    ]
    items = read("anndoc", files)
    assert docs(items)[0].versions[0].confirmed is True
    assert [p.where for p in problems(items, "refused")] == ["ann.json/pool/x.ann.json"]


def test_the_same_document_in_two_folders_comes_in_once() -> None:
    files = [source("a/x.plain.html", html()), source("b/x.plain.html", html()), source("b/x.ann.json", "{}")]
    items = read("anndoc", files)
    assert [d.where for d in docs(items)] == ["b/x.plain.html"]
    assert [p.where for p in problems(items, "refused")] == ["a/x.plain.html"]


def test_a_project_has_names_versions_and_folders() -> None:
    folder = CORPORA / "clinical"
    items = list(registry.read_paths([folder]))
    found = {document.document.name: document for document in docs(items)}
    text = found["text"]
    assert [(v.annotator, v.confirmed, len(v.annotations.entities)) for v in text.versions] == [
        ("master", True, 4),
        ("sfee", False, 9),
    ]
    entity = text.versions[1].annotations.entities[1]
    assert (entity.type, dict(entity.attributes), entity.who) == (
        "patient_demographic",
        {"demographic_type": "pat_first"},
        ("user:sfee",),
    )
    pdf = found["6-text2phenotype-smart.pdf"]
    assert pdf.document.folder == "OpenEMR"
    assert [part.id for part in pdf.document.parts] == ["s1v1", "s2v1"]
    assert pdf.versions[0].annotations.entities[1].extra["coordinates"][0] == {"x": "200.10", "y": "277.81"}
    assert {hint.name: hint.id for hint in hints(items)[0].labels}["lab"] == "e_1"


def test_a_real_project_goes_out_byte_for_byte() -> None:
    folder = CORPORA / "clinical"
    items = list(registry.read_paths([folder]))
    met = LabelsMet(Scheme())
    for hint in hints(items):
        met.hint(hint)
    for document in docs(items):
        met.meet(document)
    out: dict[str, bytes] = {}
    writer = registry.get("anndoc").write_tree
    assert writer is not None
    assert list(writer(docs(items), out.__setitem__, WriteOptions(scheme=met.scheme))) == []
    for name, content in out.items():
        if name.endswith((".plain.html", ".ann.json")):
            assert content == (folder / name).read_bytes()
    met.finish()
    assert list(writer([], out.__setitem__, WriteOptions(scheme=met.scheme))) == []
    legend = json.loads((folder / "annotations-legend.json").read_text())
    assert json.loads(out["annotations-legend.json"]) == legend


def test_a_legend_alone_makes_a_scheme() -> None:
    legend, _ = anndoc_legend.read(
        b'{"e_1": "Drug", "m_2": "t/a", "m_3": "t/b", "m_5": "Spam", "f_4": "x", "r_6": "l"}'
    )
    scheme = legend.scheme()
    assert [e.name for e in scheme.entities] == ["Drug"]
    assert {m.name: (m.kind, len(m.options)) for m in scheme.labels} == {"Spam": ("boolean", 0), "t": ("choices", 2)}
    assert [(a.name, a.id) for a in scheme.attributes] == [("x", "f_4")]


def test_choices_are_joined_and_taken_apart() -> None:
    legend = {"m_1": "topics/sport", "m_2": "topics/art", "m_3": "Yes/No"}
    on = {"value": True, "confidence": BY_USER}
    off = {"value": False, "confidence": BY_USER}
    ann = {"metas": {"m_1": on, "m_2": off, "m_3": on}}
    files = [
        source("annotations-legend.json", json.dumps(legend)),
        source("x.ann.json", json.dumps(ann)),
        source("x.plain.html", html()),
    ]
    items = read("anndoc", files)
    labels = docs(items)[0].versions[0].annotations.labels
    assert {name: label.value for name, label in labels.items()} == {"topics": ("sport",), "Yes/No": True}
    met = LabelsMet(Scheme())
    for hint in hints(items):
        met.hint(hint)
    met.meet(docs(items)[0])
    out = json.loads(AnnWriter(docs(items)[0].document, ids_of(met.scheme)).write(docs(items)[0].versions[0]))
    assert {row["value"] for row in out["metas"].values()} == {True, False}
    assert len(out["metas"]) == 3


@pytest.mark.parametrize("others", [(), (entity(0, "Aspirin") | {"coordinates": [], "fields": {}},)])
def test_an_entity_that_is_moved_or_added_gets_no_empty_keys_that_it_never_had(
    others: tuple[dict[str, Any], ...],
) -> None:
    body = json.dumps({"entities": [*others, entity(8, "helps")], "anncomplete": True})
    document, _ = given(body)
    (version,) = document.versions
    met = LabelsMet(Scheme())
    met.meet(document)
    held = version.annotations
    (number, mine) = list(held.entities.items())[-1]
    held.entities[number] = replace(mine, spans=(Span("s1p1", 2, 5),))
    writer = AnnWriter(document.document, ids_of(met.scheme))
    out = json.loads(writer.write(version, {"master.ann.json": body.encode()}))
    assert out["entities"] == [*others, entity(2, "pir")]
    if not others:
        held.entities[99] = replace(mine, number=99, spans=(Span("s1p1", 8, 13),))
        out = json.loads(writer.write(version, {"master.ann.json": body.encode()}))
        assert all(row.keys() == entity(0, "").keys() for row in out["entities"])
