from __future__ import annotations

import io
import json
import os
import zipfile
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tui_annotate.store import documents
from tui_annotate.store.connection import Corpus

ROWS = (
    '{"id":"1","text":"Aspirin \\u001b[31m helped","spans":[{"start":0,"end":7,"label":"Drug"}],"confirmed":true}\n'
    "{bad\n"
    '{"id":"2","text":"Nothing to see"}\n'
)


@pytest.fixture
def corpus(run: Run, tmp_path: Path) -> Path:
    (tmp_path / "rows.jsonl").write_text(ROWS)
    assert run("new", "notes.db").code == 0
    return tmp_path / "notes.db"


def test_an_import_reports_what_came_in_and_goes_on_after_a_broken_line(run: Run, corpus: Path) -> None:
    ran = run("import", corpus, "rows.jsonl", "--json")
    assert ran.code == 0
    assert "rows.jsonl:2" in ran.err
    report = json.loads(ran.out)
    assert (report["counts"]["created"], report["counts"]["entities"]) == (2, 1)
    assert report["added"] == ["entity type Drug"]
    again = json.loads(run("import", corpus, "rows.jsonl", "--json").out)
    assert (again["counts"]["created"], again["counts"]["unchanged"]) == (0, 2)


def test_a_dry_run_reports_the_same_and_changes_nothing(run: Run, corpus: Path) -> None:
    ran = run("import", corpus, "rows.jsonl", "--dry-run")
    assert "Would be: 2 created" in ran.err
    assert json.loads(run("stats", corpus, "--json").out)["total"] == 0


def test_nothing_at_all_is_invalid_data(run: Run, corpus: Path, tmp_path: Path) -> None:
    (tmp_path / "broken.jsonl").write_text("{bad\n")
    assert run("import", corpus, "broken.jsonl").code == 3


def test_strict_refuses_unknown_labels_and_says_so_with_its_code(run: Run, corpus: Path) -> None:
    ran = run("import", corpus, "rows.jsonl", "--strict")
    assert ran.code == 3
    assert "Drug" in ran.err
    assert json.loads(run("stats", corpus, "--json").out)["entity_types"] == []


def test_columns_and_values_are_named(run: Run, corpus: Path, tmp_path: Path) -> None:
    (tmp_path / "sms.tsv").write_text("kind\tmessage\nham\tsee you\nspam\twin a prize\n")
    options = ("--label", "IsSpam", "--true", "spam", "--text-column", "message", "--label-column", "kind")
    assert run("import", corpus, "sms.tsv", *options, "--as", "annotations").code == 0
    rows = [json.loads(line) for line in run("export", corpus, "--format", "jsonl", "--output", "-").out.splitlines()]
    assert [row["labels"]["IsSpam"] for row in rows] == [False, True]


def test_standard_input_is_read(run: Run, corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stdin = io.TextIOWrapper(io.BytesIO(ROWS.encode()))
    monkeypatch.setattr("sys.stdin", stdin)
    assert run("import", corpus, "-", "--format", "jsonl").code == 0
    assert json.loads(run("stats", corpus, "--json").out)["total"] == 2


def test_exports_go_to_a_project_zip_and_never_over_a_file_unasked(run: Run, corpus: Path, tmp_path: Path) -> None:
    run("import", corpus, "rows.jsonl")
    assert run("export", corpus, "--confirmed", "--output", "out.zip").code == 0
    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        assert sum(name.endswith(".ann.json") for name in archive.namelist()) == 1
    assert run("export", corpus, "--output", "out.zip").code == 2
    assert run("export", corpus, "--output", "out.zip", "--overwrite").code == 0


def test_an_export_takes_only_what_a_query_finds(run: Run, corpus: Path) -> None:
    run("import", corpus, "rows.jsonl")
    ran = run("export", corpus, "--format", "jsonl", "--query", "aspirin", "--output", "-")
    assert [json.loads(line)["id"] for line in ran.out.splitlines()] == ["1"]
    assert run("export", corpus, "--query", "zzz", "--output", "none.zip").code == 6


def test_search_prints_a_line_a_place_and_nothing_that_drives_the_terminal(run: Run, corpus: Path) -> None:
    run("import", corpus, "rows.jsonl")
    ran = run("search", corpus, "ASPIRIN")
    assert ran.out.startswith("1:")
    assert "\x1b" not in ran.out
    assert run("search", corpus, "ASPIRIN", "--pattern", "--case").code == 6
    assert run("search", corpus, "ASPIRIN", "--case").code == 2
    assert [hit["found"] for hit in json.loads(run("search", corpus, "h.lped", "--pattern", "--json").out)] == [
        "helped"
    ]
    assert run("search", corpus, "(", "--pattern").code == 2


def test_formats_are_listed_with_what_they_lose(run: Run) -> None:
    rows = {row["name"]: row for row in json.loads(run("formats", "--json").out)}
    assert rows["anndoc"]["loses"] == ""
    assert rows["csv"]["loses"]
    assert "jsonl" in run("formats").out


def test_a_sound_corpus_is_verified_rebuilt_and_backed_up(run: Run, corpus: Path, tmp_path: Path) -> None:
    run("import", corpus, "rows.jsonl")
    assert run("verify", corpus).code == 0
    assert json.loads(run("verify", corpus, "--json").out) == {"sound": True, "problems": []}
    assert json.loads(run("rebuild", corpus, "--json").out)["equal"]
    copy = Path(run("backup", corpus).out.strip())
    assert copy.exists()
    assert run("verify", copy).code == 0
    assert run("backup", corpus, copy).code == 2


def test_a_state_that_differs_from_the_log_is_told_and_put_right_after_a_backup(run: Run, corpus: Path) -> None:
    import sqlite3

    run("import", corpus, "rows.jsonl")
    with sqlite3.connect(corpus) as db:
        db.execute("UPDATE document SET state = 0")
    ran = run("rebuild", corpus)
    assert ran.code == 5
    assert "state" in ran.out
    assert run("rebuild", corpus, "--apply").code == 0
    assert run("rebuild", corpus).code == 0
    assert list(corpus.parent.glob("notes.backup-*.db"))


def test_a_row_that_states_no_entities_is_annotated(run: Run, corpus: Path, tmp_path: Path) -> None:
    rows = (
        '{"id":"a","tokens":["No","drug"],"tags":["O","O"]}',
        '{"id":"b","text":"x","spans":[]}',
        '{"text":"unsaid"}',
    )
    (tmp_path / "empty.jsonl").write_text("\n".join(rows))
    assert run("import", corpus, "empty.jsonl", "--as", "annotations").code == 0
    stats = json.loads(run("stats", corpus, "--json").out)
    assert (stats["total"], stats["confirmed"]) == (3, 2)
    assert run("rebuild", corpus).code == 0


def test_a_file_name_that_is_no_utf8_is_told_as_such(run: Run, corpus: Path, tmp_path: Path) -> None:
    try:
        Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.txt")).write_text("un café")
    except OSError:
        pytest.skip("the file system takes UTF-8 names only")
    (tmp_path / "fine.txt").write_text("fine")
    ran = run("import", corpus, os.fsdecode(b"caf\xe9.txt"), "fine.txt")
    assert ran.code == 0
    assert "name: is no UTF-8; rename the file" in ran.err
    assert json.loads(run("stats", corpus, "--json").out)["total"] == 1


def test_annotations_that_point_nowhere_go_out_again_in_any_order(run: Run, corpus: Path, tmp_path: Path) -> None:
    (tmp_path / "pair").mkdir()
    (tmp_path / "pair/c.plain.html").write_text('<html><body><pre id="s1v1">Text c here</pre></body></html>')
    entity = '{"classId":"e_1","part":"%s","offsets":[{"start":0,"text":"%s"}]}'
    rows = ",".join(entity % row for row in (("s9v9", "Text"), ("s1v1", "nowhere"), ("s1v1", "Text")))
    (tmp_path / "pair/c.ann.json").write_text(f'{{"anncomplete":true,"entities":[{rows}]}}')
    assert run("import", corpus, "pair").code == 0
    assert run("export", corpus, "--output", "out").code == 0
    (written,) = (tmp_path / "out").rglob("*.ann.json")
    assert sorted(e["offsets"][0]["text"] for e in json.loads(written.read_text())["entities"]) == [
        "Text",
        "Text",
        "nowhere",
    ]


def test_hundreds_of_duplicates_do_not_push_what_was_refused_away(run: Run, corpus: Path, tmp_path: Path) -> None:
    (tmp_path / "same.jsonl").write_text('{"text":"the same"}\n' * 200 + "{broken\n")
    ran = run("import", corpus, "same.jsonl")
    assert ran.err.count("has the same text") == 20
    assert "... and 179 more that are only noted" in ran.err
    assert "same.jsonl:201: is no JSON" in ran.err
    assert "200 created, 199 duplicates" in ran.err


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_tags_go_out_with_anndoc_and_come_back(run: Run, corpus: Path, tmp_path: Path, encoding: str) -> None:
    (tmp_path / "pair").mkdir()
    html = '<html id="one" class="anndoc"><body><pre id="s1v1">Text &gt; here</pre></body></html>'
    (tmp_path / "pair/one.plain.html").write_text(html, encoding=encoding)
    (tmp_path / "row.jsonl").write_text('{"id":"two","text":"Text","document_tags":["b","a","a"," x",""]}')
    assert run("import", corpus, "pair", "row.jsonl").code == 0

    def tags_of(path: Path) -> dict[str, tuple[str, ...]]:
        with Corpus.open(path, readonly=True) as opened:
            return {document.key: document.tags for batch in documents.batches(opened) for _, document in batch}

    with Corpus.open(corpus) as opened:
        documents.add_tag(opened, 1, 'Train "1"', annotator="ann")
    assert run("export", corpus, "--output", "out.zip").code == 0
    assert run("new", "again.db").code == 0
    assert run("import", "again.db", "out.zip").code == 0
    assert tags_of(tmp_path / "again.db") == tags_of(corpus) == {"one": ('Train "1"',), "two": ("a", "b", "x")}
    with Corpus.open(tmp_path / "again.db") as opened:
        documents.remove_tag(opened, 1, 'Train "1"', annotator="ann")
    assert run("export", "again.db", "--output", "bare").code == 0
    (written,) = (tmp_path / "bare").rglob("one.plain.html")
    assert b"data-tags" not in written.read_bytes()


def test_an_export_never_replaces_a_corpus(run: Run, corpus: Path) -> None:
    run("import", corpus, "rows.jsonl")
    ran = run("export", corpus, "--format", "jsonl", "--output", corpus, "--overwrite")
    assert ran.code == 2
    assert "would be lost" in ran.err
    assert run("verify", corpus).code == 0


def test_a_version_of_nobody_is_wrong_usage(run: Run, corpus: Path) -> None:
    run("import", corpus, "rows.jsonl")
    assert run("export", corpus, "--version", "master", "--output", "a.zip").code == 0
    ran = run("export", corpus, "--version", "mastre", "--output", "b.zip")
    assert ran.code == 2
    assert "Did you mean master?" in ran.err


def test_a_partly_refused_import_is_0_and_with_strict_3(run: Run, corpus: Path, tmp_path: Path) -> None:
    rows = '{"id": "a", "text": "one"}\n{broken\n{"id": "b", "text": "two", "spans": [{"start": 9}]}\n'
    (tmp_path / "part.jsonl").write_text(rows)
    ran = run("import", corpus, "part.jsonl")
    assert (ran.code, "2 created" in ran.err) == (0, True)
    ran = run("import", corpus, "part.jsonl", "--strict")
    assert ran.code == 3
    assert "2 refused; the rest is in." in ran.err
    (tmp_path / "whole.jsonl").write_text(rows.splitlines()[0])
    assert run("import", corpus, "whole.jsonl", "--strict").code == 0


def test_one_of_a_thing_is_said_as_one(run: Run, corpus: Path, tmp_path: Path) -> None:
    row = '{"id": "a", "text": "one", "spans": [{"start": 0, "end": 3, "label": "N"}], "confirmed": true}'
    (tmp_path / "one.jsonl").write_text(row)
    assert "1 created, 1 entity." in run("import", corpus, "one.jsonl").err
