"""`mirror` on the command line: what it says, and with which code it ends."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Run


def test_there_and_back_with_codes(run: Run, tmp_path: Path) -> None:
    row = {"id": "a", "text": "Aspirin helps", "spans": [{"start": 0, "end": 7, "label": "Drug"}], "confirmed": True}
    (tmp_path / "rows.jsonl").write_text(json.dumps(row))
    run("new", "c.db")
    assert run("mirror", "c.db", "m").code == 0
    run("import", "c.db", "rows.jsonl")
    assert json.loads(run("mirror", "c.db", "m", "--dry-run", "--json").out)["written"] == 1
    ran = run("mirror", "c.db", "m")
    assert (ran.code, ran.out) == (0, "")
    assert "1 documents in m: 1 written" in ran.err
    page = tmp_path / "m" / "documents" / "a.ann"
    page.write_text(page.read_text().replace("confirmed\tyes", "confirmed\tno"))
    assert "read back as 1 decisions" in run("mirror", "c.db", "m").err
    page.write_text(page.read_text().replace("e1\t", "nonsense\t"))
    ran = run("mirror", "c.db", "m")
    assert ran.code == 1
    assert "m/documents/a.ann:3: 'nonsense' is no id" in ran.out
    assert run("mirror", "c.db", "rows.jsonl").code == 2
    assert run("mirror", "c.db", "m", "--annotator", "somebody").code == 3
