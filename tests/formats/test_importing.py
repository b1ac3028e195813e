"""Importing: what comes in, joins the scheme, is refused, is reported."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.formats.helpers import CORPORA
from tui_annotate.domain.scheme import Choice, DocumentLabel, EntityType, Scheme
from tui_annotate.errors import UsageError
from tui_annotate.formats.base import ReadOptions
from tui_annotate.services.importing import ImportReport, import_paths
from tui_annotate.store import counters, documents, settings, sources, suggestions, versions
from tui_annotate.store.connection import Corpus


@pytest.fixture
def corpus(tmp_path: Path) -> Iterator[Corpus]:
    """Return an empty corpus."""
    with Corpus.create(tmp_path / "corpus.db") as made:
        yield made


def run(corpus: Corpus, path: Path, **options: Any) -> ImportReport:
    """Import one path."""
    return import_paths(corpus, [path], annotator="me", **options)


def jsonl(folder: Path, *rows: dict[str, Any], name: str = "x.jsonl") -> Path:
    """Write rows into a file."""
    path = folder / name
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_labels_join_the_scheme_with_kinds_from_their_values(corpus: Corpus, tmp_path: Path) -> None:
    spans = [{"start": 0, "end": 1, "label": "DRUG", "attributes": {"status": "now"}}]
    labels = {"topic": "a", "done": True, "tags": ["x", "y"], "grade": 3}
    path = jsonl(tmp_path, {"text": "one", "spans": spans, "labels": labels}, {"text": "two", "labels": {"topic": "b"}})
    report = run(corpus, path)
    scheme = settings.scheme(corpus)
    assert [e.name for e in scheme.entities] == ["DRUG"]
    assert {m.name: (m.kind, tuple(o.value for o in m.options)) for m in scheme.labels} == {
        "topic": ("choice", ("a", "b")),
        "done": ("boolean", ()),
        "tags": ("choices", ("x", "y")),
        "grade": ("text", ()),
    }
    assert [(a.name, a.kind) for a in scheme.attributes] == [("status", "choice")]
    assert "entity type DRUG" in report.added
    assert len(report.added) == 6


def test_a_choice_of_too_many_values_is_text(corpus: Corpus, tmp_path: Path) -> None:
    run(corpus, jsonl(tmp_path, *({"text": f"t{n}", "label": f"value {n}"} for n in range(100))))
    (label,) = settings.scheme(corpus).labels
    assert (label.kind, label.options) == ("text", ())


def test_strict_refuses_what_the_scheme_lacks_and_names_the_nearest(tmp_path: Path) -> None:
    scheme = Scheme((EntityType("DRUG"),))
    path = jsonl(
        tmp_path,
        {"id": "a", "text": "one", "spans": [{"start": 0, "end": 1, "label": "DRUGS"}]},
        {"id": "b", "text": "two", "spans": [{"start": 0, "end": 1, "label": "DRUG"}]},
    )
    with Corpus.create(tmp_path / "s.db", scheme=scheme) as corpus:
        report = run(corpus, path, strict=True)
        assert settings.scheme(corpus) == scheme.numbered()
        assert documents.find(corpus, "a") is None
        assert documents.find(corpus, "b") is not None
    (refused,) = report.problems
    assert refused.where.endswith("x.jsonl:1")
    assert "did you mean 'DRUG'?" in refused.reason
    assert report.counts.refused == 1


def test_values_are_fitted_to_the_kind_of_their_label(tmp_path: Path) -> None:
    scheme = Scheme(labels=(DocumentLabel("IsSpam", "boolean"), DocumentLabel("tags", "choices", (Choice("x"),))))
    path = jsonl(
        tmp_path,
        {"id": "a", "text": "one", "labels": {"IsSpam": "yes", "tags": "x"}, "confirmed": True},
        {"id": "b", "text": "two", "labels": {"IsSpam": "perhaps"}, "confirmed": True},
    )
    with Corpus.create(tmp_path / "s.db", scheme=scheme) as corpus:
        report = run(corpus, path)
        first = documents.find(corpus, "a")
        second = documents.find(corpus, "b")
        assert first is not None
        assert second is not None
        labels = versions.load(corpus, first, "master").annotations.labels
        assert {name: label.value for name, label in labels.items()} == {"IsSpam": True, "tags": ("x",)}
        assert versions.load(corpus, second, "master").annotations.labels == {}
    assert [p.severity for p in report.problems] == ["refused", "repaired", "noted"]


def test_importing_twice_changes_nothing(corpus: Corpus) -> None:
    assert run(corpus, CORPORA / "clinical").counts.created == 2
    scheme = settings.scheme(corpus)
    again = run(corpus, CORPORA / "clinical")
    assert (again.counts.created, again.counts.unchanged, again.added) == (0, 2, [])
    assert settings.scheme(corpus) == scheme


def test_a_project_brings_its_ids_and_guidelines(corpus: Corpus) -> None:
    run(corpus, CORPORA / "clinical")
    scheme = settings.scheme(corpus)
    legend = json.loads((CORPORA / "clinical" / "annotations-legend.json").read_text())
    groups = (scheme.entities, scheme.labels, scheme.attributes, scheme.relations)
    assert {thing.id: thing.name for group in groups for thing in group} == legend
    assert {r.ends for r in scheme.relations} == {("lab", "lab_value"), ("lab", "lab_unit"), ("lab", "lab_interp")}
    assert scheme.guidelines.startswith("### Annotation Guidelines")


def test_confirmed_versions_are_annotations_and_others_suggestions(corpus: Corpus) -> None:
    report = run(corpus, CORPORA / "clinical")
    assert (report.counts.entities, report.counts.suggestions) == (4, 12)
    id = documents.find(corpus, "aj7TDeRicOq1RkTN_W0ybYJHR1e0-text")
    assert id is not None
    assert len(versions.load(corpus, id, "master").annotations.entities) == 4
    assert {s.who for s in suggestions.of(corpus, id)} >= {("user:sfee",), ("ml:regex", "user:sfee")}


def test_a_dry_run_reports_the_same_and_writes_nothing(corpus: Corpus, tmp_path: Path) -> None:
    path = jsonl(tmp_path, {"text": "one", "label": "a"}, {"text": "one"}, {"text": ""})
    before = corpus.path.read_bytes()
    tried = run(corpus, path, dry_run=True)
    assert corpus.path.read_bytes() == before
    done = run(corpus, path)
    assert (tried.counts, tried.added, tried.problems) == (done.counts, done.added, done.problems)
    assert (tried.dry_run, done.dry_run) == (True, False)
    assert counters.progress(corpus).total == 2


def test_the_sources_are_kept(corpus: Corpus, tmp_path: Path) -> None:
    path = jsonl(tmp_path, {"id": "a", "text": "one"})
    run(corpus, path)
    run(corpus, CORPORA / "clinical")
    shared = documents.find(corpus, "a")
    own = documents.find(corpus, "aj7TDeRicOq1RkTN_W0ybYJHR1e0-text")
    assert shared is not None
    assert own is not None
    kept = sources.of_document(corpus, shared)
    assert kept is not None
    assert b"".join(sources.read(corpus, kept[0])) == path.read_bytes()
    assert set(documents.files(corpus, own)) == {"plain.html", "master.ann.json", "sfee.ann.json"}


def test_the_report_counts_by_file(corpus: Corpus, tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    jsonl(folder, {"text": "one"}, {"text": 1}, name="a.jsonl")
    jsonl(folder, {"text": "two"}, name="b.jsonl")
    (folder / "c.txt").write_text("three")
    (folder / "d.txt").write_text("")
    (folder / "e.exe").write_text("?")
    report = run(corpus, folder)
    assert [(Path(f.where).name, f.format, f.files, f.documents, f.refused) for f in report.files] == [
        ("a.jsonl", "jsonl", 1, 1, 1),
        ("b.jsonl", "jsonl", 1, 1, 0),
        ("in", "text", 2, 1, 1),
    ]
    assert len([p for p in report.problems if p.severity == "refused"]) == 3


def test_duplicates_are_reported_or_left_out(corpus: Corpus, tmp_path: Path) -> None:
    path = jsonl(tmp_path, {"id": "a", "text": "same"}, {"id": "b", "text": "same"})
    report = run(corpus, path, skip_duplicates=True)
    assert (report.counts.created, report.counts.duplicates) == (1, 1)
    assert "same text as a" in report.problems[0].reason


def test_options_reach_the_reader(corpus: Corpus, tmp_path: Path) -> None:
    (tmp_path / "sms.tsv").write_text("ham\tgood evening to you\nspam\tfree prize for all\n")
    run(corpus, tmp_path / "sms.tsv", as_="annotations", options=ReadOptions(label="IsSpam", true_value="spam"))
    (label,) = settings.scheme(corpus).labels
    assert (label.name, label.kind) == ("IsSpam", "boolean")
    assert counters.progress(corpus).confirmed == 2


def test_a_type_that_the_annotator_makes_during_an_import_stays(corpus: Corpus, tmp_path: Path) -> None:
    rows = [{"text": f"text {n}", "spans": [{"start": 0, "end": 4, "label": f"T{n // 400}"}]} for n in range(900)]

    def annotate(done: int) -> None:
        scheme = settings.scheme(corpus)
        if scheme.entity("MINE") is None:
            settings.set_scheme(corpus, scheme.with_entity(EntityType("MINE")), annotator="ann")

    run(corpus, jsonl(tmp_path, *rows), on_progress=annotate)
    types = settings.scheme(corpus).entities
    assert {"T0", "T1", "T2", "MINE"} <= {type.name for type in types}
    assert len({type.id for type in types}) == len(types)


def test_a_missing_path_is_a_usage_error(corpus: Corpus, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such file"):
        run(corpus, tmp_path / "no.txt")
