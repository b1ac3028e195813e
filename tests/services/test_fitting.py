"""Values of labels that are read as what the scheme has are said once a label, those that cannot be each."""

from __future__ import annotations

from pathlib import Path

from tests.formats.helpers import source
from tui_annotate.domain.annotations import Annotations, LabelContent, LabelValue
from tui_annotate.domain.documents import Document, Part
from tui_annotate.domain.interchange import ExchangedDocument, ExchangedVersion
from tui_annotate.domain.scheme import Choice, DocumentLabel
from tui_annotate.formats import registry
from tui_annotate.formats.base import ReadOptions
from tui_annotate.services.fitting import Converted, fitted
from tui_annotate.services.importing import import_paths
from tui_annotate.store.connection import Corpus

LABELS = {
    "tags": DocumentLabel("tags", "choices", (Choice("a"), Choice("b"))),
    "urgent": DocumentLabel("urgent", "boolean"),
}


def document(number: int, name: str, value: LabelContent) -> ExchangedDocument:
    """Return a document with one label."""
    version = ExchangedVersion(Annotations(labels={name: LabelValue(name, value)}), True)
    return ExchangedDocument(Document(f"d{number}", (Part("s1v1", "x"),)), (version,), f"f.csv:{number}")


def test_what_is_read_as_another_kind_is_counted_and_told_once() -> None:
    converted = Converted()
    for number in range(300):
        one, problems = fitted(document(number, "tags", "a"), LABELS, converted)
        assert (one.versions[0].annotations.labels["tags"].value, problems) == (("a",), [])
    _, problems = fitted(document(300, "urgent", "yes"), LABELS, converted)
    _, more = fitted(document(301, "urgent", "maybe"), LABELS, converted)
    assert (problems, [p.reason for p in more]) == ([], ["'maybe' is no value of a boolean label; left out"])
    assert [str(problem) for problem in converted.problems()] == [
        "f.csv:0: tags: 300 single values are read as lists of one, since the label is choices: first 'a' (noted)",
        "f.csv:300: urgent: 1 value is read as what a boolean label has: first 'yes' as true (repaired)",
    ]
    assert not list(converted.problems())


def test_a_table_of_doccano_makes_no_noise(tmp_path: Path) -> None:
    rows = "".join(f"{n},text number {n},{'a#b' if n % 3 == 0 else 'ab'[n % 2]},\n" for n in range(300))
    (tmp_path / "dc.csv").write_text(f"id,text,label,Comments\n{rows}")
    with Corpus.create(tmp_path / "c.db") as corpus:
        report = import_paths(corpus, [tmp_path / "dc.csv"], annotator="me")
    assert len(report.problems) <= 3, report.problems
    assert not [problem for problem in report.problems if problem.severity == "repaired"]
    reader = registry.get("doccano-csv").read
    assert reader is not None
    items = list(reader([source("a.csv", "id,text,label,Comments\n1,x,a,\n1,x,b,\n2,y,a,\n")], ReadOptions()))
    values = [
        v.annotations.labels["label"].value for i in items if isinstance(i, ExchangedDocument) for v in i.versions
    ]
    assert values == [("a", "b"), ("a",)]
