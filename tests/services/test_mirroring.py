"""The text mirror: in step both ways, and nothing lost where it is not."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from tests.store import making
from tui_annotate.domain.annotations import Suggestion
from tui_annotate.domain.scheme import Attribute, Choice, DocumentLabel, EntityType, RelationType, Scheme
from tui_annotate.domain.spans import Span
from tui_annotate.errors import DataError, UsageError
from tui_annotate.formats.mirror import files as mirror_files
from tui_annotate.formats.mirror import lines as mirror_lines
from tui_annotate.services import scheme_changes
from tui_annotate.services.importing import import_paths
from tui_annotate.services.mirroring import MirrorReport, mirror
from tui_annotate.services.outgoing_versions import exchanged
from tui_annotate.store import log, suggestions, versions
from tui_annotate.store.connection import Corpus
from tui_annotate.store.outgoing import outgoing
from tui_annotate.store.settings import change
from tui_annotate.store.verify import verify

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


@pytest.fixture
def confirmed(tmp_path: Path) -> Corpus:
    """A document that al confirmed, and that bo's version for review has more of."""
    gold = making.version(making.entity(1, 0, 7, "Drug", ("user:al",)))
    more = [
        making.entity(n, *place, who=())
        for n, place in enumerate([(0, 7, "Drug"), (17, 26, "Drug"), (12, 16, "Food")], 1)
    ]
    corpus = Corpus.create(tmp_path / "h.db", scheme=SCHEME)
    change(corpus, holdout_share=0.0)
    versions = (gold, replace(gold, annotator="al"), making.version(*more, annotator="bo", confirmed=False))
    making.take_in(corpus, making.document("h", "Aspirin and also Ibuprofen", versions=versions))
    assert len(suggestions.of(corpus, 1)) == 4, "a label among them"
    return corpus


def test_an_edit_of_what_another_confirmed_takes_nothing_else_and_confirms_nothing(
    confirmed: Corpus, tmp_path: Path
) -> None:
    sync(confirmed, tmp_path)
    edit(page(tmp_path, "h"), ("e1\tDrug", "e1\tFood"))
    assert sync(confirmed, tmp_path).in_step
    assert held(confirmed) == [("Food", "0-7", ("user:zoe",))]
    assert versions.load(confirmed, 1, "zoe").state == "in_progress"
    assert versions.load(confirmed, 1, "zoe").master_by == "master"
    lines = page(tmp_path, "h").read_text().splitlines()[1:]
    assert [line.split("\t")[:3] for line in lines] == [
        ["confirmed", "no"],
        ["label", "urgent", "-"],
        ["e1", "Food", "s1v1:0-7"],
        ["s3", "Food", "s1v1:12-16"],
        ["s2", "Drug", "s1v1:17-26"],
    ], "the suggestion of what was changed does not come back beside it"


def test_what_one_confirmed_oneself_stays_so_with_a_correction_and_the_hidden_stays_hidden(
    confirmed: Corpus, tmp_path: Path
) -> None:
    mirror(confirmed, tmp_path / "m", annotator="al")
    before = page(tmp_path, "h").read_text()
    edit(page(tmp_path, "h"), ("e1\tDrug", "e1\tFood"))
    mirror(confirmed, tmp_path / "m", annotator="al")
    loaded = versions.load(confirmed, 1, "al")
    assert (loaded.state, [e.type for e in loaded.annotations.entities.values()]) == ("confirmed", ["Food"])
    after = page(tmp_path, "h").read_text()
    assert sum(old != new for old, new in zip(before.split("\n"), after.split("\n"), strict=True)) == 1


def test_confirming_takes_only_what_the_file_shows(
    corpus: Corpus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sync(corpus, tmp_path)
    edit(page(tmp_path), ("confirmed\tno", "confirmed\tyes"))
    real = suggestions.of
    late = Suggestion("entity", "Food", (Span("s1v1", 8, 11),), id=77)
    monkeypatch.setattr(suggestions, "of", lambda corpus, id: [*real(corpus, id), late])
    monkeypatch.setattr("tui_annotate.store.outgoing.suggestions.of", real)
    sync(corpus, tmp_path)
    assert [place for _, place, _ in held(corpus)] == ["0-7", "17-26"]


def test_what_is_accepted_with_a_suggestion_stands_in_its_line(tmp_path: Path) -> None:
    place = (Span("s1v1", 0, 7),)
    with Corpus.create(tmp_path / "v.db", scheme=SCHEME) as corpus:
        change(corpus, holdout_share=0.0)
        making.take_in(corpus, making.document("a", "Aspirin now"))
        found = [Suggestion("entity", "Drug", place), Suggestion("attribute", "dose", place, "2 mg")]
        with corpus.transaction() as db:
            suggestions.insert(db, 1, found)
        sync(corpus, tmp_path)
        assert '"Aspirin"\t{"dose":"2 mg"}' in page(tmp_path).read_text()
        edit(page(tmp_path), ("s1\tDrug", "+\tDrug"), ('{"dose":"2 mg"}\t-\tsuggested 1', "-"))
        sync(corpus, tmp_path)
        assert [dict(e.attributes) for e in versions.load(corpus, 1, "zoe").annotations.entities.values()] == [{}]


RELATED = {
    "id": "r",
    "text": "Aspirin and also Ibuprofen",
    "spans": SPANS,
    "relations": [
        {"label": "with", "from": 1, "to": 2, "directed": True},
        {"label": "with", "from": 2, "to": 1, "directed": True},
    ],
    "confirmed": False,
}


@pytest.fixture
def related(tmp_path: Path) -> Corpus:
    (tmp_path / "rows.jsonl").write_text(json.dumps(RELATED))
    corpus = Corpus.create(tmp_path / "r.db", scheme=SCHEME)
    change(corpus, holdout_share=0.0)
    import_paths(corpus, [tmp_path / "rows.jsonl"], annotator="me")
    return corpus


def gone_out(corpus: Corpus, annotator: str = "zoe") -> list[tuple[tuple[int, int], tuple[str, ...]]]:
    (one,) = outgoing(corpus)
    (version,) = exchanged(one, tie="priority", version=annotator).versions
    starts = {number: entity.span.start for number, entity in version.annotations.entities.items()}
    found = version.annotations.relations.values()
    return [((starts[r.ends[0]], starts[r.ends[1]]), r.who) for r in found]


def test_relations_that_go_along_are_shown_and_can_be_taken_out(related: Corpus, tmp_path: Path) -> None:
    sync(related, tmp_path)
    path = page(tmp_path, "r")
    assert [line.split("\t")[:3] for line in path.read_text().splitlines() if line[0] == "i"] == [
        ["i1", "with", "s1>s2"],
        ["i2", "with", "s2>s1"],
    ]
    kept = "".join(line for line in path.read_text().splitlines(True) if not line.startswith("i2"))
    path.write_text(kept.replace("confirmed\tno", "confirmed\tyes"))
    assert sync(related, tmp_path).in_step
    assert versions.load(related, 1, "zoe").state == "confirmed"
    assert gone_out(related) == [((0, 17), ())]
    shown = [line for line in path.read_text().splitlines() if line[0] in "ir"]
    assert shown == ["i1\twith\te1>e2\t-\t-\t-\tannotated"]
    path.write_text("".join(line for line in path.read_text().splitlines(True) if not line.startswith("i1")))
    sync(related, tmp_path)
    assert (gone_out(related), versions.load(related, 1, "zoe").state) == ([], "confirmed")
    log.undo(related, "zoe")
    assert gone_out(related) == [((0, 17), ())]
    assert verify(related) == []


def test_a_relation_that_is_accepted_is_the_annotators_own_and_taken_out_again_stays_out(
    related: Corpus, tmp_path: Path
) -> None:
    sync(related, tmp_path)
    path = page(tmp_path, "r")
    path.write_text(path.read_text().replace("suggested 0.5", "accepted").replace("suggested 1", "accepted"))
    assert sync(related, tmp_path).in_step
    assert gone_out(related) == [((0, 17), ("user:zoe",)), ((17, 0), ("user:zoe",))]
    lines = path.read_text().splitlines(True)
    assert [line[0] for line in lines[2:]] == ["e", "e", "r", "r"]
    path.write_text("".join(lines[:-1]))
    sync(related, tmp_path)
    assert gone_out(related) == [((0, 17), ("user:zoe",))]


def test_a_rejected_relation_is_renamed_with_its_type(related: Corpus, tmp_path: Path) -> None:
    sync(related, tmp_path)
    path = page(tmp_path, "r")
    path.write_text("".join(line for line in path.read_text().splitlines(True) if not line.startswith("i2")))
    sync(related, tmp_path)
    scheme_changes.rename(related, "relation", "with", "beside", annotator="zoe")
    assert gone_out(related) == [((0, 17), ())]


def test_files_that_were_taken_away_or_renamed_are_named(corpus: Corpus, tmp_path: Path) -> None:
    sync(corpus, tmp_path)
    page(tmp_path).rename(page(tmp_path, "renamed"))
    page(tmp_path, "b").unlink()
    report = sync(corpus, tmp_path)
    assert report.notes == [
        f"{page(tmp_path)}: was taken away, or renamed; written again",
        f"{page(tmp_path, 'b')}: was taken away, or renamed; written again",
        f"{page(tmp_path, 'renamed')}: belongs to no document of the corpus; it is not read",
    ]
    assert report.in_step
    assert page(tmp_path, "renamed").exists()
