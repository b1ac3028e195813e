"""PubAnnotation's JSON: one object, arrays and lines; pieces of text, tracks, attributes, blocks."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from tests.formats.helpers import docs, problems, read, source
from tui_annotate.domain.interchange import ExchangedDocument
from tui_annotate.formats import registry
from tui_annotate.formats.base import WriteOptions

ROW: dict[str, Any] = {
    "target": "http://pubannotation.org/docs/sourcedb/PubMed/sourceid/354896",
    "sourcedb": "PubMed",
    "sourceid": "354896",
    "text": "IRF-4 expression in CML may be induced by IFN-a therapy",
    "project": "demo",
    "denotations": [
        {"id": "T1", "span": {"begin": 0, "end": 5}, "obj": "Protein"},
        {"id": "T2", "span": {"begin": 42, "end": 47}, "obj": "Protein"},
        {"id": "E1", "span": {"begin": 31, "end": 38}, "obj": "Induction"},
    ],
    "relations": [{"id": "R1", "subj": "T1", "pred": "interactWith", "obj": "T2"}],
    "attributes": [
        {"id": "A1", "subj": "T1", "pred": "confidence", "obj": 0.7},
        {"id": "A2", "subj": "R1", "pred": "checked", "obj": True},
    ],
    "modifications": [{"id": "M1", "pred": "Speculation", "obj": "E1"}],
    "namespaces": [{"prefix": "_base", "uri": "http://example.org/"}],
}


def items(content: object, name: str = "p.json") -> list[Any]:
    """Return all that the reader yields."""
    return read("pubannotation", source(name, content if isinstance(content, str) else json.dumps(content)))


def words(document: ExchangedDocument, version: int = 0) -> list[tuple[str, str]]:
    """Return types and pieces of a version."""
    entities = document.versions[version].annotations.entities.values()
    return [(e.type, "+".join(document.document.slice(span) for span in e.spans)) for e in entities]


def written(*documents: ExchangedDocument) -> list[dict[str, Any]]:
    """Return the objects that are written for documents."""
    writer, stream = registry.get("pubannotation").write_stream, io.BytesIO()
    assert writer is not None
    assert not list(writer(documents, stream, WriteOptions()))
    found: list[dict[str, Any]] = json.loads(stream.getvalue())
    return found


def test_an_object_is_a_document() -> None:
    (document,) = docs(items(json.dumps(ROW, indent=2)))
    assert document.document.key == "PubMed-354896"
    assert words(document) == [("Protein", "IRF-4"), ("Protein", "IFN-a"), ("Induction", "induced")]
    held = document.versions[0].annotations
    assert held.entities[1].attributes == {"confidence": 0.7}
    assert held.entities[3].attributes == {"Speculation": True}
    (relation,) = held.relations.values()
    assert (relation.type, relation.ends, relation.directed) == ("interactWith", (1, 2), True)


def test_what_came_goes_out_again() -> None:
    (back,) = written(*docs(items(ROW)))
    for key in ("target", "sourcedb", "sourceid", "text", "project", "denotations", "relations", "namespaces"):
        assert back[key] == ROW[key], key
    said = {(one["subj"], one["pred"], one["obj"]) for one in back["attributes"]}
    assert said == {("T1", "confidence", 0.7), ("R1", "checked", True), ("E1", "Speculation", True)}


@pytest.mark.parametrize("shape", ["bag", "chain", "chain of three"])
def test_entities_of_several_pieces(shape: str) -> None:
    text = "ES and somatic cells"
    pieces = [{"begin": 0, "end": 2}, {"begin": 15, "end": 20}]
    row: dict[str, Any] = {"text": text, "denotations": [{"id": "T1", "span": pieces, "obj": "cell"}]}
    if shape != "bag":
        if shape == "chain of three":
            pieces.insert(1, {"begin": 3, "end": 6})
        row["denotations"] = [
            {"id": f"T{n}", "span": span, "obj": "cell" if n == len(pieces) - 1 else "_FRAGMENT"}
            for n, span in enumerate(pieces)
        ]
        row["relations"] = [
            {"id": f"C{n}", "pred": "_lexicallyChainedTo", "subj": f"T{n}", "obj": f"T{n - 1}"}
            for n in range(1, len(pieces))
        ]
    (document,) = docs(items(row))
    assert words(document) == [("cell", "ES+and+cells" if shape == "chain of three" else "ES+cells")]
    assert not document.versions[0].annotations.relations
    (back,) = written(document)
    assert back["denotations"][0]["span"] == pieces


def test_tracks_are_versions_by_project() -> None:
    tracks = [{"project": name, "denotations": ROW["denotations"][at : at + 1]} for at, name in enumerate(["a", "b"])]
    row = {key: ROW[key] for key in ("text", "sourcedb", "sourceid")} | {"divid": 3, "tracks": tracks}
    (document,) = docs(items(row))
    assert document.document.key == "PubMed-354896-3"
    assert [v.annotator for v in document.versions] == ["a", "b"]
    (back,) = written(document)
    assert back["tracks"] == [track | {"denotations": track["denotations"]} for track in tracks]
    assert back["divid"] == 3


def test_blocks_are_entities_that_go_out_as_blocks() -> None:
    row = {"text": "One. Two.", "blocks": [{"id": "B1", "span": {"begin": 0, "end": 4}, "obj": "sentence"}]}
    (document,) = docs(items(row))
    assert words(document) == [("sentence", "One.")]
    (back,) = written(document)
    assert (back["blocks"], back["denotations"]) == (row["blocks"], [])


def test_arrays_and_lines() -> None:
    rows = [{"text": "a b", "denotations": []}, {"text": "c d", "denotations": []}]
    assert [d.document.text for d in docs(items(rows))] == ["a b", "c d"]
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    assert [d.document.key for d in docs(items(lines, "p.jsonl"))] == ["p-1", "p-2"]


def test_utf_16_is_found_out_by_how_spans_look() -> None:
    row = {"text": "😀😀 Ann met Bob", "denotations": [{"span": {"begin": 5, "end": 8}, "obj": "P"}]}
    found = items(row)
    assert words(docs(found)[0]) == [("P", "Ann")]
    assert "read as UTF-16" in problems(found, "noted")[0].reason


@pytest.mark.parametrize(
    ("group", "row", "reason"),
    [
        ("denotations", {"span": {"begin": 50, "end": 99}, "obj": "X"}, "lies outside"),
        ("denotations", {"span": {"begin": True, "end": 9}, "obj": "X"}, "whole numbers"),
        ("denotations", {"span": [], "obj": "X"}, "is empty"),
        ("denotations", {"span": {"begin": 0, "end": 5}, "obj": 3}, "no name"),
        ("denotations", 3, "no object"),
        ("relations", {"subj": "T1", "pred": "x", "obj": "T9"}, "the id of no denotation"),
        ("attributes", {"subj": "T1", "pred": "x", "obj": {}}, "plain value"),
    ],
)
def test_what_points_nowhere_is_refused_with_its_field(group: str, row: object, reason: str) -> None:
    found = items(ROW | {group: [*ROW[group], row]})
    (refused,) = problems(found, "refused")
    assert refused.field == f"{group}[{len(ROW[group])}]"
    assert reason in refused.reason
    assert docs(found)


def test_annotations_without_their_text_are_refused() -> None:
    (refused,) = problems(items({"denotations": [], "sourcedb": "PubMed"}), "refused")
    assert "text" in refused.field


def test_a_chain_of_thousands_is_one_entity() -> None:
    count = 20_000
    row = {
        "text": "a" * count,
        "denotations": [{"id": f"T{n}", "span": {"begin": n, "end": n + 1}, "obj": "_FRAGMENT"} for n in range(count)],
        "relations": [{"pred": "_lexicallyChainedTo", "subj": f"T{n + 1}", "obj": f"T{n}"} for n in range(count - 1)],
    }
    (document,) = docs(items(row))
    (entity,) = document.versions[0].annotations.entities.values()
    assert len(entity.spans) == count
