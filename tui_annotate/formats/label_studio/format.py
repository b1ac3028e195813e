"""Label Studio's and Annotation Lab's JSON: tasks with annotations of several people, and predictions of models.

An annotation is its annotator's version, confirmed unless it was cancelled; a draft is one in progress. Predictions are
suggestions: an unconfirmed version whose annotations are by `ml:<model version>`. What we have no place for is kept
beside.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from tui_annotate.domain.documents import Document
from tui_annotate.domain.interchange import MASTER, ExchangedDocument, ExchangedVersion, Problem
from tui_annotate.errors import DataError
from tui_annotate.formats import meaning
from tui_annotate.formats.base import EVERYTHING, Format, Item, ReadOptions, WriteOptions, stem
from tui_annotate.formats.json_items import JsonItem, objects
from tui_annotate.formats.jsonl import rows as jsonl_rows
from tui_annotate.formats.jsonl.rows import Problems
from tui_annotate.formats.kept import is_of, under
from tui_annotate.formats.label_studio.results import Given, Results, prob_in
from tui_annotate.formats.label_studio.standing import ML, model_in
from tui_annotate.formats.label_studio.tasks import (
    annotations_of,
    annotator_of,
    drafts_of,
    is_flat,
    predictions_of,
    text_key,
    unflattened,
)
from tui_annotate.formats.label_studio.write import OURS, write
from tui_annotate.formats.reducing import says_something
from tui_annotate.formats.source import SourceFile

_MARK = re.compile(
    rb'(?<!\\)"(?:from_name|completed_by|was_cancelled|completions|annotation_id|cancelled_annotations)"\s*:'
    rb'|^\s*\[?\s*\{\s*(?:"id"\s*:\s*\d+\s*,\s*)?"data"\s*:\s*\{'
)
_TASK_READ = frozenset(("id", "data", "annotations", "completions", "predictions", "drafts"))
_ANNOTATION_READ = frozenset(("result", "completed_by", "was_cancelled", "skipped"))
_DRAFT_READ = frozenset(("result", "user"))


def sniff(name: str, head: bytes) -> bool:
    """Tell Label Studio's tasks by keys that only it has."""
    return is_of("label_studio", _MARK, head.removeprefix(b"\xef\xbb\xbf"))


def read(files: Sequence[SourceFile], options: ReadOptions) -> Iterator[Item]:
    """Yield a document per task; a task that does not fit is refused with its line, and the rest goes on."""
    for file in files:
        reader, met = _Reader(file, options), False
        for task in _tasks(file):
            met = True
            yield from (task,) if isinstance(task, Problem) else reader.read(task)
        if not met and not options.empty:
            yield Problem("refused", file.where, "", "holds no task, so there is nothing to annotate")
        if reader.unread:
            reason = f"{reader.unread} results of controls that have no place here are kept and written again"
            yield Problem("noted", file.where, "result", reason)


def _tasks(file: SourceFile) -> Iterator[JsonItem | Problem]:
    """Yield the tasks of a file; rows of JSON-MIN that follow each other with the same id are one."""
    flat: JsonItem | None = None
    for item in objects(file):
        if isinstance(item, Problem) or not is_flat(item.row):
            yield from (item,) if flat is None else (flat, item)
            flat = None
            continue
        task = unflattened(item.row)
        if flat is not None and "id" in task and flat.row.get("id") == task["id"] and flat.row["data"] == task["data"]:
            flat.row["annotations"] += task["annotations"]
            continue
        if flat is not None:
            yield flat
        flat = replace(item, row=task)
    if flat is not None:
        yield flat


class _Reader:
    """Turns the tasks of one file into documents."""

    def __init__(self, file: SourceFile, options: ReadOptions) -> None:
        self._stem = stem(file.name) if file.name != "-" else "stdin"
        self._options = options
        self.unread = 0

    def read(self, item: JsonItem) -> Iterator[Item]:
        problems: Problems = []
        try:
            key = text_key(item.row)
            document = self._document(item, item.row["data"][key])
        except DataError as error:
            yield Problem("refused", item.where, "", error.message)
            return
        kept = {name: value for name, value in item.row.items() if name not in _TASK_READ}
        kept |= {"text_key": key, "data": {name: value for name, value in item.row["data"].items() if name != key}}
        versions = list(self._annotated(document, item.row, kept, problems))
        versions += self._drafted(document, item.row, {version.annotator for version in versions}, kept, problems)
        predicted = self._predicted(document, item.row, problems)
        if predicted is not None and MASTER in {version.annotator for version in versions}:
            kept["predictions"] = item.row["predictions"]
        elif predicted is not None:
            versions.append(predicted)
        yield from (Problem("refused", item.where, name, reason) for name, reason in problems)
        yield ExchangedDocument(document, tuple(versions), item.where, under("label_studio", kept))

    def _document(self, item: JsonItem, text: str) -> Document:
        meta, id = item.row.get("meta"), item.row.get("id")
        ours = meta.get(OURS) if type(meta) is dict else None
        ours = ours if type(ours) is dict else {}
        key = f"{self._stem}-{item.number}" if type(id) not in (int, str) or id == "" else str(id)
        own = ours.get("id")
        named = {**ours, "id": own if type(own) is str and own else key}
        return jsonl_rows.document_of(named, text, key, empty=self._options.empty)

    def _annotated(
        self, document: Document, task: dict[str, Any], kept: dict[str, Any], problems: Problems
    ) -> Iterator[ExchangedVersion]:
        """Yield a version per annotator: of several annotations by the same, the last that was not cancelled."""
        by_name: dict[str, tuple[int, dict[str, Any]]] = {}
        for at, annotation in enumerate(annotations_of(task)):
            if type(annotation) is not dict:
                problems.append((f"annotations[{at}]", "is no object; left out"))
                continue
            name = annotator_of(annotation) or MASTER
            other = by_name.get(name)
            if other is not None:
                older, annotation = (annotation, other[1]) if _is_cancelled(annotation) else (other[1], annotation)
                kept.setdefault("other_annotations", []).append(older)
                problems.append((f"annotations[{at}]", f"{name} has several; one is taken, the other kept beside"))
            by_name[name] = (at, annotation)
        for name, (at, annotation) in by_name.items():
            yield self._version(document, name, f"annotations[{at}]", annotation, problems)

    def _version(
        self, document: Document, name: str, field: str, annotation: dict[str, Any], problems: Problems
    ) -> ExchangedVersion:
        before = len(problems)
        given = [Given(at, row) for at, row in _rows(annotation, field, problems)]
        results = Results(document, self._options, problems).read(given)
        left = {key: value for key, value in annotation.items() if key not in _ANNOTATION_READ}
        if type(annotation.get("completed_by")) is dict:
            left["completed_by"] = annotation["completed_by"]
        if _is_cancelled(annotation):
            left["was_cancelled"] = True
        self._keep(results, left)
        return ExchangedVersion(results.held, not _is_cancelled(annotation) and len(problems) == before, name)

    def _drafted(
        self, document: Document, task: dict[str, Any], taken: set[str], kept: dict[str, Any], problems: Problems
    ) -> Iterator[ExchangedVersion]:
        """Yield the drafts of those who have handed nothing in; drafts of annotations are kept beside."""
        beside: list[Any] = []
        for at, draft in enumerate(drafts_of(task)):
            name = (annotator_of(draft, "user") or MASTER) if type(draft) is dict else ""
            if (
                not name
                or name in taken
                or type(draft.get("result")) is not list
                or draft.get("annotation") is not None
            ):
                beside.append(draft)
                continue
            taken.add(name)
            given = [Given(place, row) for place, row in _rows(draft, f"drafts[{at}]", problems)]
            results = Results(document, self._options, problems).read(given)
            self._keep(results, {key: value for key, value in draft.items() if key not in _DRAFT_READ})
            yield ExchangedVersion(results.held, False, name)
        if "drafts" in task:
            kept["drafts"] = beside

    def _predicted(self, document: Document, task: dict[str, Any], problems: Problems) -> ExchangedVersion | None:
        given: list[Given] = []
        models: list[dict[str, Any]] = []
        for at, prediction in enumerate(predictions_of(task)):
            field = f"predictions[{at}]"
            if type(prediction) is not dict:
                problems.append((field, "is no object; left out"))
                continue
            who, prob = (f"{ML}{model_in(prediction)}",), prob_in(prediction)
            given += [Given(name, row, who, prob) for name, row in _rows(prediction, field, problems)]
            models.append({key: value for key, value in prediction.items() if key != "result"})
        results = Results(document, self._options, problems).read(given)
        held = results.held
        if not (held.entities or held.labels):
            return None
        self._keep(results, {"predictions": models})
        return ExchangedVersion(held, None, MASTER)

    def _keep(self, results: Results, left: dict[str, Any]) -> None:
        if results.unread:
            self.unread += len(results.unread)
            left["unread"] = results.unread
        if left:
            results.held.extra |= under("label_studio", left)


def _rows(holder: dict[str, Any], field: str, problems: Problems) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the items of a `result` with what reports call them."""
    result = holder.get("result")
    if type(result) is not list:
        if result is not None:
            problems.append((f"{field}.result", "is no list; left out"))
        return
    for at, row in enumerate(result):
        if type(row) is dict:
            yield f"{field}.result[{at}]", row
        else:
            problems.append((f"{field}.result[{at}]", "is no object; left out"))


def _is_cancelled(annotation: dict[str, Any]) -> bool:
    return annotation.get("was_cancelled") is True or annotation.get("skipped") is True


_everything = meaning.by(EVERYTHING)


def of_task(exchanged: ExchangedDocument, options: WriteOptions) -> object:
    """Everything; what is not confirmed is so whether it was begun, skipped, or never looked at."""
    versions = tuple(replace(one, confirmed=bool(one.confirmed)) for one in exchanged.versions if says_something(one))
    return _everything(replace(exchanged, versions=versions), options)


FORMAT = Format(
    name="label-studio",
    description="Label Studio's and Annotation Lab's JSON: tasks with annotations and predictions",
    extensions=(".json", ".jsonl"),
    many=True,
    loses="",
    meaning=of_task,
    holds=EVERYTHING,
    sniff=sniff,
    read=read,
    write_stream=write,
)
