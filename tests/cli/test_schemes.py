"""`scheme`: shown in every format, taken in, edited in an editor, checked."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tui_annotate.domain.scheme import EntityType
from tui_annotate.store import settings
from tui_annotate.store.connection import Corpus

SMOKING = Path(__file__).parent.parent / "formats" / "schemes" / "smoking.xml"
ROW = '{"id": "a", "text": "Takes aspirin.", "spans": [{"start": 6, "end": 13, "label": "DRUG"}], "confirmed": true}\n'


@pytest.fixture
def corpus(run: Run, tmp_path: Path) -> Path:
    path = tmp_path / "s.db"
    assert run("new", path, "--scheme", SMOKING).code == 0
    (tmp_path / "rows.jsonl").write_text(ROW)
    assert run("import", path, tmp_path / "rows.jsonl").code == 0
    return path


def editor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *lines: str) -> Path:
    """Install an editor that does this to its file; what it was shown is kept in `seen`."""
    script = tmp_path / "editor"
    script.write_text('#!/bin/sh\ncat "$1" >> seen\necho ===== >> seen\n' + "".join(f"{line}\n" for line in lines))
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("VISUAL", str(script))
    return tmp_path / "seen"


def test_the_sample_of_annotation_lab_goes_in_and_comes_out_the_same(run: Run, tmp_path: Path) -> None:
    assert run("new", "t.db", "--scheme", SMOKING).code == 0
    ran = run("scheme", "show", "t.db", "--format", "label-studio")
    assert (ran.out, ran.err) == (SMOKING.read_text(), "")
    ran = run("scheme", "show", "t.db", "--format", "tagtog")
    assert json.loads(ran.out)["metas"]["m_2"]["type"] == "enum"
    assert "tagtog has no room for: keys of options of document label age, gender" in ran.err
    assert "Did you mean doccano" in run("scheme", "show", "t.db", "--format", "docano").err


def test_every_format_makes_a_corpus(run: Run, tmp_path: Path, corpus: Path) -> None:
    for name in ("toml", "label-studio", "anndoc", "tagtog", "doccano", "prodigy"):
        (tmp_path / name).write_text(run("scheme", "show", corpus, "--format", name).out)
        assert run("new", f"{name}.db", "--scheme", name).code == 0
        assert "DRUG" in run("scheme", "show", f"{name}.db").out
    (tmp_path / "topics.txt").write_text("sport\nnews\n")
    assert run("new", "topics.db", "--scheme", "topics.txt", "--list-as", "choice").code == 0
    assert 'options = ["sport", "news"]' in run("scheme", "show", "topics.db").out
    assert run("new", "x.db", "--scheme", "topics.txt", "--list-as", "choise").code == 2


def test_labels_of_a_file_join_and_nothing_is_taken_out(run: Run, corpus: Path, tmp_path: Path) -> None:
    (tmp_path / "more.txt").write_text("DRUG\nDOSE\n")
    ran = run("scheme", "import", corpus, "more.txt", "--dry-run")
    assert ran.out == "would join: entity type DOSE\n"
    assert "DOSE" not in run("scheme", "show", corpus).out
    assert run("scheme", "import", corpus, "more.txt").out == "joins: entity type DOSE\n"
    assert "DOSE" in run("scheme", "show", corpus).out
    assert run("scheme", "import", corpus, "more.txt").code == 6


def test_editing_puts_in_force_what_checks(
    run: Run, corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = editor(tmp_path, monkeypatch, """printf '\\n[[entity]]\\nname = "DOSE"\\n' >> "$1" """)
    ran = run("scheme", "edit", corpus)
    assert ran.code == 0
    assert "as you wrote them" in ran.err
    assert seen.read_text().startswith("#! The labels of ")
    with Corpus.open(corpus, readonly=True) as opened:
        scheme = settings.scheme(opened)
    assert [type.name for type in scheme.entities] == ["DRUG", "DOSE"]
    assert scheme.template == SMOKING.read_text()
    editor(tmp_path, monkeypatch, ":")
    assert run("scheme", "edit", corpus).code == 6


def test_a_mistake_is_shown_in_the_editor_again_and_the_text_is_kept(
    run: Run, corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = editor(tmp_path, monkeypatch, """sed -i 's/"choices"/"choise"/' "$1" """)
    ran = run("scheme", "edit", corpus)
    assert ran.code == 3
    assert "Did you mean 'choice'?" in ran.err
    again = seen.read_text().split("=====\n")[1].splitlines()
    said = next(line for line in again if "choise" in line)
    number = int(said.removeprefix("#! line ").partition(":")[0])
    assert again[number - 1] == 'kind = "choise"'
    draft = tmp_path / "s.scheme-draft.toml"
    assert str(draft) in ran.err
    assert "choise" in draft.read_text()
    assert "choise" not in run("scheme", "show", corpus).out


def test_what_is_in_use_is_not_edited_away(
    run: Run, corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor(tmp_path, monkeypatch, """sed -i 's/"DRUG"/"MEDICINE"/' "$1" """)
    ran = run("scheme", "edit", corpus)
    assert ran.code == 3
    assert "entity type DRUG is used 1 times" in ran.err
    assert "scheme rename" in ran.err
    assert "DRUG" in run("scheme", "show", corpus).out


def test_what_somebody_changed_meanwhile_is_not_written_over(
    run: Run, corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tui_annotate.cli import scheme_editor

    def edited(head: str, text: str) -> str:
        with Corpus.open(corpus) as opened:
            held = settings.scheme(opened)
            settings.set_scheme(opened, held.with_entity(EntityType("THEIRS")), annotator="bob")
        return text + '\n[[entity]]\nname = "MINE"\n'

    monkeypatch.setattr(scheme_editor, "_edited", edited)
    ran = run("scheme", "edit", corpus)
    assert ran.code == 1
    assert "Somebody changed the scheme meanwhile" in ran.err
    assert "MINE" in (tmp_path / "s.scheme-draft.toml").read_text()
    assert "MINE" not in run("scheme", "show", corpus).out


def test_an_editor_that_fails_changes_nothing(
    run: Run, corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = run("scheme", "show", corpus).out
    editor(tmp_path, monkeypatch, "exit 3")
    assert "ended with code 3" in run("scheme", "edit", corpus).err
    monkeypatch.setenv("VISUAL", "no-such-editor-anywhere")
    ran = run("scheme", "edit", corpus)
    assert ran.code == 2
    assert "Set EDITOR" in ran.err
    assert run("scheme", "show", corpus).out == before


def test_check_says_line_label_and_nearest_name_as_json_too(run: Run, corpus: Path, tmp_path: Path) -> None:
    (tmp_path / "c.xml").write_text(
        '<View>\n  <Labels name="l">\n    <Label value="ORG" model="spacynner"/></Labels></View>\n'
    )
    ran = run("scheme", "check", "c.xml")
    assert ran.code == 3
    assert "c.xml:3: ORG model: there is no model 'spacynner'. Did you mean 'spacy-ner'?" in ran.err
    found = json.loads(run("scheme", "check", "c.xml", "--json").out)
    assert found["good"] is False
    assert found["findings"][0] == {
        "severity": "fault",
        "label": "ORG",
        "field": "model",
        "reason": "there is no model 'spacynner'.",
        "nearest": "spacy-ner",
        "line": 3,
    }
    ran = run("scheme", "check", corpus)
    assert ran.code == 0
    assert "age: Adult (19-50y) key: a is taken by accept" in ran.err
    assert json.loads(run("scheme", "check", corpus, "--json").out)["good"] is True
    assert run("scheme", "check", "gone.xml").code == 2


def test_what_is_to_be_mended_makes_no_corpus_and_joins_none(run: Run, corpus: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text('[[entity]]\nname = "DOSE"\ncolor = "gren"\n')
    for command in (("new", "bad.db", "--scheme", "bad.toml"), ("scheme", "import", str(corpus), "bad.toml")):
        ran = run(*command)
        assert ran.code == 3
        assert "bad.toml:3: DOSE color" in ran.err
        assert "Did you mean 'green'?" in ran.err
    assert not (tmp_path / "bad.db").exists()
    assert "DOSE" not in run("scheme", "show", corpus).out
