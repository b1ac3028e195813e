"""Parquet: tables of data sets, ours and those of Hugging Face."""

from __future__ import annotations

import importlib.util
import io
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from tests.formats.helpers import corpora, docs, problems, read, source
from tests.formats.test_roundtrip import back, few
from tui_annotate.domain.interchange import ExchangedDocument
from tui_annotate.errors import UsageError
from tui_annotate.formats import base, registry
from tui_annotate.formats.base import ReadOptions

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")


def table(columns: dict[str, Any], features: dict[str, Any] | None = None) -> bytes:
    """Return a Parquet file, with the note that Hugging Face leaves."""
    made = pa.table(columns)
    if features is not None:
        made = made.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})})
    stream = io.BytesIO()
    pq.write_table(made, stream)
    return stream.getvalue()


def test_numbers_are_read_by_the_names_of_the_data_set() -> None:
    names = {"names": ["neg", "pos"], "_type": "ClassLabel"}
    content = table({"text": ["bad", "good", "?"], "label": [0, 1, -1], "source": ["a", "b", None]}, {"label": names})
    found = docs(read("parquet", source("train.parquet", content)))
    values = [[label.value for v in one.versions for label in v.annotations.labels.values()] for one in found]
    assert values == [["neg"], ["pos"], []]
    assert [one.document.key for one in found] == ["train-1", "train-2", "train-3"]
    assert found[0].extra == {"source": "a"}


@pytest.mark.parametrize(
    "feature",
    [
        {"feature": {"names": ["O", "B-PER", "I-PER"], "_type": "ClassLabel"}, "_type": "Sequence"},
        [{"names": ["O", "B-PER", "I-PER"], "_type": "ClassLabel"}],
    ],
)
def test_tokens_and_tags_become_entities(feature: Any) -> None:
    content = table(
        {"id": ["0"], "tokens": [["EU", "Ann", "Lee", "."]], "ner_tags": [[0, 1, 2, 0]], "pos_tags": [[1, 2, 3, 4]]},
        {"ner_tags": feature},
    )
    (one,) = docs(read("parquet", source("a.parquet", content)))
    (entity,) = one.versions[0].annotations.entities.values()
    assert (entity.type, one.document.slice(entity.span)) == ("PER", "Ann Lee")
    assert one.extra == {"pos_tags": [1, 2, 3, 4]}


def test_spans_may_be_lists_in_an_object_and_columns_named() -> None:
    content = table(
        {"key": [7], "body_text": ["Ann."], "spans": [{"start": [0], "end": [3], "label": ["PER"]}], "kind": ["x"]}
    )
    options = ReadOptions(text_column="body_text", id_column="1", label_column="kind")
    (one,) = docs(read("parquet", source("a.parquet", content), options))
    assert one.document.key == "7"
    assert one.versions[0].annotations.entities[1].type == "PER"
    assert one.versions[0].annotations.labels["label"].value == "x"


def test_a_guess_is_said() -> None:
    items = read("parquet", source("a.parquet", table({"n": [1], "essay": ["Ann."]})))
    assert docs(items)[0].document.text == "Ann."
    assert "'essay' is taken for the text" in problems(items)[0].reason


@few
@given(corpora(versions=1))
def test_parquet_comes_back_the_same(documents: list[ExchangedDocument]) -> None:
    before, after = back("parquet", "corpus.parquet", documents)
    assert before.matches(after)


@pytest.mark.parametrize(
    "content", [b"", b"PAR1", b"PAR1" + b"\0" * 40 + b"PAR1", table({"n": [1]}), table({"text": []})]
)
def test_what_is_no_table_of_texts_is_refused(content: bytes) -> None:
    items = read("parquet", source("a.parquet", content))
    assert docs(items) == []
    assert problems(items, "refused")


def test_a_damaged_table_is_refused_where_it_breaks() -> None:
    content = bytearray(table({"text": [f"text {number}" for number in range(100)]}))
    for at in range(4, 400, 7):
        content[at] ^= 0xFF
    items = read("parquet", source("a.parquet", bytes(content)))
    assert problems(items, "refused")


def test_what_is_not_installed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base, "find_spec", lambda name: None if name == "pyarrow" else importlib.util.find_spec(name))
    path = tmp_path / "a.parquet"
    path.write_bytes(table({"text": ["x"]}))
    with pytest.raises(UsageError, match=r"pip install 'tui-annotate\[parquet\]'"):
        list(registry.read_paths([path], format="parquet"))
    (problem,) = problems(registry.read_paths([path]))
    assert "pip install 'tui-annotate[parquet]'" in problem.reason


def test_categories_are_strings() -> None:
    column = pa.array(["one", "two", "one"]).dictionary_encode()
    found = docs(read("parquet", source("a.parquet", table({"text": column}))))
    assert [one.document.text for one in found] == ["one", "two", "one"]
