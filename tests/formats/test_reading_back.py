"""What was written is read back a few documents at a time, and what is damaged is found out."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from tests.formats.helpers import SCHEME, docs
from tui_annotate.domain.annotations import Annotations, Entity
from tui_annotate.domain.documents import Document, Part
from tui_annotate.domain.interchange import ExchangedDocument, ExchangedVersion
from tui_annotate.domain.spans import Span
from tui_annotate.errors import DataError
from tui_annotate.formats import reading_back, registry, writing, zips
from tui_annotate.formats.base import ReadOptions, WriteOptions
from tui_annotate.formats.reading_back import Order
from tui_annotate.formats.safety import Names

OPTIONS = WriteOptions(scheme=SCHEME, project="P")
ANNDOC = registry.get("anndoc")


def some(count: int) -> list[ExchangedDocument]:
    """Return documents with an entity each, in two versions every third."""
    found = []
    for n in range(count):
        held = Annotations({1: Entity("DRUG", (Span("s1v1", 0, 4),), ("user:x",), 1.0, 1)})
        names = ("master", "anna") if n % 3 == 0 else ("master",)
        versions = tuple(ExchangedVersion(held, True, name) for name in names)
        found.append(ExchangedDocument(Document(f"d{n}", (Part("s1v1", f"text {n}"),), folder=f"f{n % 2}"), versions))
    return found


@pytest.mark.parametrize("name", ["a.zip", "a"])
def test_many_files_are_compared_in_groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(writing, "_READ_AS_ONE", 0)
    monkeypatch.setattr(reading_back, "_FILES_AT_ONCE", 7)
    written = writing.write(some(40), ANNDOC, tmp_path / name, OPTIONS)
    assert (written.documents, written.files) == (40, 40 + 40 + 14 + 4)
    assert len(docs(registry.read_paths([tmp_path / name]))) == 40
    assert sorted(path.name for path in tmp_path.iterdir()) == [name]


def test_groups_end_where_a_document_ends() -> None:
    order = Order()
    order.add("before")
    for document in order.told(some(5)):
        for kind in ("html", "master", "anna"):
            order.add(f"{kind}/{document.document.key}")
    order.add("after")
    groups = list(order.groups())
    assert order.shared == ["before", "after"]
    assert [name for group in groups for name in group][:3] == ["html/d0", "master/d0", "anna/d0"]
    assert sum(map(len, groups)) == 15
    assert order.files == 17


def test_an_archive_is_what_its_directory_says(tmp_path: Path) -> None:
    stream = io.BytesIO()
    bodies = {f"P/{n}.txt": f"{n} ".encode() * (n * 400 + 1) for n in range(30)}
    with zips.ZipWriter(stream) as archive:
        for name, body in bodies.items():
            archive.put(name, body)
    found = list(zips.entries(stream))
    assert {entry.name: zips.content(stream, entry) for entry in found} == bodies
    whole = stream.getvalue()
    broken = io.BytesIO(whole[: found[9].at + 40] + b"\xff\x00\xff" + whole[found[9].at + 43 :])
    with pytest.raises(DataError, match=r"P/9\.txt"):
        zips.content(broken, found[9])
    with pytest.raises(DataError, match="end of the archive"):
        list(zips.entries(io.BytesIO(whole[:-3])))


def test_a_file_that_is_missing_or_too_many_is_found_out(tmp_path: Path) -> None:
    order = Order()
    path = tmp_path / "a.zip"
    with path.open("wb") as stream, zips.ZipWriter(stream) as archive:
        for document in order.told(some(2)):
            name = f"plain.html/pool/{document.document.key}.plain.html"
            order.add(name)
            if document.document.key == "d0":
                archive.put(f"P/{name}", b"<p id='s1p1'>x</p>")
    with pytest.raises(DataError, match="not in the archive"):
        list(reading_back.read(path, ANNDOC, order, ReadOptions()))
    with path.open("wb") as stream, zips.ZipWriter(stream) as archive:
        for name in ("d0", "d1", "d2"):
            archive.put(f"P/plain.html/pool/{name}.plain.html", b"<p id='s1p1'>x</p>")
    with pytest.raises(DataError, match="more than was written"):
        list(reading_back.read(path, ANNDOC, order, ReadOptions()))


def test_ten_thousand_names_and_each_once() -> None:
    names = Names()
    given = [names.take(f"n{n % 6000}", f"key{n}") for n in range(10_000)]
    assert len(set(given)) == 10_000
    assert given[:6000] == [f"n{n}" for n in range(6000)]
    assert names.take("N5", "other") != "N5"
