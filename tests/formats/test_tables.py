"""Tables: which column is what, what was guessed, and rows that do not fit."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.formats.helpers import docs, problems, read, source
from tests.properties import tries
from tui_annotate.domain.interchange import ExchangedDocument
from tui_annotate.domain.scheme import Choice, DocumentLabel, Scheme
from tui_annotate.formats import registry
from tui_annotate.formats.base import ReadOptions, WriteOptions

SMS = "ham\tGo until jurong point, crazy\nspam\tFree entry in 2 a wkly comp\nham\tU dun say so early hor\n"


def rows(name: str, content: str | bytes, options: ReadOptions | None = None) -> list[ExchangedDocument]:
    """Return the documents of a table."""
    return docs(read("tsv" if name.endswith("tsv") else "csv", source(name, content), options))


def label(document: ExchangedDocument, name: str = "label") -> object:
    """Return a label's value, None when it has none."""
    labels = document.versions[0].annotations.labels if document.versions else {}
    return labels[name].value if name in labels else None


def test_the_sms_corpus_needs_no_option() -> None:
    found = rows("sms.tsv", SMS)
    assert [(label(d), d.document.text) for d in found][1] == ("spam", "Free entry in 2 a wkly comp")
    assert [d.document.key for d in found] == ["sms-1", "sms-2", "sms-3"]


def test_what_was_guessed_is_said() -> None:
    (said,) = problems(read("tsv", source("sms.tsv", SMS)))
    assert "no header" in said.reason
    assert "text is column 2" in said.reason
    assert "label 'label' is column 1" in said.reason


def test_a_lone_quote_in_a_tsv_swallows_nothing() -> None:
    found = rows("sms.tsv", 'ham\t"Hello, she said\nspam\tsecond "row"\nham\tthird\n')
    assert [d.document.text for d in found] == ['"Hello, she said', 'second "row"', "third"]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_headers_and_delimiters_are_found(delimiter: str) -> None:
    lines = [["id", "text", "label"], ["a1", "First text here", "x"], ["a2", "Second text here", "y"]]
    found = rows("t.csv", "\n".join(delimiter.join(line) for line in lines))
    assert [(d.document.key, d.document.text, label(d)) for d in found] == [
        ("a1", "First text here", "x"),
        ("a2", "Second text here", "y"),
    ]


def test_columns_can_be_named_or_numbered() -> None:
    content = "q,a,c\nlong text in the first column,yes,7\nanother long text,no,8\n"
    found = rows("t.csv", content, ReadOptions(text_column="q", label_column="c", label="grade"))
    assert [label(d, "grade") for d in found] == ["7", "8"]
    found = rows("t.csv", "a,first\nb,second\n", ReadOptions(text_column="1", label_column="2"))
    assert [(d.document.text, label(d)) for d in found] == [("a", "first"), ("b", "second")]


def test_a_column_that_does_not_exist_is_named() -> None:
    (refused,) = problems(read("csv", source("t.csv", "a,b\nc,d\n"), ReadOptions(text_column="body")))
    assert "'body'" in refused.reason


@pytest.mark.parametrize(("yes", "no"), [("1", "0"), ("true", "false"), ("Yes", "No")])
def test_usual_words_make_a_boolean_and_the_mapping_is_shown(yes: str, no: str) -> None:
    items = read("csv", source("t.csv", f"text,label\nfirst,{yes}\nsecond,{no}\n"))
    assert [label(d) for d in docs(items)] == [True, False]
    assert f"'{yes.lower()}' is true" in problems(items)[0].reason


def test_a_boolean_of_the_scheme_finds_its_word() -> None:
    options = ReadOptions(scheme=Scheme(labels=(DocumentLabel("IsSpam", "boolean"),)))
    items = read("tsv", source("sms.tsv", SMS), options)
    assert [label(d, "IsSpam") for d in docs(items)] == [False, True, False]
    assert "'spam' is true" in problems(items)[0].reason


def test_several_choices_stand_in_one_cell() -> None:
    scheme = Scheme(labels=(DocumentLabel("labels", "choices", (Choice("a"), Choice("b"))),))
    found = rows("t.csv", 'text,labels\none,a|b\ntwo,"[""b""]"\nthree,\n', ReadOptions(scheme=scheme))
    assert [label(d, "labels") for d in found] == [("a", "b"), ("b",), None]


def test_quoted_cells_hold_line_ends_and_lines_are_counted() -> None:
    content = 'text,label\n"two\r\nlines",x\n,y\nlast,x\n'
    items = read("csv", source("t.csv", content))
    assert [d.document.text for d in docs(items)] == ["two\r\nlines", "last"]
    assert [p.where for p in problems(items, "refused")] == ["t.csv:4"]


def test_a_row_with_too_many_columns_is_refused() -> None:
    items = read("csv", source("t.csv", "text,label\na,x\nb,c,x\nd,y\n"))
    assert [p.where for p in problems(items, "refused")] == ["t.csv:3"]
    assert len(docs(items)) == 2


def test_a_row_that_is_not_utf_8_is_refused_and_the_rest_goes_on() -> None:
    items = read("csv", source("t.csv", b"text,label\nfirst,x\ncaf\xe9,x\nlast,y\n"))
    assert [d.document.text for d in docs(items)] == ["first", "last"]
    assert [p.where for p in problems(items, "refused")] == ["t.csv:3"]


def test_huge_cells_nul_and_old_line_ends() -> None:
    big = "x" * 300_000
    assert rows("t.csv", f"text,label\n{big},a\nb,b\n")[0].document.text == big
    assert rows("t.csv", "text,label\na\x00b,x\nc,y\n")[0].document.text == "a\x00b"
    assert [d.document.text for d in rows("t.csv", "text,label\rone,x\rtwo,y\r")] == ["one", "two"]


def test_other_columns_are_kept() -> None:
    (first, _) = rows("t.csv", "text,label,source\none,x,web\ntwo,y,\n")
    assert first.extra == {"source": "web"}


def test_an_empty_table_is_refused() -> None:
    assert "empty" in problems(read("csv", source("t.csv", "\n")))[0].reason


def test_a_quote_that_is_never_closed_does_not_swallow_the_file_silently() -> None:
    body = "".join(f"text {number},x\n" for number in range(500))
    items = read("csv", source("t.csv", f'text,label\nfine,x\n"open,x\n{body}'))
    (refused,) = [problem for problem in problems(items) if problem.severity == "refused"]
    assert refused.where == "t.csv:3"
    assert "never closed" in refused.reason
    assert [d.document.text for d in docs(items)] == ["fine"]
    closed = rows("t.csv", 'text,label\n"two\nlines",x\na 5" pipe,x\n"last",x')
    assert [d.document.text for d in closed] == ["two\nlines", 'a 5" pipe', "last"]


def test_formulas_are_text_both_ways_and_said() -> None:
    texts = ["=HYPERLINK(0)", "+1", "-2 degrees", "@you", "plain"]
    found = rows("t.csv", "id,text,label\n" + "".join(f'{n},"{text}",a\n' for n, text in enumerate(texts)))
    assert [d.document.text for d in found] == texts
    writer = registry.get("csv").write_stream
    assert writer is not None
    stream = io.BytesIO()
    scheme = Scheme(labels=(DocumentLabel("label", "choice", (Choice("a"),)),))
    (said,) = list(writer(found, stream, WriteOptions(scheme=scheme)))
    assert said.reason.startswith("4 cells begin with =, +, - or @")
    assert said.where == "0"
    assert [d.document.text for d in rows("t.csv", stream.getvalue())] == texts


def test_a_boolean_by_an_asked_value_says_which_is_true() -> None:
    items = read("tsv", source("sms.tsv", SMS), ReadOptions(label="IsSpam", true_value="spam"))
    assert [label(d, "IsSpam") for d in docs(items)] == [False, True, False]
    assert "label 'IsSpam' is column 1: 'ham' is false, 'spam' is true" in problems(items)[0].reason


@pytest.mark.parametrize(
    ("content", "texts"),
    [
        ('id\ttext\r\n1\t"say ""hi"""\r\n2\t"two\nlines"\r\n3\tplain\r\n', ['say "hi"', "two\nlines", "plain"]),
        ('id\ttext\n1\t"a tab\there"\n2\tplain\n', ["a tab\there", "plain"]),
        ('id\ttext\n1\t"commas, as Excel has it"\n2\t"say ""x"""\n', ["commas, as Excel has it", 'say "x"']),
        ('"id"\t"text"\n"1"\t"one"\n"2"\t"two"\n', ["one", "two"]),
        ('id\ttext\n1\t"one"\n2\t"two"\n', ["one", "two"]),
        ('id\ttext\n1\t"He" said so\n2\t"two"\n', ['"He" said so', '"two"']),
        ('id\ttext\n1\t"quoted whole"\n2\tnot quoted\n', ['"quoted whole"', "not quoted"]),
        ('id\ttext\n1\t"Hello\n2\tshe said"\n3\tso\n', ['"Hello', 'she said"', "so"]),
        ('id\ttext\n1\t""\n2\ttwo\n', ['""', "two"]),
    ],
)
def test_quotes_of_a_tsv_are_marks_or_text_by_what_stands_in_them(content: str, texts: list[str]) -> None:
    assert [d.document.text for d in rows("t.tsv", content)] == texts


@settings(deadline=None, max_examples=tries(60))
@given(
    st.lists(
        st.tuples(st.text(st.sampled_from('ab "\t\n\r,'), min_size=1), st.sampled_from(["x", 'a "b"'])),
        min_size=1,
        max_size=6,
    ),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
)
def test_what_the_csv_module_writes_with_tabs_is_read_as_it_was(cells: list[tuple[str, str]], quoting: Any) -> None:
    out = io.StringIO(newline="")
    table = csv.writer(out, delimiter="\t", quoting=quoting)
    table.writerow(["id", "text", "label"])
    # One cell shows beyond doubt how quotes are meant.
    table.writerow([0, 'said "so"', "x"])
    for number, (text, label) in enumerate(cells, 1):
        table.writerow([number, text, label])
    assert [d.document.text for d in rows("t.tsv", out.getvalue())] == ['said "so"', *(text for text, _ in cells)]


def test_a_column_called_id_is_the_id_also_when_one_comes_twice() -> None:
    items = read("csv", source("d.csv", "id,text\n7,abc\n7,def\n8,xyz\n"))
    assert [(d.document.key, d.versions) for d in docs(items)] == [("7", ()), ("7", ()), ("8", ())]
    (said,) = problems(items)
    assert "ids are in column 1 (id), where 1 comes again" in said.reason
    items = read("csv", source("d.csv", "id,text\n1,a\n1,b\n1,a\n"))
    assert {d.document.key for d in docs(items)} == {"1"}
    assert not any(d.versions for d in docs(items))


def test_ids_of_another_thing_are_neither_ids_nor_labels_when_they_come_again() -> None:
    found = rows("d.csv", "doc_id,text\n7,abc\n7,def\n8,xyz\n")
    assert (found[0].document.key, found[0].versions, found[0].extra) == ("d-2", (), {"doc_id": "7"})


def test_our_own_header_says_that_all_between_are_labels() -> None:
    items = read("csv", source("t.csv", "id,text,urgent,topic,confirmed\na,one,false,sport,true\nb,two,,work,\n"))
    assert [(label(d, "urgent"), label(d, "topic")) for d in docs(items)] == [(False, "sport"), (None, "work")]
    assert "label 'topic' is column 4 (topic)" in problems(items)[0].reason
    known = ReadOptions(scheme=Scheme(labels=(DocumentLabel("urgent", "boolean"),)))
    found = rows("t.csv", "id,text,urgent,topic,confirmed\na,one,false,sport,true\n", known)
    assert (label(found[0], "urgent"), label(found[0], "topic")) == (False, "sport")


def test_columns_that_are_only_kept_are_said() -> None:
    items = read("csv", source("t.csv", "text,label,source,page\none,x,web,1\ntwo,y,,2\n"))
    assert problems(items)[0].reason.endswith("kept beside: column 3 (source), 4 (page)")


@pytest.mark.parametrize("sep", [";", ",", "\t"])
def test_the_line_that_excel_begins_with_is_no_row(sep: str) -> None:
    content = f"\ufeffsep={sep}\r\nid{sep}text{sep}label\r\n1{sep}one{sep}x\r\n2{sep}two{sep}y\r\n{sep}{sep}z\r\n"
    items = read("csv", source("d.csv", content))
    assert [(d.document.key, d.document.text, label(d)) for d in docs(items)] == [("1", "one", "x"), ("2", "two", "y")]
    assert [p.where for p in problems(items, "refused")] == ["d.csv:5"]
