"""WebAnno TSV 3: the layers that INCEpTION exports, and our files by its documented rules."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from tests.formats import inception_rules
from tests.formats.columns import OPTIONS, first, links, places, read, tree
from tests.formats.helpers import corpora, docs, problems
from tests.properties import tries
from tui_annotate.domain.annotations import Annotations, Entity
from tui_annotate.domain.interchange import ExchangedDocument, ExchangedVersion
from tui_annotate.domain.spans import Span
from tui_annotate.formats import registry
from tui_annotate.formats.flat import flatten, trimmed
from tui_annotate.formats.registry import Group
from tui_annotate.formats.units import from_points
from tui_annotate.formats.webanno import table as webanno_table

API = "de.tudarmstadt.ukp.dkpro.core.api"
LAYERS = f"""#FORMAT=WebAnno TSV 3.3
#T_SP={API}.lexmorph.type.pos.POS|PosValue|coarseValue
#T_SP={API}.ner.type.NamedEntity|identifier|value
#T_SP=webanno.custom.Sentiment|Category|Opinion
#T_SP=webanno.custom.Frame|FE|ROLE_webanno.custom.Frame:Roles_webanno.custom.FrameRolesLink|webanno.custom.Lu
#T_SP=webanno.custom.Lu|luvalue
#T_SP=webanno.custom.Bare|
#T_CH={API}.coref.type.CoreferenceLink|referenceType|referenceRelation
#T_RL={API}.syntax.type.dependency.Dependency|DependencyType|BT_{API}.lexmorph.type.pos.POS
#T_RL=webanno.custom.Relation|value|BT_{API}.ner.type.NamedEntity


#Sentence.id=s1
#Text=Ms. Haag 😊 met him in
#Text=New York\\\\x .
"""
_ROWS = (
    ("1-1", "0-3", "Ms.", "NNP PROPN *[1]|*[2] PER[1]|PERpart[2] _ _ _ _ _ bob _ pr[1] coref->1-1 SUBJ 1-4 _ _"),
    ("1-2", "4-8", "Haag", "NNP PROPN *[1] PER[1] _ _ _ _ _ _ _ pr[1] coref->1-1 SBJ 1-1 _ _"),
    ("1-3", "9-11", "😊", "SYM * _ _ happy * _ _ _ _ * _ _ _ _ _ _"),
    ("1-4", "12-15", "met", "VBD VERB _ _ _ _ transaction seller;buyer 1-1;1-7[3] _ _ _ _ ROOT 1-4 _ _"),
    ("1-5", "16-19", "him", "PRP PRON _ _ _ _ _ _ _ _ _ pr[1] *->1-2 OBJ 1-4 _ _"),
    ("1-6", "20-22", "in", "IN ADP _ _ _ _ _ _ _ _ _ _ _ _ _ _ _"),
    ("1-7", "23-26", "New", "NNP PROPN *[4] LOC[4] _ _ _ _ _ clock[3] _ _ _ _ _ lives\\_in 1-1[1_4]"),
    ("1-8", "27-33", "York\\x", "NNP PROPN *[4] LOC[4] _ _ _ _ _ clock[3] _ _ _ _ _ _ _"),
    ("1-8.1", "27-29", "Yo", "_ _ * SUB\\|x _ _ _ _ _ _ _ _ _ _ _ _ _"),
    ("1-9", "34-35", ".", ". PUNCT _ _ _ _ _ _ _ _ _ _ _ _ _ _ _"),
)
INCEPTION = LAYERS + "".join("\t".join([a, b, c, *rest.split(" "), ""]) + "\n" for a, b, c, rest in _ROWS)


def test_all_layers_are_read_and_written_as_they_came() -> None:
    items = read("webanno", {"d.tsv": INCEPTION})
    one = first(items)
    assert one.document.text == "Ms. Haag 😊 met him in\nNew York\\x ."
    assert places(one) == [
        ("PER", "Ms. Haag"),
        ("PERpart", "Ms."),
        ("LOC", "New York\\x"),
        ("SUB|x", "Yo"),
        ("Sentiment", "😊"),
        ("transaction", "met"),
        ("bob", "Ms."),
        ("clock", "New York\\x"),
        ("Bare", "😊"),
        ("pr", "Ms. Haag"),
        ("pr", "him"),
    ]
    assert one.versions[0].annotations.entities[5].attributes == {"Category": "happy"}
    assert links(one) == [
        ("lives_in", "Ms. Haag", "New York\\x"),
        ("seller", "met", "Ms. Haag"),
        ("buyer", "met", "New York\\x"),
        ("coref", "Ms. Haag", "him"),
    ]
    assert [p.reason for p in problems(items)] == [
        "layers on words are kept in the file and not shown: POS, Dependency"
    ]
    assert tree("webanno", [one])[0] == {"d.tsv": INCEPTION}


def test_a_touched_file_keeps_its_layers_and_gets_rows_for_parts_of_tokens() -> None:
    one = first(read("webanno", {"d.tsv": INCEPTION}))
    held = one.versions[0].annotations
    entities = {n: e for n, e in held.entities.items() if n in (3, 5, 8)}
    entities[20] = Entity("NEW", (Span("s1v1", 5, 14),), number=20, attributes={"status": "a\tb"})
    files, said = tree("webanno", [replace(one, versions=(ExchangedVersion(Annotations(entities)),))])
    body = files["d.tsv"]
    assert f"#T_SP={API}.ner.type.NamedEntity|identifier|value|status\n" in body
    assert "1-2\t4-8\tHaag\tNNP\tPROPN\t_\t_\t_\t" in body
    assert "1-2.1\t5-8\taag\t_\t_\t*[1]\tNEW[1]\ta\\tb[1]\t" in body
    assert "1-3\t9-11\t😊\tSYM\t*\t*[1]\tNEW[1]\ta\\tb[1]\thappy\t*\t" in body
    assert "SBJ\t1-1\t" in body
    assert "links of CoreferenceLink, Frame were written as relations" in said[0].reason
    back = first(read("webanno", {"d.tsv": body}))
    assert sorted(places(back)) == [
        ("LOC", "New York\\x"),
        ("NEW", "aag 😊 met"),
        ("Sentiment", "😊"),
        ("clock", "New York\\x"),
    ]


@settings(deadline=None, max_examples=tries(15), suppress_health_check=[HealthCheck.too_slow])
@given(corpora(versions=1))
def test_inception_reads_the_same_by_its_rules(documents: list[ExchangedDocument]) -> None:
    files, _ = tree("webanno", documents)
    for one in documents:
        text = one.document.text
        found = inception_rules.read(files[f"{one.document.key}.tsv"].encode("utf-8", "surrogatepass"))
        seen = [(p.entity.type, trimmed(text, p.start, p.end)) for p in flatten(one, OPTIONS).placed]
        mine = [(t, from_points(text, at[0], "UTF-16"), from_points(text, at[1], "UTF-16")) for t, at in seen if at]
        assert found.text == text
        assert sorted(found.entities) == sorted(mine)


def test_offsets_in_code_points_and_old_escapes_are_read() -> None:
    rows = "#Text=I 😊 {}\n1-1\t0-1\tI\t_\t\n1-2\t2-3\t😊\tX[1]\t\n1-3\t4-{}\t{}\tX[1]\t\n"
    head = f"#FORMAT=WebAnno TSV 3.{{}}\n#T_SP={API}.ner.type.NamedEntity|value\n\n\n"
    items = read("webanno", {"a.tsv": head.format(3) + rows.format("so", 6, "so")})
    assert places(first(items)) == [("X", "😊 so")]
    assert "count code points" in problems(items)[0].reason
    old = read("webanno", {"a.tsv": head.format(1) + rows.format('\\u00e9\\"', 6, 'é"')})
    assert places(first(old)) == [("X", '😊 é"')]


def test_versions_of_a_project_export_are_one_document() -> None:
    head = f"#FORMAT=WebAnno TSV 3.3\n#T_SP={API}.ner.type.NamedEntity|value\n\n\n#Text=Bob ran\n"
    body = "1-1\t0-3\tBob\t{}\t\n1-2\t4-7\tran\t_\t\n"
    files = {
        "annotation/n.txt/INITIAL_CAS.tsv": head + body.format("_"),
        "annotation/n.txt/anna.tsv": head + body.format("PER"),
        "annotation/n.txt/ben.tsv": head.replace("Bob", "Rob") + body.format("PER").replace("Bob", "Rob"),
        "curation/n.txt/CURATION_USER.tsv": head + body.format("NAME"),
    }
    items = read("webanno", {**files})
    (one,) = docs(items)
    assert one.document.key == "n.txt"
    assert {v.annotator: [e.type for e in v.annotations.entities.values()] for v in one.versions} == {
        "master": ["NAME"],
        "anna": ["PER"],
    }
    assert "another text" in problems(items, "refused")[0].reason


@pytest.mark.parametrize("content", ["", "#FORMAT=WebAnno TSV 2.0\n", "id\ttext\n1\tx\n"])
def test_other_files_are_refused(content: str) -> None:
    (told,) = problems(read("webanno", {"a.tsv": content}))
    assert told.reason.startswith("does not begin with #FORMAT=WebAnno TSV 3")


def test_broken_rows_are_told_with_their_line() -> None:
    head = "#FORMAT=WebAnno TSV 3.3\n#T_SP=x.A|value\n#T_RL=x.R|value|BT_x.A\n\n\n#Text=Bob ran off\n"
    rows = "1-1\t0-3\tBob\tX[1]\tr\t9-9[7_1]\t\nrubbish\n1-2\t4-7\twalked\tY\t_\t_\t\n1-3\t8-x\toff\tZ\t_\t_\t\n"
    items = read("webanno", {"a.tsv": head + rows})
    assert places(first(items)) == [("X", "Bob")]
    assert [(p.where, p.field) for p in problems(items, "refused")] == [
        ("a.tsv:8", ""),
        ("a.tsv:10", ""),
        ("a.tsv:9", "1-2"),
        ("a.tsv:7", "R"),
        ("a.tsv:9", "A"),
    ]


def test_webanno_is_told_from_tables(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text(INCEPTION)
    (tmp_path / "b.tsv").write_text("id\ttext\n1\tx\n")
    names = {g.format.name: [f.name for f in g.files] for g in registry.groups([tmp_path]) if isinstance(g, Group)}
    assert names == {"webanno": ["a.tsv"], "tsv": ["b.tsv"]}


def test_escapes_come_back() -> None:
    nasty = "a\\[b]|c_d->e;f\tg\nh*\\\\->i"
    assert webanno_table.unescape_value(webanno_table.escape_value(nasty)) == nasty
    assert webanno_table.pieces(f"{webanno_table.escape_value(nasty)}|x||", "|")[1:] == ["x", "", ""]
    line = "".join(map(chr, range(9))) + "\t\x0b\x0c\r\x0e\x1f\\t\\"
    assert webanno_table.unescape_text(webanno_table.escape_text(line)) == line
