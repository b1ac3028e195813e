"""brat standoff: what the real tool and its followers write, and what they read of ours."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.formats.columns import first, links, made, places, read, tree
from tests.formats.helpers import docs, hints, problems
from tui_annotate.domain.annotations import Annotations, Entity
from tui_annotate.domain.interchange import ExchangedVersion
from tui_annotate.domain.spans import Span
from tui_annotate.formats import registry
from tui_annotate.formats.registry import Group
from tui_annotate.formats.units import Unit, from_points

TEXT = "p53 😀 regulates phosphorylation of MDM2,\nnamely Mdm2 protein (TP53).\n"
ANN = """T1\tProtein 0 3\tp53
T2\tRegulation 6 15\tregulates
T3\tPhosphorylation 16 31\tphosphorylation
T4\tProtein 35 39\tMDM2
T5\tProtein 62 66\tTP53
T6\tProtein 48 52;53 60\tMdm2 protein
T7\tDisease 35 47\tMDM2, namely
E1\tRegulation:T2 Theme:E2 Cause:T1
E2\tPhosphorylation:T3 Theme:T4
R1\tLocated Arg1:T4 Arg2:T7\t
*\tEquiv T1 T5 T6
A1\tNegation E1
A2\tConfidence T4 High
A3\tSure R1
N1\tReference T1 UniProt:P04637\tCellular tumor antigen p53
#1\tAnnotatorNotes T1\tcheck this
#2\tAnnotatorNotes E1\tand this
"""
CONF = """[entities]
Protein
!Thing
\tOrganism
\tDisease
------
[relations]
Equiv\tArg1:Protein, Arg2:Protein, <REL-TYPE>:symmetric-transitive
Located\tArg1:Protein, Arg2:Organism|Disease
ENTITY-NESTING\tArg1:Protein, Arg2:Protein
[events]
<P>=Protein|Organism
Phosphorylation\tTheme:Protein, Site?:<P>
!Group
\tRegulation\tTheme1:<ENTITY>|<EVENT>, Cause?:<ENTITY>
[attributes]
Negation\tArg:<EVENT>
Confidence\tArg:<P>, Value:High|Low, <GLYPH>:x
"""
VISUAL = "[labels]\nProtein | A protein | Pro\n[drawing]\nProtein\tfgColor:black, bgColor:#7FA2FF\n"
FILES: dict[str, str | bytes] = {"d.txt": TEXT, "d.ann": ANN, "annotation.conf": CONF, "visual.conf": VISUAL}


def test_all_kinds_of_lines_are_read() -> None:
    items = read("brat", FILES)
    one = first(items)
    assert one.document.key == "d"
    assert places(one) == [
        ("Protein", "p53"),
        ("Regulation", "regulates"),
        ("Phosphorylation", "phosphorylation"),
        ("Protein", "MDM2"),
        ("Protein", "TP53"),
        ("Protein", "Mdm2|protein"),
        ("Disease", "MDM2,\nnamely"),
    ]
    assert links(one) == [
        ("Located", "MDM2", "MDM2,\nnamely"),
        ("Equiv", "p53", "TP53"),
        ("Equiv", "TP53", "Mdm2 protein"),
        ("Theme", "regulates", "phosphorylation"),
        ("Cause", "regulates", "p53"),
        ("Theme", "phosphorylation", "MDM2"),
    ]
    held = one.versions[0].annotations
    assert [r.directed for r in held.relations.values()] == [True, False, False, True, True, True]
    assert (held.entities[2].attributes, held.entities[4].attributes) == ({"Negation": True}, {"Confidence": "High"})
    (found,) = held.entities[1].extra["normalizations"].values()
    assert (found["source"]["name"], found["source"]["id"], found["recName"]) == (
        "UniProt",
        "P04637",
        "Cellular tumor antigen p53",
    )
    assert [problem.field for problem in problems(items)] == ["E", "#", "A"]


def test_the_configuration_is_the_scheme() -> None:
    scheme = hints(read("brat", FILES))[0].scheme
    assert scheme is not None
    assert [e.name for e in scheme.entities] == ["Protein", "Organism", "Disease", "Phosphorylation", "Regulation"]
    assert scheme.entities[0].color == "#7fa2ff"
    assert {(r.name, r.ends, r.directed) for r in scheme.relations} >= {
        ("Equiv", ("Protein", "Protein"), False),
        ("Located", ("Protein", ""), True),
        ("Theme", ("", "Protein"), True),
    }
    assert [(a.name, a.kind, a.values, a.on) for a in scheme.attributes] == [
        ("Negation", "boolean", (True, False), ()),
        ("Confidence", "choice", ("High", "Low"), ("Protein", "Organism")),
    ]


def test_untouched_files_go_out_as_they_came_and_touched_ones_keep_their_ids() -> None:
    one = first(read("brat", FILES))
    files, _ = tree("brat", [one])
    assert (files["d.txt"], files["d.ann"]) == (TEXT, ANN)
    assert "Regulation\tCause*:<ANY>, Theme*:<ANY>\n" in files["annotation.conf"]
    held = dict(one.versions[0].annotations.entities)
    del held[1]
    held[9] = Entity("My type", (Span("s1v1", 0, 5),), number=9, attributes={"status": "two words", "no": False})
    relations = {n: r for n, r in one.versions[0].annotations.relations.items() if held.keys() >= set(r.ends)}
    files, said = tree("brat", [replace(one, versions=(ExchangedVersion(Annotations(held, {}, relations)),))])
    assert files["d.ann"].split("\n") == [
        "T8\tMy_type 0 5\tp53 😀",
        *ANN.split("\n")[1:3],
        "T7\tDisease 35 47\tMDM2, namely",
        "T4\tProtein 35 39\tMDM2",
        "T6\tProtein 48 52;53 60\tMdm2 protein",
        "T5\tProtein 62 66\tTP53",
        "E1\tRegulation:T2 Theme:E2",
        "E2\tPhosphorylation:T3 Theme:T4",
        "R1\tLocated Arg1:T4 Arg2:T7",
        "*\tEquiv T6 T5",
        "A4\tstatus T8 two_words",
        "A1\tNegation E1",
        "A2\tConfidence T4 High",
        "#2\tAnnotatorNotes E1\tand this",
        "",
    ]
    assert "My_type | My type\n" in files["visual.conf"]
    assert "two words" in said[0].reason
    again = first(read("brat", {**files}))
    assert ("My type", "p53 😀") in places(again)


@pytest.mark.parametrize("unit", ["UTF-16", "bytes"])
def test_offsets_of_other_tools_are_settled_by_their_texts(unit: Unit) -> None:
    start, end = (from_points(TEXT, TEXT.index("MDM2") + at, unit) for at in (0, 4))
    items = read("brat", {"d.txt": TEXT, "d.ann": f"T1\tP {start} {end}\tMDM2\nT2\tP {start + 2} {end}\tMDM2\n"})
    assert places(first(items)) == [("P", "MDM2")]
    assert [str(problem) for problem in problems(items)] == [
        f"d.txt: offsets: count {unit}, as the texts show (noted)",
        "d.ann:2: T2: says 'MDM2', but the text there reads 'M2'; left out (refused)",
    ]


def test_line_ends_and_byte_order_marks_count_as_they_did() -> None:
    text = "a\r\nbc\r\n TP53"
    assert places(first(read("brat", {"d.txt": text, "d.ann": "T1\tP 8 12\tTP53\n"}))) == [("P", "TP53")]
    items = read("brat", {"d.txt": text, "d.ann": "T1\tP 6 10\tTP53\n"})
    assert places(first(items)) == [("P", "TP53")]
    assert "CRLF as one character" in problems(items)[0].reason
    for start in (3, 4):
        items = read("brat", {"d.txt": "\ufeffab TP53", "d.ann": f"T1\tP {start} {start + 4}\tTP53\n"})
        assert places(first(items)) == [("P", "TP53")]
    one = made("\ufeff aspirin", ("DRUG", 2, 9))
    files, _ = tree("brat", [one])
    assert files["d.ann"] == "T1\tDRUG 3 10\taspirin\n"
    assert first(read("brat", {**files})).document.text == one.document.text


def test_surfaces_over_lines_old_files_and_types_of_several_words_are_read() -> None:
    text = "grade 3 every\n12 hours x"
    ann = "T1\tGrade 3 0 7\tgrade 3\nT2\tFrequency 8 22\tevery\n12 hours\nM1\tNegation T2\n"
    assert places(first(read("brat", {"d.txt": text, "d.a1": ann}))) == [
        ("Grade 3", "grade 3"),
        ("Frequency", "every\n12 hours"),
    ]
    two = {
        "d.txt": "p53 binds",
        "d.a1": "T1\tProtein 0 3\tp53\n",
        "d.a2": "T2\tBinding 4 9\tbinds\nE1\tBinding:T2 Theme2:T1\nN1\tReference Annotation:T1 Referent:GO:1\n",
    }
    assert links(first(read("brat", {**two}))) == [("Theme", "binds", "p53")]


def test_broken_lines_and_lonely_files_are_told() -> None:
    ann = "T1\tX 0 99\tabc\nT2\tX 2 1\tb\nT3 X\nQ\tx\nR1\tY Arg1:T1 Arg2:T4\nA1\tNeg T9\nT4\tX 0 1\ta\nE1\tX\n"
    ann += "A2\tV T4 1\nA3\tV T4 2\n"
    items = read(
        "brat",
        {"a.txt": "abc def", "a.ann": ann, "b.ann": "T1\tX 0 1\ta\n", "c.txt": "alone", "d.ann": b"\xff", "d.txt": "x"},
    )
    assert [(problem.where, problem.field) for problem in problems(items, "refused")] == [
        ("a.ann:3", "T3"),
        ("a.ann:4", "Q"),
        ("a.ann:8", "E1"),
        ("a.ann:1", "T1"),
        ("a.ann:2", "T2"),
        ("a.ann:6", "A1"),
        ("a.ann:10", "A3"),
        ("a.ann:5", "R1"),
        ("b.ann", ""),
        ("d.ann", ""),
    ]
    assert [(one.document.key, len(one.versions)) for one in docs(items)] == [("a", 1), ("c", 0), ("d", 0)]


def test_a_folder_of_brat_is_told_from_texts(tmp_path: Path) -> None:
    (tmp_path / "corpus" / "in").mkdir(parents=True)
    (tmp_path / "corpus" / "annotation.conf").write_text(CONF)
    (tmp_path / "corpus" / "in" / "d.txt").write_text(TEXT)
    (tmp_path / "corpus" / "in" / "d.ann").write_text(ANN)
    (tmp_path / "corpus" / "other.txt").write_text("plain text")
    names = {
        group.format.name: [f.name for f in group.files]
        for group in registry.groups([tmp_path])
        if isinstance(group, Group)
    }
    assert names == {
        "brat": ["corpus/annotation.conf", "corpus/in/d.ann", "corpus/in/d.txt"],
        "text": ["corpus/other.txt"],
    }
