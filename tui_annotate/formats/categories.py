"""Document labels as plain lists of categories, which is all that some tools know, and back.

A category is the value of a choice (`spam`, or `topic=spam` where the corpus has several labels), or the name of
a boolean label that is true. What a list cannot say (a text, a false, a probability) stands beside it in `labels`,
and counts as long as the list is still what it was written as (`labels_as`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tui_annotate.domain.annotations import LabelContent, LabelValue
from tui_annotate.domain.scheme import Scheme
from tui_annotate.formats.base import ReadOptions, unnamed_label
from tui_annotate.formats.jsonl.rows import LabelNames, Problems
from tui_annotate.formats.jsonl.write import label_row

COLUMNS = frozenset(("labels", "labels_as"))


def of_labels(labels: Mapping[str, LabelValue], scheme: Scheme) -> list[str]:
    """Return the categories that labels come to, sorted."""
    kinds = {label.name: label.kind for label in scheme.labels}
    single = len({*kinds, *labels}) == 1
    found: list[str] = []
    for name, held in labels.items():
        if held.value is True:
            found.append(name)
        elif isinstance(held.value, (str, tuple)) and kinds.get(name) != "text":
            values = (held.value,) if isinstance(held.value, str) else held.value
            found += [value if single else f"{name}={value}" for value in values]
    return sorted(found)


def options_of(scheme: Scheme) -> list[str]:
    """Return all categories that a scheme has, in its order."""
    single = len(scheme.labels) == 1
    found: list[str] = []
    for label in scheme.labels:
        if label.kind == "boolean":
            found.append(label.name)
        found += [option.value if single else f"{label.name}={option.value}" for option in label.options]
    return found


def columns(labels: Mapping[str, LabelValue], categories: Sequence[str]) -> dict[str, Any]:
    """Return what is written beside the categories, so that nothing of the labels is lost."""
    if not labels:
        return {}
    return {"labels": {held.name: label_row(held) for held in labels.values()}, "labels_as": list(categories)}


def read_labels(
    row: Mapping[str, Any], given: Sequence[str], options: ReadOptions, problems: Problems, *, several: bool = False
) -> dict[str, LabelValue]:
    """Return the labels of a row: what stands in `labels`, if the categories beside it are still the same.

    Args:
        given: The categories that the row lists.
        several: A document may have several of them, so that one alone is a list as well.
    """
    labels: dict[str, LabelValue] = {}
    if type(row.get("labels")) is dict and row.get("labels_as") == sorted(given):
        LabelNames.of(options).read({"labels": row["labels"]}, labels, problems)
        return labels
    found = _by_scheme(given, options, several)
    return {name: LabelValue(name, value) for name, value in found.items()}


def _by_scheme(given: Sequence[str], options: ReadOptions, several: bool) -> dict[str, LabelContent]:
    """Give categories to the labels of the scheme that have them; the rest to the unnamed one."""
    found: dict[str, LabelContent] = {}
    left = dict.fromkeys(given)
    for label in options.scheme.labels:
        if label.kind == "boolean" and label.name in left:
            found[label.name] = True
            del left[label.name]
        for prefix in (f"{label.name}=", ""):
            values = tuple(o.value for o in label.options if prefix + o.value in left)
            if values:
                found[label.name] = values if label.kind == "choices" else values[0]
                for value in values:
                    del left[prefix + value]
                break
    named: dict[str, list[str]] = {}
    unnamed = unnamed_label(options, ("choice", "choices"), "label")
    for category in left:
        name, equals, value = category.partition("=")
        is_named = equals and name and value and name == name.strip()
        named.setdefault(name if is_named else unnamed, []).append(value if is_named else category)
    for name, held in named.items():
        found[name] = tuple(held) if several or len(held) > 1 else held[0]
    return found
