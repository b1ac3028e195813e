"""Searches: each field against what the rows say, indexed or not, and while documents change."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.store import making
from tests.store.making import CONFIRMED, IN_PROGRESS
from tui_annotate.domain.annotations import Annotations, Entity, LabelValue, Relation, SuggestionKey
from tui_annotate.domain.documents import Document, Part
from tui_annotate.domain.interchange import ExchangedDocument, ExchangedVersion
from tui_annotate.domain.query import parse
from tui_annotate.domain.query_tree import Both, Everything, Not, Query, Where, Words, joined
from tui_annotate.domain.scheme import Attribute, Choice, RelationType
from tui_annotate.domain.spans import Span
from tui_annotate.errors import QueryError
from tui_annotate.store import annotators, documents, log, rows, sources, suggestions
from tui_annotate.store.connection import Corpus
from tui_annotate.store.search import finding, indexing
from tui_annotate.store.search import places as search
from tui_annotate.store.search.fields import Asking
from tui_annotate.store.search.finding import SearchStopped

SCHEME = replace(
    making.SCHEME,
    attributes=(Attribute("negated", "boolean"), Attribute("when", "choice", (Choice("past"), Choice("now")))),
    relations=(RelationType("treats"),),
).numbered()
NORMALIZED = {
    "normalizations": {"n_3": {"source": {"name": "ATC", "id": "B01AC06"}, "recName": "acetylsalicylic acid"}}
}


def gold() -> ExchangedVersion:
    held = {
        1: Entity(
            "DRUG", (Span("s1p1", 0, 7),), ("user:ann",), 1.0, 1, {"negated": True, "when": "past"}, extra=NORMALIZED
        ),
        2: Entity("DISEASE", (Span("s1p2", 0, 4), Span("s1p2", 9, 13)), ("ml:x",), 0.25, 2),
        3: Entity("DRUG", (Span("s1p1", 12, 22),), ("user:ann",), 1.0, 3),
    }
    labels = {"urgent": LabelValue("urgent", True), "kind": LabelValue("kind", "Letter")}
    return ExchangedVersion(Annotations(held, labels, {4: Relation("treats", (1, 2), number=4)}), True)


def whole(
    key: str, *texts: str, folder: str = "", language: str = "", versions: tuple[ExchangedVersion, ...] = ()
) -> ExchangedDocument:
    parts = tuple(Part(f"s1p{n}", text) for n, text in enumerate(texts, 1))
    return ExchangedDocument(Document(key, parts, f"{key}.v1.txt", folder, language, ()), versions, where=key)


@pytest.fixture
def corpus(tmp_path: Path) -> Iterator[Corpus]:
    """Documents 1 to 8, of all sorts, as they come."""
    with Corpus.create(tmp_path / "notes.db", scheme=SCHEME) as made:
        with (tmp_path / "a.txt").open("wb+") as stream:
            source = sources.keep(made, "in/letters.zip", stream)
        making.take_in(
            made,
            whole("gold", "Aspirin and lisinopril.", "Lung and also cancer", folder="Heart/2024", versions=(gold(),)),
            whole("japan", "東京に行きました。薬はアスピリンです", folder="Heart", language="ja"),
            whole("thai", "กินยาแอสไพริน", language="th"),
            whole("cafe", "Café crème 😀 naïve Straße, 81mg"),
            source=source,
        )
        making.take_in(
            made,
            making.document("d5", "aspirin aspirin lung", tags=("Train", "to do")),
            making.document(
                "d6",
                "Lungs of an aspirin-like drug",
                versions=(making.version(making.entity(1, 0, 5), confirmed=False),),
            ),
            making.document("d7", "nothing here"),
            making.document(
                "d8", "lung cancer aspirin", versions=(making.version(making.entity(1, 0, 4), annotator="bob"),)
            ),
        )
        yield made


def index(corpus: Corpus) -> None:
    """Index everything, however little it is."""
    while indexing.behind(corpus).new or indexing.behind(corpus).stale:
        indexing.step(corpus)


def find(corpus: Corpus, query: str, *, annotator: str = "ann", now: datetime | None = None) -> list[int]:
    """Return row ids."""
    asking = Asking(annotator, now or datetime.now(UTC), SCHEME)
    return [id for id, held in enumerate(reversed(bin(finding.find(corpus, parse(query), asking))[2:])) if held == "1"]


FOUND = [
    ("aspirin", [1, 5, 6, 8]),
    ("ASPIRIN lung", [1, 5, 8]),
    ("lung*", [1, 5, 6, 8]),
    ('"lung cancer"', [8]),
    ('"lung can"*', [8]),
    ('"aspirin lung" OR 81mg', [4, 5]),
    ("cafe creme", [4]),
    ("CAFE\u0301", [4]),
    ("straße", [4]),
    ("😀", [4]),
    ("東京", [2]),
    ("アスピリン", [2]),
    ("京東", []),
    ("行き*", [2]),
    ("แอสไพริน", [3]),
    ("แอสไพร", [3]),
    ("แสไพร", []),
    ("*", [1, 2, 3, 4, 5, 6, 7, 8]),
    ("-aspirin -lung*", [2, 3, 4, 7]),
    ("aspirin NOT (cancer OR drug)", [5]),
    ("docid:gold", [1]),
    ("docid:d*", [5, 6, 7, 8]),
    ("docid:*a*", [2, 3, 4]),
    ("filename:gold.v1.txt", [1]),
    ("filename:gold.v1", [1]),
    ("filename:gold", []),
    ("filename:gold*", [1]),
    ("filename:*.txt -filename:d*", [1, 2, 3, 4]),
    ("folder:heart", [1, 2]),
    ("folder:/Heart/2024/", [1]),
    ("folder:pool/heart", [1, 2]),
    ("folder:hear", []),
    ("folder:*20*", [1]),
    ("label:urgent", [1, 8]),
    ("label:urgent:true", [1, 8]),
    ("label:urgent:false", []),
    ("label:KIND:letter", [1]),
    ("label:kind:(note OR l*)", [1]),
    ("label:*", [1, 8]),
    ("entity:DRUG", [1, 8]),
    ("entity:e_1:aspirin", [1]),
    ("entity:DRUG:lung", [8]),
    ('entity:disease:"lung also"', [1]),
    ('entity:*:"lung*"', []),
    ("entity:*:lung*", [1, 8]),
    ("entity:DRUG:b01ac06", [1]),
    ('entity:DRUG:"acetylsalicylic acid"', [1]),
    ("attribute:negated:true", [1]),
    ("attribute:when:now", []),
    ("attribute:when", [1]),
    ("relation:treats", [1]),
    ("count_e_1:[2 TO *]", [1]),
    ("count_DRUG:1", [8]),
    ("count:DRUG:{0 TO 2}", [8]),
    ("count:DISEASE:<1 aspirin", [5, 6, 8]),
    ("anncomplete:true", [1, 8]),
    ("anncomplete:false lung*", [5, 6]),
    ("members_anncomplete:bob", [8]),
    ("members_anncomplete:*", [8]),
    ("by:bob", [8]),
    ("by:me", []),
    ("state:confirmed OR state:adjudicate", [1, 8]),
    ("state:pending lung", [5]),
    ("tag:train", [5]),
    ('tag:"#to do"', [5]),
    ("tag:t*", [5]),
    ("source:letters.zip", [1, 2, 3, 4]),
    ("source:letters*", [1, 2, 3, 4]),
    ("source:zip", []),
    ("language:JA", [2]),
    ("suggested:DRUG", [6]),
    ("suggested:DRUG:lungs", [6]),
    ("suggested:urgent:true", [6]),
    ("rejected:DRUG", []),
    ("run:*", []),
    ("prob:<0.5", [1]),
    ("prob:[0.2 TO 0.3]", [1]),
    ("uncertainty:>0", []),
    ("filter:TODO aspirin", [1, 5, 6, 8]),
    ("created:[NOW-1DAY TO NOW]", [1, 2, 3, 4, 5, 6, 7, 8]),
    ("created:<2020 OR updated:[2020 TO 2021]", []),
    ("created:[* TO *] docid:d7", [7]),
]


@pytest.mark.parametrize("indexed", [False, True])
def test_every_field_finds_what_it_says_indexed_or_not(corpus: Corpus, indexed: bool) -> None:
    if indexed:
        index(corpus)
        assert indexing.wrong(corpus) == []
    assert {query: find(corpus, query) for query, _ in FOUND} == dict(FOUND)


def test_what_changes_is_found_at_once_and_indexed_later(corpus: Corpus) -> None:
    index(corpus)
    (shown,) = suggestions.freeze(corpus, 7, [making.suggestion(0, 7, prob=0.41)], run="entities-1")
    changes: list[Callable[[], object]] = [
        lambda: log.record(corpus, [making.reject(7, shown.key)]),
        lambda: log.record(corpus, [making.begin(5, annotator="ann")]),
        lambda: log.record(corpus, [making.turn(5, IN_PROGRESS, CONFIRMED)]),
        lambda: documents.add_tag(corpus, 2, "seen", annotator="ann"),
        lambda: log.undo(corpus, "ann"),
        lambda: making.take_in(corpus, making.document("d9", "brand new aspirin")),
    ]
    expected = [
        {"suggested:DRUG": [6, 7], "run:entities-1": [7], "prob:0.41": [7], "rejected:*": []},
        {"suggested:DRUG": [6], "rejected:DRUG": [7], "rejected:DRUG:nothing": [7], "prob:0.41": []},
        {"entity:DRUG:as": [5], "by:me": [5, 7], "state:in_progress": [5, 7], "entity:DRUG": [1, 5, 8]},
        {"members_anncomplete:me": [5], "filter:TODO aspirin": [1, 6, 8], "anncomplete:true": [1, 5, 8]},
        {"tag:seen": [2]},
        {"members_anncomplete:me": [], "state:in_progress": [5, 7]},
        {"aspirin": [1, 5, 6, 8, 9], "brand": [9]},
    ]
    for change, wanted in zip([lambda: None, *changes], expected, strict=True):
        change()
        assert {query: find(corpus, query) for query in wanted} == wanted
    index(corpus)
    assert indexing.wrong(corpus) == []
    for wanted in expected[-2:]:
        assert {query: find(corpus, query) for query in wanted} == wanted


def test_what_is_assigned_is_to_be_done_by_those(corpus: Corpus) -> None:
    index(corpus)
    with corpus.transaction() as db:
        for name, id in (("ann", 5), ("bob", 5), ("bob", 7)):
            values = (id, annotators.ensure(corpus, db, name), rows.now())
            db.execute("INSERT INTO assignment(document, annotator, at) VALUES (?, ?, ?)", values)
    for _ in range(2):
        assert find(corpus, "members_assigned:bob") == [5, 7]
        assert find(corpus, "members_assigned:*") == [5, 7]
        assert find(corpus, "members_assigned:me", annotator="ann") == [5]
        assert find(corpus, "filter:TODO", annotator="ann") == [1, 2, 3, 4, 5, 6, 8]
        assert find(corpus, "filter:TODO", annotator="bob") == [1, 2, 3, 4, 5, 6, 7]
        index(corpus)


def test_the_learners_doubt_is_found_as_long_as_documents_are_queued(corpus: Corpus) -> None:
    with corpus.transaction() as db:
        for rank, (id, score, run) in enumerate([(5, 0.9, "entities-1"), (7, 0.4, "entities-1"), (6, 1.0, "asked")], 1):
            db.execute("INSERT INTO queue VALUES (?, ?, ?, 'why', 'entities', ?)", (rank, id, score, run))
    assert find(corpus, "uncertainty:>0.5") == [5]
    assert find(corpus, "uncertainty:>\N{ARABIC-INDIC DIGIT ZERO}.\N{ARABIC-INDIC DIGIT FIVE}") == [5]
    index(corpus)
    assert find(corpus, "uncertainty:[0.4 TO 0.9]") == [5, 7]


@pytest.mark.parametrize(
    ("query", "column", "words"),
    [
        ("aspirin entity:DRUGS", 16, "Did you mean DRUG?"),
        ("label:urgnt:true", 7, "Did you mean urgent?"),
        ("count_e_9:1", 7, "no entity type e_9"),
        ("a AND ...", 7, "no letter"),
        ("docid:nobody ...", 14, "no letter"),
    ],
)
def test_what_the_scheme_lacks_is_an_error_with_its_column(corpus: Corpus, query: str, column: int, words: str) -> None:
    with pytest.raises(QueryError, match=re.escape(words)) as caught:
        find(corpus, query)
    assert caught.value.column == column


def test_moments_are_told_apart_inside_an_hour(corpus: Corpus) -> None:
    with corpus.transaction() as db:
        for id, at in (
            (1, "2024-05-31T08:30:15.000Z"),
            (2, "2024-05-31T08:30:16.000Z"),
            (3, "2024-06-01T00:00:00.000Z"),
        ):
            db.execute("UPDATE document SET imported_at = ?, changed = 0 WHERE id = ?", (at, id))
        db.execute("UPDATE document SET imported_at = '2023-01-01T00:00:00.000Z' WHERE id > 3")
    now = datetime(2024, 6, 1, tzinfo=UTC)
    for _ in range(2):
        assert find(corpus, "created:2024-05-31T08:30:15Z") == [1]
        assert find(corpus, "created:[2024-05-31T08:30:16Z TO 2024-06]") == [2, 3]
        assert find(corpus, "created:[2024-05-31 TO 2024-06-01}") == [1, 2]
        assert find(corpus, "created:{2024-05-31 TO *]") == [3]
        assert find(corpus, "created:[NOW-1DAY TO NOW]", now=now) == [1, 2, 3]
        assert find(corpus, "created:[NOW-1DAY+8HOURS+30MINUTES+16SECONDS TO NOW}", now=now) == [2]
        index(corpus)


@pytest.mark.parametrize("query", ["created:NOW+7980YEARS", "a created:[2024 TO NOW+7980YEARS]"])
def test_a_moment_that_turns_out_too_far_away_is_an_error_with_its_column(corpus: Corpus, query: str) -> None:
    with pytest.raises(QueryError, match="beyond the years 1 to 9999") as caught:
        find(corpus, query, now=datetime(2026, 1, 1, tzinfo=UTC))
    assert caught.value.column == query.index(":") + 2


WORD = ["aspirin", "lung", "cancer", "cafe", "Lungs", "nothing", "drug", "京"]


def naive(query: Query, text: str, tagged: bool) -> bool:
    """Evaluate a query on one text without any index."""
    if isinstance(query, Everything):
        return True
    if isinstance(query, Not):
        return not naive(query.part, text, tagged)
    if isinstance(query, Both):
        return (all if query.joined == "AND" else any)(naive(part, text, tagged) for part in query.parts)
    if isinstance(query, Where):
        return tagged
    folded = "".join(c for c in unicodedata.normalize("NFD", text.lower()) if not unicodedata.combining(c))
    if query.text == "京":
        return "京" in folded
    return re.search(rf"\b{query.text.lower()}" + ("" if query.prefix else r"\b"), folded) is not None


trees: st.SearchStrategy[Query] = st.recursive(
    st.one_of(
        st.just(Everything()),
        st.builds(Words, st.sampled_from(WORD)),
        st.builds(Words, st.sampled_from(["l", "asp", "ca"]), st.just(True)),
        st.just(parse("tag:yes")),
    ),
    lambda inner: st.one_of(
        inner.map(lambda part: part.part if isinstance(part, Not) else Not(part)),
        st.lists(inner, min_size=2, max_size=3).map(lambda some: joined("AND", some)),
        st.lists(inner, min_size=2, max_size=3).map(lambda some: joined("OR", some)),
    ),
    max_leaves=6,
)


@given(st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_query_finds_what_looking_at_every_document_finds(
    many: tuple[Corpus, list[tuple[str, bool]]], whole_index: Corpus, data: st.DataObject
) -> None:
    corpus, held = many
    query = data.draw(trees)
    expected = [id for id, (text, tagged) in enumerate(held, 1) if naive(query, text, tagged)]
    assert find(corpus, str(query)) == expected
    first = finding.quick(whole_index, query, 7)
    assert first is None or first == (expected[:7], len(expected))


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Corpus, list[tuple[str, bool]]]]:
    """Documents over a border of the index: some indexed, some changed since, some new."""
    words = ["Aspirin", "lung", "Lungs", "cancer", "Café", "drugs", "drug", "東京", "nothing", "lunge"]
    held = [(" ".join(words[n % k] for k in (3, 5, 7, 10)), n % 3 == 0) for n in range(60)]
    with Corpus.create(tmp_path_factory.mktemp("many") / "many.db", scheme=SCHEME) as corpus:

        def take(some: range) -> None:
            making.take_in(corpus, *(making.document(f"d{n}", held[n][0]) for n in some))

        take(range(40))
        index(corpus)
        take(range(40, 60))
        documents.change_tags(corpus, [n + 1 for n in range(60) if held[n][1]], "yes", annotator="ann")
        yield corpus, held


@pytest.fixture(scope="module")
def whole_index(
    many: tuple[Corpus, list[tuple[str, bool]]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Corpus]:
    """The same documents, all indexed."""
    with Corpus.create(tmp_path_factory.mktemp("whole") / "whole.db", scheme=SCHEME) as corpus:
        making.take_in(corpus, *(making.document(f"d{n}", text) for n, (text, _) in enumerate(many[1])))
        index(corpus)
        yield corpus


def test_what_is_indexed_while_somebody_searches_is_found_once_and_rightly(
    corpus: Corpus, monkeypatch: pytest.MonkeyPatch
) -> None:
    index(corpus)
    making.take_in(corpus, making.document("late", "lung"))
    documents.add_tag(corpus, 9, "x", annotator="ann")
    whole = finding._Indexed.__init__

    def meanwhile(self: finding._Indexed, given: Corpus, held: indexing.State) -> None:
        whole(self, given, held)
        index(corpus)
        self.everything = self.fact("*")

    with Corpus.open(corpus.path, readonly=True) as reader:
        monkeypatch.setattr(finding._Indexed, "__init__", meanwhile)
        monkeypatch.setattr(finding._Indexed, "fact", lambda self, fact: 0 if fact == "t\x1fx" else (1 << 10) - 2)
        assert 9 not in find(reader, "NOT tag:x")


def test_what_words_alone_find_is_known_at_once(corpus: Corpus) -> None:
    assert finding.quick(corpus, parse("aspirin"), 10) is None
    index(corpus)
    assert finding.quick(corpus, parse("aspirin"), 2) == ([1, 5], 4)
    assert finding.quick(corpus, parse("NOT (aspirin OR lung*)"), 10) == ([2, 3, 4, 7], 4)
    assert finding.quick(corpus, parse("aspirin tag:Train"), 10) is None
    with pytest.raises(QueryError):
        finding.quick(corpus, parse("..."), 10)


def test_a_corpus_that_may_not_be_written_is_searched_all_the_same(corpus: Corpus) -> None:
    with Corpus.open(corpus.path, readonly=True) as opened:
        assert {query: find(opened, query) for query, _ in FOUND} == dict(FOUND)


def test_a_search_of_what_is_not_indexed_can_be_stopped(corpus: Corpus) -> None:
    with pytest.raises(SearchStopped):
        finding.find(corpus, parse("aspirin"), Asking("ann", datetime.now(UTC), SCHEME), stop=lambda: True)


def test_places_of_a_pattern(corpus: Corpus) -> None:
    found = [(hit.key, hit.found) for hit in search.search(corpus, "l.ng", pattern=True, case=True)]
    assert found == [("d5", "lung"), ("d8", "lung")]


def test_a_key_of_a_verdict_that_names_no_part_does_no_harm(corpus: Corpus) -> None:
    log.record(corpus, [making.reject(7, SuggestionKey("urgent", value=True))])
    assert find(corpus, "rejected:urgent:true") == [7]
