"""A corpus whose bytes were flipped: every command says so or works, and none is surprised."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tui_annotate.errors import EXIT_CORRUPT, EXIT_INVALID_DATA, EXIT_NOTHING_TO_DO, EXIT_OK
from tui_annotate.store.connection import Corpus

COMMANDS = (
    ("stats", "C"),
    ("verify", "C"),
    ("rebuild", "C"),
    ("export", "C", "--output", "out.zip", "--overwrite"),
    ("export", "C", "--output", "out.jsonl", "--format", "jsonl", "--overwrite", "--decisions"),
    ("search", "C", "the"),
    ("scheme", "show", "C"),
    ("runs", "list", "C"),
    ("train", "C", "--dry-run"),
)
EXPECTED = {EXIT_OK, EXIT_CORRUPT, EXIT_NOTHING_TO_DO, EXIT_INVALID_DATA}


@pytest.fixture
def sound(run: Run, tmp_path: Path) -> Path:
    row = '{"id":"%d","text":"the patient took aspirin","spans":[{"start":17,"end":24,"label":"Drug"}],"label":"a"}'
    (tmp_path / "rows.jsonl").write_text("\n".join(row % number for number in range(30)))
    path = tmp_path / "sound.db"
    run("new", path)
    assert run("import", path, "rows.jsonl", "--as", "annotations").code == 0
    return path


@pytest.mark.parametrize("flips", [3, 60])
def test_flipped_bytes_never_surprise(run: Run, sound: Path, tmp_path: Path, flips: int) -> None:
    whole, damaged = sound.read_bytes(), tmp_path / "damaged.db"
    codes = set()
    for seed in range(6):
        rng, body = random.Random(seed), bytearray(whole)
        for _ in range(flips):
            body[rng.randrange(100, len(body))] = rng.randrange(256)
        for command in COMMANDS:
            damaged.write_bytes(body)
            ran = run(*(damaged if word == "C" else word for word in command))
            assert "unexpected" not in ran.err, (seed, command, ran.err)
            assert ran.code in EXPECTED, (seed, command, ran.err)
            codes.add(ran.code)
    assert EXIT_CORRUPT in codes


DAMAGE = {
    "a body that is no JSON": "UPDATE entity SET body = '{'",
    "an entity outside its text": "UPDATE entity SET body = replace(body, '24', '2400')",
    "a body of another shape": "UPDATE label SET body = '[]'",
    "a state that is none": "PRAGMA ignore_check_constraints = ON; UPDATE document SET state = 50",
    "a scheme that is none": "UPDATE scheme SET body = '7'",
    "no scheme": "DELETE FROM scheme",
    "a text that is no UTF-8": "UPDATE content SET text = CAST(x'ff41' AS TEXT)",
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_damaged_rows_are_told_and_leave_no_export(run: Run, sound: Path, tmp_path: Path, damage: str) -> None:
    with Corpus.open(sound) as corpus:
        corpus.connection.executescript(damage)
    ran = run("export", sound, "--output", "out.zip")
    assert ran.code == EXIT_CORRUPT
    assert "damaged" in ran.err
    assert "backup" in ran.err
    assert [path.name for path in tmp_path.iterdir() if "out" in path.name] == []
