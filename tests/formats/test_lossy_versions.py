"""A version that lost something on its way in is not confirmed, whatever its file says; its annotations stay."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.formats.helpers import docs, problems, read, source
from tui_annotate.domain.annotations import Annotations, LabelValue
from tui_annotate.domain.documents import Document, Part
from tui_annotate.domain.interchange import ExchangedDocument, ExchangedVersion
from tui_annotate.domain.scheme import DocumentLabel, Scheme
from tui_annotate.formats.base import ReadOptions
from tui_annotate.services.fitting import fitted

REGION = {
    "id": "r",
    "from_name": "label",
    "to_name": "text",
    "type": "labels",
    "value": {"start": 0, "end": 3, "labels": ["PER"]},
}


def studio(*result: Any) -> dict[str, Any]:
    """Return a task of Label Studio with one annotation."""
    return {"id": 1, "data": {"text": "Ann met"}, "annotations": [{"id": 1, "result": [*result]}]}


def bioc(*annotations: Any) -> dict[str, Any]:
    """Return a document of BioC that was confirmed here."""
    passages = [{"offset": 0, "infons": {}, "text": "Ann met", "annotations": [*annotations]}]
    return {"documents": [{"id": "1", "infons": {"confirmed": "true"}, "passages": passages}]}


LOSSY: dict[str, list[tuple[str, Any, Any]]] = {
    "label-studio": [
        ("a region", studio(REGION, REGION | {"id": "s", "value": {"start": 0, "end": 99}}), studio(REGION)),
        ("a relation", studio(REGION, {"type": "relation", "from_id": "r", "to_id": "x"}), studio(REGION)),
        ("an item", studio(REGION, 3), studio(REGION)),
    ],
    "jsonl": [
        ("a span", {"text": "x", "spans": [{"start": 0, "end": 9, "label": "a"}], "confirmed": True}, None),
        ("a relation", {"text": "x", "spans": [], "relations": [{"label": "r"}], "confirmed": True}, None),
        ("nothing", None, {"text": "x", "spans": [], "confirmed": True}),
    ],
    "doccano": [
        ("a span", {"text": "x", "label": [[0, 9, "a"]], "confirmed": True}, {"text": "x", "confirmed": True}),
    ],
    "bioc-json": [
        (
            "an annotation",
            bioc({"id": "1", "text": "Bob", "infons": {}, "locations": [{"offset": 0, "length": 3}]}),
            bioc({"id": "1", "text": "Ann", "infons": {}, "locations": [{"offset": 0, "length": 3}]}),
        ),
        ("no object", bioc(3), bioc()),
    ],
}
CASES = [(format, *case) for format, cases in LOSSY.items() for case in cases]


@pytest.mark.parametrize(("format", "what", "lossy", "whole"), CASES, ids=[f"{case[0]}: {case[1]}" for case in CASES])
def test_what_lost_something_is_not_confirmed(format: str, what: str, lossy: Any, whole: Any) -> None:
    for given, confirmed in ((lossy, False), (whole, True)):
        if given is None:
            continue
        items = read(format, source("a.json", json.dumps(given)))
        assert bool(problems(items, "refused")) is not confirmed
        (document,) = docs(items)
        assert [bool(version.confirmed) for version in document.versions] == [confirmed]


def test_a_row_of_a_table_whose_label_was_refused_is_not_confirmed() -> None:
    options = ReadOptions(scheme=Scheme(labels=(DocumentLabel("urgent", "boolean"),)))
    rows = "".join(f"{number},words of {number},true,true\n" for number in range(600))
    items = read("csv", source("a.csv", f"id,text,urgent,confirmed\n{rows}last,x,maybe,true\n"), options)
    assert [one.versions[0].confirmed for one in docs(items)[-2:]] == [True, False]


def test_a_value_that_does_not_fit_the_scheme_leaves_its_version_unconfirmed() -> None:
    label = DocumentLabel("urgent", "boolean")
    for value, confirmed in (("yes", True), ("maybe", False)):
        held = Annotations(labels={"urgent": LabelValue("urgent", value)})
        one = ExchangedDocument(Document("d", (Part("s1v1", "x"),)), (ExchangedVersion(held, True),))
        document, problems_met = fitted(one, {"urgent": label})
        assert [version.confirmed for version in document.versions] == [confirmed]
        assert problems_met
