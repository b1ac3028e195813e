"""Our own zip read again gives the documents that went into it, under the ids that they had, like the folder does."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from tests.formats.helpers import SCHEME, docs
from tui_annotate.domain.annotations import Annotations, Entity
from tui_annotate.domain.documents import Document, Part
from tui_annotate.domain.interchange import ExchangedDocument, ExchangedVersion
from tui_annotate.domain.spans import Span
from tui_annotate.errors import DataError, UsageError
from tui_annotate.formats import reading_back, registry, writing
from tui_annotate.formats.base import ReadOptions, WriteOptions
from tui_annotate.formats.meaning import with_place
from tui_annotate.services.exporting import export
from tui_annotate.services.importing import import_paths
from tui_annotate.store.connection import Corpus

TREES = [f.name for f in registry.FORMATS.values() if f.write_tree is not None and f.read is not None and not f.lacking]
OPTIONS = WriteOptions(scheme=SCHEME)


def documents() -> list[ExchangedDocument]:
    """Return a document at the top and one in a folder, and one that nobody annotated."""
    made = []
    for key, folder in (("a.txt", ""), ("in/b.txt", "in"), ("c.txt", "")):
        drug = Entity("DRUG", (Span("s1v1", 0, 7),), number=1)
        versions = (ExchangedVersion(Annotations({1: drug} if folder else {}), True),) if key != "c.txt" else ()
        document = Document(key, (Part("s1v1", f"Aspirin helps {key}"),), name=key.rpartition("/")[2], folder=folder)
        made.append(ExchangedDocument(document, versions, key))
    return made


@pytest.mark.parametrize("format", TREES)
def test_a_zip_gives_the_ids_that_its_folder_gives(format: str, tmp_path: Path) -> None:
    found = {}
    for name in ("f", "z.zip"):
        writing.write(documents(), registry.get(format), tmp_path / name, OPTIONS)
        options = ReadOptions(scheme=SCHEME, empty=True)
        read = docs(registry.read_paths([tmp_path / name], format=format, options=options))
        found[name] = sorted((one.document.key, one.document.folder) for one in read)
    assert found["f"] == found["z.zip"]
    if "folders" in registry.get(format).holds:
        assert {folder for _, folder in found["z.zip"]} == {"", "in"}


@pytest.mark.parametrize("format", [name for name in TREES if name != "entitiesonlyclassestsv"])
def test_a_corpus_takes_its_own_zip_as_what_it_has(format: str, tmp_path: Path) -> None:
    with Corpus.create(tmp_path / "o.db", scheme=SCHEME) as corpus:
        texts = tmp_path / "texts" / "in"
        texts.mkdir(parents=True)
        (texts.parent / "a.txt").write_text("Aspirin helps")
        (texts / "b.txt").write_text("Aspirin helps not")
        import_paths(corpus, [tmp_path / "texts"], annotator="me")
        export(corpus, tmp_path / "y.zip", format=format)
        with zipfile.ZipFile(tmp_path / "y.zip") as archive:
            tops = {name.split("/")[0] for name in archive.namelist()}
        assert ("corpus" in tops) == registry.get(format).is_project
        counts = import_paths(corpus, [tmp_path / "y.zip"], annotator="me", format=format).counts
        # Names of markdown files have to end as such.
        assert counts.created == (2 if format == "markdown" else 0)


def test_a_folder_too_many_would_be_found(tmp_path: Path) -> None:
    fmt = registry.get("text")
    one, other = documents()[1], documents()[0]
    meaning = with_place(fmt)
    assert meaning(one, OPTIONS) != meaning(other, OPTIONS)
    moved = Document("corpus/a.txt", other.document.parts, name="a.txt", folder="corpus")
    assert meaning(other, OPTIONS) != meaning(ExchangedDocument(moved), OPTIONS)


def test_a_format_of_one_file_is_no_zip(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is called a zip, and jsonl is one file") as raised:
        writing.write(documents(), registry.get("jsonl"), tmp_path / "a.zip", OPTIONS)
    assert raised.value.hint == "Name it a.jsonl."


def test_many_files_of_a_zip_without_a_folder_are_read_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "_READ_AS_ONE", 2)
    monkeypatch.setattr(reading_back, "_FILES_AT_ONCE", 2)
    for format in ("text", "brat", "anndoc"):
        assert writing.write(documents(), registry.get(format), tmp_path / f"{format}.zip", OPTIONS).documents == 3
    order = reading_back.Order()
    for document in order.told(documents()):
        order.add(document.document.key)
    with pytest.raises(DataError, match="not in the archive"):
        list(reading_back.read(tmp_path / "brat.zip", registry.get("text"), order, ReadOptions()))
