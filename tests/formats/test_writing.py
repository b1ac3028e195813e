"""Exports: aside, read back, compared, renamed; or nothing is left."""

from __future__ import annotations

import errno
import io
import os
import sys
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import pytest

from tests.formats.helpers import SCHEME
from tui_annotate.domain.documents import Document, Part
from tui_annotate.domain.interchange import ExchangedDocument, Problem
from tui_annotate.errors import DataError, DiskFullError, ReadOnlyError, UsageError
from tui_annotate.formats import archives, registry, writing
from tui_annotate.formats.base import WriteOptions
from tui_annotate.formats.zips import ZipWriter

OPTIONS = WriteOptions(scheme=SCHEME, project="P")
ANNDOC, JSONL = registry.get("anndoc"), registry.get("jsonl")


def some(count: int = 2) -> list[ExchangedDocument]:
    """Return a few documents."""
    return [ExchangedDocument(Document(f"d{n}", (Part("s1v1", f"text {n}"),))) for n in range(count)]


def test_equal_documents_give_equal_bytes(tmp_path: Path) -> None:
    for name in ("a.zip", "b.zip"):
        writing.write(some(), ANNDOC, tmp_path / name, OPTIONS)
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


def test_the_layout_of_a_project(tmp_path: Path) -> None:
    written = writing.write(some(1), ANNDOC, tmp_path / "a.zip", OPTIONS)
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert archive.testzip() is None
        assert archive.namelist() == [
            "P/plain.html/pool/d0.plain.html",
            "P/README.md",
            "P/guidelines.md",
            "P/annotations-legend.json",
            "P/scheme.toml",
        ]
    assert (written.documents, written.files) == (1, 5)


def test_an_existing_target_is_kept_without_the_users_word(tmp_path: Path) -> None:
    target = tmp_path / "a.jsonl"
    target.write_text("mine")
    with pytest.raises(UsageError, match="exists"):
        writing.write(some(), JSONL, target, OPTIONS)
    assert target.read_text() == "mine"
    writing.write(some(), JSONL, target, OPTIONS, overwrite=True)
    assert target.read_text().count("\n") == 2


def test_a_folder_of_other_things_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(UsageError, match="would be lost"):
        writing.write(some(), ANNDOC, tmp_path, OPTIONS, overwrite=True)
    assert (tmp_path / "thesis.tex").exists()


def test_an_export_folder_is_replaced_as_a_whole(tmp_path: Path) -> None:
    target = tmp_path / "out"
    writing.write(some(3), ANNDOC, target, OPTIONS)
    writing.write(some(1), ANNDOC, target, OPTIONS, overwrite=True)
    assert [path.name for path in (target / "plain.html" / "pool").iterdir()] == ["d0.plain.html"]
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_what_reads_back_differently_is_not_left_there(tmp_path: Path) -> None:
    def forgetful(documents: Iterable[ExchangedDocument], stream: BinaryIO, options: WriteOptions) -> Iterator[Problem]:
        assert JSONL.write_stream is not None
        held = list(documents)
        changed = replace(held[1], document=replace(held[1].document, parts=(Part("s1v1", "other"),)))
        return JSONL.write_stream([held[0], changed], stream, options)

    with pytest.raises(DataError, match="'d1'"):
        writing.write(some(), replace(JSONL, write_stream=forgetful), tmp_path / "a.jsonl", OPTIONS)
    assert list(tmp_path.iterdir()) == []


def test_a_writer_that_loses_a_document_is_found_out(tmp_path: Path) -> None:
    def lossy(documents: Iterable[ExchangedDocument], stream: BinaryIO, options: WriteOptions) -> Iterator[Problem]:
        assert JSONL.write_stream is not None
        return JSONL.write_stream(list(documents)[:1], stream, options)

    with pytest.raises(DataError, match="2 were written, 1 read"):
        writing.write(some(), replace(JSONL, write_stream=lossy), tmp_path / "a.jsonl", OPTIONS)


@pytest.mark.parametrize(
    ("number", "kind"), [(errno.ENOSPC, DiskFullError), (errno.EACCES, ReadOnlyError), (errno.EROFS, ReadOnlyError)]
)
def test_trouble_with_the_disk_is_told_with_the_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, kind: type[Exception]
) -> None:
    def full(_: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(kind, match=r"a\.jsonl"):
        writing.write(some(), JSONL, tmp_path / "a.jsonl", OPTIONS)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_folder_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="does not exist"):
        writing.write(some(), JSONL, tmp_path / "no" / "a.jsonl", OPTIONS)


def test_standard_output_gets_one_file(monkeypatch: pytest.MonkeyPatch) -> None:
    out = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(out, write_through=True))
    writing.write(some(), JSONL, "-", OPTIONS)
    assert out.getvalue().startswith(b'{"id":"d0","text":"text 0"}\n')
    with pytest.raises(UsageError, match="many files"):
        writing.write(some(), ANNDOC, "-", OPTIONS)


def test_names_that_are_no_file_names_stay_apart_and_inside(tmp_path: Path) -> None:
    keys = ["../../etc/passwd", "a/b", "a\\b", "CON", "x" * 400, "é/ü", "a:b", ".", "D0", "d0", "\x1b[2J"]
    documents = [ExchangedDocument(Document(key, (Part("s1v1", key),), folder="../up/\x00")) for key in keys]
    written = writing.write(documents, ANNDOC, tmp_path / "out", OPTIONS)
    assert written.documents == len(keys)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_text_that_packs_like_a_bomb_is_exported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "RATIO_FROM", 1 << 20)
    same = ExchangedDocument(Document("d", (Part("s1v1", "x" * (2 << 20)),)))
    assert writing.write([same], ANNDOC, tmp_path / "a.zip", OPTIONS).documents == 1


def test_a_zip_of_many_members_is_a_zip64() -> None:
    stream = io.BytesIO()
    with ZipWriter(stream) as archive:
        for number in range(70_000):
            archive.put(f"{number}", b"x")
    with zipfile.ZipFile(stream) as read:
        assert len(read.namelist()) == 70_000
        assert read.read("69999") == b"x"
