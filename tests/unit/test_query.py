"""The grammar of searches: what is meant, how it is written down, and where it is wrong."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tui_annotate.domain import query_dates
from tui_annotate.domain.query import DEEPEST, LONGEST, MOST, parse
from tui_annotate.domain.query_fields import FIELDS
from tui_annotate.domain.query_names import fits, named
from tui_annotate.domain.query_tree import Both, Bounds, Everything, Like, Not, Query, Where, Words, joined, leaves
from tui_annotate.domain.scheme import EntityType, Scheme
from tui_annotate.errors import QueryError

NOW = datetime(2024, 5, 31, 8, 30, 15, 500_000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("aspirin", "aspirin"),
        ("aspirin 81", "aspirin AND 81"),
        ('"on aspirin" lisin*', '"on aspirin" AND lisin*'),
        ("a OR b c -d", "a OR (b AND c AND NOT d)"),
        ("a && b || !c", "(a AND b) OR NOT c"),
        ("+a -(b OR c)", "a AND NOT (b OR c)"),
        ("NOT NOT a", "a"),
        ("and or not TO", 'and AND or AND not AND "TO"'),
        ("*", "*"),
        ("a\\*", '"a*"'),
        ("10:30", '"10:30"'),
        ("note-0231", "note-0231"),
        ("label:urgent:true", "label:urgent:true"),
        ("label:urgent:(true OR false)", "label:urgent:true OR label:urgent:false"),
        ('entity:"Drug name":as\\:p*', 'entity:"Drug name":as\\:p*'),
        ('entity:DRUG:"a*b\\"c"', 'entity:DRUG:"a*b\\"c"'),
        ("count_e_1:[2 TO *]", "count:e_1:[2 TO *]"),
        ("count_DRUG:3", "count:DRUG:[3 TO 3]"),
        ("prob:<0.5 uncertainty:>=0.6", "prob:[* TO 0.5} AND uncertainty:[0.6 TO *]"),
        ("created:[NOW-1DAY TO NOW]", "created:[NOW-1DAY TO NOW]"),
        ("updated:{2024-05-01T10:00:00Z TO 2025}", "updated:{2024-05-01T10:00:00Z TO 2025}"),
        ("created:>2024-05-01", "created:{2024-05-01 TO *]"),
        ("ID:a:b", 'docid:"a:b"'),
        ("filter:todo state:In_Progress", "filter:TODO AND state:in_progress"),
    ],
)
def test_what_a_query_means(text: str, written: str) -> None:
    assert str(parse(text)) == written
    assert parse(written) == parse(text)


@pytest.mark.parametrize(
    ("text", "column", "words"),
    [
        ("", 1, "nothing to search"),
        ("a AND OR b", 7, "is expected here"),
        ("OR a", 1, "is expected here"),
        ("a (b", 3, "not closed"),
        ("a)", 2, "without a ("),
        ('a "b', 3, "quote is not closed"),
        ("aspirin lable:x", 9, "Did you mean label:?"),
        ("x http://a.b", 3, "no field http"),
        ("a - b", 3, "stands alone"),
        ("as*rin", 3, "end of a word"),
        ("label:", 7, "label:NAME[:VALUE]"),
        ("created:2024-13-01", 9, "is not a date"),
        ("created:[2024 5]", 15, "TO is expected"),
        ("count_e_1:[1 TO x]", 17, "not a number"),
        ("count_e_1:[1 TO 2", 11, "not closed"),
        ("prob:nan", 6, "not a number"),
        ("anncomplete:yes", 13, "takes true, false"),
        ("state:confrmed", 7, "Did you mean confirmed?"),
        ("a\\", 2, "before nothing"),
        ("ab\ud800", 3, "half a character"),
        ("(" * (DEEPEST + 1) + "a", DEEPEST + 1, "deep at most"),
        ("a" * (LONGEST + 1), LONGEST + 1, "at most"),
    ],
)
def test_an_error_says_where_and_what_was_expected(text: str, column: int, words: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse(text)
    assert caught.value.column == column
    assert words in str(caught.value)


texts = st.text(st.characters(codec="utf-8"), min_size=1, max_size=8)
names = st.sampled_from(sorted(name for name, field in FIELDS.items() if field.kind == "text"))
likes = texts.map(lambda text: Like(text.replace("\\", "\\\\").replace("*", "\\*")))
wild = st.tuples(texts, texts).map(
    lambda ends: Like("*".join(end.replace("\\", "\\\\").replace("*", "\\*") for end in ends))
)
numbers = st.sampled_from(["", "0", "0.5", "3"])
leaf: st.SearchStrategy[Query] = st.one_of(
    st.just(Everything()),
    st.builds(Words, texts),
    st.builds(Words, st.text("abcäß京1", min_size=1, max_size=5), st.just(True)),
    st.builds(
        lambda name, value: Where(name, (value,) if FIELDS[name].values[0] == 1 else (value, value)),
        names,
        likes | wild,
    ),
    st.builds(
        lambda low, high, a, b: Where("prob", (Bounds(low, high, a or not low, b or not high),)),
        numbers,
        numbers,
        st.booleans(),
        st.booleans(),
    ),
)


def grown(parts: st.SearchStrategy[Query]) -> st.SearchStrategy[Query]:
    several = st.lists(parts, min_size=2, max_size=3)
    return st.one_of(
        parts.map(lambda part: part.part if isinstance(part, Not) else Not(part)),
        several.map(lambda some: joined("AND", some)),
        several.map(lambda some: joined("OR", some)),
    )


@given(st.recursive(leaf, grown, max_leaves=8))
@settings(max_examples=150, deadline=None)
def test_what_is_written_down_means_the_same(tree: Query) -> None:
    assert parse(str(tree)) == tree


SIGNS = ('"', "(", ")", "[", "]", "{", "}", ":", "*", "\\", "-", "+", "!", "<", ">", " ", "\0", "\n")
PIECES = "AND | OR |NOT | TO |a|é|label:|entity:|created:|count_e_1:|NOW|NOW/DAY-1MONTH|2024|prob:|9999999999999999|😀"
LAST_MOMENT = "9999-12-31T23:59:59.999"
pieces = st.sampled_from([*SIGNS, *PIECES.split("|"), LAST_MOMENT])


@given(st.lists(pieces, max_size=30).map("".join) | st.text(max_size=40))
@settings(max_examples=300, deadline=None)
def test_anything_is_a_query_or_an_error_with_a_column(text: str) -> None:
    tree = parsed(text)
    if isinstance(tree, QueryError):
        assert 1 <= tree.column <= len(text) + 1
        assert tree.query == text
    else:
        assert parse(str(tree)) == tree


def parsed(text: str) -> Query | QueryError:
    try:
        return parse(text)
    except QueryError as error:
        return error


def test_long_and_deep_input_takes_linear_time_and_no_stack() -> None:
    for text in ("-", "a:", "(", "\\", "NOT ", "x", "a ", '"" ', "label:("):
        parsed(text * (LONGEST // len(text)))
    assert len(list(leaves(parse("a " * MOST)))) == MOST
    with pytest.raises(QueryError, match="at most"):
        parse("a " * (MOST + 1))


@pytest.mark.parametrize(
    ("text", "begin", "end"),
    [
        ("2024", "2024-01-01T00:00:00.000Z", "2025-01-01T00:00:00.000Z"),
        ("2024-02", "2024-02-01T00:00:00.000Z", "2024-03-01T00:00:00.000Z"),
        ("2024-02-29", "2024-02-29T00:00:00.000Z", "2024-03-01T00:00:00.000Z"),
        ("2024-02-29T10", "2024-02-29T10:00:00.000Z", "2024-02-29T11:00:00.000Z"),
        ("2024-02-29T10:20:30Z", "2024-02-29T10:20:30.000Z", "2024-02-29T10:20:31.000Z"),
        ("2024-02-29T10:20:30.250Z", "2024-02-29T10:20:30.250Z", "2024-02-29T10:20:30.251Z"),
        ("NOW", "2024-05-31T08:30:15.500Z", "2024-05-31T08:30:15.501Z"),
        ("NOW/DAY", "2024-05-31T00:00:00.000Z", "2024-05-31T00:00:00.001Z"),
        ("NOW/WEEK", "2024-05-27T00:00:00.000Z", "2024-05-27T00:00:00.001Z"),
        ("NOW/HOUR-2HOURS+30MINUTES", "2024-05-31T06:30:00.000Z", "2024-05-31T06:30:00.001Z"),
        ("NOW-3MONTHS/DAY", "2024-02-29T00:00:00.000Z", "2024-02-29T00:00:00.001Z"),
        (LAST_MOMENT, "9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"),
        ("2024-05-31-1YEAR", "2023-05-31T00:00:00.000Z", "2023-06-01T00:00:00.000Z"),
    ],
)
def test_dates_and_date_math(text: str, begin: str, end: str) -> None:
    assert tuple(map(query_dates.stored, query_dates.interval(text, NOW))) == (begin, end)


@pytest.mark.parametrize(
    "text", ["", "x", "2024-1", "2024-02-30", "NOW-1", "NOW*2", "NOW-999999YEARS", "2024-05-31T25"]
)
def test_what_is_no_date(text: str) -> None:
    with pytest.raises(ValueError):
        query_dates.interval(text, NOW)


def test_names_are_those_of_the_scheme() -> None:
    scheme = Scheme((EntityType("Drug"), EntityType("DOSE"))).numbered()
    assert named(scheme, "entity", Like("DRUG"), 1) == ["Drug"]
    assert named(scheme, "entity", Like("e_2"), 1) == ["DOSE"]
    assert named(scheme, "count", Like("d*"), 1) == ["Drug", "DOSE"]
    with pytest.raises(QueryError, match="Did you mean Drug"):
        named(scheme, "entity", Like("Drugs"), 8)


def test_stars_stand_for_anything() -> None:
    assert fits(["as", "in"], "Aspirin")
    assert fits(["a", "p", ""], "aspirin")
    assert not fits(["ab", "ba"], "aba")
    assert not fits(["a", "z", ""], "aspirin")


def test_the_tree_is_flat() -> None:
    assert parse("a (b (c d))") == Both("AND", tuple(Words(letter) for letter in "abcd"))


def test_a_name_of_a_file_with_a_star_is_looked_for_among_names() -> None:
    assert parse("*.txt") == parse("filename:*.txt")
    assert parse("*report.v2.txt aspirin") == parse("filename:*report.v2.txt aspirin")


@pytest.mark.parametrize("phrase", ["la " * 101, "東" * 101, "la " * 60 + "東" * 60])
def test_a_phrase_has_an_end(phrase: str) -> None:
    with pytest.raises(QueryError, match="100 words at most") as caught:
        parse(f'x "{phrase}"')
    assert caught.value.column == 3
    assert parse(f'"{phrase[:90]}"')
