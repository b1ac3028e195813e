"""Converting goes from any format to any, says first what is lost, and writes nothing that reads back otherwise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
import pytest

from tui_annotate.domain.interchange import ExchangedDocument
from tui_annotate.errors import DataError, UsageError
from tui_annotate.formats import registry
from tui_annotate.formats.losses import Losses
from tui_annotate.services.converting import convert

ROWS: list[dict[str, object]] = [
    {"id": "a", "text": "Aspirin 😀 helped.", "spans": [{"start": 0, "end": 7, "label": "DRUG"}], "labels": {"n": "1"}},
    {"id": "b", "text": "Nothing.", "spans": [], "labels": {"n": "2", "urgent": True}, "confirmed": True},
]


def rows(path: Path, given: Sequence[Mapping[str, object]]) -> Path:
    """Write JSON lines."""
    path.write_bytes(b"".join(msgspec.json.encode(row) + b"\n" for row in given))
    return path


def back(path: Path, format: str) -> list[ExchangedDocument]:
    """Return the documents of what was written."""
    return [item for item in registry.read_paths([path], format=format) if isinstance(item, ExchangedDocument)]


def test_a_project_and_back_is_the_same(tmp_path: Path) -> None:
    source = rows(tmp_path / "in.jsonl", ROWS)
    first = convert([source], tmp_path / "out.zip")
    assert (first.format, first.documents) == ("anndoc", 2)
    assert first.lost == {}
    again = convert([tmp_path / "out.zip"], tmp_path / "again.jsonl")
    assert again.read[0].format == "anndoc"
    before, after = back(source, "jsonl"), back(tmp_path / "again.jsonl", "jsonl")
    assert [d.document.text for d in before] == [d.document.text for d in after]
    assert [d.versions[0].annotations.labels["n"].value for d in after] == ["1", "2"]
    assert after[0].versions[0].annotations.entities[1].type == "DRUG"


def test_what_is_lost_is_said_before_anything_is_written(tmp_path: Path) -> None:
    source, target = rows(tmp_path / "in.jsonl", ROWS), tmp_path / "out.csv"
    said: list[str] = []

    def on_losses(losses: Losses) -> None:
        assert not target.exists()
        said.append(losses.sentence())

    report = convert([source], target, on_losses=on_losses)
    assert said == ["csv has no room for 1 entity."]
    assert report.lost == {"entities": 1}
    assert target.exists()


def test_a_label_has_one_kind_over_all_files(tmp_path: Path) -> None:
    rows(tmp_path / "a.jsonl", [{"id": "a", "text": "x", "labels": {"t": "one"}}])
    rows(tmp_path / "b.jsonl", [{"id": "b", "text": "y", "labels": {"t": ["one", "two"]}}])
    convert([tmp_path / "a.jsonl", tmp_path / "b.jsonl"], tmp_path / "out.jsonl")
    values = [d.versions[0].annotations.labels["t"].value for d in back(tmp_path / "out.jsonl", "jsonl")]
    assert values == [("one",), ("one", "two")]


def test_two_documents_of_one_id_become_two(tmp_path: Path) -> None:
    for name in ("a", "b"):
        rows(tmp_path / f"{name}.jsonl", [{"id": "1", "text": name}, {"id": "1-2", "text": f"{name}2"}])
    report = convert([tmp_path / "a.jsonl", tmp_path / "b.jsonl"], tmp_path / "out.zip")
    assert sorted(d.document.key for d in back(tmp_path / "out.zip", "anndoc")) == ["1", "1-2", "1-2-2", "1-3"]
    assert [p.severity for p in report.problems if p.field == "id"] == ["repaired", "repaired"]


def test_broken_rows_are_reported_and_the_rest_goes_on(tmp_path: Path) -> None:
    source = tmp_path / "in.jsonl"
    source.write_text('{"id": 1, "text": "fine"}\n{"id"\n{"id": 3, "text": "fine too"}\n')
    report = convert([source], tmp_path / "out.csv")
    assert report.documents == 2
    assert [p.where.rpartition(":")[2] for p in report.problems if p.severity == "refused"] == ["2"]


def test_where_nothing_can_be_read_nothing_is_written(tmp_path: Path) -> None:
    source = tmp_path / "in.jsonl"
    source.write_text("{\n")
    with pytest.raises(DataError, match="Nothing could be read"):
        convert([source], tmp_path / "out.zip")
    assert not (tmp_path / "out.zip").exists()


@pytest.mark.parametrize(("name", "hint"), [("out.xyz", "--to"), ("-", "--to"), ("in.jsonl", "overwrite")])
def test_a_target_that_cannot_be_is_a_usage_error(tmp_path: Path, name: str, hint: str) -> None:
    source = rows(tmp_path / "in.jsonl", ROWS)
    with pytest.raises(UsageError) as raised:
        convert([source], "-" if name == "-" else tmp_path / name)
    assert hint in str(raised.value)


def test_a_file_for_one_document_is_a_file(tmp_path: Path) -> None:
    source = rows(tmp_path / "in.jsonl", ROWS[:1])
    convert([source], tmp_path / "out.txt")
    assert (tmp_path / "out.txt").read_text() == "Aspirin 😀 helped."
    rows(source, ROWS)
    with pytest.raises(UsageError, match="more than one file"):
        convert([source], tmp_path / "two.txt")
    assert not (tmp_path / "two.txt").exists()


@pytest.mark.parametrize("name", [f.name for f in registry.FORMATS.values() if f.read and f.writes and not f.lacking])
def test_every_format_can_be_gone_to_and_come_from(tmp_path: Path, name: str) -> None:
    fmt = registry.get(name)
    source = rows(tmp_path / "in.jsonl", [*ROWS, {"id": "c", "text": "Bare."}])
    there = tmp_path / (f"there{fmt.extensions[0]}" if fmt.write_stream else "there.zip")
    lost = convert([source], there, to=name).lost
    convert([there], tmp_path / "back.jsonl", from_=name)
    found = {d.document.text: d for d in back(tmp_path / "back.jsonl", "jsonl")}
    if "entities" in fmt.holds and "Aspirin 😀 helped." in found:
        (entity,) = found["Aspirin 😀 helped."].versions[0].annotations.entities.values()
        assert (entity.type, entity.span.start, entity.span.end) == ("DRUG", 0, 7)
    else:
        assert lost.keys() - {"ids", "names", "folders"}
