"""One decision changes what it must in the ann.json, and not a byte besides."""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tui_annotate.domain.spans import Span
from tui_annotate.services.exporting import export
from tui_annotate.services.importing import import_paths
from tui_annotate.session.review import Act, ReviewSession
from tui_annotate.session.working import WorkingDocument
from tui_annotate.store import documents, log, settings, suggestions, versions
from tui_annotate.store.connection import Corpus

TEXT = "Aspirin helps, Ibuprofen too. 😀 Aspirin"
HTML = f'<html id="d"><body><p id="s1p1">{TEXT}</p></body></html>'
LEGEND = '{"e_1": "Drug", "e_2": "Food", "f_3": "dose", "m_4": "urgent", "r_5": "with"}'
ML = {"state": "", "who": ["ml:z"], "prob": 0.25}
OTHER = {"state": "pre-added", "who": ["ml:z"], "prob": 0.5}


def row(start: int, text: str, **more: object) -> dict[str, object]:
    place = {"classId": "e_1", "part": "s1p1", "offsets": [{"start": start, "text": text}]}
    return {"note": "ours", **place, "confidence": ML, **more}


ANN = {
    "annotatable": {"parts": ["s1p1", "gone"]},
    "relations": [
        {"classId": "r_5", "entities": ["s1p1|0,7", "s1p1|15,24"], "confidence": 1},
        {"classId": "r_5", "entities": ["s1p1|15,24", "s1p1|34,41"], "confidence": {}},
    ],
    "entities": [
        row(0, "Aspirin", coordinates=[{"x": "1.0", "y": "2"}], normalizations={"n_9": {"recName": None}}),
        row(15, "Ibuprofen", fields={"f_3": {"value": "2", "confidence": OTHER}}, confidence={}),
        row(15, "Ibuprofen", fields={"f_3": {"value": "2", "confidence": OTHER}}, confidence={}),
        row(34, "Aspirin", connectingWords=["é"]),
        row(90, "Nowhere"),
    ],
    "metas": {"m_4": {"value": True, "confidence": ML, "x": [1.50]}},
    "ours": {"b": 1e-05, "a": [1.0]},
}


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    came = tmp_path / "came"
    came.mkdir()
    (came / "d.plain.html").write_text(HTML)
    (came / "d.ann.json").write_text(json.dumps(ANN, indent=1).replace("0.25", "0.250"))
    (came / "annotations-legend.json").write_text(LEGEND)
    corpus = Corpus.create(tmp_path / "c.db")
    import_paths(corpus, [came], annotator="me")
    return corpus


def session(corpus: Corpus) -> ReviewSession:
    scheme = settings.scheme(corpus)
    row, text = documents.row(corpus, 1), documents.load(corpus, 1)
    working = WorkingDocument(row, text, versions.load(corpus, 1, "zoe"), suggestions.of(corpus, 1), scheme=scheme)
    made = ReviewSession("zoe", scheme)
    made.show(working)
    made.saw_items(item.shown_by for item in working.items)
    return made


def at(text: str, act: Callable[[ReviewSession], Act], *, last: bool = False) -> Callable[[ReviewSession], Act]:
    """Return an act on the entity of this text."""

    def do(session: ReviewSession) -> Act:
        found = [i for i in session.document.items if i.spans and session.document.document.slice(i.spans[0]) == text]
        assert session.focus_on(found[-1 if last else 0].place)
        return act(session)

    return do


def path(*keys: str | int) -> str:
    return "/".join(map(str, keys))


CONFIDENCE = path("entities", 0, "confidence")
ACTS: dict[str, tuple[Callable[[ReviewSession], Act], dict[str, object]]] = {
    "accept": (
        at("Aspirin", ReviewSession.accept),
        {f"{CONFIDENCE}/who": ["ml:z", "user:zoe"], f"{CONFIDENCE}/prob": 1},
    ),
    "accept what stood at the wrong place": (
        at("Aspirin", ReviewSession.accept, last=True),
        {
            "entities/3/offsets": [{"start": 33, "text": "Aspirin"}],
            "entities/3/confidence/who": ["ml:z", "user:zoe"],
            "entities/3/confidence/prob": 1,
            "relations/1/entities": ["s1p1|15,24", "s1p1|33,40"],
        },
    ),
    "change the type": (
        at("Aspirin", lambda session: session.change_type("Food")),
        {
            "entities/0/classId": "e_2",
            f"{CONFIDENCE}/state": "pre-added",
            f"{CONFIDENCE}/who": ["user:zoe"],
            f"{CONFIDENCE}/prob": 1,
        },
    ),
    "set an attribute": (
        at("Aspirin", lambda session: session.set_attribute("dose", "7")),
        {
            f"{CONFIDENCE}/who": ["ml:z", "user:zoe"],
            f"{CONFIDENCE}/prob": 1,
            "entities/0/fields": {
                "f_3": {"value": "7", "confidence": {"state": "", "who": ["ml:z", "user:zoe"], "prob": 1}}
            },
        },
    ),
    "set a document label": (
        lambda session: session.set_label("urgent", False),
        {
            "metas/m_4/value": False,
            "metas/m_4/confidence/state": "pre-added",
            "metas/m_4/confidence/who": ["user:zoe"],
            "metas/m_4/confidence/prob": 1,
        },
    ),
}


def went(corpus: Corpus, tmp_path: Path, member: str = "members/zoe") -> str:
    """Export, and return an ann.json."""
    export(corpus, tmp_path / "out", overwrite=True)
    return (tmp_path / "out" / "ann.json" / member / "pool" / "d.ann.json").read_text()


def differences(before: object, after: object, at: str = "") -> dict[str, object]:
    """Return what is other in a JSON tree, by its path; the order of keys counts, lists of values are one thing."""
    if isinstance(before, dict) and isinstance(after, dict):
        found: dict[str, object] = {}
        for key in [*before, *(key for key in after if key not in before)]:
            place = f"{at}/{key}".lstrip("/")
            if key not in before or key not in after:
                found[place] = after.get(key)
            else:
                found |= differences(before[key], after[key], place)
        if [key for key in after if key in before] != [key for key in before if key in after]:
            found[f"{at} order"] = list(after)
        return found
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after) > 1:
        return {k: v for n in range(len(after)) for k, v in differences(before[n], after[n], f"{at}/{n}").items()}
    return {} if repr(before) == repr(after) else {at: after}


@pytest.mark.parametrize("name", ACTS)
def test_an_act_changes_what_it_must(name: str, corpus: Corpus, tmp_path: Path) -> None:
    came = (tmp_path / "came" / "d.ann.json").read_text()
    assert went(corpus, tmp_path, "master") == came
    act, expected = ACTS[name]
    log.record(corpus, act(session(corpus)).decisions)
    out = went(corpus, tmp_path)
    found = differences(json.loads(came), json.loads(out))
    ends = {k: v for k, v in found.items() if k.startswith("relations/1/entities/")}
    if ends:
        expected = {**{k: v for k, v in expected.items() if k != "relations/1/entities"}, **ends}
        assert list(ends.values()) == ["s1p1|33,40"]
    assert found == expected
    assert out.count("0.250") >= 3
    assert went(corpus, tmp_path, "master") == came


def test_what_is_added_stands_at_its_place_among_bytes_that_stay(corpus: Corpus, tmp_path: Path) -> None:
    log.record(corpus, session(corpus).add(Span("s1p1", 8, 13), "Food").decisions)
    came, out = (tmp_path / "came" / "d.ann.json").read_text(), went(corpus, tmp_path)
    found = [line for line in difflib.ndiff(came.split("\n"), out.split("\n")) if line[0] in "+-"]
    assert found == [
        '+   {"classId": "e_2", "part": "s1p1", "offsets": [{"start": 8, "text": "helps"}], "coordinates": [], '
        '"confidence": {"state": "pre-added", "who": ["user:zoe"], "prob": 1}, "fields": {}, "normalizations": {}},'
    ]
    assert [row["offsets"][0]["start"] for row in json.loads(out)["entities"]] == [0, 8, 15, 15, 34, 90]


def test_a_rejected_entity_is_gone_and_only_it(corpus: Corpus, tmp_path: Path) -> None:
    log.record(corpus, at("Aspirin", ReviewSession.reject)(session(corpus)).decisions)
    came, out = (tmp_path / "came" / "d.ann.json").read_text(), went(corpus, tmp_path)
    found = [line for line in difflib.ndiff(came.split("\n"), out.split("\n")) if line[0] in "+-"]
    assert [line for line in found if line[0] == "+"] == []
    left = json.loads(out)
    assert left["entities"] == json.loads(came)["entities"][1:]
    assert left["relations"] == json.loads(came)["relations"][1:]


def test_confirming_accepts_what_was_open_and_keeps_the_rest(corpus: Corpus, tmp_path: Path) -> None:
    log.record(corpus, session(corpus).confirm().decisions)
    out = json.loads(went(corpus, tmp_path, "master"))
    came = json.loads((tmp_path / "came" / "d.ann.json").read_text())
    assert list(out) == ["annotatable", "anncomplete", *(key for key in came if key != "annotatable")]
    names = [row["confidence"].get("who") for row in out["entities"]]
    assert names == [["ml:z", "user:zoe"], ["user:zoe"], ["ml:z", "user:zoe"], ["ml:z"]]
    assert out["entities"][0]["normalizations"] == {"n_9": {"recName": None}}
    assert (out["entities"][-1], out["ours"]) == (came["entities"][-1], came["ours"])
