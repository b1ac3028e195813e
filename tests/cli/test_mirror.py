"""`mirror` on the command line: what it says, and with which code it ends."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tui_annotate.errors import EXIT_INTERRUPTED


def test_there_and_back_with_codes(run: Run, tmp_path: Path) -> None:
    row = {"id": "a", "text": "Aspirin helps", "spans": [{"start": 0, "end": 7, "label": "Drug"}], "confirmed": True}
    (tmp_path / "rows.jsonl").write_text(json.dumps(row))
    run("new", "c.db")
    assert run("mirror", "c.db", "m").code == 0
    run("import", "c.db", "rows.jsonl")
    assert json.loads(run("mirror", "c.db", "m", "--dry-run", "--json").out)["written"] == 1
    ran = run("mirror", "c.db", "m")
    assert (ran.code, ran.out) == (0, "")
    assert "1 document in m: 1 written" in ran.err
    page = tmp_path / "m" / "documents" / "a.ann"
    page.write_text(page.read_text().replace("confirmed\tyes", "confirmed\tno"))
    assert "read back as 1 decision" in run("mirror", "c.db", "m").err
    page.write_text(page.read_text().replace("e1\t", "nonsense\t"))
    ran = run("mirror", "c.db", "m")
    assert ran.code == 1
    assert "m/documents/a.ann:3: 'nonsense' is no id" in ran.out
    assert "1 document in m: 1 to be mended." in ran.err
    assert run("mirror", "c.db", "rows.jsonl").code == 2
    assert run("mirror", "c.db", "m", "--annotator", "somebody").code == 3


def test_watching_says_what_is_to_be_mended_once_until_it_is_something_else(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "rows.jsonl").write_text('{"id": "a", "text": "Aspirin helps"}')
    run("new", "c.db")
    run("import", "c.db", "rows.jsonl")
    run("mirror", "c.db", "m")
    page = tmp_path / "m" / "documents" / "a.ann"
    held = page.read_text()
    looks = iter([None, None, "other\tline", None, "", None])

    def sleep(_: float) -> None:
        wanted = next(looks, "end")
        if wanted == "end":
            raise KeyboardInterrupt
        if wanted is not None:
            page.write_text(held + wanted)

    page.write_text(held + "nonsense\tx")
    monkeypatch.setattr(time, "sleep", sleep)
    ran = run("mirror", "c.db", "m", "--watch")
    assert ran.code == EXIT_INTERRUPTED
    assert [line.split("'")[1] for line in ran.out.splitlines()] == ["nonsense", "other"]
    assert ran.err.count("1 to be mended") == 2
