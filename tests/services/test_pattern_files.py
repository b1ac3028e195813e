"""Patterns from files and to files: what comes in, what is refused and where, and that it comes back the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.store import making
from tui_annotate.domain.patterns import Pattern, checked
from tui_annotate.errors import DataError, SchemeError, UsageError
from tui_annotate.formats import pattern_files
from tui_annotate.formats.pattern_files import ReadPattern
from tui_annotate.services import pattern_trial
from tui_annotate.services import patterns as taking
from tui_annotate.store import patterns, settings
from tui_annotate.store.connection import Corpus

Give = Callable[[str, str], Path]
MIXED = """{"label": "DRUG", "pattern": "Aspirin", "id": "d1"}
{"label": "DRUG", "pattern": [{"lower": "acetylsalicylic"}, {"lower": "acid"}]}
{"label": "DOSE", "pattern": [{"is_digit": true}, {"lower": {"in": ["mg", "ml"]}}]}
{"label": "urgent", "regex": "\\\\bnow\\\\b", "case": false}

{"label": "DRUG", "pattern": [{"lemma": "take"}]}
{"label": "urgent=perhaps", "pattern": "soon"}
{"pattern": "nothing"}
[1, 2]
{"label": "DRUG", "pattern": 7}
{"label": "DRUG"
{"label": "DRUG", "regex": "(a+)+$"}
"""


@pytest.fixture
def corpus(tmp_path: Path) -> Iterator[Corpus]:
    """Three documents."""
    with Corpus.create(tmp_path / "notes.db", scheme=making.SCHEME) as made:
        making.take_in(made, *(making.document(f"d{n}") for n in range(1, 4)))
        yield made


@pytest.fixture
def give(tmp_path: Path) -> Give:
    """Write a file and return its path."""

    def write(name: str, text: str) -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


def said(corpus: Corpus) -> list[str]:
    return [f"{p.label}: {p.body}{' (case)' if p.case else ''}" for p in patterns.every(corpus)]


def test_prodigys_file_comes_in_and_what_is_wrong_is_said_by_line(corpus: Corpus, give: Give) -> None:
    report = taking.take_in(corpus, [give("patterns.jsonl", MIXED)], annotator="ann")
    assert said(corpus) == [
        "DRUG: Aspirin (case)",
        "DRUG: acetylsalicylic acid",
        'DOSE: [{"is_digit": true}, {"lower": {"in": ["mg", "ml"]}}]',
        "urgent=true: /\\bnow\\b/",
    ]
    assert (report.new, report.refused, report.added) == (4, 7, ["entity type DOSE"])
    assert settings.scheme(corpus).entity("DOSE") is not None
    lines = [problem.where.rpartition("jsonl:")[2] for problem in report.problems]
    assert lines == ["6", "7", "8", "9", "10", "11", "12"]
    reasons = [problem.reason for problem in report.problems]
    for reason, expected in zip(
        reasons, ("lemma", "no value 'perhaps'", "--label", "object", "neither", "JSON", "too long"), strict=True
    ):
        assert expected in reason


def test_tables_and_lists_of_words(corpus: Corpus, give: Give) -> None:
    taking.take_in(
        corpus, [give("a.csv", 'term,label\naspirin,DRUG\n"cold, common",DISEASE\n,DRUG\n')], annotator="ann"
    )
    taking.take_in(corpus, [give("b.tsv", "ibuprofen\tDRUG\n\nheadache\tDISEASE\n")], annotator="ann")
    taking.take_in(
        corpus, [give("c.txt", "\ufefflisinopril\n  \nmetformin hydrochloride\n")], annotator="ann", label="DRUG"
    )
    report = taking.take_in(corpus, [give("d.regex", "\\d+ mg\n")], annotator="ann", label="DRUG")
    assert said(corpus) == [
        "DRUG: aspirin",
        "DISEASE: cold, common",
        "DRUG: ibuprofen",
        "DISEASE: headache",
        "DRUG: lisinopril",
        "DRUG: metformin hydrochloride",
        "DRUG: /\\d+ mg/ (case)",
    ]
    assert (report.read, report.new) == (1, 1)


def test_a_second_time_nothing_is_new_and_a_dry_run_changes_nothing(corpus: Corpus, give: Give) -> None:
    path = give("a.csv", "aspirin,DRUG\nstatin,CLASS\n")
    tried = taking.take_in(corpus, [path], annotator="ann", dry_run=True)
    assert (tried.new, tried.added, said(corpus)) == (2, ["entity type CLASS"], [])
    assert settings.scheme(corpus).entity("CLASS") is None
    assert taking.take_in(corpus, [path], annotator="ann").new == 2
    assert taking.take_in(corpus, [path], annotator="ann").new == 0


def test_strictly_an_unknown_label_is_refused_with_the_nearest(corpus: Corpus, give: Give) -> None:
    report = taking.take_in(corpus, [give("a.csv", "aspirin,DRUGS\n")], annotator="ann", strict=True)
    assert report.problems[0].reason == "the scheme has no 'DRUGS'. Did you mean DRUG?"


def test_standard_input_and_files_that_are_not_there(corpus: Corpus, tmp_path: Path) -> None:
    report = taking.take_in(corpus, ["-"], annotator="ann", label="DRUG", format="words", stdin=["aspirin\n"])
    assert report.new == 1
    with pytest.raises(UsageError, match="No such file"):
        taking.take_in(corpus, [tmp_path / "none.csv"], annotator="ann")
    with pytest.raises(UsageError, match="cannot be told by its name"):
        taking.take_in(corpus, [tmp_path / "none.xlsx"], annotator="ann")


def test_a_file_that_is_not_utf_8_says_so(corpus: Corpus, tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"\xff\xfe\xff")
    report = taking.take_in(corpus, [path], annotator="ann", label="DRUG")
    assert "is not UTF-8" in report.problems[0].reason


def test_what_goes_out_comes_back_the_same(corpus: Corpus, give: Give, tmp_path: Path) -> None:
    taking.take_in(corpus, [give("patterns.jsonl", MIXED)], annotator="ann")
    patterns.add(corpus, [Pattern("entity", "DRUG", "words", "X-ray Film")], annotator="ann")
    lines = "".join(taking.give_out(corpus, "jsonl"))
    with Corpus.create(tmp_path / "other.db", scheme=making.SCHEME) as other:
        taking.take_in(other, [give("out.jsonl", lines)], annotator="bob")
        assert said(other) == said(corpus)
        assert "".join(taking.give_out(other, "jsonl")) == lines
    assert list(taking.give_out(corpus, "csv")) == [
        "term,label\n", "acetylsalicylic acid,DRUG\n", "X-ray Film,DRUG\n"
    ]  # fmt: skip
    assert taking.left_out(corpus, "csv") == 3


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["words", "regex"]),
            st.text(st.characters(codec="utf-8", exclude_characters="\r"), min_size=1, max_size=12),
            st.booleans(),
        ),
        max_size=4,
    )
)
def test_any_pattern_comes_back_from_jsonl(given_: list[tuple[str, str, bool]]) -> None:
    made = []
    for kind, text, case in given_:
        try:
            made.append(checked(Pattern("entity", "DRUG", kind, text, case=case)))  # type: ignore[arg-type]
        except DataError:
            continue
    read = list(pattern_files.read(pattern_files.write(made, "jsonl"), "x", "jsonl"))
    back = [
        checked(Pattern("entity", "DRUG", one.kind, one.text, one.tokens, None, bool(one.case)))
        for one in read
        if isinstance(one, ReadPattern)
    ]
    assert back == made


def test_a_possessive_goes_out_as_spacy_splits_it() -> None:
    made = Pattern("entity", "DISEASE", "words", "Parkinson's disease")
    assert '[{"lower": "parkinson"}, {"lower": "\'s"}, {"lower": "disease"}]' in next(
        pattern_files.write([made], "jsonl")
    )


def test_a_pattern_is_tried_before_it_is_kept(corpus: Corpus) -> None:
    made = taking.make(corpus, "DRUG", "regex", r"\d+ mg")
    *_, tally = pattern_trial.tally(corpus, [made])
    assert str(tally) == "3 places in 3 of 3 documents"
    assert [(one.before, one.found) for one in tally.examples][:1] == [("d1: started on aspirin ", "81 mg")]
    assert said(corpus) == []
    assert taking.keep(corpus, [made], annotator="ann") == 1


def test_what_somebody_writes_by_hand_is_refused_in_a_sentence(corpus: Corpus) -> None:
    with pytest.raises(DataError, match=r"^'\(a' is no regular expression: .*\.$"):
        taking.make(corpus, "DRUG", "regex", "(a")
    with pytest.raises(SchemeError, match=r"^urgent has no value 'often'"):
        taking.make(corpus, "urgent=often", "words", "now")
    assert taking.make(corpus, "DRUG", "tokens", '[{"lower": "aspirin"}]').kind == "words"
