"""Columns of tokens and tags, as the shared tasks and their followers write them."""

from __future__ import annotations

import pytest
from spacy.training.converters import conll_ner_to_docs  # type: ignore[attr-defined]

from tests.formats.columns import first, made, places, read, stream
from tests.formats.helpers import docs, problems
from tui_annotate.formats import registry
from tui_annotate.formats.tagging import Evidence, Tagging, decode, encode

CONLL2003 = """-DOCSTART- -X- -X- O

U.N. NNP I-NP I-ORG
official NN I-NP O
Rolf NNP I-NP I-PER
Ekeus NNP I-NP I-PER
heads VBZ I-VP O
for IN I-PP O
Baghdad NNP I-NP I-LOC
Basra NNP I-NP B-LOC
. . O O

-DOCSTART- -X- -X- O

LONDON NNP I-NP I-LOC
1996-08-30 CD I-NP O

"""


def test_conll2003_is_read_with_its_old_tags_and_written_with_its_columns() -> None:
    items = read("conll", {"eng.conll": CONLL2003})
    one, two = docs(items)
    assert one.document.text == "U.N. official Rolf Ekeus heads for Baghdad Basra ."
    assert places(one) == [("ORG", "U.N."), ("PER", "Rolf Ekeus"), ("LOC", "Baghdad"), ("LOC", "Basra")]
    assert (one.document.key, two.document.key, places(two)) == ("eng-1", "eng-2", [("LOC", "LONDON")])
    assert [p.reason for p in problems(items)] == ["read as IOB1, as they show over the file"]
    text, _ = stream("conll", [one])
    assert "Rolf\tNNP\tI-NP\tB-PER\nEkeus\tNNP\tI-NP\tI-PER\n" in text
    assert "Rolf NNP I-NP B-PER\nEkeus NNP I-NP I-PER\n" in stream("conll2003", [one])[0]
    assert "Baghdad\tNNP\tI-NP\tI-LOC\nBasra\tNNP\tI-NP\tB-LOC\n" in stream("iob1", [one])[0]
    assert "Rolf\tNNP\tI-NP\tB-PER\nEkeus\tNNP\tI-NP\tL-PER\n" in stream("biluo", [one])[0]


@pytest.mark.parametrize(
    ("content", "found", "said"),
    [
        ("Wolff B-PER\n, O\nen B-LOC\nArgentina I-LOC\n", [("PER", "Wolff"), ("LOC", "en Argentina")], ""),
        ("@paul\tO\nEmpire\tB-loc\nState\tI-loc\nESB\tB-loc\n", [("loc", "Empire State"), ("loc", "ESB")], ""),
        ("Bob U-PER\nin O\nNew B-LOC\nYork L-LOC\n", [("PER", "Bob"), ("LOC", "New York")], "BILUO"),
        ("Bob S-PER\nin O\nNew B-LOC\nYork E-LOC\n", [("PER", "Bob"), ("LOC", "New York")], "BIOES"),
        ("Bob PER\nin O\nNew LOC\nYork LOC\n. O\n", [("PER", "Bob"), ("LOC", "New York")], "IO"),
        ("p53\tB\nbinds\tO\nMDM2\tB\nprotein\tI\n", [("ENTITY", "p53"), ("ENTITY", "MDM2 protein")], ""),
        ("B-ACTOR\tBrad\nI-ACTOR\tPitt\nO\tplays\n", [("ACTOR", "Brad Pitt")], ""),
        ("Bob B-PER\nAnn I-PER\nin I-LOC\n", [("PER", "Bob Ann"), ("LOC", "in")], "1 I- without"),
    ],
)
def test_the_tags_over_the_file_tell_the_scheme(content: str, found: list[tuple[str, str]], said: str) -> None:
    items = read("conll", {"a.conll": content})
    assert places(first(items)) == found
    assert said in " ".join(problem.reason for problem in problems(items))


def test_numbered_rows_with_a_second_column_of_tags_are_read() -> None:
    content = (
        "#\thttp://example.org/1 [2009]\n1\tUni\tB-ORG\tO\n2\tBonn\tI-ORG\tB-LOC\n\n#\thttp://x.org\n1\tJa\tO\tO\n"
    )
    items = read("conll", {"germeval.conll": content})
    assert [places(one) for one in docs(items)] == [[("ORG", "Uni Bonn")], []]
    assert "each of the 2 blocks" in problems(items)[0].reason
    text, _ = stream("conll", docs(items))
    assert "#\thttp://example.org/1 [2009]\n" in text
    assert "2\tBonn\tI-ORG\tB-LOC\n" in text


def test_comments_give_ids_and_the_text_to_the_character() -> None:
    content = "# id = a 1\n# text = Dr. Bob's here.\n# note = kept\nDr. O\nBob's B-PER\nhere O\n. O\n\n# id = b\nx O\n"
    one, two = docs(read("conll", {"a.conll": content}))
    assert (one.document.key, one.document.text, places(one)) == ("a 1", "Dr. Bob's here.", [("PER", "Bob's")])
    assert two.document.key == "b"
    text, _ = stream("conll", [one, two])
    assert "# note = kept\n" in text
    assert [other.document for other in docs(read("conll", {"a.conll": text}))] == [one.document, two.document]


def test_spacy_reads_the_same_entities() -> None:
    one = made(
        "\n\nBob 😀 Smith\tsaw 5-HT1A's\u2028new York.  He left.", ("PER", 2, 13), ("X Y", 18, 24), ("LOC", 27, 35)
    )
    for format in ("conll", "conll2003", "iob1", "biluo"):
        text, said = stream(format, [one])
        lines = [line for line in text.split("\n") if not line.startswith("# ")]
        (doc,) = conll_ner_to_docs("\n".join(lines).replace("\n\n\n", "\n\n"), no_print=True)  # type: ignore[no-untyped-call]
        assert [(e.label_, e.text) for e in doc.ents] == [
            ("PER", "Bob 😀 Smith"),
            ("X_Y", "5 - HT1A"),
            ("LOC", "new York"),
        ]
        assert said == []
        (back,) = docs(read(format, {f"a.{format}": text}))
        if format != "conll2003":
            assert back.document == one.document
            assert places(back) == places(one)


def test_what_does_not_fit_is_cut_moved_or_left_out_and_said() -> None:
    one = made("aspirin works", ("A", 0, 13), ("B", 0, 7), ("C", 7, 8))
    text, said = stream("conll", [one])
    assert "aspirin\tB-A\nworks\tI-A\n" in text
    assert [problem.reason for problem in said] == [
        "1 x entities that are nothing but white space: ' '",
        "1 x entities that lie over a longer one: 'aspirin'",
    ]
    half = made("aspirin works", ("A", 0, 3), ("B", 7, 13))
    text, said = stream("conll", [half])
    assert "asp\tB-A\nirin\tO\nworks\tB-B\n" in text
    assert places(first(read("conll", {"a.conll": text}))) == [("A", "asp"), ("B", "works")]
    assert [problem.reason.split(":")[0] for problem in said] == [
        "1 x white space around an entity, which is cut off",
        "1 x tokens cut in two where an entity begins or ends inside of them",
    ]
    text, said = stream("conll2003", [half])
    assert "aspirin _ _ O\nworks _ _ B-B\n" in text
    assert "begin or end inside a word: 'asp'" in said[-1].reason
    lost = registry.get("conll2003").counts_lost
    assert lost is not None


def test_broken_files_say_file_and_line() -> None:
    (told,) = problems(read("conll", {"a.conll": b"Bob B-PER\ncaf\xe9 O\n"}))
    assert str(told).startswith("a.conll: line 2 is not UTF-8: byte 3 of it (0xe9)")
    (told,) = problems(read("conll", {"a.conll": "#begin document (x)\nx 0 0 a DT * - - - - * -\n"}))
    assert "CoNLL-2012" in told.reason
    items = read("conll", {"a.conll": "# text = other\nBob B-PER\nAnn\n\tO\n"})
    assert [str(problem) for problem in problems(items, "repaired")] == [
        "a.conll:3: tag: is missing; taken as O (repaired)",
        "a.conll:4: token: is empty; the row was left out (repaired)",
        "a.conll:1: text: does not read as the tokens do; put together from them (repaired)",
    ]
    assert first(items).document.text == "Bob Ann"


@pytest.mark.parametrize("tagging", ["IOB2", "IOB1", "BILUO", "BIOES"])
def test_tags_tell_their_own_scheme(tagging: Tagging) -> None:
    runs = [("A", 0, 2), ("A", 2, 3), ("B", 4, 7), ("C-D", 7, 8)]
    tags = encode(runs, 9, tagging)
    evidence = Evidence()
    evidence.see(tags)
    assert decode(tags) == runs
    assert evidence.tagging == tagging
