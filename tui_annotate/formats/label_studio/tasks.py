"""Label Studio's shapes brought to one: a task with `data` and `annotations`, whatever the export was called.

Annotation Lab's older exports say `completions` and `skipped`; JSON-MIN has the controls beside the data, a
row per annotation. Told apart by their keys.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from tui_annotate.errors import DataError

_REFERENCE = re.compile(r"(?:https?|s3|gs|azure-blob|file)://\S+|/?data/(?:upload|local-files)\S*|data:\w+/\S+")
_AFTER_RESULTS = ("annotator", "annotation_id", "created_at", "updated_at", "lead_time")


def is_flat(row: Mapping[str, Any]) -> bool:
    """Say whether a row is JSON-MIN."""
    return "data" not in row and ("annotation_id" in row or "annotator" in row)


def unflattened(row: dict[str, Any]) -> dict[str, Any]:
    """Return a JSON-MIN row as a task: data stands before the id, results behind it, then who made them."""
    data: dict[str, Any] = {}
    annotation: dict[str, Any] = {"result": []}
    task: dict[str, Any] = {"data": data, "annotations": [annotation]}
    names = {"annotator": "completed_by", "annotation_id": "id"}
    is_data = True
    for key, value in row.items():
        if key == "id":
            task["id"], is_data = value, False
        elif key in _AFTER_RESULTS:
            annotation[names.get(key, key)] = value
        elif is_data and type(value) not in (list, dict):
            data[key] = value
        else:
            annotation["result"] += _results(key, value)
    return task


def _results(name: str, value: Any) -> Iterator[dict[str, Any]]:
    """Yield the items of one control as the full export has them."""
    if type(value) is str:
        yield {"from_name": name, "type": "choices", "value": {"choices": [value]}}
    elif type(value) is dict:
        yield from ({"from_name": name, "type": key, "value": {key: held}} for key, held in value.items())
    elif type(value) in (int, float):
        yield {"from_name": name, "type": "number", "value": {"number": value}}
    elif type(value) is list:
        for at, one in enumerate(value):
            if type(one) is dict and ("start" in one or "globalOffsets" in one):
                kind = next((key for key in one if key.endswith("labels")), "labels")
                yield {"id": f"{name}-{at}", "from_name": name, "type": kind, "value": one}
            elif type(one) is str:
                yield {"from_name": name, "type": "choices", "value": {"choices": value}}
                return


def annotations_of(task: Mapping[str, Any]) -> list[Any]:
    """Return the annotations of a task under whichever name."""
    given = task.get("annotations", task.get("completions"))
    return given if type(given) is list else []


def predictions_of(task: Mapping[str, Any]) -> list[Any]:
    """Return the predictions of a task."""
    given = task.get("predictions")
    return given if type(given) is list else []


def drafts_of(task: Mapping[str, Any]) -> list[Any]:
    """Return the drafts of a task: objects, or just their numbers."""
    given = task.get("drafts")
    return given if type(given) is list else []


def annotator_of(annotation: Mapping[str, Any], field: str = "completed_by") -> str:
    """Return who made an annotation or draft: an e-mail address, a name or a number; empty where it does not say."""
    by = annotation.get(field)
    if type(by) is dict:
        named = (by.get(key) for key in ("email", "username", "id"))
        by = next((value for value in named if type(value) in (str, int) and str(value).strip()), None)
    return str(by).strip() if type(by) in (str, int) else ""


def text_key(task: Mapping[str, Any]) -> str:
    """Return under which key of `data` the text stands.

    Raises:
        DataError: There is none; the message says what there is instead.
    """
    data = task.get("data")
    if type(data) is not dict:
        raise DataError("`data` is missing or no object; a task needs one with the text")
    texts: dict[str, str] = {key: value for key, value in data.items() if type(value) is str}
    plain = {key: value for key, value in texts.items() if not _REFERENCE.fullmatch(value.strip())}
    if not plain:
        if texts:
            key, value = next(iter(texts.items()))
            raise DataError(
                f"`data.{key}` is the reference {value[:60]!r}, not a text; only text can be annotated here"
            )
        if any(type(value) is list for value in data.values()):
            raise DataError("`data` holds a dialogue, not a text; join its lines first")
        raise DataError("`data` holds no text")
    if "text" in plain:
        return "text"
    surfaces = list(_surfaces(task))[:50]
    return max(plain, key=lambda key: (sum(surface in plain[key] for surface in surfaces), len(plain[key])))


def _surfaces(task: Mapping[str, Any]) -> Iterator[str]:
    for holder in (*annotations_of(task), *predictions_of(task)):
        result = holder.get("result") if type(holder) is dict else None
        for item in result if type(result) is list else ():
            value = item.get("value") if type(item) is dict else None
            if type(value) is dict and type(value.get("text")) is str:
                yield value["text"]
