"""Exporting a corpus: which versions go out, and that they come back."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.formats.helpers import CORPORA
from tui_annotate.domain.annotations import Entity, Suggestion, SuggestionKey, Verdict, entity_key
from tui_annotate.domain.decisions import Changes, Decision, EntityChange, Kind, VerdictChange, VersionState
from tui_annotate.domain.spans import Span
from tui_annotate.errors import NothingToDoError
from tui_annotate.formats.losses import Losses
from tui_annotate.services.exporting import export
from tui_annotate.services.importing import import_paths
from tui_annotate.store import documents, log, suggestions
from tui_annotate.store.connection import Corpus
from tui_annotate.store.outgoing import has_several_versions


@pytest.fixture
def corpus(tmp_path: Path) -> Iterator[Corpus]:
    """Return an empty corpus."""
    with Corpus.create(tmp_path / "corpus.db") as made:
        yield made


def add(corpus: Corpus, folder: Path, *rows: dict[str, Any]) -> list[int]:
    """Import rows and return the documents' ids."""
    (folder / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    import_paths(corpus, [folder / "rows.jsonl"], annotator="me")
    found = [documents.find(corpus, row["id"]) for row in rows]
    return [id for id in found if id is not None]


def members(path: Path) -> dict[str, Any]:
    """Return the ann.json files of a zip by name below `ann.json/`."""
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if name.endswith(".ann.json")]
        return {name.partition("/ann.json/")[2]: json.loads(archive.read(name)) for name in names}


def decide(corpus: Corpus, id: int, kind: Kind, changes: Changes, annotator: str = "alice") -> None:
    """Write one decision."""
    log.record(corpus, [Decision(kind, id, annotator, changes)])


def accepted(entity: Entity) -> Changes:
    """Return the changes of accepting a suggestion of just this entity."""
    verdict = VerdictChange(entity_key(entity), Verdict.UNDECIDED, Verdict.ACCEPTED)
    return Changes((EntityChange(None, entity),), verdicts=(verdict,))


def test_a_real_project_comes_back_the_same(corpus: Corpus, tmp_path: Path) -> None:
    import_paths(corpus, [CORPORA / "clinical"], annotator="me")
    report = export(corpus, tmp_path / "out.zip")
    assert (report.documents, report.problems) == (2, [])
    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        for path in (CORPORA / "clinical").rglob("*.*"):
            if path.name.endswith((".plain.html", ".ann.json", "guidelines.md")):
                name = f"corpus/{path.relative_to(CORPORA / 'clinical').as_posix()}"
                assert archive.read(name) == path.read_bytes()
    with Corpus.create(tmp_path / "other.db") as other:
        import_paths(other, [tmp_path / "out.zip"], annotator="me")
        export(other, tmp_path / "other.zip")
    assert (tmp_path / "out.zip").read_bytes() == (tmp_path / "other.zip").read_bytes()
    assert import_paths(corpus, [tmp_path / "out.zip"], annotator="me").counts.unchanged == 2


def test_undecided_suggestions_go_out_as_their_makers(corpus: Corpus, tmp_path: Path) -> None:
    (id,) = add(corpus, tmp_path, {"id": "d", "text": "aspirin helps"})
    import_paths(corpus, [_with_types(tmp_path)], annotator="me")
    guess = Suggestion("entity", "DRUG", (Span("s1v1", 0, 7),), prob=0.75, source="run", run="entities-3")
    suggestions.freeze(corpus, id, [guess], run="entities-3")
    export(corpus, tmp_path / "out.zip", ids=[id])
    (entity,) = members(tmp_path / "out.zip")["master/pool/d.ann.json"]["entities"]
    assert entity["confidence"] == {"state": "pre-added", "who": ["ml:entities-3"], "prob": 0.75}


def _with_types(folder: Path) -> Path:
    path = folder / "types.jsonl"
    path.write_text('{"id": "types", "text": "x", "spans": [{"start": 0, "end": 1, "label": "DRUG"}]}\n')
    return path


def test_accepted_and_rejected_and_by_hand(corpus: Corpus, tmp_path: Path) -> None:
    spans = [{"start": a, "end": b, "label": "DRUG", "prob": 0.5, "who": "ml:x"} for a, b in ((0, 1), (2, 3), (4, 5))]
    (id,) = add(corpus, tmp_path, {"id": "d", "text": "a b c d", "spans": spans})
    kept = Entity("DRUG", (Span("s1v1", 0, 1),), ("ml:x", "user:alice"), 1.0, 1)
    decide(corpus, id, Kind.ACCEPT, accepted(kept))
    gone = VerdictChange(SuggestionKey("DRUG", "s1v1", ((2, 3),)), Verdict.UNDECIDED, Verdict.REJECTED)
    decide(corpus, id, Kind.REJECT, Changes(verdicts=(gone,)))
    made = Entity("DRUG", (Span("s1v1", 6, 7),), ("user:alice",), 1.0, 2)
    decide(corpus, id, Kind.ADD, Changes((EntityChange(None, made),)))
    export(corpus, tmp_path / "out.zip", decisions=True)
    entities = members(tmp_path / "out.zip")["members/alice/pool/d.ann.json"]["entities"]
    assert [(e["offsets"][0]["text"], e["confidence"]["who"], e["confidence"]["prob"]) for e in entities] == [
        ("a", ["ml:x", "user:alice"], 1),
        ("c", ["ml:x"], 0.5),
        ("d", ["user:alice"], 1),
    ]
    log_lines = [json.loads(line) for line in (tmp_path / "out.decisions.jsonl").read_text().splitlines()]
    assert [line["kind"] for line in log_lines if line["annotator"] == "alice"][-3:] == ["accept", "reject", "add"]


def test_a_confirmed_version_is_master_too_and_keeps_imported_relations(corpus: Corpus, tmp_path: Path) -> None:
    spans = [{"start": 0, "end": 1, "label": "A"}, {"start": 2, "end": 3, "label": "A"}]
    relations = [{"label": "links", "from": 1, "to": 2}]
    (id,) = add(corpus, tmp_path, {"id": "d", "text": "a b", "spans": spans, "relations": relations})
    first, second = (Entity("A", (Span("s1v1", n, n + 1),), ("user:alice",), 1.0, n // 2 + 1) for n in (0, 2))
    decide(corpus, id, Kind.ACCEPT, accepted(first))
    decide(corpus, id, Kind.ACCEPT, accepted(second))
    decide(corpus, id, Kind.CONFIRM, Changes(state=(VersionState.IN_PROGRESS, VersionState.CONFIRMED)))
    export(corpus, tmp_path / "out.zip", confirmed=True)
    out = members(tmp_path / "out.zip")
    assert set(out) == {"master/pool/d.ann.json", "members/alice/pool/d.ann.json"}
    assert out["master/pool/d.ann.json"] == out["members/alice/pool/d.ann.json"]
    assert out["master/pool/d.ann.json"]["anncomplete"] is True
    assert len(out["master/pool/d.ann.json"]["relations"]) == 1


def test_only_confirmed_documents(corpus: Corpus, tmp_path: Path) -> None:
    add(corpus, tmp_path, {"id": "a", "text": "x", "confirmed": True}, {"id": "b", "text": "y"})
    report = export(corpus, tmp_path / "out.jsonl", format="jsonl", confirmed=True)
    assert report.documents == 1
    assert json.loads((tmp_path / "out.jsonl").read_text())["id"] == "a"


def test_one_annotators_versions(corpus: Corpus, tmp_path: Path) -> None:
    import_paths(corpus, [CORPORA / "clinical"], annotator="me")
    export(corpus, tmp_path / "out.zip", version="sfee")
    assert {name.split("/")[0] for name in members(tmp_path / "out.zip")} == {"members"}


def test_nothing_to_export_is_said(corpus: Corpus, tmp_path: Path) -> None:
    with pytest.raises(NothingToDoError):
        export(corpus, tmp_path / "out.zip")
    assert not (tmp_path / "out.zip").exists()


def test_many_documents_with_many_rows_all_go_out(corpus: Corpus, tmp_path: Path) -> None:
    spans = [{"start": n, "end": n + 1, "label": "A"} for n in range(40)]
    add(corpus, tmp_path, *({"id": f"d{n}", "text": "x" * 40 + str(n), "spans": spans} for n in range(250)))
    report = export(corpus, tmp_path / "out.jsonl", format="jsonl")
    assert report.documents == 250
    assert len((tmp_path / "out.jsonl").read_text().splitlines()) == 250


def test_what_is_lost_is_said_before_anything_is_written(corpus: Corpus, tmp_path: Path) -> None:
    spans = [{"start": 0, "end": 1, "label": "A"}, {"start": 2, "end": 3, "label": "B"}]
    add(corpus, tmp_path, {"id": "a", "text": "x y", "spans": spans}, {"id": "b", "text": "z", "labels": {"t": "v"}})
    said: list[str] = []

    def on_losses(losses: Losses) -> None:
        assert not (tmp_path / "out.csv").exists()
        said.append(losses.sentence())

    report = export(corpus, tmp_path / "out.csv", format="csv", on_losses=on_losses)
    assert said == ["csv has no room for 2 entities."]
    assert report.lost == {"entities": 2}


def test_several_versions_are_looked_for_before_they_are_counted(corpus: Corpus, tmp_path: Path) -> None:
    spans = [{"start": 0, "end": 1, "label": "A"}]
    (first, _) = add(corpus, tmp_path, {"id": "a", "text": "x y", "spans": spans}, {"id": "b", "text": "z"})
    assert not has_several_versions(corpus)
    assert export(corpus, tmp_path / "one.jsonl", format="jsonl").lost == {}
    decide(corpus, first, Kind.ACCEPT, accepted(Entity("A", (Span("s1v1", 0, 1),), number=1)))
    assert has_several_versions(corpus)
    assert export(corpus, tmp_path / "two.jsonl", format="jsonl").lost == {"versions": 1}
