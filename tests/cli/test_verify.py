"""`verify` of corpora, round trips and anndoc files: what it says, and with which code it ends."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from tests.cli.conftest import Run

HTML = '<html id="d"><body><p id="s1p1">😀 Aspirin helps</p></body></html>'


def ann(start: int = 3, text: str = "Aspirin", part: str = "s1p1") -> str:
    return json.dumps({"entities": [{"classId": "e_1", "part": part, "offsets": [{"start": start, "text": text}]}]})


@pytest.fixture
def pair(tmp_path: Path, home: Path) -> Path:
    folder = tmp_path / "pair"
    folder.mkdir()
    (folder / "d.plain.html").write_text(HTML)
    (folder / "d.ann.json").write_text(ann())
    return folder


def test_files_folders_and_zips_that_agree(run: Run, pair: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "p.zip", "w") as archive:
        for file in pair.iterdir():
            archive.write(file, file.name)
    for paths in ([pair], [pair / "d.plain.html", pair / "d.ann.json"], [tmp_path / "p.zip"]):
        ran = run("verify", *paths)
        assert (ran.code, ran.out) == (0, "")
        assert "1 text, 1 file of annotations, 1 offset: all agree" in ran.err


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (ann(2), "at 2 stands ' Aspiri', not 'Aspirin', in part s1p1"),
        (ann(part="s2p1"), "stands in part 's2p1', which the text lacks"),
        (ann(-1), "has no start"),
        ("[", "is no JSON"),
    ],
)
def test_what_does_not_agree_is_named_by_file_and_place(run: Run, pair: Path, body: str, said: str) -> None:
    (pair / "d.ann.json").write_text(body)
    ran = run("verify", pair)
    assert ran.code == 3
    assert said in ran.out
    assert "d.ann.json" in ran.out


@pytest.mark.parametrize("gone", ["d.plain.html", "d.ann.json"])
def test_a_file_without_its_twin_is_named_and_an_odd_number_said(run: Run, pair: Path, gone: str) -> None:
    (pair / gone).unlink()
    ran = run("verify", pair, "--json")
    assert ran.code == 3
    report = json.loads(ran.out)
    assert [Path(name).name for name in report["unpaired"]] == [({"d.plain.html", "d.ann.json"} - {gone}).pop()]
    assert report["odd"] is True
    assert any(gone in problem["reason"] for problem in report["problems"])


def test_a_corpus_as_ever_and_its_round_trip(run: Run, pair: Path) -> None:
    run("new", "c.db")
    run("import", "c.db", pair)
    assert run("verify", "c.db").code == 0
    assert json.loads(run("verify", "c.db", "--json").out) == {"sound": True, "problems": []}
    ran = run("verify", "c.db", "--round-trip", "--json")
    assert ran.code == 0
    (proof,) = json.loads(ran.out)
    assert (proof["equal"], proof["counts"]["entities"], proof["differences"]) == (True, 1, [])
    assert "difference zero" in ran.err
    assert "csv has no room for" in run("verify", "c.db", "--round-trip", "--format", "csv").err


def test_wrong_calls(run: Run, pair: Path) -> None:
    assert run("verify", "nothing.db").code == 2
    assert run("verify", pair, "--round-trip").code == 2
    (pair / "other").mkdir()
    assert run("verify", pair / "other").code == 3
