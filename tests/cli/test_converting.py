"""`convert` and `formats` as they are typed."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.conftest import Run

ROWS = '{"id": "1", "text": "aspirin helped", "spans": [{"start": 0, "end": 7, "label": "DRUG"}], "label": "yes"}\n'


def test_a_file_goes_from_one_format_to_another(run: Run, tmp_path: Path) -> None:
    Path("in.jsonl").write_text(ROWS + "{\n")
    ran = run("convert", "in.jsonl", "out.zip")
    assert ran.code == 0
    assert "in.jsonl:2: is no JSON" in ran.err
    assert "1 document as anndoc in out.zip, read again and found equal." in ran.err
    told = json.loads(run("convert", "out.zip", "out.csv", "--json").out)
    assert (told["documents"], told["lost"], told["format"]) == (1, {"entities": 1}, "csv")
    assert Path("out.csv").read_text().splitlines()[1] == "1,aspirin helped,yes,false"


def test_standard_output_has_the_data_and_nothing_else(run: Run, tmp_path: Path) -> None:
    Path("in.jsonl").write_text(ROWS)
    ran = run("convert", "in.jsonl", "-", "--to", "jsonl")
    assert json.loads(ran.out)["spans"][0]["label"] == "DRUG"
    assert run("convert", "in.jsonl", "-", "--to", "jsonl", "--json").code == 2


def test_the_exit_codes_say_what_is_wrong(run: Run, tmp_path: Path) -> None:
    Path("in.jsonl").write_text("{\n")
    assert run("convert", "in.jsonl", "out.zip").code == 3
    assert run("convert", "missing.jsonl", "out.zip").code == 2
    assert run("convert", "in.jsonl", "out.xyz").code == 2
    assert run("convert", "in.jsonl", "out.zip", "--to", "jsnol").code == 2
    assert run("convert", "in.jsonl").code == 2


def test_a_format_is_shown_with_an_example_of_its_own(run: Run) -> None:
    ran = run("formats", "jsonl")
    assert '"label":"DRUG"' in ran.out
    assert "lacks   versions" in ran.out
    assert run("formats", "jsnol").code == 2
    told = json.loads(run("formats", "csv", "--json").out)
    assert told["example"]["NAME.csv"].startswith("id,text,topic")
