"""Import, touch nothing, export: what came goes out, byte for byte, and what was odd in it is said.

Each case is one document of a corpus that all of them share: what is in its ann.json, what comes in, what is
reported, what goes out (the same bytes, unless said otherwise).
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tui_annotate.domain.interchange import ExchangedDocument, Problem
from tui_annotate.formats import registry
from tui_annotate.services.exporting import export
from tui_annotate.services.importing import import_paths
from tui_annotate.store.connection import Corpus

TEXT = "Aspirin helps. 😀 Aspirin, again"
C = {"state": "pre-added", "who": ["user:x"], "prob": 1}
AT = {"start": 0, "text": "Aspirin"}
HTML = '<!DOCTYPE html >\n<html id="{id}" data-origid="n"><body><p id="s1p1">{text}</p>{more}</body></html>'


@dataclass(frozen=True, slots=True)
class Case:
    """One odd ann.json."""

    ann: str
    said: tuple[str, ...] = ()
    """Pieces of what is reported, each of one problem; empty: nothing but that labels are not named."""
    entities: list[tuple[int, int]] = field(default_factory=list)
    """Where the entities that come in stand, in code points."""
    check: Callable[[ExchangedDocument], object] | None = None
    goes: str | None = None
    """What goes out; None for what came."""
    text: str = TEXT
    more: str = ""


def whole(*entities: Any, relations: tuple[Any, ...] = (), **more: Any) -> str:
    """Return an ann.json of all six keys, as tagtog writes it."""
    keys = {"annotatable": {"parts": ["s1p1"]}, "anncomplete": False, "sources": [], "metas": {}}
    return json.dumps(
        keys | {"entities": entities, "relations": relations} | more, ensure_ascii=False, separators=(",", ":")
    )


def without(key: str) -> str:
    """Return an ann.json that lacks a key."""
    return json.dumps({k: v for k, v in json.loads(whole()).items() if k != key})


def row(*offsets: Any, **more: Any) -> dict[str, Any]:
    """Return an entity of the first word."""
    made = {"classId": "e_1", "part": "s1p1", "offsets": list(offsets) or [AT], "coordinates": [], "confidence": C}
    found = made | {"fields": {}, "normalizations": {}} | more
    return {key: value for key, value in found.items() if value is not ...}


def first(document: ExchangedDocument) -> Any:
    """Return the first entity."""
    return next(iter(document.versions[0].annotations.entities.values()))


def who(names: tuple[str, ...], prob: float, state: str = "pre-added") -> Callable[[ExchangedDocument], object]:
    """Return a check of the first entity's confidence."""
    return lambda document: (first(document).who, first(document).prob, first(document).state) == (names, prob, state)


ODD = {"a": 1e-05, "prob": 1.0, "state": "", "who": ["ml:x"]}
METAS = {
    "m_11": {"value": True, "confidence": C},
    "m_12": {"value": "no", "confidence": {}},
    "m_13": {"value": 3, "confidence": C},
    "m_14": {"value": 0.5, "confidence": C},
}
VALUES = {"m_11": True, "m_12": "no", "m_13": 3, "m_14": 0.5}
SOURCELESS = {"recName": None, "source": {"name": "U", "id": "1", "url": None}, "confidence": C}
SECOND = row({"start": 18, "text": "Aspirin"})
LINK = {"classId": "r_2", "type": "linked", "directed": False, "confidence": C}


def linked(*ends: str, **more: Any) -> tuple[dict[str, Any], ...]:
    """Return one relation."""
    found = LINK | {"entities": ends} | more
    return ({key: value for key, value in found.items() if value is not ...},)


CASES: dict[str, Case] = {
    # The list of ANNDOC.md, in its order.
    "empty confidence": Case(whole(row(confidence={})), ("`confidence` is empty",), [(0, 7)], who((), 1.0)),
    "confidence 1": Case(whole(row(confidence=1)), ("bare number",), [(0, 7)], who((), 1.0)),
    "confidence 0.5": Case(whole(row(confidence=0.5)), ("bare number",), [(0, 7)], who((), 0.5)),
    "state selected": Case(
        whole(row(confidence=C | {"state": "selected"})),
        ('state "selected"',),
        [(0, 7)],
        who(("user:x",), 1, "selected"),
    ),
    "state null": Case(whole(row(confidence=C | {"state": None})), ("state null",), [(0, 7)], who(("user:x",), 1, "")),
    "prob 0": Case(whole(row(confidence=C | {"prob": 0})), ("prob 0",), [(0, 7)], who(("user:x",), 0)),
    "no fields": Case(whole(row(fields=...)), ("without `fields`",), [(0, 7)]),
    "no normalizations": Case(whole(row(normalizations=...)), ("without `normalizations`",), [(0, 7)]),
    "no sources": Case(without("sources"), ("no `sources`",)),
    "no annotatable": Case(without("annotatable"), ("no `annotatable`",)),
    "no coordinates, as in version 2": Case(whole(row(coordinates=...)), (), [(0, 7)]),
    "connectingWords": Case(whole(row(connectingWords=["and"])), ("`connectingWords`",), [(0, 7)]),
    "relation without type": Case(
        whole(row(), SECOND, relations=linked("s1p1|e_1|0,6", "s1p1|e_1|18,24", type=...)),
        (),
        [(0, 7), (17, 24)],
        lambda document: len(document.versions[0].annotations.relations) == 1,
    ),
    "recName null": Case(
        whole(row(normalizations={"n_3": SOURCELESS})),
        ("without a recName",),
        [(0, 7)],
    ),
    "normalization without a source": Case(
        whole(row(normalizations={"n_3": {"recName": "ASA", "confidence": C}})), ("without a source",), [(0, 7)]
    ),
    "annotatable ids that the html lacks": Case(
        whole(row(), annotatable={"parts": ["s1p1", "s7p7"]}), ("names parts that the text lacks: 's7p7'",), [(0, 7)]
    ),
    "parts that annotatable lacks": Case(
        whole(row(), annotatable={"parts": ["s1p1"]}),
        ("lacks parts that the text has: s2p1",),
        [(0, 7)],
        more='<p id="s2p1">more</p>',
    ),
    "entity on a missing part": Case(whole(row(part="s9p9"), row()), ("entities[0]: stands in part 's9p9'",), [(0, 7)]),
    "offsets shifted": Case(
        whole(row({"start": 20, "text": "Aspirin"})), ("'Aspirin' is not at 20; the nearest is at 18",), [(17, 24)]
    ),
    "text that stands nowhere": Case(whole(row({"start": 0, "text": "Paracetamol"})), ("stands nowhere in part s1p1",)),
    "duplicates": Case(whole(row(), row()), ("stands twice",), [(0, 7), (0, 7)]),
    "dangling hash": Case(
        whole(row(), relations=linked("s1p1|e_1|0,6", "s1p1|e_1|90,99")),
        ("relations[0]: has the end 's1p1|e_1|90,99'",),
        [(0, 7)],
    ),
    "hashes of 3.6": Case(
        whole(row(), SECOND, relations=linked("s1p1|e_1|0,6", "s1p1|e_1|18,24")),
        (),
        [(0, 7), (17, 24)],
        lambda document: document.versions[0].annotations.relations[1].ends == (1, 2),
    ),
    "hashes of version 2": Case(
        whole(row(), SECOND, relations=linked("s1p1|0,7", "s1p1|18,25")),
        (),
        [(0, 7), (17, 24)],
        lambda document: document.versions[0].annotations.relations[1].ends == (1, 2),
    ),
    "a line end that counts as one": Case(
        whole(row({"start": 2, "text": "b\r\nc"})), ("'b\\r\\nc' is not at 2",), [(2, 5)], text="a\r\nb\r\nc"
    ),
    "floats digit for digit": Case(
        whole(row()).replace('"prob":1', '"prob":0.10').replace("user:x", "ml:x"), (), [(0, 7)], who(("ml:x",), 0.1)
    ),
    "more floats": Case(whole(row(confidence=ODD), x=12345678901234567890123), ("`x` is not known",), [(0, 7)]),
    # What else real files may have.
    "pretty": Case(json.dumps(json.loads(whole(row(), SECOND)), indent=4, ensure_ascii=False), (), [(0, 7), (17, 24)]),
    "blanks after marks": Case(json.dumps(json.loads(whole(row(), SECOND))), (), [(0, 7), (17, 24)]),
    "escapes": Case(json.dumps(json.loads(whole(row({"start": 15, "text": "😀"})))), (), [(15, 16)]),
    "byte order mark": Case("\ufeff" + whole(row()), ("byte order mark",), [(0, 7)]),
    "another order of keys": Case(
        json.dumps(dict(reversed(json.loads(whole(row(), SECOND)).items()))), (), [(0, 7), (17, 24)]
    ),
    "entities not sorted": Case(whole(SECOND, row()), (), [(17, 24), (0, 7)]),
    "anncomplete missing": Case(without("anncomplete"), ("no `anncomplete`",)),
    "anncomplete 0": Case(whole(row(), anncomplete=0), ("anncomplete: is 0; taken as false",), [(0, 7)]),
    "anncomplete 'true'": Case(
        whole(row(), anncomplete="true"),
        ("anncomplete: is 'true'; taken as true",),
        [(0, 7)],
        lambda document: document.versions[0].confirmed,
    ),
    "unknown keys": Case(
        whole(row(), schema={"v": [1, 2.0]}, empty=[]), ("`schema` is not known", "`empty` is not known"), [(0, 7)]
    ),
    "nothing at all": Case("{}", ("no `entities`",)),
    "nulls": Case(json.dumps(dict.fromkeys(json.loads(whole()))), ("`entities` is null",)),
    "the same key twice": Case(whole(row()).replace('"sources":[]', '"sources":[1],"sources":[]'), (), [(0, 7)]),
    "start as text": Case(
        whole(row({"start": "18", "text": "Aspirin"})), ("start that is no whole number",), [(17, 24)]
    ),
    "start 18.0": Case(whole(row({"start": 18.0, "text": "Aspirin"})), ("start that is no whole number",), [(17, 24)]),
    "end beside start": Case(whole(row(AT | {"end": 7})), ("more than `start` and `text`",), [(0, 7)]),
    "pieces": Case(whole(row(AT, {"start": 18, "text": "Aspirin"})), (), [(0, 24)]),
    "pieces in another order": Case(whole(row({"start": 18, "text": "Aspirin"}, AT)), (), [(0, 24)]),
    "fields as a list": Case(whole(row(fields=["x"])), ("`fields` that is no object",), [(0, 7)]),
    "field without a value": Case(
        whole(row(fields={"f_4": {"confidence": C}})), ("field f_4 without a value",), [(0, 7)]
    ),
    "coordinates of a PDF": Case(
        whole(row(coordinates=[{"x": "200.10", "y": "277.81"}, {"x": "210.0", "y": "1e1"}])),
        (),
        [(0, 7)],
        lambda document: first(document).extra["coordinates"][0]["x"] == "200.10",
    ),
    "metas of every kind": Case(
        whole(metas=METAS).replace("0.5,", "0.50,"),
        ("`confidence` is empty",),
        [],
        lambda document: {n: v.value for n, v in document.versions[0].annotations.labels.items()} == VALUES,
    ),
    "metas without a value": Case(whole(metas={"m_12": {"value": None}, "m_15": []}), ("metas.m_12", "metas.m_15")),
    "open proposal to delete": Case(
        whole(row(confidence=C | {"state": "pre-removed"})), (), [(0, 7)], who(("user:x",), 1, "pre-removed")
    ),
    "who as text": Case(
        whole(row(confidence=C | {"who": "user:x"})), ("`who` is no list",), [(0, 7)], who(("user:x",), 1)
    ),
    "prob beyond 1": Case(
        whole(row(confidence=C | {"prob": 7})), ("prob 7: taken as 1",), [(0, 7)], who(("user:x",), 1)
    ),
    "prob as text": Case(whole(row(confidence=C | {"prob": "0.7"})), ('prob "0.7": taken as 1',), [(0, 7)]),
    "directed null": Case(
        whole(row(), SECOND, relations=linked("s1p1|0,7", "s1p1|18,25", directed=None)), (), [(0, 7), (17, 24)]
    ),
    "an end among three": Case(
        whole(row(), relations=linked("s1p1|0,7", "s1p1|0,7", "s1p1|0,7")),
        ("relations[0]: has no classId, or not two",),
        [(0, 7)],
    ),
    "blanks around it all": Case(f"\n {whole(row())}\n\n", (), [(0, 7)]),
    "half a pair": Case(whole(row({"start": 16, "text": "x"})), ("stands nowhere",)),
}


@pytest.fixture(scope="module")
def went(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Path, dict[str, list[Problem]], dict[str, ExchangedDocument]]:
    """Import and export all cases as one folder; return the folder, the reports and the documents by name."""
    folder = tmp_path_factory.mktemp("letter")
    came = folder / "came"
    came.mkdir()
    for number, case in enumerate(CASES.values()):
        html = HTML.format(id=f"d{number}", text=case.text, more=case.more)
        (came / f"d{number}.plain.html").write_bytes(html.encode())
        (came / f"d{number}.ann.json").write_bytes(case.ann.encode())
    with Corpus.create(folder / "c.db") as corpus:
        report = import_paths(corpus, [came], annotator="me")
        export(corpus, folder / "went")
    said: dict[str, list[Problem]] = {}
    for problem in report.problems:
        said.setdefault(Path(problem.where).name.removesuffix(".ann.json"), []).append(problem)
    documents = {item.document.key: item for item in registry.read_paths([came]) if isinstance(item, ExchangedDocument)}
    return folder, said, documents


@pytest.mark.parametrize("name", CASES)
def test_what_comes_in_what_is_said_what_goes_out(
    name: str, went: tuple[Path, dict[str, list[Problem]], dict[str, ExchangedDocument]]
) -> None:
    folder, said, documents = went
    case, id = CASES[name], f"d{list(CASES).index(name)}"
    version = documents[id].versions[0]
    assert [(e.span.start, e.span.end) for e in version.annotations.entities.values()] == case.entities
    assert case.check is None or case.check(documents[id])
    reports = [str(problem) for problem in said.get(id, [])]
    for piece in case.said:
        assert any(piece in report for report in reports), reports
    assert bool(reports) == bool(case.said), reports
    out = (folder / "went" / "ann.json" / "master" / "pool" / f"{id}.ann.json").read_bytes()
    assert out.decode() == (case.goes if case.goes is not None else case.ann)
    html = (folder / "came" / f"{id}.plain.html").read_bytes()
    assert (folder / "went" / "plain.html" / "pool" / f"{id}.plain.html").read_bytes() == html
