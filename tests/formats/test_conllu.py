"""CoNLL-U: treebanks kept line by line, entities in MISC, and what the package conllu makes of ours."""

from __future__ import annotations

from pathlib import Path

import conllu
from hypothesis import HealthCheck, given, settings

from tests.formats.columns import first, made, places, read, stream
from tests.formats.helpers import corpora, docs, problems
from tests.properties import tries
from tui_annotate.domain.annotations import Annotations
from tui_annotate.domain.interchange import ExchangedDocument, ExchangedVersion
from tui_annotate.services.exporting import export
from tui_annotate.services.importing import import_paths
from tui_annotate.store.connection import Corpus

TREEBANK = """# global.Entity = eid-etype-head-other
# newdoc id = GUM_x
# newpar
# sent_id = GUM_x-1
# text = Vámonos al mar, Anna.
1-2\tVámonos\t_\t_\t_\t_\t_\t_\t_\t_
1\tVamos\tir\tVERB\t_\tMood=Imp\t0\troot\t0:root\t_
2\tnos\tnosotros\tPRON\t_\t_\t1\tobj\t_\tEntity=(e1-person-1-)
3-4\tal\t_\t_\t_\t_\t_\t_\t_\t_
3\ta\ta\tADP\t_\t_\t5\tcase\t_\t_
4\tel\tel\tDET\t_\t_\t5\tdet\t_\tEntity=(e2-place-2-
5\tmar\tmar\tNOUN\t_\t_\t1\tobl\t_\tEntity=e2)|SpaceAfter=No
5.1\tx\tx\tX\t_\t_\t_\t_\t1:dep\t_
6\t,\t,\tPUNCT\t_\t_\t7\tpunct\t_\t_
7\tAnna\tAnna\tPROPN\t_\t_\t1\tvocative\t_\tEntity=(e1-person-1-)|SpaceAfter=No
8\t.\t.\tPUNCT\t_\t_\t1\tpunct\t_\tSpacesAfter=\\n

# sent_id = GUM_x-2
# text = Ja.
1\tJa\tja\tINTJ\t_\t_\t0\troot\t_\tSpaceAfter=No|ner=S-MISC
2\t.\t.\tPUNCT\t_\t_\t1\tpunct\t_\t_

"""


def test_a_treebank_is_read_and_written_as_it_came() -> None:
    items = read("conllu", {"a.conllu": TREEBANK})
    one = first(items)
    assert problems(items) == []
    assert (one.document.key, one.document.text) == ("GUM_x", "Vámonos al mar, Anna.\nJa.")
    assert places(one) == [("person", "Vámonos"), ("place", "al mar"), ("person", "Anna"), ("MISC", "Ja")]
    assert stream("conllu", [one]) == (TREEBANK, [])


def test_a_touched_treebank_keeps_its_columns_and_gets_new_tags() -> None:
    one = first(read("conllu", {"a.conllu": TREEBANK}))
    held = dict(one.versions[0].annotations.entities)
    del held[1], held[4]
    touched = ExchangedDocument(one.document, (ExchangedVersion(Annotations(held)),), one.where, one.extra, one.source)
    text, said = stream("conllu", [touched])
    assert "1\tVamos\tir\tVERB\t_\tMood=Imp\t0\troot\t0:root\tNER=O\n" in text
    assert (
        "4\tel\tel\tDET\t_\t_\t5\tdet\t_\tNER=I-place\n5\tmar\tmar\tNOUN\t_\t_\t1\tobl\t_\tNER=I-place|SpaceAfter=No\n5.1\tx\t"
        in text
    )
    assert "1\tJa\tja\tINTJ\t_\t_\t0\troot\t_\tNER=O|SpaceAfter=No\n" in text
    assert "in brackets" in said[0].reason
    assert places(first(read("conllu", {"a.conllu": text}))) == [("place", "al mar"), ("person", "Anna")]


def test_gum_and_bare_brackets_and_stanza_are_read() -> None:
    row = "{}\t{}\t_\t_\t_\t_\t_\t_\t_\t{}\n"
    gum = (
        row.format(1, "the", "Entity=(place-1")
        + row.format(2, "Green", "Entity=(place-2)")
        + row.format(3, "Sea", "Entity=place-1)")
    )
    assert places(first(read("conllu", {"a.conllu": gum}))) == [("place", "the Green Sea"), ("place", "Green")]
    bare = row.format(1, "Tulsa", "Entity=(1)") + row.format(2, "Sea", "Entity=(place)(2)")
    assert places(first(read("conllu", {"a.conllu": bare}))) == [
        ("mention", "Tulsa"),
        ("mention", "Sea"),
        ("place", "Sea"),
    ]
    stanza = row.format(1, "New", "start_char=0|end_char=3|ner=B-GPE") + row.format(
        2, "York", "start_char=4|end_char=8|ner=E-GPE"
    )
    assert places(first(read("conllu", {"a.conllu": stanza}))) == [("GPE", "New York")]


def test_broken_rows_are_repaired_with_their_line() -> None:
    blank = "_\t" * 7
    content = f"# newdoc id = a\n1\tBob\tNER=B-X\nx\ty\n2\t\t_\n3\tran\t{blank}Entity=e9)\n4\t.\t{blank}Entity=(e1-x\n"
    items = read("conllu", {"a.conllu": content})
    assert first(items).document.text == "Bob ran ."
    assert [str(problem).split("; ")[0] for problem in problems(items)] == [
        "a.conllu:2: columns: are 3, not 10",
        "a.conllu:3: ID: has no number and form, as ID and FORM of ten columns between tabs",
        "a.conllu:4: columns: are 3, not 10",
        "a.conllu:4: FORM: is empty",
        "a.conllu:1: Entity: e9) closes a bracket that is not open",
        "a.conllu:1: Entity: 1 brackets are never closed: e1",
    ]


def test_white_space_of_any_kind_comes_back() -> None:
    one = made("\r\n  Bob\t|saw\u2028her\xa0twice.\n\n\\n  Now", ("P Q", 4, 7), ("a|b=c", 9, 12))
    text, _ = stream("conllu", [one])
    assert "SpacesBefore=\\r\\n\\s\\s" in text
    back = first(read("conllu", {"a.conllu": text}))
    assert (back.document, places(back)) == (one.document, places(one))


@settings(deadline=None, max_examples=tries(15), suppress_health_check=[HealthCheck.too_slow])
@given(corpora(versions=1))
def test_the_package_conllu_reads_the_same(documents: list[ExchangedDocument]) -> None:
    text, _ = stream("conllu", documents)
    back = docs(read("conllu", {"a.conllu": text}))
    found: dict[str, str] = {}
    key = ""
    for sentence in conllu.parse(text):
        key = str(sentence.metadata.get("newdoc id", key))
        found[key] = found.get(key, "") + "".join(token["form"] for token in sentence)
        assert all((token["misc"] or {}).get("NER", "O")[0] in "OBI" for token in sentence)
    for one in back:
        assert found[one.document.key] == "".join(one.document.text.split())


def test_a_document_in_which_nothing_was_found_goes_out_as_it_came(tmp_path: Path) -> None:
    lines = "# newdoc id = a\n# text = A thing\n"
    lines += "1\tA\ta\tDET\t_\t_\t_\t_\t_\tNER=O\n2\tthing\tthing\t_\t_\t_\t_\t_\t_\tNER=O\n\n"
    (tmp_path / "a.conllu").write_text(lines)
    with Corpus.create(tmp_path / "c.db") as corpus:
        import_paths(corpus, [tmp_path / "a.conllu"], annotator="me")
        export(corpus, tmp_path / "b.conllu", format="conllu")
    assert (tmp_path / "b.conllu").read_text() == lines
