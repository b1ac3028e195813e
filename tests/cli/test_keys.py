from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Run


def test_keys_json_is_an_array_of_bindings(run: Run) -> None:
    rows = json.loads(run("keys", "--json").out)
    assert all(set(row) == {"id", "keys", "group", "description"} for row in rows)
    assert ["a"] in [row["keys"] for row in rows if row["id"] == "accept"]


def test_remapped_keys_are_in_force_and_clashes_are_told(run: Run, home: Path) -> None:
    file = home / "config" / "tui-annotate" / "config.toml"
    file.parent.mkdir(parents=True)
    file.write_text('[keys]\naccept = "x"\nacept = "y"\n')
    ran = run("keys", "--json")
    keys = {row["id"]: row["keys"] for row in json.loads(ran.out)}
    assert keys["accept"] == ["x"]
    assert keys["reject"] != ["x"]
    assert "reject wanted it too" in ran.err
    assert "'acept'" in ran.err


def test_keys_of_a_corpus_hold_those_of_its_scheme(run: Run, tmp_path: Path) -> None:
    scheme = tmp_path / "spam.toml"
    scheme.write_text('[[label]]\nname = "IsSpam"\nkind = "boolean"\n')
    assert run("new", tmp_path / "a.db", "--scheme", scheme).code == 0
    rows = {row["id"]: row["keys"] for row in json.loads(run("keys", tmp_path / "a.db", "--json").out)}
    assert rows["label:IsSpam=true"] == ["y", "1"]


def test_a_bad_annotator_is_wrong_usage(run: Run) -> None:
    ran = run("keys", "--annotator", "a/b")
    assert ran.code == 2
    assert "folder name" in ran.err
