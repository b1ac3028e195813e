"""The text mirror: in step both ways, and nothing lost where it is not."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tui_annotate.domain.scheme import Attribute, Choice, DocumentLabel, EntityType, RelationType, Scheme
from tui_annotate.errors import DataError, UsageError
from tui_annotate.formats.mirror import files as mirror_files
from tui_annotate.formats.mirror import lines as mirror_lines
from tui_annotate.services.importing import import_paths
from tui_annotate.services.mirroring import MirrorReport, mirror
from tui_annotate.store import log, suggestions, versions
from tui_annotate.store.connection import Corpus
from tui_annotate.store.settings import change

SCHEME = Scheme(
    (EntityType("Drug"), EntityType("Food")),
    (DocumentLabel("urgent", "boolean"), DocumentLabel("topics", "choices", (Choice("a"), Choice("b")))),
    (Attribute("dose", "text"),),
    (RelationType("with"),),
)
SPANS = [{"start": 0, "end": 7, "label": "Drug", "prob": 0.5}, {"start": 17, "end": 26, "label": "Drug"}]
ROWS = [
    {"id": "a", "text": "Aspirin and also Ibuprofen 😀", "spans": SPANS},
    {
        "id": "b",
        "text": "Bread\r\n\twith \x1b[31m Aspirin",
        "spans": [{"start": 0, "end": 5, "label": "Food"}],
        "confirmed": True,
    },
    {"id": "c/../../d", "text": "nothing", "folder": "x/../y"},
]


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, ROWS)))
    corpus = Corpus.create(tmp_path / "c.db", scheme=SCHEME)
    change(corpus, holdout_share=0.0)
    import_paths(corpus, [tmp_path / "rows.jsonl"], annotator="me")
    return corpus


def sync(corpus: Corpus, tmp_path: Path, *, dry_run: bool = False) -> MirrorReport:
    return mirror(corpus, tmp_path / "m", annotator="zoe", dry_run=dry_run)


def page(tmp_path: Path, name: str = "a") -> Path:
    return tmp_path / "m" / "documents" / f"{name}.ann"


def edit(path: Path, *changes: tuple[str, str]) -> None:
    text = path.read_text()
    for old, new in changes:
        assert old in text, text
        text = text.replace(old, new)
    path.write_text(text)


def held(corpus: Corpus, document: int = 1) -> list[tuple[str, str, tuple[str, ...]]]:
    found = versions.load(corpus, document, "zoe").annotations.entities.values()
    return [(e.type, f"{e.span.start}-{e.span.end}", e.who) for e in found]


def test_what_a_document_looks_like(corpus: Corpus, tmp_path: Path) -> None:
    report = sync(corpus, tmp_path)
    assert (report.documents, report.written, report.in_step) == (3, 3, True)
    assert page(tmp_path).read_text().split("\n") == [
        "# a, as zoe sees it",
        "confirmed\tno",
        's1\tDrug\ts1v1:0-7\t"Aspirin"\t-\t-\tsuggested 0.5',
        's2\tDrug\ts1v1:17-26\t"Ibuprofen"\t-\t-\tsuggested 1',
        "",
    ]
    assert page(tmp_path, "b").with_suffix(".txt").read_bytes() == b"Bread\r\n\twith \x1b[31m Aspirin"
    assert "confirmed\tyes\ne1\tFood" in page(tmp_path, "b").read_text()
    inside = (tmp_path / "m").resolve()
    names = [path for path in tmp_path.rglob("*") if path.suffix in (".txt", ".ann")]
    assert len(names) == 6
    assert all(path.resolve().is_relative_to(inside / "documents") for path in names)


def test_nothing_is_written_or_read_when_nothing_changed(
    corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync(corpus, tmp_path)
    files = [path for path in (tmp_path / "m").rglob("*") if path.is_file() and not path.name.startswith(".mirror")]
    before = {path: os.lstat(path).st_mtime_ns for path in files}
    read: list[str] = []
    real = mirror_files.Folder.read

    def counting(self: mirror_files.Folder, name: str) -> bytes:
        read.append(name)
        return real(self, name)

    monkeypatch.setattr(mirror_files.Folder, "read", counting)
    report = sync(corpus, tmp_path)
    assert (report.unchanged, report.written, read) == (3, 0, ["scheme.toml"])
    assert {path: os.lstat(path).st_mtime_ns for path in files} == before


def test_a_decision_in_the_corpus_is_one_line_in_the_folder(corpus: Corpus, tmp_path: Path) -> None:
    from tests.services.test_touching import at, session

    sync(corpus, tmp_path)
    before = page(tmp_path).read_text().split("\n")
    log.record(corpus, at("Aspirin", lambda session: session.accept())(session(corpus)).decisions)
    report = sync(corpus, tmp_path)
    assert (report.written, report.unchanged) == (1, 2)
    after = page(tmp_path).read_text().split("\n")
    assert [n for n, (old, new) in enumerate(zip(before, after, strict=True)) if old != new] == [2]
    assert after[2].split("\t")[5:] == ["user:zoe", "annotated"]


def test_edits_come_in_as_one_act_that_undo_takes_back(corpus: Corpus, tmp_path: Path) -> None:
    sync(corpus, tmp_path)
    path = page(tmp_path)
    edit(
        path,
        ("s1\tDrug\ts1v1:0-7", "s1\tFood\ts1v1:0-7"),
        ('"Ibuprofen"\t-\t-\tsuggested 1', '"Ibuprofen"\t{"dose":"2 mg"}\t-\taccepted'),
        ("confirmed\tno", "confirmed\tyes"),
    )
    path.write_text(path.read_text() + '+\tDrug\ts1v1:8-11\t"and"\n+\turgent\t-\t-\tyes\n+\twith\ts1>s2\n')
    report = sync(corpus, tmp_path)
    assert (report.read_back, report.in_step) == (1, True)
    assert [(t, p) for t, p, _ in held(corpus)] == [("Food", "0-7"), ("Drug", "17-26"), ("Drug", "8-11")]
    loaded = versions.load(corpus, 1, "zoe")
    assert loaded.state == "confirmed"
    assert loaded.annotations.labels["urgent"].value is True
    assert [dict(e.attributes) for e in loaded.annotations.entities.values()] == [{}, {"dose": "2 mg"}, {}]
    assert [(r.type, r.ends, r.directed) for r in loaded.annotations.relations.values()] == [("with", (1, 2), True)]
    assert sync(corpus, tmp_path).in_step
    log.undo(corpus, "zoe")
    assert held(corpus) == []
    assert sync(corpus, tmp_path).written == 1
    assert "s1\tDrug" in path.read_text()


def test_a_line_taken_out_is_a_rejection_and_a_removal(corpus: Corpus, tmp_path: Path) -> None:
    sync(corpus, tmp_path)
    path = page(tmp_path)
    path.write_text("".join(line for line in path.read_text().splitlines(True) if not line.startswith("s1\t")))
    other = page(tmp_path, "b")
    edit(other, ("confirmed\tyes", "confirmed\tno"), ('e1\tFood\ts1v1:0-5\t"Bread"\t-\t-\tannotated\n', ""))
    assert sync(corpus, tmp_path).read_back == 2
    assert list(versions.load(corpus, 1, "zoe").verdicts.values()) == ["rejected"]
    assert (held(corpus, 2), versions.load(corpus, 2, "zoe").state) == ([], "in_progress")
    assert len(suggestions.of(corpus, 1)) == 2


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("s1\tDrug", "s1\tDrog", "3: there is no entity type 'Drog'; did you mean 'Drug'?"),
        ("s1v1:0-7", "s1v1:0-8", "3: at s1v1:0-8 stands \"Aspirin \", not \"Aspirin\""),
        ("s1v1:0-7", "s1v1:0-700", "3: s1v1:0-700 points at no text"),
        ("s1\tDrug", "q9\tDrug", "3: 'q9' is no id"),
        ("s1\tDrug", "s77\tDrug", "3: there is no s77"),
        ("confirmed\tno", "confirmed\tmaybe", "2: `confirmed` is followed"),
        ("confirmed\tno\n", "", "1: the line `confirmed` is missing"),
        ("confirmed\tno\n", "confirmed\tno\n<<<<<<< ours\n", "3: is the mark of a merge"),
        ("suggested 0.5", "perhaps", "3: 'perhaps' is no state"),
        ("-\t-\tsuggested 0.5", "-\tuser:eve\tsuggested 0.5", "3: who made it cannot be edited"),
        ("suggested 1\n", "suggested 1\n+\turgent\t-\t-\t\"x\"\n", "5: 'x' is no value of urgent"),
        ("suggested 1\n", "suggested 1\n+\ttopics\t-\t-\t[\"a\",\"z\"]\n", "5: there is no option of topics 'z'"),
        ("s2\tDrug", "s1\tDrug", "4: s1 stands twice"),
    ],
)  # fmt: skip
def test_a_line_that_makes_no_sense_is_named_and_nothing_is_taken(
    corpus: Corpus, tmp_path: Path, old: str, new: str, said: str
) -> None:
    sync(corpus, tmp_path)
    path = page(tmp_path)
    edit(path, (old, new), ("suggested 1", "accepted"))
    edited = path.read_bytes()
    report = sync(corpus, tmp_path)
    assert [line.startswith(f"{path}:{said}") for line in report.refused] == [True], report.refused
    assert (held(corpus), path.read_bytes()) == ([], edited)
    assert sync(corpus, tmp_path).refused == report.refused


def test_what_was_changed_on_both_sides_is_a_conflict_and_both_are_kept(corpus: Corpus, tmp_path: Path) -> None:
    from tests.services.test_touching import at, session

    sync(corpus, tmp_path)
    path = page(tmp_path)
    edit(path, ("s1\tDrug", "s1\tFood"))
    theirs = path.read_bytes()
    log.record(corpus, at("Ibuprofen", lambda session: session.accept())(session(corpus)).decisions)
    report = sync(corpus, tmp_path)
    assert len(report.conflicts) == 1
    assert path.with_name("a.ann.conflict").read_bytes() == theirs
    assert held(corpus) == [("Drug", "17-26", ("user:zoe",))]
    assert "e1\tDrug" in path.read_text()
    assert sync(corpus, tmp_path).in_step


def test_the_same_change_on_both_sides_is_none(corpus: Corpus, tmp_path: Path) -> None:
    from tests.services.test_touching import at, session

    sync(corpus, tmp_path)
    edit(page(tmp_path), ("suggested 0.5", "annotated"))
    log.record(corpus, at("Aspirin", lambda session: session.accept())(session(corpus)).decisions)
    assert sync(corpus, tmp_path).in_step
    assert not list((tmp_path / "m").rglob("*.conflict"))


def test_an_edited_text_is_refused_written_again_and_kept_beside(corpus: Corpus, tmp_path: Path) -> None:
    sync(corpus, tmp_path)
    text = page(tmp_path).with_suffix(".txt")
    text.write_text("Paracetamol")
    report = sync(corpus, tmp_path)
    assert "texts are never altered" in report.conflicts[0]
    assert text.read_text() == "Aspirin and also Ibuprofen 😀"
    assert text.with_name("a.txt.conflict").read_text() == "Paracetamol"


def test_a_dry_run_says_the_same_and_changes_nothing(corpus: Corpus, tmp_path: Path) -> None:
    assert sync(corpus, tmp_path, dry_run=True).written == 3
    assert not (tmp_path / "m").exists()
    sync(corpus, tmp_path)
    edit(page(tmp_path), ("suggested 0.5", "accepted"))
    before = {path: path.read_bytes() for path in (tmp_path / "m").rglob("*") if path.is_file()}
    report = sync(corpus, tmp_path, dry_run=True)
    assert (report.read_back, report.decisions) == (1, 1)
    assert {path: path.read_bytes() for path in (tmp_path / "m").rglob("*") if path.is_file()} == before
    assert held(corpus) == []


def test_a_folder_of_other_things_and_links_are_left_alone(corpus: Corpus, tmp_path: Path) -> None:
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "thesis.tex").write_text("years")
    with pytest.raises(UsageError, match=r"thesis\.tex"):
        sync(corpus, tmp_path)
    (tmp_path / "m" / "thesis.tex").unlink()
    sync(corpus, tmp_path)
    outside = tmp_path / "outside"
    outside.write_text("mine")
    page(tmp_path).unlink()
    page(tmp_path).symlink_to(outside)
    assert "links are not followed" in sync(corpus, tmp_path).refused[0]
    assert outside.read_text() == "mine"
    with pytest.raises(DataError, match="mirror of zoe"):
        mirror(corpus, tmp_path / "m", annotator="eve")
    manifest = tmp_path / "m" / "manifest.jsonl"
    edit(manifest, ('"file":"documents/a"', '"file":"documents/../../outside"'))
    with pytest.raises(DataError, match="no place inside"):
        sync(corpus, tmp_path)


def test_a_document_that_is_gone_takes_its_files_along_but_not_what_was_edited(corpus: Corpus, tmp_path: Path) -> None:
    sync(corpus, tmp_path)
    edit(page(tmp_path), ("suggested 0.5", "accepted"))
    with Corpus.create(tmp_path / "other.db", scheme=SCHEME) as other:
        change(other, holdout_share=0.0)
        (tmp_path / "rows.jsonl").write_text(json.dumps(ROWS[2]))
        import_paths(other, [tmp_path / "rows.jsonl"], annotator="me")
        report = mirror(other, tmp_path / "m", annotator="zoe")
    assert report.removed == 2
    left = {path.name for path in (tmp_path / "m" / "documents").iterdir() if path.is_file()}
    assert left == {"a.ann.conflict"}


def test_names_and_values_survive_their_lines() -> None:
    for text in ("a\tb", "line\nend", "back\\slash\\u0041", "\x1b]0;x\x07", "\u202eabc", "é 😀"):
        assert mirror_lines.unescaped(mirror_lines.escaped(text)) == text
        assert not set(mirror_lines.escaped(text)) & set("\t\n\x1b\u202e")
