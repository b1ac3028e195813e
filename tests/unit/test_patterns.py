"""Patterns: what matches where, what is refused and why, and what several matches come to."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui_annotate.domain import matching
from tui_annotate.domain.documents import Document, Part
from tui_annotate.domain.matching import Matcher
from tui_annotate.domain.patterns import Pattern, checked, target_of
from tui_annotate.domain.scheme import Choice, DocumentLabel, EntityType, Scheme
from tui_annotate.domain.token_patterns import shape
from tui_annotate.domain.tokens import tokenize
from tui_annotate.errors import DataError, SchemeError

SCHEME = Scheme(
    entities=(EntityType("DRUG"), EntityType("DISEASE"), EntityType("ORGAN", overlapping=True)),
    labels=(
        DocumentLabel("urgent", "boolean"),
        DocumentLabel("smoker", "choice", (Choice("current"), Choice("never"))),
        DocumentLabel("topics", "choices", (Choice("dose"), Choice("history"))),
        DocumentLabel("note", "text"),
    ),
)


def document(*texts: str) -> Document:
    return Document("d", tuple(Part(f"s1p{n}", text) for n, text in enumerate(texts, 1)))


def words(text: str, name: str = "DRUG", *, case: bool = False) -> Pattern:
    return Pattern("entity", name, "words", text, case=case)


def expression(text: str, name: str = "DRUG", *, case: bool = True) -> Pattern:
    return checked(Pattern("entity", name, "regex", text, case=case))


def tokens(*conditions: dict[str, Any], name: str = "DRUG") -> Pattern:
    return checked(Pattern("entity", name, "tokens", tokens=conditions))


def found(text: str, *patterns: Pattern) -> list[str]:
    """Return what is suggested in a text, as `words TYPE`."""
    one = document(text)
    return [f"{one.slice(s.span)} {s.name}" for s in Matcher(patterns).suggestions(one, SCHEME)]


def test_words_match_in_any_case_whole_and_over_any_white_space() -> None:
    text = "Aspirin, aspirins and ASPIRIN\nacid; acetylsalicylic-acid"
    assert found(text, words("aspirin")) == ["Aspirin DRUG", "ASPIRIN DRUG"]
    assert found(text, words("aspirin acid")) == ["ASPIRIN\nacid DRUG"]
    assert found(text, words("acetylsalicylic-acid")) == ["acetylsalicylic-acid DRUG"]
    assert found("STRASSE, Straße", words("straße")) == ["STRASSE DRUG", "Straße DRUG"]


def test_words_with_case_match_as_they_stand() -> None:
    assert found("IT is it", words("IT", case=True)) == ["IT DRUG"]


def test_the_longest_words_win_and_then_the_longest_of_what_overlaps() -> None:
    text = "chronic kidney disease of the kidney"
    patterns = [words(w, "DISEASE") for w in ("kidney", "kidney disease", "chronic kidney", "chronic kidney disease")]
    assert found(text, *patterns) == ["chronic kidney disease DISEASE", "kidney DISEASE"]


def test_the_same_place_may_have_two_types_and_overlapping_types_stand_by_themselves() -> None:
    assert found("a cold", words("cold", "DISEASE"), words("cold", "DRUG")) == ["cold DISEASE", "cold DRUG"]
    both = found("kidney disease", words("kidney disease", "DISEASE"), words("kidney", "ORGAN"))
    assert sorted(both) == ["kidney ORGAN", "kidney disease DISEASE"]


def test_expressions_match_anywhere_in_the_text_and_may_name_what_counts() -> None:
    assert found("81 mg and 5mg", expression(r"\d+ ?mg")) == ["81 mg DRUG", "5mg DRUG"]
    assert found("dose of 81 mg, 5 mg", expression(r"dose of (?<span>\d+ mg)")) == ["81 mg DRUG"]
    assert found("a  b ", expression(r"\s\w\s")) == ["b DRUG"]
    assert found("Aspirin", expression("aspirin", case=False)) == ["Aspirin DRUG"]


@pytest.mark.parametrize(
    ("conditions", "text", "expected"),
    [
        ([{"lower": "aspirin"}, {"is_digit": True}], "Aspirin 81, aspirin", ["Aspirin 81"]),
        ([{"IS_DIGIT": True}, {"LOWER": {"IN": ["mg", "ml"]}}], "81 mg, 5 ML, 3 kg", ["81 mg", "5 ML"]),
        ([{"text": "IT"}], "IT it", ["IT"]),
        ([{"text": {"regex": "^(?i)met"}}], "Metformin 5", ["Metformin"]),
        ([{"shape": "Xxxxx"}, {"length": {">=": 6}}], "Lives in London", []),
        ([{"shape": "Xxxxx", "length": {">=": 6}}], "London or Paris", ["London"]),
        ([{"lower": "x-ray"}, {"lower": "of"}], "an X-ray of it", ["X-ray of"]),
        ([{"lower": "very", "op": "*"}, {"lower": "ill"}], "very very ill, ill", ["very very ill", "ill"]),
        ([{"lower": "very", "op": "+"}, {"lower": "ill"}], "very very ill, ill", ["very very ill"]),
        ([{"lower": "no"}, {"lower": "known", "op": "?"}, {"lower": "x"}], "no x no known x", ["no x", "no known x"]),
        ([{"lower": "no", "op": "!"}, {"lower": "pain"}], "no pain, some pain", ["some pain"]),
        ([{"is_digit": True, "op": "{2,3}"}], "1 2 3 4", ["1 2 3"]),
        ([{"lower": {"not_in": ["the"]}}, {"lower": "cat"}], "the cat a cat", ["a cat"]),
        ([{}, {"lower": "mg"}], "81 mg", ["81 mg"]),
        ([{"like_num": True}, {"lower": "days"}], "ten days", ["ten days"]),
    ],
)  # fmt: skip
def test_token_patterns_read_as_spacy_reads_them(
    conditions: list[dict[str, Any]], text: str, expected: list[str]
) -> None:
    assert found(text, tokens(*conditions)) == [f"{one} DRUG" for one in expected]


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        (Pattern("entity", "DRUG", "words", "  "), "holds no word"),
        (Pattern("entity", "DRUG", "words", "x" * 3000), "longer than"),
        (Pattern("entity", "DRUG", "regex", "(a"), "no regular expression"),
        (Pattern("entity", "DRUG", "regex", "x*"), "where nothing stands"),
        (Pattern("entity", "DRUG", "regex", ""), "empty"),
        (Pattern("entity", "DRUG", "regex", "(a+)+$"), "too long on some texts"),
        (Pattern("entity", "DRUG", "tokens", tokens=({"lemma": "take"},)), "token 1: lemma needs a language model"),
        (Pattern("entity", "DRUG", "tokens", tokens=({"lower": "a"}, {"lowr": "b"})), "token 2: 'lowr' is unknown"),
        (Pattern("entity", "DRUG", "tokens", tokens=({"lower": "a", "op": "%"},)), "op '%' is unknown"),
        (Pattern("entity", "DRUG", "tokens", tokens=({"lower": "a", "op": "*"},)), "match everywhere"),
        (Pattern("entity", "DRUG", "tokens", tokens=({"is_digit": "yes"},)), "true or false"),
        (Pattern("entity", "DRUG", "tokens", tokens=({"lower": {"in": ["x-ray"]}},)), "not one token"),
        (Pattern("entity", "DRUG", "tokens", tokens=({"length": ">3"},)), "length is a number"),
    ],
)
def test_what_is_no_pattern_is_refused_with_the_reason(pattern: Pattern, reason: str) -> None:
    with pytest.raises(DataError, match=re.escape(reason)):
        checked(pattern)


def test_a_pattern_of_mere_words_becomes_words() -> None:
    made = checked(Pattern("entity", "DRUG", "tokens", tokens=({"LOWER": "acetyl"}, {"LOWER": "acid"}), key="7"))
    assert (made.kind, made.text, made.case, made.key) == ("words", "acetyl acid", False, "7")


def test_an_expression_that_takes_too_long_on_a_document_is_left_out_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matching, "_SECONDS", 0.001)
    slow = Pattern("entity", "DRUG", "regex", "(b+)+$")
    matcher = Matcher([slow, words("aspirin")])
    assert [hit.pattern.text for hit in matcher.hits(document("aspirin " + "b" * 60 + "!"))] == ["aspirin"]
    assert matcher.troubled == [(slow, "took too long on a document")]
    assert [hit.pattern.text for hit in matcher.hits(document("aspirin"))] == ["aspirin"]


def test_a_pattern_that_matches_everywhere_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matching, "MOST_HITS", 50)
    assert len(Matcher([expression(r"\w")]).hits(document("a " * 200))) == 50
    assert len(Matcher([words("a")]).hits(document("a " * 200))) == 50


def test_labels_are_suggested_once_with_the_value_that_matches_most() -> None:
    patterns = [
        Pattern("label", "urgent", "words", "now", value=True),
        Pattern("label", "smoker", "words", "smokes", value="current"),
        Pattern("label", "smoker", "words", "never", value="never"),
        Pattern("label", "topics", "words", "history", value="history"),
        Pattern("label", "topics", "words", "mg", value="dose"),
        Pattern("label", "gone", "words", "now", value=True),
    ]
    made = Matcher(patterns).suggestions(document("never, never, smokes: now", "history of 81 mg"), SCHEME)
    assert {s.name: s.value for s in made} == {"urgent": True, "smoker": "never", "topics": ("dose", "history")}
    assert {(s.source, s.who, s.prob) for s in made} == {("pattern", ("ml:pattern",), 0.5)}


def test_types_that_the_scheme_lacks_are_not_suggested() -> None:
    assert found("aspirin", words("aspirin", "OTHER")) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("DRUG", ("entity", "DRUG", None)),
        ("urgent", ("label", "urgent", True)),
        ("urgent=no", ("label", "urgent", False)),
        ("smoker=never", ("label", "smoker", "never")),
        ("current", ("label", "smoker", "current")),
        ("DOSE", None),
    ],
)
def test_a_name_stands_for_a_type_a_label_or_a_value(text: str, expected: object) -> None:
    assert target_of(text, SCHEME) == expected


@pytest.mark.parametrize("text", ["smoker", "smoker=sometimes", "note=x", "urgent=maybe"])
def test_a_label_without_a_fitting_value_is_refused(text: str) -> None:
    with pytest.raises(SchemeError):
        target_of(text, SCHEME)


def test_shapes_are_spacys() -> None:
    assert [shape(word) for word in ("Aspirin", "HT1A", "81", "12345678", "a-b")] == [
        "Xxxxx",
        "XXdX",
        "dd",
        "dddd",
        "x-x",
    ]


@given(st.lists(st.sampled_from(["a", "b", "c", "A b", "b c d", "D"]), max_size=5), st.text("abcdAB ,", max_size=40))
def test_the_tree_finds_what_looking_word_by_word_finds(terms: list[str], text: str) -> None:
    spoken = [token.text.casefold() for token in tokenize(text)]
    wanted = [[token.text.casefold() for token in tokenize(term)] for term in dict.fromkeys(terms)]
    places = set()
    for start in range(len(spoken)):
        ends = [start + len(term) for term in wanted if spoken[start : start + len(term)] == term]
        places |= {(start, max(ends))} if ends else set()
    offsets = [(token.start, token.end) for token in tokenize(text)]
    hits = Matcher([words(term) for term in dict.fromkeys(terms)]).hits(document(text))
    assert {(hit.span.start, hit.span.end) for hit in hits} == {(offsets[s][0], offsets[e - 1][1]) for s, e in places}
