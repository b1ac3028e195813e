"""What the columns of a Parquet table mean: by our own note, by what Hugging Face notes, by name, by type."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import msgspec

from tui_annotate.domain.interchange import Problem
from tui_annotate.errors import DataError
from tui_annotate.formats.base import ReadOptions
from tui_annotate.formats.source import JSON_ERRORS

LABELS_KEY = b"tui_annotate"
"""Where a schema says which columns are labels: `{column: [name, kind]}`."""
_HUGGING_FACE = b"huggingface"
_TEXTS = ("text", "sentence", "content", "document", "body", "review", "utterance", "passage", "context")
_TOKENS = ("tokens", "words")
_TAGS = ("ner_tags", "tags", "bio_tags", "labels")
_ALWAYS = ("confirmed", "relations", "spans")


class Columns:
    """Turns the rows of one table into rows of JSON lines."""

    def __init__(self, schema: Any, options: ReadOptions) -> None:
        self._types: dict[str, Any] = {field.name: field.type for field in schema}
        self._names = list(self._types)
        metadata = schema.metadata or {}
        self._classes = _classes(metadata.get(_HUGGING_FACE, b""))
        self._own = _own(metadata.get(LABELS_KEY, b""))
        self._guess = ""
        self.options = replace(options, text_column="", label_column="", id_column="")
        self._tokens = self._first(_TOKENS, _is_strings)
        self._tags = self._first(_TAGS, _is_list) if self._tokens else ""
        self._text = self._asked(options.text_column) or self._find_text()
        self._id = self._asked(options.id_column) or ("id" if "id" in self._types else "")
        self._label = self._asked(options.label_column) or ("label" if self._is_label("label") else "")
        named = {label.name for label in options.scheme.labels}
        self._labels = {
            name: self._own.get(name, [name])[0]
            for name in self._names
            if name in self._own
            or (not self._own and name not in self._used() and (name in named or self._is_label(name)))
        }
        if not self._text and not self._tokens:
            raise DataError(f"has no column of texts; its columns are {', '.join(self._names)}. Name one.")

    def problems(self, where: str) -> Iterator[Problem]:
        """Yield what had to be guessed."""
        if self._guess:
            yield Problem("noted", where, "", f"the column {self._guess!r} is taken for the text")

    def row(self, given: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return a row as JSON lines has it, and what else the table says."""
        row: dict[str, Any] = {}
        if self._text and given.get(self._text) is not None:
            row["text"] = given[self._text]
        elif self._tokens and given.get(self._tokens) is not None:
            row["tokens"] = given[self._tokens]
            if self._tags and given.get(self._tags) is not None:
                row["tags"] = self._named(self._tags, given[self._tags])
        if self._id and given.get(self._id) is not None:
            row["id"] = given[self._id]
        if self._label and given.get(self._label) is not None:
            value = self._named(self._label, given[self._label])
            row |= {"label": str(value) if type(value) is int else value} if value is not None else {}
        found = {self._labels[name]: self._named(name, given.get(name)) for name in self._labels}
        labels = {name: value for name, value in found.items() if value is not None}
        if labels:
            row["labels"] = labels
        for name in _ALWAYS:
            if name in self._types and given.get(name) is not None:
                row[name] = _listed(given[name])
        used = self._used() | self._labels.keys()
        return row, {name: value for name, value in given.items() if name not in used and value is not None}

    def _used(self) -> set[str]:
        columns = {self._text, self._id, self._label, *_ALWAYS}
        return columns if self._text else columns | {self._tokens, self._tags}

    def _named(self, column: str, value: Any) -> Any:
        """Return a value by the name that its schema gives to its number; None for -1, which means none."""
        names = self._classes.get(column)
        if names is None or value is None:
            return value
        if type(value) is list:
            return [self._named(column, one) for one in value]
        if type(value) is int:
            return names[value] if 0 <= value < len(names) else None
        return value

    def _asked(self, column: str) -> str:
        if not column:
            return ""
        if column in self._types:
            return column
        if column.isdecimal() and 0 < int(column) <= len(self._names):
            return self._names[int(column) - 1]
        raise DataError(f"has no column {column!r}; its columns are {', '.join(self._names)}.")

    def _first(self, names: tuple[str, ...], fits: Callable[[Any], bool]) -> str:
        return next((name for name in names if name in self._types and fits(self._types[name])), "")

    def _find_text(self) -> str:
        named = self._first(_TEXTS, _is_string)
        if named or self._tokens:
            return named
        strings = [name for name in self._names if _is_string(self._types[name]) and name != "id"]
        self._guess = strings[0] if strings else ""
        return self._guess

    def _is_label(self, name: str) -> bool:
        if name not in self._types or name in self._own:
            return False
        is_classes = name in self._classes and not (self._tokens and _is_list(self._types[name]))
        return is_classes or name in ("label", "labels")


def _classes(note: bytes) -> dict[str, list[str]]:
    """Return the names of numbers, by column, from the note that Hugging Face leaves in a schema."""
    try:
        features = msgspec.json.decode(note)["info"]["features"]
    except (*JSON_ERRORS, KeyError, TypeError, IndexError):
        return {}
    found: dict[str, list[str]] = {}
    for column, feature in features.items() if type(features) is dict else ():
        for _ in range(4):
            if type(feature) is list:
                feature = feature[0] if feature else None
            elif type(feature) is dict and "names" not in feature and "feature" in feature:
                feature = feature["feature"]
        names = feature.get("names") if type(feature) is dict else None
        if type(names) is list and all(type(name) is str for name in names):
            found[column] = names
    return found


def _own(note: bytes) -> dict[str, list[str]]:
    try:
        return msgspec.json.decode(note, type=dict[str, list[str]])
    except JSON_ERRORS:
        return {}


def _listed(value: Any) -> Any:
    """Return a list of objects that came as an object of lists, as data sets keep sequences of them."""
    if type(value) is not dict or not all(type(one) is list for one in value.values()):
        return value
    length = min(map(len, value.values()), default=0)
    return [{name: one[index] for name, one in value.items()} for index in range(length)]


def _is_string(type: Any) -> bool:
    return str(type) in ("string", "large_string", "string_view") or str(type).startswith("dictionary<values=string")


def _is_list(type: Any) -> bool:
    return str(type).startswith(("list<", "large_list<", "fixed_size_list<"))


def _is_strings(type: Any) -> bool:
    return _is_list(type) and "string" in str(type)
